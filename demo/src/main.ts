import { parseArgs } from "node:util";
import { abortInMidAnswer, ask, askEveryone, fallBack } from "./acts.ts";
import { bold, dim, failure } from "./print.ts";
import { startLiveStage, startLocalStage, type Stage } from "./stage.ts";

const help = `Usage: npx --yes pnpm@10 demo [--live]

Starts real Gradio Spaces on this machine with a small real model behind them and asks them through
the router: an answer, a fallback to an OpenAI-compatible endpoint (the model's own server) and back, a
stop in mid-answer, a picture, a conversation. Ends by itself. Without Python 3.10 or newer emulators take
the place of the Spaces and of the endpoint.

  --live   ask the public Spaces on Hugging Face instead (set HF_TOKEN for a quota of your own, and
           DASHSCOPE_API_KEY for Qwen's own API as the endpoint)
  --help   this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { live: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help === true) {
    process.stdout.write(help);
    return;
  }
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => interruption.abort(new Error("Interrupted.")));

  await using stage: Stage = values.live === true ? startLiveStage() : await startLocalStage(interruption.signal);
  await ask(stage, interruption.signal);
  await fallBack(stage, interruption.signal);
  await abortInMidAnswer(stage, interruption.signal);
  await askEveryone(stage, interruption.signal);
  console.log(`\n${bold("Done.")} ${dim("Ten lines of your own: see README.md.")}`);
}

main().catch((error: unknown) => {
  console.error(failure(error));
  process.exitCode = 1;
});
