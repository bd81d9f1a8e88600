/** The languages the reader knows: how they write comments, and what of a file its users can reach. */

const C_LIKE = { line: ["//"], block: ["/*", "*/"] };
const SHELL_LIKE = { line: ["#"] };
const XML_LIKE = { block: ["<!--", "-->"] };

const LANGUAGES = [
  { name: "C", files: ".c .h", ...C_LIKE },
  { name: "C#", files: ".cs", ...C_LIKE },
  { name: "C++", files: ".cc .cpp .cxx .hh .hpp .hxx", ...C_LIKE },
  { name: "CSS", files: ".css", block: ["/*", "*/"] },
  { name: "Dockerfile", files: "dockerfile .dockerfile", ...SHELL_LIKE },
  { name: "Go", files: ".go", ...C_LIKE },
  { name: "HTML", files: ".html .htm .vue .svelte", ...XML_LIKE },
  { name: "Java", files: ".java", ...C_LIKE },
  { name: "JavaScript", files: ".js .mjs .cjs .jsx", ...C_LIKE, item: scriptItem },
  { name: "JSON", files: ".json .jsonl .json5 .jsonc" },
  { name: "Kotlin", files: ".kt .kts", ...C_LIKE },
  { name: "Lua", files: ".lua", line: ["--"], block: ["--[[", "]]"] },
  { name: "Makefile", files: "makefile gnumakefile .mk", ...SHELL_LIKE },
  { name: "Markdown", files: ".md .markdown .mdx", prose: true, ...XML_LIKE },
  { name: "PHP", files: ".php", line: ["//", "#"], block: ["/*", "*/"] },
  { name: "Python", files: ".py .pyi", ...SHELL_LIKE, item: pythonItem },
  { name: "Ruby", files: ".rb gemfile rakefile", ...SHELL_LIKE },
  { name: "Rust", files: ".rs", ...C_LIKE, item: rustItem },
  { name: "Sass", files: ".scss .sass .less", ...C_LIKE },
  { name: "Shell", files: ".sh .bash .zsh .fish", ...SHELL_LIKE },
  { name: "SQL", files: ".sql", line: ["--"], block: ["/*", "*/"] },
  { name: "Swift", files: ".swift", ...C_LIKE },
  { name: "Text", files: ".txt .text .rst .adoc license licence readme", prose: true },
  { name: "TOML", files: ".toml", ...SHELL_LIKE },
  { name: "TypeScript", files: ".ts .mts .cts .tsx", ...C_LIKE, item: scriptItem },
  { name: "XML", files: ".xml .svg .xhtml", ...XML_LIKE },
  { name: "YAML", files: ".yaml .yml", ...SHELL_LIKE },
  { name: "Zig", files: ".zig", line: ["//"] },
];
const OTHER = { name: "Other" };

const BY_FILE = new Map(LANGUAGES.flatMap((language) => language.files.split(" ").map((file) => [file, language])));

/** The language of a file, from its whole name or from its ending. */
export function languageOf(fileName) {
  const name = fileName.toLowerCase();
  return BY_FILE.get(name) ?? BY_FILE.get(name.slice(name.lastIndexOf("."))) ?? OTHER;
}

/** `pub` items of Rust; not `pub(crate)`, which its users cannot reach. */
function rustItem(line) {
  const words = wordsOf(line);
  if (words.shift() !== "pub") return undefined;
  while (isRustModifier(words)) words.shift();
  const [kind, ...rest] = words;
  if (kind === "use") return `use ${upTo(";", rest.join(" "))}`;
  if (!RUST_KINDS.has(kind)) return undefined;
  return named(kind, rest[0] === "mut" ? rest[1] : rest[0]);
}
const RUST_KINDS = new Set(["const", "enum", "fn", "macro", "mod", "static", "struct", "trait", "type", "union"]);
const isRustModifier = ([word, next]) =>
  ["async", "auto", "default", "extern", "safe", "unsafe"].includes(word) ||
  word?.startsWith('"') || // the ABI of `extern "C"`
  (word === "const" && ["async", "extern", "fn", "unsafe"].includes(next));

/** What a JavaScript or TypeScript module exports. */
function scriptItem(line, lines, index) {
  if (!/^export(?:\s|[{*])/.test(line)) return undefined;
  const rest = line.slice("export".length).trimStart();
  if (/^(?:type\s*)?\{/.test(rest)) return exportList(lines, index);
  if (rest.startsWith("*")) return upTo(";", rest);

  const words = wordsOf(rest);
  const isDefault = words[0] === "default";
  while (SCRIPT_MODIFIERS.has(words[0])) words.shift();
  if (words[0] === "const" && words[1] === "enum") words.shift();
  const kind = words[0]?.replace("*", "");
  const item = SCRIPT_KINDS.has(kind) ? named(kind, words.slice(1).join(" ").replace(/^\*\s?/, "")) : undefined;
  return isDefault ? `default ${item ?? ""}`.trimEnd() : item;
}
const SCRIPT_MODIFIERS = new Set(["abstract", "async", "declare", "default"]);
const SCRIPT_KINDS = new Set(
  ["class", "const", "enum", "function", "interface", "let", "module", "namespace", "type", "var"],
);

/** `export { a, b }`, which may go on over some lines. */
function exportList(lines, index) {
  const text = lines.slice(index, index + 50).map((line) => line.slice(0, 200).split("//", 1)[0]).join(" ");
  const [before] = text.split("}", 1);
  return `${wordsOf(before.slice("export".length)).join(" ").replace(/,$/, "")} }`;
}

/** Functions and classes at the top of a Python module, unless their name says that they are private. */
function pythonItem(line) {
  if (!/^(?:async|def|class)\s/.test(line)) return undefined;
  const words = wordsOf(line);
  if (words[0] === "async") words.shift();
  const [kind, name] = words;
  return (kind === "def" || kind === "class") && !name?.startsWith("_") ? named(kind, name) : undefined;
}

const wordsOf = (line) => line.trim().split(/\s+/);
const upTo = (end, text) => text.split(end, 1)[0].trimEnd();

/** `kind name`; the name ends where its characters do. What has no single name is shown up to its `=`. */
function named(kind, text = "") {
  const name = /^(?:r#)?[\p{ID_Continue}$]+/u.exec(text)?.[0] ?? upTo("=", text);
  return name === "" ? undefined : `${kind} ${name}`;
}
