//! The languages the reader knows: how they write comments, and what of a file its users can reach.

use super::items;

/// Finds a public item in a line; the other lines are there for those that go on over some of them.
pub(crate) type FindItem = fn(line: &str, lines: &[&str], index: usize) -> Option<String>;

/// One language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Language {
    pub(crate) name: &'static str,
    files: &'static str,
    pub(crate) line_comments: &'static [&'static str],
    pub(crate) block: Option<(&'static str, &'static str)>,
    pub(crate) prose: bool,
    pub(crate) item: Option<FindItem>,
}

const PLAIN: Language = Language {
    name: "Other",
    files: "",
    line_comments: &[],
    block: None,
    prose: false,
    item: None,
};
const C_LIKE: Language = Language {
    line_comments: &["//"],
    block: Some(("/*", "*/")),
    ..PLAIN
};
const SHELL_LIKE: Language = Language {
    line_comments: &["#"],
    ..PLAIN
};
const XML_LIKE: Language = Language {
    block: Some(("<!--", "-->")),
    ..PLAIN
};

const fn language(name: &'static str, files: &'static str, like: Language) -> Language {
    Language { name, files, ..like }
}

const fn with_items(item: FindItem, like: Language) -> Language {
    Language {
        item: Some(item),
        ..like
    }
}

const PROSE: Language = Language { prose: true, ..PLAIN };
const MARKDOWN: Language = Language {
    prose: true,
    ..XML_LIKE
};
const CSS: Language = Language {
    line_comments: &[],
    ..C_LIKE
};
const LUA: Language = Language {
    line_comments: &["--"],
    block: Some(("--[[", "]]")),
    ..PLAIN
};
const PHP: Language = Language {
    line_comments: &["//", "#"],
    ..C_LIKE
};
const SQL: Language = Language {
    line_comments: &["--"],
    ..C_LIKE
};
const ZIG: Language = Language {
    block: None,
    ..C_LIKE
};
const SCRIPT: Language = with_items(items::of_script, C_LIKE);

const LANGUAGES: &[Language] = &[
    language("C", ".c .h", C_LIKE),
    language("C#", ".cs", C_LIKE),
    language("C++", ".cc .cpp .cxx .hh .hpp .hxx", C_LIKE),
    language("CSS", ".css", CSS),
    language("Dockerfile", "dockerfile .dockerfile", SHELL_LIKE),
    language("Go", ".go", C_LIKE),
    language("HTML", ".html .htm .vue .svelte", XML_LIKE),
    language("Java", ".java", C_LIKE),
    language("JavaScript", ".js .mjs .cjs .jsx", SCRIPT),
    language("JSON", ".json .jsonl .json5 .jsonc", PLAIN),
    language("Kotlin", ".kt .kts", C_LIKE),
    language("Lua", ".lua", LUA),
    language("Makefile", "makefile gnumakefile .mk", SHELL_LIKE),
    language("Markdown", ".md .markdown .mdx", MARKDOWN),
    language("PHP", ".php", PHP),
    language("Python", ".py .pyi", with_items(items::of_python, SHELL_LIKE)),
    language("Ruby", ".rb gemfile rakefile", SHELL_LIKE),
    language("Rust", ".rs", with_items(items::of_rust, C_LIKE)),
    language("Sass", ".scss .sass .less", C_LIKE),
    language("Shell", ".sh .bash .zsh .fish", SHELL_LIKE),
    language("SQL", ".sql", SQL),
    language("Swift", ".swift", C_LIKE),
    language("Text", ".txt .text .rst .adoc license licence readme", PROSE),
    language("TOML", ".toml", SHELL_LIKE),
    language("TypeScript", ".ts .mts .cts .tsx", SCRIPT),
    language("XML", ".xml .svg .xhtml", XML_LIKE),
    language("YAML", ".yaml .yml", SHELL_LIKE),
    language("Zig", ".zig", ZIG),
];

/// The language of a file, from its whole name or from its ending.
pub(crate) fn language_of(file_name: &str) -> Language {
    let name = file_name.to_lowercase();
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let named = |wanted: &str| {
        let mut all = LANGUAGES.iter();
        all.find(|language| language.files.split(' ').any(|file| file == wanted))
    };
    named(&name).or_else(|| named(ending)).copied().unwrap_or(PLAIN)
}
