// A provider that does nothing by itself: the test holds each of its calls in hand.
export function manual(id = "manual", rest = {}) {
  const calls = [];
  let wake = () => {};
  return {
    id,
    ...rest,
    calls,
    executeTask(task, context) {
      return new Promise((resolve, reject) => {
        calls.push({ task, context, resolve, reject });
        wake();
      });
    },
    /** The call with this number, once it has come. */
    async call(number) {
      while (calls.length <= number) await new Promise((resolve) => (wake = resolve));
      return calls[number];
    },
  };
}

/** A provider that is done at once with whatever this gives. */
export const instant = (answer = "done", id = "instant") => ({
  id,
  executeTask: typeof answer === "function" ? answer : () => answer,
});
