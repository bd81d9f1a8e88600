/** All tasks that fit a query, oldest first. A list comes in pages; this turns them. */
export function* allTasks(orchestrator, query) {
  let cursor;
  do {
    const page = orchestrator.listTasks({ ...query, sort: "createdAt", limit: 1000, cursor });
    yield* page.tasks;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
