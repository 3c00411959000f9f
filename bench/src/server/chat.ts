import type { RawRequest, RawResponse } from "./http.ts";
import { playJob } from "./job.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { chunk, jsonResponse, streamHead, type Wire } from "./wire.ts";

/** Answers requests as an OpenAI-compatible server with one model does, with no work behind it. */
export function createChat({
  onFirstOutput,
}: {
  /** Called when the first output of an answer is about to be sent. */
  onFirstOutput(): void;
}): (request: RawRequest, response: RawResponse) => void {
  const pacers = new Map<number, Pacer>();
  let answers = 0;

  function pacer(intervalMs: number): Pacer {
    let found = pacers.get(intervalMs);
    if (found === undefined) pacers.set(intervalMs, (found = createPacer(intervalMs)));
    return found;
  }

  return ({ method, target, body }, response) => {
    if (method !== "POST" || target !== "/v1/chat/completions") {
      response.write(jsonResponse('{"error":{"message":"Not Found","code":404}}', "404 Not Found"));
      response.done();
      return;
    }
    let gone = false;
    response.onClose(() => (gone = true));
    response.write(streamHead());
    onFirstOutput();
    // The prompt is found wherever a client puts it.
    playJob(
      { wire: createChatWire((answers += 1)), prompt: body },
      {
        pacer,
        output: {
          get gone() {
            return gone;
          },
          write: response.write,
          onDrain: response.onDrain,
          end(messages) {
            response.write(`${messages}${DONE}0\r\n\r\n`);
            response.done();
          },
        },
      },
    );
  };
}

const DONE = "e\r\ndata: [DONE]\n\n\r\n";

/** One answer's chunks as OpenAI, vLLM and llama.cpp write them but for the order of their fields. */
function createChatWire(number: number): Wire {
  const eventId = `chatcmpl-${String(number).padStart(24, "0")}`;
  const json = (delta: string, reason: string): string =>
    `{"id":"${eventId}","object":"chat.completion.chunk","created":1764000000,"model":"model-a","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}]}`;
  return {
    eventId,
    opening: () => chunk(json('{"role":"assistant","content":""}', "null")),
    first: (token) => chunk(json(`{"content":"${token}"}`, "null")),
    delta(tokenBytes) {
      const [before = "", after = ""] = `data: ${json('{"content":"\0"}', "null")}\n\n`.split("\0");
      return [`${(before.length + tokenBytes + after.length).toString(16)}\r\n${before}`, `${after}\r\n`];
    },
    completed: () => chunk(json("{}", '"stop"')),
  };
}
