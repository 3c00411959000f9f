import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { completed, startTestSpace, type Exchange } from "../servers/test-space.ts";
import { rejection } from "../servers/waiting.ts";

describe("what was given in confidence, and a Space repeats as it came or in JSON,", () => {
  const AUTH = { username: "ann", password: 'pass "word" & more' };
  const given = {
    token: "t0ken-of-mine",
    "x-mine": "header-of-mine",
    "x-call": "of-this-call",
    cookie: "cookie-of-mine",
  };
  const secrets = [...Object.values(given), AUTH.password, "logged-in-cookie"];

  /** All that a server was told, in words that name none of it. */
  function repeated({ headers }: Exchange): string {
    const told = Object.values(headers)
      .flat()
      .join(" | ")
      .replaceAll("Bearer ", "")
      .replaceAll(/[\w-]+=/g, "");
    return `You said ${told} | ${AUTH.password} | ${JSON.stringify(AUTH.password)}.`;
  }

  const failures: Readonly<Record<string, Parameters<typeof startTestSpace>[0]>> = {
    "a status": { join: (asked) => asked.reply(500, { detail: repeated(asked) }) },
    "a page": { data: (asked) => asked.reply(502, `<title>${repeated(asked)}</title>`) },
    "a structure": { join: (asked) => asked.reply(422, { detail: [{ loc: ["x"], msg: repeated(asked) }] }) },
    "a failed job": {
      data: ({ events, ...asked }) =>
        events().send({
          ...completed([]),
          success: false,
          output: { error: repeated(asked as Exchange), title: repeated(asked as Exchange) },
        }),
    },
    "an unexpected error": {
      data: ({ events, ...asked }) =>
        events().send({ msg: "unexpected_error", message: repeated(asked as Exchange), success: false }),
    },
    "a redirect": {
      join: (asked) => asked.reply(302, {}, { location: `https://${given.token}.example.com/` }),
    },
    "an encoding": { join: (asked) => asked.reply(200, {}, { "content-encoding": `You said ${given["x-call"]}` }) },
    "an upload": { upload: (asked) => asked.reply(400, { detail: repeated(asked) }) },
    "a config": { config: (asked) => asked.reply(500, { detail: repeated(asked) }) },
  };

  it.each(Object.keys(failures))("does not show in the error of %s", async (kind) => {
    await using space = await startTestSpace({
      login: ({ reply }) => reply(200, {}, { "set-cookie": "access-token=logged-in-cookie" }),
      ...failures[kind],
    });
    const client = connectSpace(space.origin, {
      token: given.token,
      auth: AUTH,
      headers: { "x-mine": given["x-mine"], cookie: `a=${given.cookie}` },
    });
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      "an upload": () => client.upload(new Uint8Array(1)),
      "a config": () => client.endpoints(),
    };
    const call = calls[kind] ?? (() => client.predict(0, [], { headers: { "x-call": given["x-call"] } }));
    // The login first: its cookie is a secret too.
    await client.upload(new Uint8Array(1)).catch(() => {});
    const error = (await rejection(call())) as Error;
    expect(error.message).toMatch(/You said|redirects to|compressed/);
    const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
    for (const secret of secrets) expect(shown).not.toContain(secret);
    await client.close();
  });

  it("does not show in the names of a config", async () => {
    const config = { version: "6.0.0", protocol: "sse_v3", components: [], dependencies: [{ api_name: given.token }] };
    await using space = await startTestSpace({ config: ({ reply }) => reply(200, config) });
    await using client = connectSpace(space.origin, { token: given.token });
    for (const call of [client.predict(9, {}), client.predict("other", { a: 1 })]) {
      const error = (await rejection(call)) as Error;
      expect(error.message).toMatch(/has no .*\*\*\*/);
      expect(inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)).not.toContain(given.token);
    }
  });

  it("does not show where a config repeats what it heard with a call", async () => {
    await using space = await startTestSpace({ config: ({ reply }) => reply(500, { detail: given["x-call"] }) });
    await using client = connectSpace(space.origin);
    const error = await rejection(client.predict("/chat", { text: "x" }, { headers: { "x-call": given["x-call"] } }));
    expect((error as Error).message).toContain("***");
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(given["x-call"]);
  });

  // What a message leaves out would put it together again.
  const ways: Readonly<Record<string, (secret: string) => string>> = {
    "an escape sequence in it": (secret) => `${secret.slice(0, 5)}\u001B[0m${secret.slice(5)}`,
    "control characters in it": (secret) => [...secret].join("\u0000"),
    "a mark of direction in it": (secret) => `${secret.slice(0, 5)}\u200E${secret.slice(5)}`,
    "large letters": (secret) => secret.toUpperCase(),
  };

  it.each(Object.entries(ways))("does not show with %s", async (_, written) => {
    const password = "päss-wörd-ÿ";
    const told = `You said ${written(password)} and ${written(given["x-call"])}.`;
    const output = { error: told, title: told };
    for (const answers of [
      { join: ({ reply }) => reply(500, { detail: told }) },
      { join: ({ reply }) => reply(502, `<title>${told}</title>`) },
      { data: ({ events }) => events().send({ ...completed([]), success: false, output }) },
    ] satisfies readonly Parameters<typeof startTestSpace>[0][]) {
      await using space = await startTestSpace({ login: ({ reply }) => reply(200, {}), ...answers });
      await using client = connectSpace(space.origin, { auth: { username: "ann", password } });
      const error = await rejection(client.predict(0, [], { headers: { "x-call": given["x-call"] } }));
      expect((error as Error).message).toContain("You said");
      const shown = (inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)).toLowerCase();
      for (const secret of [password, given["x-call"]]) expect(shown).not.toContain(secret);
    }
  });
});
