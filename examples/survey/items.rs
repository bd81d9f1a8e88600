//! Public items: what the users of a source file can reach.

use super::text::{beginning, is_space, words};

/// `pub` items of Rust; not `pub(crate)`, which its users cannot reach.
pub(crate) fn of_rust(line: &str, _: &[&str], _: usize) -> Option<String> {
    let words: Vec<&str> = words(line).collect();
    let (&first, mut rest) = words.split_first()?;
    if first != "pub" {
        return None;
    }
    while is_rust_modifier(rest) {
        rest = &rest[1..];
    }
    let (&kind, rest) = rest.split_first()?;
    match kind {
        "use" => Some(format!("use {}", up_to(";", &rest.join(" ")))),
        "const" | "enum" | "fn" | "macro" | "mod" | "static" | "struct" | "trait" | "type" | "union" => {
            let name = match rest {
                ["mut", name, ..] | [name, ..] => name,
                [] => "",
            };
            named(kind, name)
        }
        _ => None,
    }
}

fn is_rust_modifier(words: &[&str]) -> bool {
    match words {
        ["async" | "auto" | "default" | "extern" | "safe" | "unsafe", ..]
        | ["const", "async" | "extern" | "fn" | "unsafe", ..] => true,
        // The ABI of `extern "C"`.
        [word, ..] => word.starts_with('"'),
        [] => false,
    }
}

/// What a JavaScript or TypeScript module exports.
pub(crate) fn of_script(line: &str, lines: &[&str], index: usize) -> Option<String> {
    let after = line.strip_prefix("export")?;
    if !after.starts_with(|c| is_space(c) || c == '{' || c == '*') {
        return None;
    }
    let rest = after.trim_start_matches(is_space);
    let list = rest
        .strip_prefix("type")
        .map_or(rest, |rest| rest.trim_start_matches(is_space));
    if rest.starts_with('{') || list.starts_with('{') {
        return Some(export_list(lines, index));
    }
    if rest.starts_with('*') {
        return Some(up_to(";", rest).to_owned());
    }
    let words: Vec<&str> = words(rest).collect();
    let is_default = words.first() == Some(&"default");
    let mut rest = &words[..];
    while let ["abstract" | "async" | "declare" | "default", after @ ..] = rest {
        rest = after;
    }
    if let ["const", "enum", ..] = rest {
        rest = &rest[1..];
    }
    let item = rest.split_first().and_then(|(kind, names)| {
        let kind = kind.replacen('*', "", 1);
        let names = names.join(" ");
        let names = names
            .strip_prefix('*')
            .map_or(&*names, |names| names.strip_prefix(is_space).unwrap_or(names));
        match &*kind {
            "class" | "const" | "enum" | "function" | "interface" | "let" | "module" | "namespace"
            | "type" | "var" => named(&kind, names),
            _ => None,
        }
    });
    match item {
        item if !is_default => item,
        Some(item) => Some(format!("default {item}")),
        None => Some("default".to_owned()),
    }
}

/// `export { a, b }`, which may go on over some lines.
fn export_list(lines: &[&str], index: usize) -> String {
    let text: Vec<String> = lines
        .iter()
        .skip(index)
        .take(50)
        .map(|line| {
            let line = beginning(line, 200);
            line.split("//").next().unwrap_or("").to_owned()
        })
        .collect();
    let text = text.join(" ");
    let before = text.split('}').next().unwrap_or("");
    let list: Vec<&str> = words(before.strip_prefix("export").unwrap_or(before)).collect();
    let list = list.join(" ");
    format!("{} }}", list.strip_suffix(',').unwrap_or(&list))
}

/// Functions and classes at the top of a Python module, unless their name says that they are private.
pub(crate) fn of_python(line: &str, _: &[&str], _: usize) -> Option<String> {
    if line.starts_with(is_space) {
        return None;
    }
    let words: Vec<&str> = words(line).collect();
    match &words[..] {
        ["async", kind @ ("def" | "class"), rest @ ..] | [kind @ ("def" | "class"), rest @ ..] => {
            let name = rest.first().copied().unwrap_or("");
            if name.starts_with('_') {
                None
            } else {
                named(kind, name)
            }
        }
        _ => None,
    }
}

fn up_to<'t>(end: &str, text: &'t str) -> &'t str {
    text.split(end).next().unwrap_or("").trim_end_matches(is_space)
}

/// `kind name`; the name ends where its characters do. What has no single name is shown up to its `=`.
fn named(kind: &str, text: &str) -> Option<String> {
    let length = |text: &str| {
        text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .unwrap_or(text.len())
    };
    let raw = text.strip_prefix("r#").map_or(0, length);
    let end = if raw > 0 { raw + 2 } else { length(text) };
    let name = if end > 0 { &text[..end] } else { up_to("=", text) };
    (!name.is_empty()).then(|| format!("{kind} {name}"))
}
