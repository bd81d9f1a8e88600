// What every host must be able to do with its journals; they are handed in as that host imported them.
export const allWell = "a journal does all it must";

export async function conform(journalConformance, open) {
  const failed = [];
  for (const { name, run } of journalConformance(open)) await run().catch((error) => failed.push(`${name}: ${error.stack}`));
  return failed.length === 0 ? allWell : failed.join("\n");
}
