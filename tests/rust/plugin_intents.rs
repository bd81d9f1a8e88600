//! What texts ask for.

use agent_orchestrator::plugin::{Intent, Language, Ordinal, Target, read_intent};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Both faces, this one and that in TypeScript, are held against this file.
pub(crate) fn fixture() -> Value {
    serde_json::from_str(include_str!("../fixtures/chat.json")).unwrap()
}

fn english(text: &str) -> Option<Intent> {
    read_intent(&Language::english(), text)
}

fn target_as_json(target: &Target) -> Value {
    let mut fields = Map::new();
    if let Some(quoted) = &target.quoted {
        fields.insert("quoted".into(), json!(quoted));
    }
    for (name, holds) in [("mine", target.mine), ("all", target.all)] {
        if holds {
            fields.insert(name.into(), json!(true));
        }
    }
    let ordinal = target.ordinal.map(|ordinal| match ordinal {
        Ordinal::Number(number) => json!(number),
        Ordinal::Last => json!("last"),
        Ordinal::Newest => json!("newest"),
        Ordinal::Oldest => json!("oldest"),
    });
    fields.extend(ordinal.map(|ordinal| ("ordinal".into(), ordinal)));
    fields.extend(target.status.map(|status| ("status".into(), json!(status))));
    if !target.words.is_empty() {
        fields.insert("words".into(), json!(target.words));
    }
    Value::Object(fields)
}

pub(crate) fn intent_as_json(text: &str) -> Value {
    let mut fields = json!({ "text": text, "action": null });
    let Some(intent) = english(text) else {
        return fields;
    };
    fields["action"] = json!(intent.action());
    match intent {
        Intent::Create { title, using } => {
            fields["title"] = json!(title);
            if let Some(using) = using {
                fields["using"] = json!(using.provider);
            }
        }
        Intent::List { status } => {
            if let Some(status) = status {
                fields["status"] = json!(status);
            }
        }
        Intent::Search { query } => fields["query"] = json!(query),
        Intent::Resume { target, again } => {
            fields["target"] = target_as_json(&target);
            if again {
                fields["again"] = json!(true);
            }
        }
        Intent::Switch(target) | Intent::Pause(target) | Intent::Cancel(target) => {
            fields["target"] = target_as_json(&target);
        }
    }
    fields
}

#[test]
fn every_text_of_the_fixture_asks_for_what_it_says() {
    let fixture = fixture();
    let wrong: Vec<_> = fixture["intents"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|due| {
            let read = intent_as_json(due["text"].as_str().unwrap());
            (read != *due).then(|| format!("due  {due}\nread {read}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_status_that_is_denied_is_none_to_list_by() {
    for text in [
        "what tasks are not done?",
        "show the tasks that aren't finished, not the paused ones",
    ] {
        assert_eq!(english(text), Some(Intent::List { status: None }), "{text}");
    }
}

#[test]
fn a_phrase_of_another_language_counts_wherever_a_word_of_english_does() {
    let table = include_str!("../../src/plugin/english.json")
        .replace("\"negations\": [", "\"negations\": [\"auf keinen Fall\", ")
        .replace("\"statuses\": {", "\"statuses\": { \"in Arbeit\": \"running\", ")
        .replace("\"task\": [", "\"task\": [\"to do\", ");
    let language = Language::parse(&table).unwrap();
    let read = |text: &str| read_intent(&language, text);
    assert!(matches!(read("cancel the login to do"), Some(Intent::Cancel(_))));
    assert_eq!(read("auf keinen Fall cancel the login to do"), None);
    assert_eq!(read("I say AUF KEINEN FALL cancel the login to do"), None);
    let status = Some(agent_orchestrator::TaskStatus::Running);
    assert_eq!(read("list every to do in arbeit"), Some(Intent::List { status }));
    let Some(Intent::Create { title, .. }) = read("create a to do to rest") else {
        panic!("no new one");
    };
    assert_eq!(title, "rest");
}

/// What is looked for in vain once is not looked for again: otherwise each of these would take hours.
#[test]
fn a_megabyte_is_read_in_time_that_grows_with_its_length_only() {
    let mega = 1 << 20;
    for text in [
        "stop it ".repeat(mega / 8) + "wall",
        "\"'„«`‘ ".repeat(mega / 10),
        "please ".repeat(mega / 7),
        "cancel ".repeat(mega / 14) + &"please ".repeat(mega / 14),
    ] {
        assert_eq!(english(&text), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in "\\PC*") {
        let _ = english(&text);
    }

    /// Of words that mean something, in any order: what is read is made of what was said.
    #[test]
    fn any_words_are_read(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..12)) {
        let text = words.join(" ");
        match english(&text) {
            Some(Intent::Create { title, .. }) => prop_assert!(!title.trim().is_empty() && title.chars().count() <= 100),
            Some(Intent::Pause(target) | Intent::Cancel(target) | Intent::Switch(target)) => {
                for word in target.words {
                    prop_assert!(text.to_lowercase().replace('’', "'").contains(&word), "{word} in {text}");
                }
            }
            _ => {}
        }
    }
}

const WORDS: &[&str] = &[
    "create",
    "a",
    "new",
    "task",
    "tasks",
    "task.",
    "the",
    "my",
    "it",
    "second",
    "one",
    "last",
    "cancel",
    "pause",
    "run",
    "again",
    "and",
    "don't",
    "don’t",
    "how",
    "please",
    "Eliza,",
    "\"Ship it\"",
    "\"",
    "'",
    "login",
    "3",
    "#3",
    "all",
    "running",
    "list",
    "show",
    "find",
    "about",
    "using",
    "codex",
    "switch",
    "to",
    "\n",
    "!",
    "—",
    "no",
    "number",
    "nr.",
];
