import { qwen1M } from "@qwen/1m";
import { qwen72B } from "@qwen/72b";
import { createRouter, QwenError, type Router } from "@qwen/core";
import { emulate } from "@qwen/core/emulate";
import { connectSpace, type SpaceSession } from "@qwen/core/gradio";
import { qwenMax } from "@qwen/max";
import { openaiCompatible } from "@qwen/openai-compatible";
import { qvq } from "@qwen/qvq";
import { space } from "@qwen/space";

// What a worker may do before there is a request: no timer, no random value, no `fetch`.
const atModuleScope = createRouter({
  plugins: [
    qwenMax({ id: "first" }),
    qwen1M(),
    emulate(qwen72B(), { tools: true, json: true }),
    qvq(),
    space("owner/name", { token: "hf_token", auth: { username: "ann", password: "right" } }),
    openaiCompatible({ id: "endpoint", baseURL: "https://example.com/v1", apiKey: "key", models: ["one"] }),
  ],
  routes: { all: ["first/qwen-max", "qwen-2-72b"] },
  limits: { maxConcurrent: 2 },
  hedge: { delayMs: 100 },
  logger: console,
});
connectSpace("owner/name");

/** As a worker keeps one, for the requests of everybody; by address, so that tests do not share it. */
const made = new Map<string, { readonly router: Router; close(): Promise<void> }>();

function madeFor({ searchParams }: URL): { readonly router: Router; close(): Promise<void> } {
  const at = searchParams.get("space") ?? "";
  const key = `${searchParams.get("plugin")} ${at}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const auth = searchParams.has("auth") ? { username: "ann", password: "right" } : undefined;
  const named = { space: at, id: "it", auth } as const;
  const plugins = { max: () => qwenMax(named), "1m": () => qwen1M(named), space: () => space(at, { id: "it", auth }) };
  const plugin = plugins[searchParams.get("plugin") as keyof typeof plugins]();
  const maxConcurrent = Number(searchParams.get("limit") ?? Number.NaN);
  const router = createRouter({
    plugins: [plugin],
    ...(maxConcurrent > 0 && { providers: { it: { limits: { maxConcurrent } } } }),
    retry: { maxAttempts: 1 },
  });
  const one = { router, close: async () => plugin.close?.() };
  made.set(key, one);
  return one;
}

/** Sessions, likewise. */
const sessions = new Map<string, SpaceSession>();

async function askInSession(at: string, question: string): Promise<Response> {
  const session = sessions.get(at) ?? connectSpace(at).session();
  sessions.set(at, session);
  const [, chat] = await session.predict("/model_chat", [question, [], ""]);
  return Response.json({ text: (chat as readonly (readonly string[])[])[0]?.[1] });
}

const MODELS = { max: "qwen-max", "1m": "qwen-1m", space: "it" } as const;

/** The names of a router that was made before there was a request. */
export function namesAtModuleScope(): readonly string[] {
  return atModuleScope.names.map(({ name }) => name);
}

/** Streams an answer as lines of JSON, the last of which says how it ended. Who leaves stops it. */
export async function fetched(
  request: Request,
  context: { waitUntil(promise: Promise<unknown>): void },
): Promise<Response | undefined> {
  const url = new URL(request.url);
  const question = url.searchParams.get("question");
  if (question === null) return undefined;
  if (url.searchParams.has("session")) return askInSession(url.searchParams.get("space") ?? "", question);
  const conversation = url.searchParams.get("conversation") ?? undefined;
  const { router, close } = madeFor(url);
  const stream = router.stream({
    model: MODELS[url.searchParams.get("plugin") as keyof typeof MODELS],
    messages: [{ role: "user", content: question }],
    conversation,
    ...(url.searchParams.get("leaving") !== "unsaid" && { signal: request.signal }),
  });
  const leavesInMs = url.searchParams.get("leavesInMs");
  if (leavesInMs !== null) {
    void stream[Symbol.asyncIterator]()
      .next()
      .catch(() => undefined);
    if (leavesInMs !== "0") await new Promise((resolve) => setTimeout(resolve, Number(leavesInMs)));
    return Response.json({ left: true });
  }
  if (url.searchParams.has("once")) {
    for await (const part of stream) if (part.type === "text-delta" && part.text.includes("5")) break;
    context.waitUntil(close());
    return Response.json({ left: true });
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void write(stream, writable);
  return new Response(readable);
}

async function write(stream: ReturnType<Router["stream"]>, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter();
  const line = (value: unknown): Promise<void> => writer.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
  let text = "";
  try {
    for await (const part of stream) {
      if (part.type === "text-delta") await line((text += part.text));
      if (part.type === "finish") await line({ text, conversation: part.conversation });
    }
  } catch (error) {
    await line({ code: QwenError.isInstance(error) ? error.code : "none", message: String(error) });
  }
  await writer.close();
}
