// What workerd and edge runtimes give for an imported .wasm file.
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
