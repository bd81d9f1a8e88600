// A provider's own account of what it was asked to do, beside the journal and older than the work.

const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Which attempts of which tasks were executed. The same attempt twice is refused. */
export async function executions(name) {
  const opening = indexedDB.open(`executions:${name}`, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("executions");
  const database = await settled(opening);
  return {
    async add(task, attempt) {
      const transaction = database.transaction("executions", "readwrite");
      const complete = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
      transaction.objectStore("executions").add(null, [task, attempt]);
      await complete;
    },
    all: () => settled(database.transaction("executions").objectStore("executions").getAllKeys()),
  };
}
