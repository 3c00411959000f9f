// How long imports take, one after the other in a process of their own: what an earlier one loaded costs the next nothing.
const times: number[] = [];
for (const name of process.argv.slice(2)) {
  const startedAt = performance.now();
  await import(name);
  times.push(performance.now() - startedAt);
}
process.stdout.write(`${JSON.stringify({ times })}\n`);
