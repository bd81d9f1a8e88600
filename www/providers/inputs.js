// What the form asks for each provider. The provider finds the answer in the task's description.

const text = `An orchestrator keeps account of what agents do.
A task is created, started, and handed to a provider.
The provider reports progress and output as it goes.
Whoever watches sees each event once, and in order.
A paused task holds until it is resumed.
A cancelled task settles at once, whatever its provider does.
What comes too late is refused, and recorded as late.
A restart is a new attempt with a number of its own.
Nothing is lost, and nothing is counted twice.`;

const files = ["index.html", "main.js", "view/list.js", "view/detail.js", "providers/reader.js", "style/base.css"];

export const inputs = {
  "word-counter": { icon: "words", name: "Count words", label: "Text", value: text, rows: 8 },
  "prime-finder": { icon: "primes", name: "Find primes", label: "Primes below", value: "10,000,000", rows: 1 },
  reader: { icon: "reader", name: "Read the page", label: "Files, one per line", value: files.join("\n"), rows: 6 },
};
