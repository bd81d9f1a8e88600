//! What a process weighs, as its system sees it.

use std::fs;
use std::process::Command;

/// Bytes of memory that this process has in use.
pub fn in_use() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    1024 * kibibytes
        .and_then(|text| text.parse::<usize>().ok())
        .expect("a number of kB")
}

/// What this program prints when it is run anew with an argument: what one peer left behind would be the next one's.
pub fn apart(argument: &str) -> f64 {
    let program = std::env::current_exe().expect("it runs");
    let run = Command::new(program)
        .arg(argument)
        .output()
        .expect("it runs again");
    let text = String::from_utf8(run.stdout).expect("a number");
    text.trim().parse().expect("a number")
}
