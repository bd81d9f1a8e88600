// Serves this folder at / and the built package at /pkg/, on this machine only. Needs nothing but Node.
//   node www/serve.mjs [--port 8080]     the port may also come from the environment variable PORT; 0 takes a free one
import { createReadStream, existsSync, realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
const pkg = fileURLToPath(new URL("../pkg/", import.meta.url));
const notBuilt = "The package is not built yet. Run: npm run build";

const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

// What the page's own policy cannot say from a <meta> tag.
const headers = {
  "cache-control": "no-cache",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The file behind a URL's path, or undefined: only what really lies in one of the two folders, wherever links lead. */
async function find(pathname) {
  const path = decodeURIComponent(pathname);
  if (path.includes("\0")) return undefined;
  const [folder, rest] = path.startsWith("/pkg/") ? [pkg, path.slice("/pkg/".length)] : [here, path.slice(1)];
  try {
    const root = (await realpath(folder)) + sep;
    const file = await realpath(join(folder, rest === "" || rest.endsWith("/") ? `${rest}index.html` : rest));
    return file.startsWith(root) && (await stat(file)).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}

async function answer(request, response) {
  const end = (status, text) => response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
  if (request.method !== "GET" && request.method !== "HEAD") return end(405, "Only GET and HEAD are answered.");
  const [pathname] = request.url.split("?");
  const file = await find(pathname);
  if (file === undefined) return end(404, pathname.startsWith("/pkg/") && !existsSync(pkg) ? notBuilt : "There is no such file.");
  const { size } = await stat(file);
  response.writeHead(200, { ...headers, "content-type": types[extname(file)] ?? "application/octet-stream", "content-length": size });
  if (request.method === "HEAD") return response.end();
  return createReadStream(file).on("error", () => response.destroy()).pipe(response);
}

/**
 * Starts the server.
 * @returns {Promise<{ url: string, port: number, close(): Promise<void> }>}
 */
export function serve({ port = 8080, host = "127.0.0.1" } = {}) {
  const server = createServer((request, response) => {
    // A path that is no path, such as one with a lone %, ends up here.
    answer(request, response).catch(() => response.writeHead(400, headers).end());
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const { port: taken } = server.address();
      const close = () => new Promise((closed) => {
        server.close(closed);
        server.closeAllConnections();
      });
      resolve({ url: `http://${host}:${taken}/`, port: taken, close });
    });
  });
}

async function main() {
  const { values } = parseArgs({ options: { port: { type: "string", default: process.env.PORT ?? "8080" } } });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65535) throw new Error(`--port takes a number from 0 to 65535, not ${values.port}`);
  if (!existsSync(pkg)) throw new Error(notBuilt);
  const { url } = await serve({ port });
  console.log(`${url} (Ctrl-C ends it)`);
}

// Run as a program, and not imported by a test.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    const inUse = error.code === "EADDRINUSE" ? "This port is taken. Choose another with --port, or 0 for a free one." : error.message;
    console.error(inUse);
    process.exitCode = 1;
  });
}
