// Makes calls on journals for the page, as a dedicated or a shared worker.
let call;
const loaded = import("./journal-calls.mjs").then((module) => { ({ call } = module); });

const serve = (port) => {
  port.onmessage = async ({ data: { id, values } }) => {
    await loaded;
    globalThis.acknowledged = (position) => port.postMessage({ acknowledged: position });
    port.postMessage({ id, answer: await call(...values) });
  };
};

if (typeof SharedWorkerGlobalScope === "undefined") serve(globalThis);
else globalThis.onconnect = ({ ports: [port] }) => serve(port);
