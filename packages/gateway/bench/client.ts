import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";

/** Where a question goes. */
export interface Target {
  /** Up to `/v1`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What is put before the name of a model. */
  readonly prefix?: string | undefined;
}

/** How long an answer took, in ms. */
export interface Times {
  readonly firstText: number;
  readonly whole: number;
}

/** Keeps connections: what is measured are answers. */
export const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

/** Asks. What comes of it is its caller's. */
export function post(
  { url, headers, prefix = "" }: Target,
  { model, stream }: { readonly model: string; readonly stream: boolean },
  connections: Agent | false = agent,
): ClientRequest {
  const body = JSON.stringify({ model: prefix + model, stream, messages: [{ role: "user", content: "Hi" }] });
  const sent = { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...headers };
  const call = request(`${url}/chat/completions`, { method: "POST", headers: sent, agent: connections });
  call.end(body);
  return call;
}

/** What it is answered with. Rejects for a status that is none of success. */
export async function responseTo(call: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  call.once("response", resolve).once("error", reject);
  const response = await promise;
  if (response.statusCode === 200) return response;
  throw new Error(`${response.statusCode}: ${await textOf(response)}`);
}

/** Asks, and reads the answer to its end. Rejects where it is not whole. */
export async function timesOf(
  target: Target,
  asked: { readonly model: string; readonly stream: boolean },
): Promise<Times> {
  const startedAt = performance.now();
  const response = await responseTo(post(target, asked));
  let firstText = 0;
  let tail = "";
  await new Promise<void>((resolve, reject) => {
    response.once("error", reject).once("end", resolve);
    response.on("data", (chunk: Buffer) => {
      if (firstText === 0 && /"content":"[^"]/.test(chunk.toString("latin1")))
        firstText = performance.now() - startedAt;
      tail = (tail + chunk.toString("latin1")).slice(-200);
    });
  });
  if (!tail.includes(asked.stream ? "[DONE]" : '"finish_reason":"stop"'))
    throw new Error(`The answer was cut: ${tail}`);
  return { firstText, whole: performance.now() - startedAt };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return text.slice(0, 500);
}

/** The value below which such a share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN;
}
