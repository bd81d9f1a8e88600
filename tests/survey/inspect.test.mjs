import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../../examples/survey/inspect.mjs";
import { languageOf } from "../../examples/survey/languages.mjs";
import { MARK, MARK_2 } from "./helpers.mjs";

const read = (file, text, room = 100) => inspect(text, languageOf(file), room);
const found = (file, text, what) => read(file, text).entries.filter((entry) => entry.what === what).map((entry) => entry.text);
const items = (file, ...lines) => found(file, lines.join("\n"), "item");
const headings = (text) => read("a.md", text).entries.filter((entry) => entry.what === "heading").map(({ level, text }) => [level, text]);
const todos = (file, text) => found(file, text, "todo");

test("languages are told by ending, by name, in any case, and never by accident", () => {
  const names = { "a.rs": "Rust", "A.RS": "Rust", "a.d.ts": "TypeScript", Makefile: "Makefile", "x.unknown": "Other", c: "Other" };
  for (const [file, language] of Object.entries(names)) assert.equal(languageOf(file).name, language, file);
  for (const file of ["", ".", "constructor", "a.__proto__", ".gitignore"]) assert.equal(languageOf(file).name, "Other", file);
});

const lineCases = [
  ["a.rs", "", { lines: 0, code: 0, comment: 0, prose: 0, blank: 0 }],
  ["a.rs", "\n", { lines: 1, code: 0, comment: 0, prose: 0, blank: 1 }],
  ["a.rs", "// a\n\nfn b() {} // c", { lines: 3, code: 1, comment: 1, prose: 0, blank: 1 }],
  ["a.rs", "// a\r\n\r\nfn b() {}\r\n", { lines: 3, code: 1, comment: 1, prose: 0, blank: 1 }],
  ["a.js", "/* a\n\n b */\n/* c */ d\ne /* f */", { lines: 5, code: 2, comment: 2, prose: 0, blank: 1 }],
  ["a.js", 'const glob = "src/*";\nb();\n', { lines: 2, code: 2, comment: 0, prose: 0, blank: 0 }],
  ["a.js", "/*/\nstill a comment\n*/\nb\n", { lines: 4, code: 1, comment: 3, prose: 0, blank: 0 }],
  ["a.js", `/* ${"a".repeat(1000)} */\nb\n`, { lines: 2, code: 1, comment: 1, prose: 0, blank: 0 }],
  ["a.py", "# a\nb = 1\n", { lines: 2, code: 1, comment: 1, prose: 0, blank: 0 }],
  ["a.md", "# A\n\ntext\n<!-- b\nc -->\n", { lines: 5, code: 0, comment: 2, prose: 2, blank: 1 }],
  ["a.json", "{\n}\n", { lines: 2, code: 2, comment: 0, prose: 0, blank: 0 }],
  ["a.unknown", "# a\n", { lines: 1, code: 1, comment: 0, prose: 0, blank: 0 }],
];
for (const [file, text, expected] of lineCases) {
  test(`lines of ${file} ${JSON.stringify(text.slice(0, 60))}`, () => {
    const { lines, code, comment, prose, blank } = read(file, text);
    assert.deepEqual({ lines, code, comment, prose, blank }, expected);
    assert.equal(code + comment + prose + blank, lines);
  });
}

test("CRLF line ends are noticed", () => {
  assert.equal(read("a.txt", "a\r\nb\r\n").hasCrLf, true);
  assert.equal(read("a.txt", "a\nb\n").hasCrLf, false);
  assert.equal(read("a.txt", "a\r").hasCrLf, false);
});

test("public items of Rust", () => {
  const lines = [
    "pub fn one() {}",
    "    pub async fn two<T>(t: T) -> T {",
    "pub const unsafe extern \"C\" fn three() {}",
    "pub struct Four<'a>(&'a str);",
    "pub const FIVE: u8 = 5;",
    "pub static mut SIX: u8 = 6;",
    "pub use crate::seven::{Seven, Eight};",
    "pub fn r#type() {}",
    "pub(crate) fn hidden() {}",
    "/// pub fn example() {}",
    "/* pub fn old() {} */",
    "fn private() {}",
    "    pub field: u8,",
    "pub",
    "pub fn",
  ];
  assert.deepEqual(items("a.rs", ...lines), [
    "fn one", "fn two", "fn three", "struct Four", "const FIVE", "static SIX", "use crate::seven::{Seven, Eight}", "fn r#type",
  ]);
});

test("exports of JavaScript and TypeScript", () => {
  const lines = [
    "export function one() {}",
    "export async function* two() {}",
    "export default class Three {}",
    "export default 4;",
    "export default async () => {};",
    "export const six = 6, seven = 7;",
    "export const { eight, nine } = it;",
    "export declare const enum Ten {}",
    "export abstract class Eleven {}",
    "export type Twelve = 12;",
    "export interface Thirteen {}",
    "export { a, b as c } from './x.js';",
    "export type { D };",
    "export {",
    "  e, // the first",
    "  f,",
    "};",
    "export * from './y.js';",
    "export * as z from './z.js';",
    "export function größe() {}",
    "// export const no = 1;",
    "exported();",
    "  export const inside = 'a template';",
    "export",
  ];
  assert.deepEqual(items("a.ts", ...lines), [
    "function one", "function two", "default class Three", "default", "default", "const six", "const { eight, nine }", "enum Ten",
    "class Eleven", "type Twelve", "interface Thirteen", "{ a, b as c }", "type { D }", "{ e, f }", "* from './y.js'",
    "* as z from './z.js'", "function größe",
  ]);
});

test("functions and classes of Python", () => {
  const lines = ["def one():", "async def two():", "class Three(Base):", "def _hidden():", "    def method(self):", "define = 1", "def"];
  assert.deepEqual(items("a.py", ...lines), ["def one", "def two", "class Three"]);
});

test("headings of Markdown, not those in code or comments", () => {
  const text = ["# One #", "## Two", "#no", "```sh", "# three", "~~~", "````", "# Four", "~~~", "```", "~~~", "<!--", "# five", "-->"];
  assert.deepEqual(headings([...text, "   ###### Six ##", "    # seven", "#######", "# "].join("\r\n")), [[1, "One"], [2, "Two"], [1, "Four"], [6, "Six"]]);
});

test("what is left to do is found in comments, and at the beginning of a line of prose", () => {
  assert.deepEqual(todos("a.js", `// ${MARK} one\nx(); // ${MARK}(me): two\n/*\n * ${MARK_2}: three\n */`), [`${MARK} one`, `${MARK}(me): two`, `${MARK_2}: three`]);
  assert.deepEqual(todos("a.py", `# see there, ${MARK}: four`), [`${MARK}: four`]);
  assert.deepEqual(todos("a.md", `- [ ] x\n- ${MARK} five\n<!-- ${MARK}: six -->\nA ${MARK}: list`), [`${MARK} five`, `${MARK}: six -->`]);
  assert.deepEqual(todos("a.js", `const ${MARK} = 1;\n// a ${MARK} list\n// ${MARK}S\nx("${MARK}: no");`), []);
  assert.deepEqual(todos("a.json", `{ "${MARK}": 1 }`), []);
});

test("entries past the room are counted and not kept; long ones are cut at whole characters", () => {
  const result = read("a.py", `${"def f():\n".repeat(9)}# ${MARK} ${"😀".repeat(200)}\n`, 5);
  assert.deepEqual([result.item, result.todo, result.entries.length], [9, 1, 5]);
  const [text] = todos("a.py", `# ${MARK} x${"😀".repeat(200)}`);
  assert.ok(text.length <= 100 && text.endsWith("…") && text.isWellFormed(), text);
});

test("characters that move a cursor do not come through", () => {
  assert.deepEqual(todos("a.py", `# ${MARK}\t\x1b[2Jx\u202e`), [`${MARK} \ufffd[2Jx\ufffd`]);
});

test("endless lines take no time", () => {
  const hostile = ["#".repeat(2e6), "`".repeat(2e6), `export { ${"a,".repeat(1e6)}`, `pub ${"const ".repeat(3e5)}`, `# ${" #".repeat(1e6)}x`];
  const begin = performance.now();
  for (const line of hostile) for (const file of ["a.rs", "a.ts", "a.py", "a.md"]) read(file, `${line}\n`.repeat(3));
  assert.ok(performance.now() - begin < 5000);
});
