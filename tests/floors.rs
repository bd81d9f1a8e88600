//! The rule of the house: a floor uses only the floors below it, and some words have no business on some floors.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

use std::fs;
use std::path::Path;

/// Each floor with the floors that it may use.
const FLOORS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("runtime", &["kernel"]),
    ("journal", &["kernel", "runtime"]),
    ("orchestrator", &["kernel", "journal", "runtime"]),
    ("sim", &["kernel", "runtime", "journal", "orchestrator"]),
    ("supervision", &["kernel", "runtime", "orchestrator"]),
    ("plugin", &["kernel", "journal", "runtime", "orchestrator"]),
    (
        "wasm",
        &["kernel", "journal", "runtime", "orchestrator", "supervision"],
    ),
    (
        "native",
        &["kernel", "journal", "runtime", "orchestrator", "supervision"],
    ),
];

/// Crates and modules of std, with the folders and files in which alone they may be used.
const PATHS: &[(&str, &[&str])] = &[
    ("std::time::SystemTime", &["native/"]),
    ("std::time::Instant", &[]),
    (
        "std::time",
        &["runtime/", "sim/", "orchestrator/", "supervision/", "native/"],
    ),
    ("std::fs", &["native/"]),
    ("std::net", &["native/"]),
    ("std::process", &["native/"]),
    ("std::env", &["native/", "plugin/runtime.rs"]),
    ("std::thread", &["native/"]),
    ("std::rc", &["wasm/"]),
    (
        "std::sync",
        &[
            "runtime/",
            "journal/memory.rs",
            "sim/",
            "orchestrator/",
            "supervision/",
            "plugin/",
            "native/",
        ],
    ),
    ("std::cell", &["wasm/"]),
    ("tokio::sync", &["orchestrator/", "native/"]),
    ("tokio", &["orchestrator/", "native/"]),
    ("tokio::runtime", &["native/"]),
    ("tokio::time", &["native/"]),
    ("futures", &["runtime/", "sim/", "orchestrator/", "native/"]),
    ("js_sys", &["wasm/", "runtime/browser.rs"]),
    ("wasm_bindgen", &["wasm/", "runtime/browser.rs"]),
    ("wasm_bindgen_futures", &["wasm/", "runtime/browser.rs"]),
    ("serde_wasm_bindgen", &["wasm/"]),
    ("web_sys", &[]),
    ("getrandom", &["wasm/", "runtime/browser.rs", "native/"]),
    (
        "serde_json",
        &["orchestrator/", "supervision/", "plugin/", "wasm/"],
    ),
    ("postcard", &["journal/"]),
    ("twox_hash", &["journal/"]),
];

/// Where the host's threads may show: the seam, and the traits and functions through which foreign code comes in.
const PORTS: &[&str] = &[
    "runtime/mod.rs",
    "journal/seam.rs",
    "orchestrator/provider.rs",
    "orchestrator/builder.rs",
    "orchestrator/agent_orchestrator.rs",
    "orchestrator/agents/policy.rs",
    "supervision/agent.rs",
    "supervision/registry.rs",
    "plugin/runtime.rs",
    "plugin/options.rs",
    "plugin/service.rs",
];

/// Where something may take its time. Frames, recovery and the file store decide at once.
const ASYNC: &[&str] = &[
    "runtime/",
    "journal/seam.rs",
    "journal/memory.rs",
    "sim/",
    "orchestrator/",
    "supervision/",
    "plugin/",
    "native/",
];

/// Single words, likewise.
const WORDS: &[(&str, &[&str])] = &[
    ("JsValue", &["wasm/", "runtime/browser.rs"]),
    ("MaybeSend", PORTS),
    ("MaybeSync", PORTS),
    ("async", ASYNC),
    ("await", ASYNC),
    ("HashMap", &[]),
    ("HashSet", &[]),
    ("Rc", &["wasm/"]),
    ("RefCell", &["wasm/"]),
    (
        "Mutex",
        &[
            "runtime/",
            "journal/memory.rs",
            "sim/",
            "orchestrator/",
            "plugin/config.rs",
            "plugin/shown.rs",
            "native/",
        ],
    ),
    ("SystemTime", &["native/"]),
    ("Instant", &["native/"]),
    ("rand", &[]),
    ("println", &[]),
    ("eprintln", &[]),
    ("print", &[]),
    ("eprint", &[]),
    ("dbg", &[]),
];

/// A word, `::` or a single character, with the line it stands in.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    line: usize,
    text: String,
}

/// The tokens of Rust source without comments, strings and characters.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    let starts = |at: usize, text: &str| {
        text.chars()
            .enumerate()
            .all(|(n, c)| chars.get(at + n) == Some(&c))
    };
    while at < chars.len() {
        let begin = at;
        let c = chars[at];
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            let mut depth = 0;
            loop {
                if starts(at, "/*") {
                    depth += 1;
                    at += 2;
                } else if starts(at, "*/") {
                    depth -= 1;
                    at += 2;
                } else {
                    at += 1;
                }
                if depth == 0 || at >= chars.len() {
                    break;
                }
            }
        } else if c == 'r' && (starts(at, "r\"") || starts(at, "r#")) {
            let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let end = format!("\"{}", "#".repeat(hashes));
            at += 2 + hashes;
            while at < chars.len() && !starts(at, &end) {
                at += 1;
            }
            at += end.len();
        } else if c == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')) {
            at += if chars[at + 1] == '\\' { 3 } else { 2 };
            while chars[at - 1] != '\'' || at == begin + 2 {
                at += 1;
            }
            at = at.max(begin + 3);
        } else if c.is_alphanumeric() || c == '_' {
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            let text = chars[begin..at].iter().collect();
            found.push(Token { line, text });
        } else {
            at += if starts(at, "::") { 2 } else { 1 };
            if !c.is_whitespace() {
                let text = chars[begin..at].iter().collect();
                found.push(Token { line, text });
            }
        }
        let end = at.min(chars.len());
        line += chars[begin..end].iter().filter(|c| **c == '\n').count();
    }
    found
}

/// Every path with `::` in it, with the groups of `use` written out.
fn paths(tokens: &[Token]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let next = tokens.get(at + 1).map(|token| token.text.as_str());
        if is_word(&tokens[at].text) && (next == Some("::") || tokens[at].text == "use") {
            at += usize::from(tokens[at].text == "use");
            at = path(tokens, at, "", &mut found);
        } else {
            at += 1;
        }
    }
    found
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads one path, or a group of them; gives where it ends.
fn path(tokens: &[Token], mut at: usize, before: &str, found: &mut Vec<(usize, String)>) -> usize {
    let mut whole = before.to_owned();
    let mut line = 0;
    while let Some(token) = tokens.get(at) {
        if token.text == "::" {
            at += 1;
        } else if token.text == "{" && (whole.is_empty() || tokens[at - 1].text == "::") {
            at += 1;
            while tokens.get(at).is_some_and(|token| token.text != "}") {
                at = path(tokens, at, &whole, found);
                at += usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
            }
            return at + 1;
        } else if is_word(&token.text) && (line == 0 || tokens[at - 1].text == "::") {
            if !whole.is_empty() {
                whole.push_str("::");
            }
            whole.push_str(&token.text);
            line = token.line;
            at += 1;
            if token.text == "as" {
                break;
            }
        } else {
            break;
        }
    }
    if line == 0 {
        return at + 1;
    }
    found.push((line, whole));
    at
}

fn begins(path: &str, with: &str) -> bool {
    path.strip_prefix(with)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What a file does that it must not. `file` is its path below `src/`, with `/` between folders.
fn violations(file: &str, source: &str) -> Vec<String> {
    let Some((floor, _)) = file.split_once('/') else {
        // lib.rs puts the house together.
        return Vec::new();
    };
    let Some((_, below)) = FLOORS.iter().find(|(name, _)| *name == floor) else {
        return vec![format!(
            "src/{file}:1: the floor {floor} is not in the list of tests/floors.rs"
        )];
    };
    let allowed = |places: &[&str]| places.iter().any(|place| file.starts_with(place));
    let tokens = tokens(source);
    let mut found = Vec::new();
    let mut say = |line, what: String| found.push(format!("src/{file}:{line}: {what}"));
    for (line, path) in paths(&tokens) {
        if path.starts_with("super::super") || (file.ends_with("/mod.rs") && path.starts_with("super::")) {
            say(
                line,
                format!("{path} climbs out of the floor; say crate:: and the floor's name"),
            );
        }
        if let Some(used) = path.strip_prefix("crate::") {
            let used = used.split("::").next().unwrap();
            if used != floor && !below.contains(&used) {
                say(line, format!("{floor} must not use {path}"));
            }
        }
        for (name, places) in PATHS {
            if begins(&path, name) && !allowed(places) {
                say(line, format!("{path} has no business in {floor}"));
            }
        }
    }
    for token in &tokens {
        for (word, places) in WORDS {
            if token.text == *word && !allowed(places) {
                say(token.line, format!("the word {word} has no business in {floor}"));
            }
        }
    }
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path);
        }
    }
}

#[test]
fn every_floor_uses_only_the_floors_below_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut files = 0;
    walk(&src, &mut |path| {
        let parts = path.strip_prefix(&src).unwrap().iter();
        let file = parts
            .map(|part| part.to_str().unwrap())
            .collect::<Vec<_>>()
            .join("/");
        found.extend(violations(&file, &fs::read_to_string(path).unwrap()));
        files += 1;
    });
    assert!(files > 30, "only {files} files were read");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_violation_is_found_and_its_place_told() {
    for (file, source, line) in [
        ("kernel/a.rs", "use crate::journal::EventLog;", Some(1)),
        (
            "kernel/a.rs",
            "\n\nfn f() -> crate::AgentOrchestrator {}",
            Some(3),
        ),
        (
            "kernel/a.rs",
            "use {\n  std::fmt,\n  crate::{kernel::Task,\n  orchestrator::Engine}};",
            Some(4),
        ),
        ("kernel/a.rs", "use super::super::journal::X;", Some(1)),
        ("kernel/mod.rs", "use super::journal::X;", Some(1)),
        (
            "kernel/a.rs",
            "use std::collections::{BTreeMap, HashMap};",
            Some(1),
        ),
        ("kernel/a.rs", "use std::{fmt, time::Duration};", Some(1)),
        ("kernel/a.rs", "fn f() { std::thread::yield_now() }", Some(1)),
        ("kernel/a.rs", "/* a\n /* b */ */\nasync fn f() {}", Some(3)),
        (
            "kernel/a.rs",
            "fn f(c: char) { if c == '\\'' { println!() } }",
            Some(1),
        ),
        (
            "kernel/a.rs",
            "fn f(c: char) { if c == '\"' { let x: Mutex<u8>; } }",
            Some(1),
        ),
        ("kernel/a.rs", "fn f<'a>(x: &'a str) -> Rc<str> {}", Some(1)),
        ("journal/a.rs", "use crate::orchestrator::Engine;", Some(1)),
        ("journal/frame.rs", "async fn f() {}", Some(1)),
        ("runtime/a.rs", "use crate::journal::EventLog;", Some(1)),
        ("runtime/a.rs", "use wasm_bindgen::JsValue;", Some(1)),
        (
            "orchestrator/a.rs",
            "fn f() { crate::native::TokioRuntime::current() }",
            Some(1),
        ),
        (
            "orchestrator/a.rs",
            "use tokio::{sync::watch, time::sleep};",
            Some(1),
        ),
        ("orchestrator/task.rs", "trait A: MaybeSend {}", Some(1)),
        ("wasm/a.rs", "use crate::native::TokioRuntime;", Some(1)),
        ("native/a.rs", "use crate::wasm::Core;", Some(1)),
        ("attic/a.rs", "", Some(1)),
        (
            "kernel/a.rs",
            "//! async HashMap\nconst A: &str = \"std::time\"; const B: &str = r#\"Rc \"Mutex\"#;",
            None,
        ),
        (
            "kernel/a.rs",
            "use super::state::State;\nuse std::collections::BTreeMap;",
            None,
        ),
        (
            "kernel/a.rs",
            "fn f() { let asynchronous = ' '; let brand = '\\n'; }",
            None,
        ),
        (
            "orchestrator/a.rs",
            "use crate::kernel::{Kernel, Task};\nasync fn f() {}",
            None,
        ),
        ("runtime/browser.rs", "use wasm_bindgen::JsValue;", None),
        ("lib.rs", "pub use native::TokioRuntime;", None),
    ] {
        let found = violations(file, source);
        match line {
            None => assert!(found.is_empty(), "{found:?} in {source}"),
            Some(line) => {
                let place = format!("src/{file}:{line}: ");
                assert!(
                    found.iter().any(|told| told.starts_with(&place)),
                    "{found:?} in {source}"
                );
            }
        }
    }
}
