import { readFileSync } from "node:fs";

import type { RawRequest, RawResponse } from "./http.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { parseScript } from "./script.ts";
import { createWire, type GradioVersion, jsonResponse, type Wire } from "./wire.ts";

/** How many messages one write holds where a client reads as fast as it can. */
const BATCH = 200;

/** Options of {@link createGradio}. */
export interface GradioOptions {
  readonly version: GradioVersion;
  /** Called when the first output of a job is about to be sent. */
  onFirstOutput(): void;
}

/** Answers requests as a Gradio app with one endpoint does, with no work behind it. */
export function createGradio({
  version,
  onFirstOutput,
}: GradioOptions): (request: RawRequest, response: RawResponse) => void {
  const documents = new Map(
    ["config", "info"].map((name) => [
      name,
      readFileSync(new URL(`../../fixtures/${version}/${name}.json`, import.meta.url), "utf8"),
    ]),
  );
  const jobs = new Map<string, { readonly wire: Wire; readonly prompt: string }>();
  const pacers = new Map<number, Pacer>();

  function join(body: string): string {
    const { data, session_hash: session } = JSON.parse(body) as {
      readonly data: readonly unknown[];
      readonly session_hash: string;
    };
    const wire = createWire(version, data);
    jobs.set(session, { wire, prompt: String(data[0]) });
    return jsonResponse(`{"event_id":"${wire.eventId}"}`);
  }

  function pacer(intervalMs: number): Pacer {
    let found = pacers.get(intervalMs);
    if (found === undefined) pacers.set(intervalMs, (found = createPacer(intervalMs)));
    return found;
  }

  function stream(session: string, response: RawResponse): void {
    const job = jobs.get(session);
    jobs.delete(session);
    if (job === undefined) {
      response.write(jsonResponse('{"detail":"Not Found"}', "404 Not Found"));
      response.done();
      return;
    }
    onFirstOutput();
    play(job, response);
  }

  function play({ wire, prompt }: { readonly wire: Wire; readonly prompt: string }, response: RawResponse): void {
    const { deltas, intervalMs, token } = parseScript(prompt);
    const [before, after] = wire.delta(8);
    let text = token(0);
    let index = 1;
    let gone = false;
    response.onClose(() => {
      gone = true;
    });
    response.write(wire.opening() + wire.first(text));

    function next(): string {
      const piece = token(index++);
      text += piece;
      return before + piece + after;
    }

    function end(messages: string): void {
      response.write(messages + wire.closing(text));
      response.done();
    }

    function pour(): void {
      if (gone) return;
      let messages = "";
      for (let count = 0; count < BATCH && index < deltas; count += 1) messages += next();
      if (index >= deltas) end(messages);
      else if (response.write(messages)) setImmediate(pour);
      else response.onDrain(pour);
    }

    if (intervalMs === 0) pour();
    else {
      const stop = pacer(intervalMs).start(() => {
        if (gone) return false;
        const message = next();
        if (index >= deltas) end(message);
        else response.write(message);
        return index < deltas;
      });
      response.onClose(() => {
        gone = true;
        stop();
      });
    }
  }

  return ({ method, target, host, body }, response) => {
    const [path = "", query] = target.split("?");
    if (method === "POST" && path === "/gradio_api/queue/join") response.write(join(body));
    else if (path === "/gradio_api/queue/data") {
      stream(new URLSearchParams(query).get("session_hash") ?? "", response);
      return;
    } else {
      const document = documents.get(path.replace(/^\/(gradio_api\/)?/, ""));
      response.write(
        document === undefined
          ? jsonResponse('{"detail":"Not Found"}', "404 Not Found")
          : jsonResponse(document.replaceAll("http://HOST", `http://${host}`)),
      );
    }
    response.done();
  };
}
