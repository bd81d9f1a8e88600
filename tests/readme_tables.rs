//! What the README and the TypeScript face say of codes, events, limits and statuses is what the code says.
//!
//! `UPDATE=1 cargo test --features native --test readme_tables` writes it.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use agent_orchestrator::kernel::limits;
use agent_orchestrator::kernel::status;
use agent_orchestrator::{ErrorCode, EventKind};

fn at_root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// `1234567` as people read it.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn errors() -> String {
    let mut out = String::from("| code | when |\n|---|---|\n");
    for code in ErrorCode::ALL {
        writeln!(out, "| `{code}` | {} |", code.meaning()).unwrap();
    }
    out
}

fn events() -> String {
    let mut out = String::from("| type | what happened |\n|---|---|\n");
    for (name, meaning) in EventKind::TYPES {
        writeln!(out, "| `{name}` | {} |", one_line(meaning)).unwrap();
    }
    out
}

fn limits_table() -> String {
    let mut out = String::from("| what | at most |\n|---|---|\n");
    for limit in limits::ALL {
        writeln!(out, "| {} | {} {} |", limit.what, grouped(limit.max), limit.unit).unwrap();
    }
    out
}

fn generated() -> String {
    let mut out = String::from(
        "// Written by tests/readme_tables.rs from src/kernel/error.rs and src/orchestrator/event.rs; see there.\n\
         import type { EventType } from \"./types.js\";\n\n\
         /** What went wrong, as a word that never changes its meaning. */\nexport type ErrorCode =",
    );
    for code in ErrorCode::ALL {
        write!(out, "\n  /** {} */\n  | \"{code}\"", code.meaning()).unwrap();
    }
    out.push_str(";\n\n/** Every code. */\nexport const ERROR_CODES: readonly ErrorCode[] = [\n");
    for code in ErrorCode::ALL {
        writeln!(out, "  \"{code}\",").unwrap();
    }
    out.push_str("];\n\n/** Every type of event. A type that `types.ts` has and Rust has not, or the other way round, does not compile. */\n");
    out.push_str("export const EVENT_TYPES = /* @__PURE__ */ Object.keys({\n");
    for (name, _) in EventKind::TYPES {
        writeln!(out, "  \"{name}\": true,").unwrap();
    }
    out.push_str("} satisfies Record<EventType, true>) as readonly EventType[];\n");
    out
}

/// The file is as it should be, or is made so.
fn check(file: &str, due: &str) {
    let path = at_root(file);
    let found = fs::read_to_string(&path).unwrap_or_default();
    if found == due {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(path, due).unwrap();
    }
    let line = found.lines().zip(due.lines()).take_while(|(a, b)| a == b).count() + 1;
    panic!(
        "{file} differs from what the code says, from line {line} on. UPDATE=1 cargo test --features native --test readme_tables writes it."
    );
}

/// What stands in a file between `<!-- name -->` and `<!-- /name -->` is this.
fn check_section(file: &str, name: &str, due: &str) {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let text = fs::read_to_string(at_root(file)).unwrap_or_default();
    let parts = text
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.unwrap_or_else(|| panic!("{file} has no section {begin}{end}"));
    check(file, &format!("{before}{begin}{due}{end}{after}"));
}

#[test]
fn readme_tables_are_those_of_the_code() {
    // One test, so that two of them never write the file at the same time.
    for (name, due) in [
        ("status table", status::table()),
        ("events", events()),
        ("errors", errors()),
        ("limits", limits_table()),
    ] {
        check_section("README.md", name, &due);
    }
}

#[test]
fn typescript_knows_the_codes_and_events_of_rust() {
    check("pkg-template/src/generated.ts", &generated());
}

#[test]
fn tables_have_one_row_for_everything() {
    assert_eq!(errors().lines().count(), ErrorCode::ALL.len() + 2);
    assert_eq!(events().lines().count(), EventKind::TYPES.len() + 2);
    assert_eq!(limits_table().lines().count(), limits::ALL.len() + 2);
    assert_eq!(status::table().lines().count(), status::Verb::ALL.len() + 2);
    for table in [errors(), events(), limits_table(), status::table()] {
        let columns = |line: &str| line.matches('|').count();
        let first = columns(&table);
        assert!(
            table
                .lines()
                .all(|line| columns(line) * table.lines().count() == first),
            "{table}"
        );
    }
    assert_eq!(grouped(1), "1");
    assert_eq!(grouped(1_048_576), "1,048,576");
}

/// A promise is worth as much as the test that holds it.
#[test]
fn every_promise_in_the_readme_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let begin = readme.find("<!-- promises -->").unwrap();
    let table = &readme[begin..readme.find("<!-- /promises -->").unwrap()];
    let mut sources = String::new();
    for folder in ["tests", "tests/js", "tests/crash"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                sources += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let promises = table.lines().filter(|line| line.starts_with("| P"));
    let mut count = 0;
    for promise in promises {
        let named: Vec<&str> = promise
            .rsplit(" | ")
            .next()
            .unwrap()
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        assert!(!named.is_empty(), "{promise}");
        for name in named {
            let there = [format!("fn {name}("), format!("\"{name}\"")];
            assert!(
                there.iter().any(|test| sources.contains(test)),
                "{name} of {promise}"
            );
        }
        count += 1;
    }
    assert_eq!(count, 18);
}
