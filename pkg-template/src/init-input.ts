/**
 * What `init` takes: where the `.wasm` is, a `Request` for it, its `Response`, its bytes, or the `WebAssembly.Module`.
 * For pages that host the file themselves; without it the one beside this package is fetched.
 */
// The last three are only "object" here: a program without DOM types has no names for them.
export type InitInput = string | URL | object;
