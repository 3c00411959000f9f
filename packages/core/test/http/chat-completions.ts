import { QwenError, StreamInterruptedError, textOf, type FinishReason, type Provider } from "@qwen/core";
import * as http from "@qwen/core/http";

const models = [{ id: "chat-1", capabilities: { settings: ["temperature", "maxOutputTokens"] } }] as const;

/** A provider of chat completions as many servers have them. `key` goes to the origin of `url` alone. */
export function chatCompletions({ url, key }: { readonly url: URL; readonly key: string }) {
  const transport = http.createTransport({ proxy: false });

  return {
    id: "chat",
    models,
    async *stream(request) {
      http.checkRequest(request);
      const unsupported = http.findUnsupported(models[0], request);
      if (unsupported !== undefined) throw unsupported;
      const { messages, settings = {}, signal, headers, timeouts } = request;
      const { connectMs, headersMs } = http.resolveTimeouts(timeouts);
      const { temperature, maxOutputTokens: max_tokens } = settings;
      const turns = messages.map((message) => ({ role: message.role, content: textOf(message) }));
      const { status, body, ...head } = await http.follow(transport, {
        method: "POST",
        url: new URL("v1/chat/completions", url),
        body: JSON.stringify({ model: "chat-1", stream: true, messages: turns, temperature, max_tokens }),
        signal,
        connectMs,
        headersMs,
        headersFor: (hop) => ({
          "content-type": "application/json",
          ...(hop.origin === url.origin && { authorization: `Bearer ${key}`, ...headers }),
        }),
      });
      if (status !== 200) {
        const said = await http.readText(body, { maxBytes: 4096, cut: true, signal });
        const retryAfterMs = http.retryAfterMs((name) => http.headerOf(head, name));
        throw new QwenError(codeOf(status), `${url.host} answers ${status}: ${said}`, { status, retryAfterMs });
      }
      let text = "";
      let reason: FinishReason | undefined;
      for await (const { data } of http.readEvents(body)) {
        // What comes after the last choice is read to its end, which leaves the connection for the next call.
        const [choice] = data === "[DONE]" ? [] : choicesIn(data, url);
        const piece = choice?.delta?.content ?? "";
        text += piece;
        if (piece !== "") yield { type: "text-delta", text: piece };
        if (choice?.finish_reason) reason = choice.finish_reason === "length" ? "length" : "stop";
      }
      if (reason === undefined) throw new StreamInterruptedError(`${url.host} stopped in mid-answer.`, { text });
      yield { type: "finish", reason, warnings: http.warnOfSettings(settings, models[0].capabilities.settings) };
    },
    close: () => transport.close(),
  } as const satisfies Provider;
}

interface Choice {
  readonly delta?: { readonly content?: string | null };
  readonly finish_reason?: string | null;
}

function choicesIn(data: string, { host }: URL): readonly Choice[] {
  try {
    return (JSON.parse(data) as { readonly choices?: readonly Choice[] }).choices ?? [];
  } catch (cause) {
    throw new QwenError("protocol", `${host} sends what is no JSON.`, { cause });
  }
}

function codeOf(status: number) {
  if (status === 401 || status === 403) return "authentication";
  if (status === 429) return "rate_limited";
  return status >= 500 ? "space_unavailable" : "unsupported";
}
