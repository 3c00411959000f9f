import { createRouter, type Router } from "@qwen/core";
import { modelId, startModel, startSpace, type ServerProcess } from "@qwen/local-spaces";
import { qwenMax } from "@qwen/max";
import { bold, dim, duration } from "./print.ts";

/** Where the demo plays: a router, and the servers behind it. */
export interface Stage extends AsyncDisposable {
  readonly router: Router;
  /** Whether the model works on an answer right now; absent where nobody can tell. */
  readonly working?: (() => Promise<boolean>) | undefined;
}

/** Nobody listens on the discard port. */
const downUrl = "http://127.0.0.1:9";

/** Starts a model and a Space on this machine; all of it ends with the stage. */
export async function startLocalStage(signal: AbortSignal): Promise<Stage> {
  console.log(`${bold("Qwen SDK demo")} ${dim(`— a real Gradio Space on this machine, ${modelId} behind it`)}`);
  const stack = new AsyncDisposableStack();
  try {
    const onProgress = (line: string) => console.log(dim(`   ${line}`));
    const model = stack.use(await timed("model", () => startModel({ onProgress, signal })));
    // A short answer is enough here, and a small model does not stop by itself.
    const options = { modelUrl: model.url, env: { MAX_TOKENS: "120" }, onProgress, signal };
    const max = stack.use(await timed("Qwen2.5-Max", () => startSpace("max", options)));
    const router = stack.use(routerOf(max.url));
    return { router, working: () => isWorking(model), [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Asks the public Space on Hugging Face. */
export function startLiveStage(): Stage {
  console.log(`${bold("Qwen SDK demo")} ${dim("— the public Space on Hugging Face")}`);
  const router = routerOf(undefined);
  return { router, [Symbol.asyncDispose]: () => router.close() };
}

function routerOf(space: string | undefined) {
  const token = process.env["HF_TOKEN"];
  return createRouter({
    plugins: [
      qwenMax({ space, token: space === undefined ? token : undefined }),
      qwenMax({ id: "down", space: downUrl }),
    ],
    routes: { smart: ["down/qwen-qwen2-5-max", "max/qwen-qwen2-5-max"], "qwen-max": "max/qwen-qwen2-5-max" },
  });
}

async function timed(name: string, start: () => Promise<ServerProcess>): Promise<ServerProcess> {
  const startedAt = performance.now();
  const server = await start();
  console.log(dim(`   ${name} is ready at ${server.url} after ${duration(performance.now() - startedAt)}`));
  return server;
}

/** Asks llama.cpp's server which of its slots are busy. */
async function isWorking({ url }: ServerProcess): Promise<boolean> {
  const response = await fetch(`${url}/slots`);
  const slots = (await response.json()) as readonly { readonly is_processing: boolean }[];
  return slots.some((slot) => slot.is_processing);
}
