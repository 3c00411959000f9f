import { parseArgs } from "node:util";
import { createGateway } from "@qwen/gateway";
import { serveGateway } from "@qwen/gateway/node";
import { frontPage } from "./front-page.ts";
import { bold, dim, failure } from "./print.ts";
import { startLiveStage, startLocalStage, type Stage } from "./stage.ts";

const help = `Usage: npx --yes pnpm@10 serve [--live] [--port n]

Serves the models of real Gradio Spaces on this machine to any OpenAI client, until it is stopped. Without Python 3.10 or newer
emulators take the place of the Spaces.

  --live    serve the public Spaces on Hugging Face instead (set HF_TOKEN for a quota of your own)
  --port n  where to listen (8787)
  --help    this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { live: { type: "boolean" }, port: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help === true) {
    process.stdout.write(help);
    return;
  }
  const interruption = new AbortController();
  const told = Promise.withResolvers<void>();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => {
      interruption.abort(new Error("Interrupted."));
      told.resolve();
    });

  await using stage: Stage = values.live === true ? startLiveStage() : await startLocalStage(interruption.signal);
  await stage.addOthers();
  const gateway = createGateway({ router: stage.router, ui: frontPage });
  const port = values.port === undefined ? undefined : Number(values.port);
  // Signals are heard here: the Spaces are to end behind it.
  const { url, close } = await serveGateway(gateway, { port, drainMs: 5000, signals: [] });
  const body = JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Say hello." }], stream: true });
  console.log(`\n${bold("Serving")} ${url}/ ${dim("(base URL for OpenAI clients: ")}${url}/v1${dim(", any key)")}`);
  console.log(`curl -N ${url}/v1/chat/completions -H 'content-type: application/json' -d '${body}'`);
  await told.promise;
  await close();
}

main().catch((error: unknown) => {
  console.error(failure(error));
  process.exitCode = 1;
});
