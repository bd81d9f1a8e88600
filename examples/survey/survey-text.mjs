/** From what the readers found to the Markdown of the survey. The same tree gives the same text, to the byte. */
import { byText } from "./text.mjs";

/**
 * @param tally What the scout counted on its way.
 * @param parts The readers' tasks.
 */
export function summarise(name, tally, parts) {
  const files = [];
  const notRead = [];
  const partRows = [];
  for (const part of parts) {
    const { folder } = part.metadata;
    const pathOf = ({ name }) => (folder ? `${folder}/${name}` : name);
    const all = (part.result?.files ?? []).map((file) => ({ ...file, path: pathOf(file) }));
    const read = all.filter((file) => !file.skipped);
    files.push(...read);
    notRead.push(...all.filter((file) => file.skipped));
    partRows.push({ name: part.name, failed: part.status !== "completed", ...addUp(read) });
  }
  files.sort((a, b) => byText(a.path, b.path));

  return {
    name,
    tally,
    files,
    parts: partRows,
    total: addUp(files),
    languages: [...groupBy(files, (file) => file.language)]
      .map(([language, its]) => ({ language, ...addUp(its) }))
      .sort((a, b) => b.lines - a.lines || byText(a.language, b.language)),
    skipped: [...groupBy(notRead, (file) => file.skipped)]
      .map(([why, its]) => ({ why, paths: its.map((file) => file.path).sort(byText) }))
      .sort((a, b) => byText(a.why, b.why)),
  };
}

const SUMS = ["lines", "code", "comment", "prose", "blank", "item", "heading", "todo"];

function addUp(files) {
  const sum = (numberOf) => files.reduce((total, file) => total + numberOf(file), 0);
  return {
    files: files.length,
    listed: sum((file) => file.entries.length),
    ...Object.fromEntries(SUMS.map((key) => [key, sum((file) => file[key])])),
  };
}

function groupBy(list, keyOf) {
  const groups = new Map();
  for (const entry of list) {
    const key = keyOf(entry);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(entry);
  }
  return groups;
}

export function surveyText(survey) {
  const sections = [
    `# Survey of ${plain(survey.name)}`,
    totals(survey),
    "## Languages",
    table(["Language", "Files", "Lines", "Code", "Comment", "Prose", "Blank"], survey.languages.map((row) => [
      plain(row.language), row.files, row.lines, row.code, row.comment, row.prose, row.blank,
    ])),
    "## Parts",
    table(["Part", "Files", "Lines", "Public items", "Headings", "To do"], survey.parts.map((part) => [
      code(part.name) + (part.failed ? " (not read)" : ""), part.files, part.lines, part.item, part.heading, part.todo,
    ])),
    "## Public items",
    perFile(survey.files, "item", (items) => items.map((item) => `- ${code(item.text)} (line ${item.line})`)),
    "## Headings",
    perFile(survey.files, "heading", outline),
    "## To do",
    survey.files
      .flatMap((file) => entries(file, "todo").map((todo) => `- ${code(`${file.path}:${todo.line}`)} ${plain(todo.text)}`))
      .join("\n") || "None.",
    ...notRead(survey),
  ];
  return `${sections.join("\n\n")}\n`;
}

function totals({ total, tally, files, skipped, parts }) {
  const failed = parts.filter((part) => part.failed).length;
  const rows = [
    ["Folders", tally.folders],
    ["Files read", total.files],
    ["Lines", total.lines],
    ["Code", total.code],
    ["Comment", total.comment],
    ["Prose", total.prose],
    ["Blank", total.blank],
    ["Public items", total.item],
    ["Headings", total.heading],
    ["To do", total.todo],
  ];
  // What is not there needs no row.
  const notes = [
    ["Parts that could not be read", failed],
    ["Folders that could not be read", tally.unreadable],
    ...skipped.map(({ why, paths }) => [`Files not read: ${why}`, paths.length]),
    ["Files that are not UTF-8", files.filter((file) => !file.isUtf8).length],
    ["Files with CRLF line ends", files.filter((file) => file.hasCrLf).length],
    ["Entries left out by .gitignore", tally.ignored],
    ["Symbolic links, not followed", tally.links],
    ["Pipes, sockets and devices, not read", tally.special],
    ["Entries counted, but too many to list", total.item + total.heading + total.todo - total.listed],
  ].filter(([, number]) => number > 0);
  return table(["What", "How many"], [...rows, ...notes]);
}

function notRead({ skipped, tally }) {
  const folders = { why: "unreadable", paths: [...tally.unreadableFolders].sort(byText) };
  const lines = [folders, ...skipped].flatMap(({ why, paths }) => paths.map((path) => `- ${code(path)}: ${why}`));
  return lines.length > 0 ? ["## Not read", lines.join("\n")] : [];
}

const entries = (file, what) => file.entries.filter((entry) => entry.what === what);

function perFile(files, what, show) {
  const sections = files
    .map((file) => ({ path: file.path, found: entries(file, what) }))
    .filter(({ found }) => found.length > 0)
    .map(({ path, found }) => `### ${code(path)}\n\n${show(found).join("\n")}`);
  return sections.join("\n\n") || "None.";
}

/** A list in a list for each level there is, whatever the numbers of the levels. */
function outline(headings) {
  const above = [];
  return headings.map(({ level, text }) => {
    while (above.at(-1) >= level) above.pop();
    above.push(level);
    return `${"  ".repeat(above.length - 1)}- ${plain(text)}`;
  });
}

function table(titles, rows) {
  if (rows.length === 0) return "None.";
  const row = (cells) => `| ${cells.map(cell).join(" | ")} |`;
  const line = `| ${titles.map((_, column) => (column === 0 ? "---" : "---:")).join(" | ")} |`;
  return [row(titles), line, ...rows.map(row)].join("\n");
}
const cell = (value) => String(value).replaceAll("|", "\\|");

/** Text that Markdown shows as it is. */
const plain = (text) =>
  oneLine(text)
    .replace(/[\\`*_[\]<>&#~$]/g, "\\$&")
    .replace(/^(\d*)([-+.)])/, "$1\\$2"); // at the beginning these would make a list

/** Text shown as code; what it holds may not end it early. */
function code(text) {
  const line = oneLine(text);
  const longest = (line.match(/`+/g) ?? []).reduce((most, ticks) => Math.max(most, ticks.length), 0);
  const fence = "`".repeat(longest + 1);
  return longest > 0 ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`;
}

const oneLine = (text) => text.replace(/\p{Cc}/gu, "\ufffd");
