import { qwen1M } from "@qwen/1m";
import { qwen72B } from "@qwen/72b";
import { createRouter, type Router } from "@qwen/core";
import {
  findPython,
  isSetupError,
  modelId,
  startModel,
  startSpace,
  type ServerProcess,
  type SpaceName,
} from "@qwen/local-spaces";
import { qwenMax } from "@qwen/max";
import { dashscope, llamaCpp } from "@qwen/openai-compatible";
import { qvq } from "@qwen/qvq";
import { createOpenAIEmulator, createSpaceEmulator } from "@qwen/testing";
import { createFront } from "./front.ts";
import { bold, dim, duration } from "./print.ts";

/** Where the demo plays: a router, and the servers behind it. */
export interface Stage extends AsyncDisposable {
  readonly router: Router;
  /** Brings the Space back with which the route "smart" begins; absent where it stays away. */
  readonly bringBack?: (() => Promise<void>) | undefined;
  /** Starts the Spaces that the first questions do not need, and adds them to the router. */
  addOthers(): Promise<void>;
  /** Whether an answer is worked on right now; absent where nobody can tell. */
  readonly working?: (() => boolean | Promise<boolean>) | undefined;
}

/** Nobody listens on the discard port. */
const downUrl = "http://127.0.0.1:9";

/** Asks the public Spaces on Hugging Face. */
export function startLiveStage(): Stage {
  title("the public Spaces on Hugging Face");
  const token = process.env["HF_TOKEN"];
  // Where there is no key for Qwen's own API, the route moves on.
  const router = createRouter({
    plugins: [qwenMax({ token }), qwenMax({ id: "down", space: downUrl }), dashscope()],
    routes: { "qwen-max": "max/qwen-max", smart: ["down/qwen-max", "dashscope/qwen-plus", "max/qwen-max"] },
  });
  return {
    router,
    async addOthers() {
      router.use(qwen72B({ token })).use(qwen1M({ token })).use(qvq({ token }));
    },
    [Symbol.asyncDispose]: () => router.close(),
  };
}

/** Starts the Spaces on this machine with a real model; with the emulator where there is no Python for them. */
export async function startLocalStage(signal: AbortSignal): Promise<Stage> {
  try {
    await findPython({ signal });
    title(`real Gradio Spaces on this machine, ${modelId} behind them`);
    return await startRealStage(signal);
  } catch (error) {
    if (!isSetupError(error)) throw error;
    title("an emulator with scripted answers, of the Spaces and of the endpoint: the real ones cannot run here");
    console.log(dim(`   ${error.message}`));
    return startEmulatedStage();
  }
}

async function startRealStage(signal: AbortSignal): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  const onProgress = (line: string) => console.log(dim(`   ${line}`));

  async function ready(name: string, starting: Promise<ServerProcess>): Promise<ServerProcess> {
    const startedAt = performance.now();
    const server = stack.use(await starting);
    console.log(dim(`   ${name} is ready at ${server.url} after ${duration(performance.now() - startedAt)}`));
    return server;
  }

  try {
    const model = await ready("the model", startModel({ onProgress, signal }));
    // A short answer is enough here, and a small model does not stop by itself.
    const options = { modelUrl: model.url, env: { MAX_TOKENS: "60" }, onProgress, signal };
    const start = (name: SpaceName) => ready(`spaces/${name}`, startSpace(name, options));
    const max = await start("max");
    const { router, bringBack } = await play(stack, max.url, `${model.url}/v1`);
    return {
      router,
      bringBack,
      async addOthers() {
        const [large, long, picture] = await Promise.all([start("72b"), start("1m"), start("qvq")]);
        router
          .use(qwen72B({ space: large.url }))
          .use(qwen1M({ space: long.url }))
          .use(qvq({ space: picture.url }));
      },
      working: () => isWorking(model),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startEmulatedStage(): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  const start = async (shape: SpaceName) => stack.use(await createSpaceEmulator({ shape, answer: emulatedAnswer }));
  const max = await start("max");
  const endpoint = stack.use(
    await createOpenAIEmulator({
      dialect: "llama.cpp",
      models: { scripted: ({ messages }) => emulatedAnswer(String(messages.at(-1)?.["content"])) },
    }),
  );
  const { router, bringBack } = await play(stack, max.url, endpoint.url);
  return {
    router,
    bringBack,
    async addOthers() {
      const [large, long, picture] = [await start("72b"), await start("1m"), await start("qvq")];
      router
        .use(qwen72B({ space: large.url }))
        .use(qwen1M({ space: long.url }))
        .use(qvq({ space: picture.url }));
    },
    working: () => max.jobs.some((job) => job.state === "running"),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Long enough to be stopped in the middle, at the speed of a small model. */
function emulatedAnswer(prompt: string) {
  const words = `This is no model but a script. It was asked ${prompt.length} characters, and says so word by word. `;
  return { steps: words.repeat(2).match(/\S+\s*/g) ?? [], firstDelayMs: 300, delayMs: 40 };
}

function title(stage: string): void {
  console.log(`${bold("Qwen SDK demo")} ${dim(`— ${stage}`)}`);
}

/** A router with Qwen2.5-Max, and a route from a Space that is down at first to an endpoint. */
async function play(stack: AsyncDisposableStack, space: string, endpoint: string) {
  const front = stack.use(await createFront(space));
  const router = createRouter({
    plugins: [
      qwenMax({ space }),
      qwenMax({ id: "mirror", space: front.url }),
      llamaCpp({ baseURL: endpoint, extraBody: { max_tokens: 60 } }),
    ],
    routes: { "qwen-max": "max/qwen-max", smart: ["mirror/qwen-max", "llama-cpp/local-model"] },
  });
  stack.use(router);
  return { router, bringBack: () => front.open() };
}

/** Asks llama.cpp's server whether any of its slots is busy. */
async function isWorking({ url }: ServerProcess): Promise<boolean> {
  const response = await fetch(`${url}/slots`);
  const slots = (await response.json()) as readonly { readonly is_processing: boolean }[];
  return slots.some((slot) => slot.is_processing);
}
