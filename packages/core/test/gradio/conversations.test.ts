import { describe, expect, it } from "vitest";
import { createClient } from "../../src/gradio/client.ts";
import { readConnection } from "../../src/gradio/connection.ts";
import { createConversations } from "../../src/gradio/conversations.ts";
import { Session } from "../../src/gradio/session.ts";
import { startTestSpace } from "../servers/test-space.ts";

const GOOD = { hash: "0123456789abcdef0123", cookies: { replica: "7" }, turn: 1, appId: "42" };

function begun(change: object): unknown {
  try {
    const { number, saved, appId } = createConversations().begin(JSON.stringify({ ...GOOD, ...change }));
    return { number, saved, appId };
  } catch (error) {
    return (error as { readonly code?: string }).code;
  }
}

describe("a conversation string", () => {
  it("is read as it was written", () => {
    expect(begun({})).toEqual({ number: 2, saved: { hash: GOOD.hash, cookies: { replica: "7" } }, appId: "42" });
    expect(begun({ appId: undefined, turn: 7, cookies: {} })).toMatchObject({ number: 8, appId: undefined });
  });

  it.each<[string, object]>([
    ["no session", { hash: undefined }],
    ["a session that adds to the query", { hash: "abc&event_id=1#frag" }],
    ["a session of another length", { hash: `${GOOD.hash}0` }],
    ["a session with a line break", { hash: `${GOOD.hash}\n` }],
    ["a session that is none", { hash: [GOOD.hash] }],
    ["no cookies", { cookies: undefined }],
    ["a list of cookies", { cookies: ["a"] }],
    ["a cookie with a line break", { cookies: { a: "b\r\nx: y" } }],
    ["a cookie that begins another", { cookies: { a: "b; admin=1" } }],
    ["a cookie whose name begins another", { cookies: { "a=b; c": "d" } }],
    ["a cookie without a name", { cookies: { "": "d" } }],
    ["a cookie of Unicode", { cookies: { a: "€" } }],
    ["a cookie that is a number", { cookies: { a: 1 } }],
    ["more of cookies than a server takes", { cookies: { a: "x".repeat(2500), b: "x".repeat(2500) } }],
    ["a login of Gradio", { cookies: { "access-token-abc": "t" } }],
    ["a login of Gradio without https", { cookies: { "Access-Token-unsecure-abc": "t" } }],
    ["a login of Hugging Face", { cookies: { "spaces-jwt": "t" } }],
    ["turn 0", { turn: 0 }],
    ["turn 1.5", { turn: 1.5 }],
    ["a turn beyond counting", { turn: 2 ** 53 }],
    ["a turn in words", { turn: "1" }],
    ["an app that is a number", { appId: 42 }],
    ["an app without end", { appId: "x".repeat(201) }],
  ])("with %s is invalid_request", (_, change) => {
    expect(begun(change)).toBe("invalid_request");
  });

  it.each([
    ["nothing", ""],
    ["words", "Hello"],
    ["a number", "1"],
    ["null", "null"],
    ["a list", "[]"],
    ["deep JSON", "[".repeat(100_000) + "]".repeat(100_000)],
    ["deep JSON that is short", "[".repeat(8000) + "]".repeat(8000)],
    ["a long one", JSON.stringify({ ...GOOD, more: "x".repeat(20_000) })],
  ])("that is %s is invalid_request", (_, token) => {
    expect(() => createConversations().begin(token)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  it("holds no cookie of a login, not even one that a later answer renewed, and none that it could not read again", async () => {
    await using space = await startTestSpace({
      login: ({ reply }) =>
        reply(200, { success: true }, { "set-cookie": ["access-token-1=secret", "sid=secret", "own=secret"] }),
      other: ({ reply }) =>
        reply(200, "", {
          "set-cookie": [
            "sid=renewed-secret; HttpOnly",
            "access-token-1=renewed-secret",
            "access-token-unsecure-2=nobody-gave-it",
            "spaces-jwt=nor-this",
            "odd=a b",
            "replica=7",
            `long=${"x".repeat(4000)}`,
            `longer=${"x".repeat(4000)}`,
          ],
        }),
    });
    const client = createClient(readConnection(space.origin, { auth: { username: "ann", password: "pw" } }));
    const session = new Session(client);
    (await session.request({ path: "x" })).body.cancel();
    const token = createConversations().begin(undefined).succeed(session, "x".repeat(300));
    expect(token).not.toContain("secret");
    const { saved, number } = createConversations().begin(token);
    expect(number).toBe(2);
    expect(saved?.hash).toBe(session.hash);
    expect(Object.keys(saved?.cookies ?? {})).toEqual(["replica", "long"]);
    await client.close();
  });

  it("holds no cookie that its caller sends, even where the Space renews it, and none with a secret in it", async () => {
    await using space = await startTestSpace({
      other: ({ reply }) =>
        reply(200, "", {
          "set-cookie": ["mine=renewed", "of-this-call=renewed", "echo=x-my-t0ken-x", "form=p%26ss-word", "replica=7"],
        }),
    });
    const client = createClient(
      readConnection(space.origin, {
        token: "my-t0ken",
        auth: { username: "ann", password: "p&ss-word" },
        headers: { Cookie: "other=1; mine=1" },
      }),
    );
    const session = new Session(client, { headers: { cookie: "of-this-call=1" } });
    (await session.request({ path: "x" })).body.cancel();
    const token = createConversations().begin(undefined).succeed(session, "42");
    expect(Object.keys(createConversations().begin(token).saved?.cookies ?? {})).toEqual(["replica"]);
    await client.close();
  });
});
