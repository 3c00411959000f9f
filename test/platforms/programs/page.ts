import { createRouter, QwenError } from "@qwen/core";
import { connectSpace } from "@qwen/core/gradio";
import { qwenMax } from "@qwen/max";
import { qvq } from "@qwen/qvq";
import { space } from "@qwen/space";

/** What to ask. */
export interface Asked {
  readonly plugin: "max" | "qvq" | "space";
  readonly space: string;
  readonly question: string;
  readonly image?: string | undefined;
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  /** Leave after so many pieces of text. */
  readonly leaveAfter?: number | undefined;
  /** Options that are to be refused. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** What came. */
export interface Answered {
  readonly pieces: readonly string[];
  /** What `fetch` was asked for: method, path, and how it was to go. */
  readonly fetched: readonly string[];
  readonly error?: { readonly name: string; readonly code: string; readonly message: string } | undefined;
}

const { fetch: platformFetch } = globalThis;
let fetched: string[] = [];
globalThis.fetch = (input, options) => {
  const { method, url, credentials, keepalive } = new Request(input, options);
  const { pathname } = new URL(url);
  fetched.push([method, pathname, credentials, ...(keepalive ? ["keepalive"] : [])].join(" "));
  return platformFetch(input, options);
};

/** Asks a provider by a router, all made for it. */
export async function ask({
  plugin,
  question,
  image,
  auth,
  leaveAfter,
  options = {},
  ...asked
}: Asked): Promise<Answered> {
  fetched = [];
  const pieces: string[] = [];
  try {
    const own = { ...options, auth };
    const plugins = {
      max: () => qwenMax({ ...own, space: asked.space, id: "it" }),
      qvq: () => qvq({ ...own, space: asked.space, id: "it", urls: "any" }),
      space: () => space(asked.space, { ...own, id: "it" }),
    };
    const provider = plugins[plugin]();
    const router = createRouter({ plugins: [provider], retry: { maxAttempts: 1 } });
    const [model] = provider.models;
    const content =
      image === undefined ? question : [{ type: "text", text: question } as const, { type: "image", image } as const];
    for await (const text of router.stream({ model: `it/${model?.id}` as never, messages: [{ role: "user", content }] })
      .textStream) {
      pieces.push(text);
      if (pieces.length === leaveAfter) break;
    }
    await router.close();
    return { pieces, fetched };
  } catch (error) {
    const { name, message } = error as Error;
    return { pieces, fetched, error: { name, message, code: QwenError.isInstance(error) ? error.code : "none" } };
  }
}

/** Runs an endpoint of a Space with the file that an address names. */
export async function sendFile(at: string, address: string): Promise<Answered> {
  fetched = [];
  try {
    await connectSpace(at).predict("/chat", [new URL(address)]);
    return { pieces: [], fetched };
  } catch (error) {
    const { name, message } = error as Error;
    return { pieces: [], fetched, error: { name, message, code: QwenError.isInstance(error) ? error.code : "none" } };
  }
}
