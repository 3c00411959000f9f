// One client at one task, in a process of its own. What it imports before the client counts as the cold start of each.
import type { BenchClient, CreateClient } from "./clients/client.ts";
import type { Task } from "./task.ts";

// Before the client is loaded, since one loads with its import what another loads with its first call.
const cpuBefore = process.cpuUsage();
const task = JSON.parse(process.argv[2] ?? "") as Task;
const { createClient } = (await import(`./clients/${task.client}.ts`)) as { readonly createClient: CreateClient };
const client: BenchClient = await createClient(task);

if (task.kind === "cold") {
  let firstTextAt: bigint | undefined;
  await client.ask(task.prompt, () => (firstTextAt ??= process.hrtime.bigint()));
  print({ firstTextAtMs: Number(firstTextAt) / 1e6 });
} else {
  const { perform } = await import("./perform.ts");
  print(await perform(task, client, { cpuBefore }));
}
await client.close();
// A heartbeat that a client leaves open is not to be waited for.
process.exit();

function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
