//! Texts made by chance, and what this face reads in them: `tests/fixtures/chat-corpus.json`. The face in TypeScript is held
//! against the same file, so that the two cannot come to read differently. `UPDATE=1` writes it anew.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::plugin_intents::intent_as_json;

const TEXTS: usize = 4_000;

/// Ways to say something, of which each part is one of its list, or now and then of another.
const FORMS: &[&[&[&str]]] = &[
    &[OPENERS, VERBS, ARTICLES, NAMES, TASKS, ENDS],
    &[OPENERS, VERBS, ARTICLES, ORDINALS, TASKS, ENDS],
    &[VERBS, TASKS, NUMBERS, ENDS, VERBS, ARTICLES, NAMES],
    &[OPENERS, VERBS, PRONOUNS, ENDS],
    &[NEW, INDEFINITE, TASKS, LINKS, NAMES, USING, ENDS],
    &[OPENERS, LISTS, ARTICLES, STATUSES, TASKS, LINKS, NAMES, ENDS],
    &[ARTICLES, NAMES, TASKS, ENDS, VERBS, PRONOUNS],
    &[OPENERS, NAMES, OPENERS, VERBS, ARTICLES, NAMES, TASKS],
    &[VERBS, QUOTES, TASKS, NAMES, ENDS],
    &[OPENERS, VERBS, ALL, NAMES, STATUSES, TASKS, ENDS],
];
const ALL_LISTS: &[&[&str]] = &[
    OPENERS, VERBS, NEW, LISTS, ARTICLES, INDEFINITE, TASKS, NAMES, ORDINALS, NUMBERS, PRONOUNS, LINKS,
    USING, STATUSES, QUOTES, ALL, ENDS,
];
const OPENERS: &[&str] = &[
    "",
    "",
    "please",
    "Eliza,",
    "hey",
    "could you",
    "I want to",
    "we should",
    "don't",
    "never",
    "how do I",
    "what is",
    "ok, now",
    "I think we have to",
    "why did you",
    "no, not yet:",
    "Ada, please,",
    "🎉",
];
const VERBS: &[&str] = &[
    "cancel",
    "Cancel",
    "abort",
    "delete",
    "remove",
    "pause",
    "stop",
    "halt",
    "hold",
    "resume",
    "continue",
    "go on with",
    "start",
    "run",
    "restart",
    "retry",
    "run again",
    "switch to",
    "switch",
    "select",
    "go to",
    "set",
    "change",
    "find",
    "search for",
    "look up",
    "list",
    "show me",
    "fix",
    "implement",
    "add",
    "create",
    "CANCEL",
];
const NEW: &[&str] = &[
    "create", "make", "start", "add", "open", "new", "set up", "queue", "run", "begin",
];
const LISTS: &[&str] = &[
    "list", "show", "show me", "what", "which", "give me", "view", "find", "search", "",
];
const ARTICLES: &[&str] = &[
    "",
    "",
    "the",
    "my",
    "our",
    "this",
    "that",
    "a",
    "the current",
    "these",
];
const INDEFINITE: &[&str] = &["a", "an", "another", "a new", "one more", "new", "", "the"];
const TASKS: &[&str] = &[
    "task",
    "task",
    "task",
    "tasks",
    "Task",
    "job",
    "",
    "tasks:",
    "task's",
    "taskforce",
];
const NAMES: &[&str] = &[
    "login",
    "login page",
    "",
    "address",
    "prefix",
    "Großes Haus",
    "STRASSE",
    "задача отчёт",
    "测试任务",
    "naïve café",
    "O'Brien",
    "don’t panic",
    "auth/login.ts",
    "v2.0",
    "to do",
    "stop words",
    "create users",
    "report for Bob",
    "all hands",
    "🎉 party",
    "+++",
    "3f2a9c1e-8d4b-4c6a-9e21-0a1b2c3d4e5f",
    "ΊΣΩΣ",
    "second wind",
    "running shoes",
    "a",
    "x",
    "not done",
    "e\u{301}te\u{301}",
    "٣",
];
const ORDINALS: &[&str] = &[
    "first",
    "second",
    "third",
    "10th",
    "last",
    "newest",
    "most recent",
    "oldest",
    "2nd",
    "final",
    "latest",
];
const NUMBERS: &[&str] = &[
    "3", "#3", "two", "number 4", "no. 5", "0", "99", "1.", "# 3", "id 7", "",
];
const PRONOUNS: &[&str] = &[
    "it",
    "this",
    "that one",
    "mine",
    "the second one",
    "them",
    "it now",
    "this one please",
    "everything",
];
const LINKS: &[&str] = &[
    "", "to", "for", "called", "named", "about", "matching", "with", ":", "-", "of",
];
const USING: &[&str] = &[
    "",
    "",
    "using codex",
    "with claude-code",
    "via \"Claude Code\"",
    "using",
    "using a hammer",
];
const STATUSES: &[&str] = &[
    "",
    "",
    "running",
    "failed",
    "paused",
    "done",
    "not running",
    "cancelled",
    "completed or failed",
];
const QUOTES: &[&str] = &[
    "\"login\"",
    "“Ship it”",
    "'the \"x\"'",
    "`a b`",
    "«été»",
    "\"",
    "\"\"",
    "'",
    "‘it’s’",
    "„so“",
    "\"unended",
    "rock 'n' roll",
];
const ALL: &[&str] = &["all", "every", "all my", "all the", "both", "each", "all 3", ""];
const ENDS: &[&str] = &[
    "",
    "",
    "",
    ".",
    "!",
    "?",
    ";",
    ", please",
    " now",
    ". Thanks!",
    " and pause it",
    " then list tasks",
    "\nand more",
    " or cancel it",
    " and fix the login",
    "…",
    "\u{2028}next",
    " 🙂",
    ", but don't stop",
];

/// The same sequence on every machine.
struct Dice(u64);

impl Dice {
    const fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % limit as u64) as usize
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn text(&mut self) -> String {
        let mut text = String::new();
        for part in self.of(FORMS) {
            let list = if self.below(12) == 0 {
                self.of(ALL_LISTS)
            } else {
                part
            };
            let said = self.of(list);
            if !text.is_empty()
                && said.starts_with(|c: char| c.is_alphanumeric() || "\"'#`“«„‘🎉+".contains(c))
            {
                text.push_str(["  ", " ", " ", " ", " ", "\t", "\u{a0}"][self.below(7)]);
            }
            text.push_str(said);
        }
        text
    }
}

#[test]
fn texts_made_by_chance_are_read_as_the_file_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chat-corpus.json");
    let mut dice = Dice(0x5eed_0001);
    let read: Vec<Value> = (0..TEXTS).map(|_| intent_as_json(&dice.text())).collect();
    if std::env::var_os("UPDATE").is_some() {
        let lines: Vec<String> = read.iter().map(Value::to_string).collect();
        fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
    let due: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(due.len(), read.len());
    let wrong: Vec<String> = due
        .iter()
        .zip(&read)
        .filter(|(due, read)| due != read)
        .map(|(due, read)| format!("due  {due}\nread {read}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n\n")
    );
    let asking = read.iter().filter(|intent| !intent["action"].is_null()).count();
    assert!(
        (TEXTS / 4..TEXTS * 9 / 10).contains(&asking),
        "{asking} of them ask for something"
    );
}
