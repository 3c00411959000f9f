import { readFileSync } from "node:fs";

import type { RawRequest, RawResponse } from "./http.ts";
import { type Job, playJob } from "./job.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { createWire, type GradioVersion, jsonResponse, streamEnd, streamHead } from "./wire.ts";

/** Options of {@link createGradio}. */
export interface GradioOptions {
  readonly version: GradioVersion;
  /** Called when the first output of a job is about to be sent. */
  onFirstOutput(): void;
}

/** The jobs of one client, all told on one stream. */
interface Session {
  readonly waiting: Job[];
  active: number;
  response: RawResponse | undefined;
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
  const sessions = new Map<string, Session>();
  const pacers = new Map<number, Pacer>();

  function pacer(intervalMs: number): Pacer {
    let found = pacers.get(intervalMs);
    if (found === undefined) pacers.set(intervalMs, (found = createPacer(intervalMs)));
    return found;
  }

  function join(body: string, response: RawResponse): void {
    const { data, session_hash: hash } = JSON.parse(body) as {
      readonly data: readonly unknown[];
      readonly session_hash: string;
    };
    const wire = createWire(version, data);
    const session = sessions.get(hash) ?? { waiting: [], active: 0, response: undefined };
    sessions.set(hash, session);
    session.waiting.push({ wire, prompt: String(data[0]) });
    response.write(jsonResponse(`{"event_id":"${wire.eventId}"}`));
    response.done();
    play(hash, session);
  }

  function listen(hash: string, response: RawResponse): void {
    const session = sessions.get(hash);
    if (session === undefined) {
      notFound(response);
      return;
    }
    session.response = response;
    response.onClose(() => {
      session.response = undefined;
      sessions.delete(hash);
    });
    response.write(streamHead());
    play(hash, session);
  }

  function play(hash: string, session: Session): void {
    const { response } = session;
    if (response === undefined) return;
    for (const job of session.waiting.splice(0)) {
      session.active += 1;
      onFirstOutput();
      playJob(job, {
        pacer,
        output: {
          get gone() {
            return session.response === undefined;
          },
          write: response.write,
          onDrain: response.onDrain,
          end(messages) {
            session.active -= 1;
            if (session.active > 0) {
              response.write(messages);
              return;
            }
            sessions.delete(hash);
            response.write(messages + streamEnd());
            response.done();
          },
        },
      });
    }
  }

  function notFound(response: RawResponse): void {
    response.write(jsonResponse('{"detail":"Not Found"}', "404 Not Found"));
    response.done();
  }

  return ({ method, target, host, body }, response) => {
    const [path = "", query] = target.split("?");
    if (method === "POST" && path === "/gradio_api/queue/join") return join(body, response);
    if (path === "/gradio_api/queue/data")
      return listen(new URLSearchParams(query).get("session_hash") ?? "", response);
    const document = documents.get(path.replace(/^\/(gradio_api\/)?/, ""));
    if (document === undefined) return notFound(response);
    response.write(jsonResponse(document.replaceAll("http://HOST", `http://${host}`)));
    response.done();
  };
}
