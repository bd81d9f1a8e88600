//! The Markdown of the survey. The same tree gives the same text, to the byte.

use super::findings::{Entry, What};
use super::summary::{Sum, Survey};
use super::text::by_text;

pub(crate) fn survey_text(survey: &Survey) -> String {
    let languages = survey.languages.iter().map(|(name, Sum { files, counts, .. })| {
        let figures = [
            *files,
            counts.lines,
            counts.code,
            counts.comment,
            counts.prose,
            counts.blank,
        ];
        row(plain(name), &figures)
    });
    let parts = survey
        .parts
        .iter()
        .map(|(name, failed, Sum { files, counts, .. })| {
            let name = code(name) + if *failed { " (not read)" } else { "" };
            row(
                name,
                &[*files, counts.lines, counts.item, counts.heading, counts.todo],
            )
        });
    let items = |entries: &[&Entry]| {
        let line = |item: &&Entry| format!("- {} (line {})", code(&item.text), item.line);
        entries.iter().map(line).collect()
    };
    let sections = [
        format!("# Survey of {}", plain(&survey.name)),
        totals(survey),
        "## Languages".to_owned(),
        table(
            &["Language", "Files", "Lines", "Code", "Comment", "Prose", "Blank"],
            languages.collect(),
        ),
        "## Parts".to_owned(),
        table(
            &["Part", "Files", "Lines", "Public items", "Headings", "To do"],
            parts.collect(),
        ),
        "## Public items".to_owned(),
        per_file(survey, |what| what == What::Item, items),
        "## Headings".to_owned(),
        per_file(survey, |what| matches!(what, What::Heading(_)), outline),
        "## To do".to_owned(),
        to_do(survey),
    ];
    let mut text = sections.join("\n\n");
    if let Some(list) = not_read(survey) {
        text = format!("{text}\n\n## Not read\n\n{list}");
    }
    text + "\n"
}

fn totals(survey: &Survey) -> String {
    let Survey { total, tally, .. } = survey;
    let counts = &total.counts;
    let rows = [
        ("Folders", tally.folders),
        ("Files read", total.files),
        ("Lines", counts.lines),
        ("Code", counts.code),
        ("Comment", counts.comment),
        ("Prose", counts.prose),
        ("Blank", counts.blank),
        ("Public items", counts.item),
        ("Headings", counts.heading),
        ("To do", counts.todo),
    ];
    let number_of = |wanted: fn(&super::findings::Findings) -> bool| {
        survey.files.iter().filter(|(_, file)| wanted(file)).count() as u64
    };
    let failed = survey.parts.iter().filter(|(_, failed, _)| *failed).count() as u64;
    let skipped = survey.skipped.iter();
    // What is not there needs no row.
    let notes = [
        ("Parts that could not be read".to_owned(), failed),
        ("Folders that could not be read".to_owned(), tally.unreadable),
    ]
    .into_iter()
    .chain(skipped.map(|(why, paths)| (format!("Files not read: {why}"), paths.len() as u64)))
    .chain([
        (
            "Files that are not UTF-8".to_owned(),
            number_of(|file| !file.is_utf8),
        ),
        (
            "Files with CRLF line ends".to_owned(),
            number_of(|file| file.has_cr_lf),
        ),
        ("Entries left out by .gitignore".to_owned(), tally.ignored),
        ("Symbolic links, not followed".to_owned(), tally.links),
        ("Pipes, sockets and devices, not read".to_owned(), tally.special),
        (
            "Entries counted, but too many to list".to_owned(),
            counts.item + counts.heading + counts.todo - total.listed,
        ),
    ])
    .filter(|(_, number)| *number > 0);
    let rows = rows
        .into_iter()
        .map(|(what, number)| row(what.to_owned(), &[number]));
    let notes = notes.map(|(what, number)| row(what, &[number]));
    table(&["What", "How many"], rows.chain(notes).collect())
}

fn to_do(survey: &Survey) -> String {
    let of_file = |(path, file): &(String, super::findings::Findings)| -> Vec<String> {
        let todos = file.entries.iter().filter(|entry| entry.what == What::Todo);
        todos
            .map(|todo| {
                format!(
                    "- {} {}",
                    code(&format!("{path}:{}", todo.line)),
                    plain(&todo.text)
                )
            })
            .collect()
    };
    or_none(survey.files.iter().flat_map(of_file).collect(), "\n")
}

fn not_read(survey: &Survey) -> Option<String> {
    let mut folders = survey.tally.unreadable_folders.clone();
    folders.sort_by(|a, b| by_text(a, b));
    let folders = folders.iter().map(|path| format!("- {}: unreadable", code(path)));
    let skipped = survey.skipped.iter();
    let files =
        skipped.flat_map(|(why, paths)| paths.iter().map(move |path| format!("- {}: {why}", code(path))));
    let lines: Vec<String> = folders.chain(files).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn per_file(survey: &Survey, wanted: fn(What) -> bool, show: fn(&[&Entry]) -> Vec<String>) -> String {
    let mut sections = Vec::new();
    for (path, file) in &survey.files {
        let found: Vec<&Entry> = file.entries.iter().filter(|entry| wanted(entry.what)).collect();
        if !found.is_empty() {
            sections.push(format!("### {}\n\n{}", code(path), show(&found).join("\n")));
        }
    }
    or_none(sections, "\n\n")
}

/// A list in a list for each level there is, whatever the numbers of the levels.
fn outline(headings: &[&Entry]) -> Vec<String> {
    let mut above: Vec<usize> = Vec::new();
    let line = |heading: &&Entry| {
        let What::Heading(level) = heading.what else {
            return String::new();
        };
        while above.last().is_some_and(|last| *last >= level) {
            above.pop();
        }
        above.push(level);
        format!("{}- {}", "  ".repeat(above.len() - 1), plain(&heading.text))
    };
    headings.iter().map(line).collect()
}

fn or_none(parts: Vec<String>, between: &str) -> String {
    if parts.is_empty() {
        return "None.".to_owned();
    }
    parts.join(between)
}

fn table(titles: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return "None.".to_owned();
    }
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let mut marks = vec!["---:".to_owned(); titles.len()];
    marks[0] = "---".to_owned();
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let head = [line(&titles), line(&marks)];
    let rows = rows.iter().map(|cells| line(cells));
    head.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

fn row(name: String, figures: &[u64]) -> Vec<String> {
    std::iter::once(name)
        .chain(figures.iter().map(u64::to_string))
        .collect()
}

/// Text that Markdown shows as it is.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in one_line(text).chars() {
        if "\\`*_[]<>&#~$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    // At the beginning these would make a list.
    let digits = out.len() - out.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if out[digits..].starts_with(['-', '+', '.', ')']) {
        out.insert(digits, '\\');
    }
    out
}

/// Text shown as code; what it holds may not end it early.
fn code(text: &str) -> String {
    let line = one_line(text);
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest > 0 {
        format!("{fence} {line} {fence}")
    } else {
        format!("{fence}{line}{fence}")
    }
}

fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), "\u{fffd}")
}
