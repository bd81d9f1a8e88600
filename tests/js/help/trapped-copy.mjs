// A copy of the package whose core traps when one of its exported functions is called.
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.resolve("agent-orchestrator-wasm")));
const UNREACHABLE = 0x00;
const SECTION = { import: 2, export: 7, code: 10 };

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  /** An unsigned LEB128 number. */
  number() {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte & 0x80);
    return value;
  }
  slice(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  name() {
    return new TextDecoder().decode(this.slice(this.number()));
  }
  limits() {
    const flags = this.byte();
    this.number();
    if (flags & 1) this.number();
  }
}

function leb(value) {
  const bytes = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push((value & 0x7f) | (rest > 0 ? 0x80 : 0));
    value = rest;
  } while (value > 0);
  return bytes;
}

function* sections(wasm) {
  const reader = new Reader(wasm, 8);
  while (reader.at < wasm.length) {
    const id = reader.byte();
    yield { id, body: reader.slice(reader.number()) };
  }
}

function importedFunctions(body) {
  const reader = new Reader(body);
  let functions = 0;
  for (let left = reader.number(); left > 0; left--) {
    reader.name();
    reader.name();
    const kind = reader.byte();
    if (kind === 0) {
      reader.number();
      functions += 1;
    } else if (kind === 1) {
      reader.byte();
      reader.limits();
    } else if (kind === 2) {
      reader.limits();
    } else {
      reader.slice(2);
    }
  }
  return functions;
}

function exportedFunction(body, wanted) {
  const reader = new Reader(body);
  for (let left = reader.number(); left > 0; left--) {
    const name = reader.name();
    const [kind, index] = [reader.byte(), reader.number()];
    if (kind === 0 && name === wanted) return index;
  }
  throw new Error(`the .wasm exports no function ${wanted}`);
}

/** The same code, with `unreachable` before the first instruction of one function. */
function withTrap(body, function_) {
  const reader = new Reader(body);
  const count = reader.number();
  const out = [leb(count)];
  for (let index = 0; index < count; index++) {
    const code = reader.slice(reader.number());
    if (index !== function_) {
      out.push(leb(code.length), code);
      continue;
    }
    const locals = new Reader(code);
    for (let left = locals.number(); left > 0; left--) {
      locals.number();
      locals.byte();
    }
    out.push(leb(code.length + 1), code.subarray(0, locals.at), [UNREACHABLE], code.subarray(locals.at));
  }
  return Buffer.concat(out.map((part) => Buffer.from(part)));
}

function trapIn(wasm, name) {
  const all = [...sections(wasm)];
  const body = (id) => all.find((section) => section.id === id).body;
  const function_ = exportedFunction(body(SECTION.export), name) - importedFunctions(body(SECTION.import));
  const parts = all.map(({ id, body }) => {
    const changed = id === SECTION.code ? withTrap(body, function_) : body;
    return Buffer.concat([Buffer.from([id, ...leb(changed.length)]), changed]);
  });
  return Buffer.concat([wasm.subarray(0, 8), ...parts]);
}

/** The browser's entry of a copy of the package, not initialised. */
export async function copyOfPackage(t) {
  const copy = mkdtempSync(join(tmpdir(), "package-copy-"));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(root, copy, { recursive: true, dereference: true });
  return import(pathToFileURL(join(copy, "dist", "index.js")));
}

/** The same, initialised with a .wasm whose exported function of this name traps. */
export async function trappedCopy(t, name) {
  const module = await copyOfPackage(t);
  await module.init(trapIn(readFileSync(join(root, "dist", "glue", "agent_orchestrator_bg.wasm")), name));
  return module;
}
