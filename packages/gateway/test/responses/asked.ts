import { expect } from "vitest";

import { servedBy, type Served } from "../served.ts";
import { response, streamEvent, type ResponseEvent, type ResponseResource } from "./schemas.ts";

/** A gateway, asked for responses. */
export interface Asked extends Served {
  /** Any route of responses. */
  call(method: string, path: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** A whole response, which is as the specification has it. */
  create(body: object, headers?: Readonly<Record<string, string>>): Promise<ResponseResource>;
  /** The events of one, each of which is. */
  stream(body: object): Promise<readonly ResponseEvent[]>;
}

/** A gateway over providers, which ends with the test. */
export function asked(...given: Parameters<typeof servedBy>): Asked {
  const served = servedBy(...given);
  const call: Asked["call"] = (method, path, body, headers = {}) =>
    served.gateway.fetch(
      new Request(`http://localhost/v1/responses${path}`, {
        method,
        headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    );
  return {
    ...served,
    call,
    async create(body, headers) {
      const answer = await call("POST", "", { model: "scripted-model", ...body }, headers);
      const value = await answer.json();
      expect(answer.status, JSON.stringify(value)).toBe(200);
      return response.parse(value);
    },
    stream: async (body) => eventsIn(await call("POST", "", { model: "scripted-model", stream: true, ...body })),
  };
}

/** The events of a stream, each checked, and its number. */
export async function eventsIn(answer: Response, from = 0): Promise<readonly ResponseEvent[]> {
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const blocks = (await answer.text()).split("\n\n").filter((block) => block !== "" && !block.startsWith(":"));
  return blocks.map((block, index) => {
    const match = /^event: (.+)\ndata: (.+)$/.exec(block);
    const event = streamEvent.parse(JSON.parse(match?.[2] ?? block));
    expect(match?.[1]).toBe(event.type);
    expect(event.sequence_number).toBe(from + index);
    return event;
  });
}

/** The text of a response. */
export function textOf({ output }: ResponseResource): string {
  return output.map((item) => (item.type === "message" ? item.content.map(({ text }) => text).join("") : "")).join("");
}

/** The response that the last of its events holds. */
export function lastOf(events: readonly ResponseEvent[]): ResponseResource {
  const last = events.findLast((event) => "response" in event);
  if (last === undefined || !("response" in last)) throw new Error("No event holds a response.");
  return last.response;
}
