import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { completed, configOf, eventId, says, startTestSpace, type Exchange } from "../servers/test-space.ts";
import { rejection, settle, until } from "../servers/waiting.ts";

describe("a login of the app", () => {
  const AUTH = { username: "ann", password: "p&ss=wörd" };
  const wanted = { detail: { error: "Not authenticated", auth_message: null } };

  async function startGuarded({ affinity = false } = {}) {
    let logins = 0;
    const guard = (answer: (exchange: Exchange) => unknown) => (exchange: Exchange) => {
      const valid = exchange.headers.cookie?.split("; ").includes(`access-token=t${logins}`) === true;
      if (valid) void answer(exchange);
      else exchange.reply(401, wanted);
    };
    const space = await startTestSpace({
      login(exchange) {
        const form = new URLSearchParams(exchange.body.toString());
        if (form.get("username") !== AUTH.username || form.get("password") !== AUTH.password) {
          exchange.reply(400, { detail: "Incorrect credentials." });
          return;
        }
        logins += 1;
        exchange.reply(
          200,
          { success: true },
          { "set-cookie": [`access-token=t${logins}; HttpOnly`, ...(affinity ? ["affinity=login"] : [])] },
        );
      },
      call: guard(({ reply }) =>
        reply(200, { event_id: eventId() }, affinity ? { "set-cookie": "affinity=session" } : {}),
      ),
      join: guard(({ reply }) => reply(200, { event_id: eventId() })),
      data: guard(says(completed(["in"]))),
      config: guard(({ reply }) => reply(200, configOf())),
    });
    return { space, forget: () => void (logins += 1) };
  }

  it("happens once for all calls, by a form, and its cookie goes with every request", async () => {
    const { space } = await startGuarded();
    await using _ = space;
    const client = connectSpace(space.origin, { auth: AUTH });
    expect(await Promise.all([1, 2, 3].map(() => client.predict("chat", [])))).toEqual([["in"], ["in"], ["in"]]);
    await client.close();
    expect(space.log.filter((entry) => entry === "login")).toHaveLength(1);
    expect(space.requests[0]?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
  });

  it("happens again after the server forgot it, once, and the call goes on", async () => {
    const { space, forget } = await startGuarded();
    await using _ = space;
    const client = connectSpace(space.origin, { auth: AUTH });
    await client.predict("chat", []);
    await client.close();
    forget();
    expect(await client.predict("chat", [])).toEqual(["in"]);
    await client.close();
    expect(space.log.filter((entry) => entry === "login")).toHaveLength(2);
  });

  it("that is refused is `authentication`, and is tried anew by the next call", async () => {
    const { space } = await startGuarded();
    await using _ = space;
    const client = connectSpace(space.origin, { auth: { ...AUTH, password: "wrong" } });
    for (let call = 0; call < 2; call += 1) {
      const error = await rejection(client.predict("chat", []));
      expect(error).toMatchObject({ code: "authentication", status: 400 });
      expect((error as Error).message).not.toContain("wrong");
    }
    expect(space.log).toEqual(["login", "login"]);
    await client.close();
  });

  it("does not go round in circles where the cookie is never accepted", async () => {
    await using space = await startTestSpace({ call: ({ reply }) => reply(401, wanted) });
    const client = connectSpace(space.origin, { auth: AUTH });
    expect(await rejection(client.predict("chat", []))).toMatchObject({ code: "authentication", status: 401 });
    expect(space.log).toEqual(["login", "call", "login", "call"]);
    await client.close();
  });

  it.each([
    [429, "rate_limited"],
    [503, "space_unavailable"],
  ])("that fails with %i is %s: the password may be right", async (status, code) => {
    await using space = await startTestSpace({ login: ({ reply }) => reply(status, "later", { "retry-after": "3" }) });
    const client = connectSpace(space.origin, { auth: AUTH });
    expect(await rejection(client.predict("chat", []))).toMatchObject({ code, status, retryAfterMs: 3000 });
    await client.close();
  });

  it("that is never answered does not hold up an abort", async () => {
    await using space = await startTestSpace({ login: () => {} });
    const client = connectSpace(space.origin, { auth: AUTH });
    const controller = new AbortController();
    const failures = [
      rejection(client.predict("chat", [], { signal: controller.signal })),
      rejection(client.upload(new Uint8Array(1), { signal: controller.signal })),
    ];
    await until(() => space.log.includes("login"));
    controller.abort(new Error("mine"));
    expect(await Promise.all(failures)).toEqual([new Error("mine"), new Error("mine")]);
  });

  it("is given up when nobody is left who waits for it, and begun anew by the next call", async () => {
    let answering = false;
    await using space = await startTestSpace({
      login: ({ reply }) => {
        if (answering) reply(200, {});
      },
    });
    const client = connectSpace(space.origin, { auth: AUTH });
    const first = new AbortController();
    const second = new AbortController();
    const failures = [first, second].map(({ signal }) => rejection(client.predict("chat", [], { signal })));
    await until(() => space.log.includes("login"));
    first.abort(new Error("mine"));
    await failures[0];
    await settle();
    expect(space.open()).toBe(1);
    second.abort(new Error("mine"));
    await Promise.all(failures);
    await until(() => space.open() === 0);
    answering = true;
    await client.endpoints();
    // Whoever comes too late to call at all does not log anybody out.
    await rejection(client.predict("chat", [], { signal: AbortSignal.abort(new Error("mine")) }));
    await client.upload(new Uint8Array(1));
    expect(space.requests.filter(({ route }) => route === "login")).toHaveLength(2);
    await client.close();
  });

  it("keeps its cookie apart from a session's: one name is sent once, the session's value", async () => {
    const { space } = await startGuarded({ affinity: true });
    await using _ = space;
    const client = connectSpace(space.origin, { auth: AUTH });
    await client.predict("chat", []);
    await client.close();
    const cookies = space.requests
      .filter(({ route }) => route === "call" || route === "data")
      .map(({ headers }) => headers.cookie?.split("; ").toSorted());
    expect(cookies).toEqual([
      ["access-token=t1", "affinity=login"],
      ["access-token=t1", "affinity=session"],
    ]);
  });

  it.each([307, 308])(
    "stays with its origin: a redirect by %i to another gets no form, and is told as one",
    async (status) => {
      await using other = await startTestSpace();
      await using space = await startTestSpace({
        login: ({ reply }) => reply(status, "", { location: `${other.origin}/login` }),
      });
      const client = connectSpace(space.origin, { auth: AUTH });
      const error = await rejection(client.predict("chat", []));
      expect(error).toMatchObject({
        code: "protocol",
        message: expect.stringContaining(`redirects to ${other.origin}`),
      });
      expect(other.requests).toEqual([]);
      await client.close();
    },
  );

  it.each([400, 401, 403, 422, 429, 500, 503])(
    "never shows its password, though a %i repeats the form",
    async (status) => {
      await using space = await startTestSpace({
        login: ({ reply, body }) => reply(status, { detail: `You sent ${body.toString()} ${AUTH.password}` }),
      });
      const client = connectSpace(space.origin, { auth: { ...AUTH, password: "s3cret" } });
      const error = await rejection(client.predict("chat", []));
      expect(`${String(error)} ${JSON.stringify(error)} ${inspect(error)}`).not.toMatch(/s3cret|p&ss/);
      await client.close();
    },
  );

  it("that fails is an error of its own for each caller", async () => {
    await using space = await startTestSpace({ login: ({ reply }) => reply(503, "") });
    const client = connectSpace(space.origin, { auth: AUTH });
    const [first, second] = await Promise.all([1, 2].map(() => rejection(client.predict("chat", []))));
    expect(first).toMatchObject({ code: "space_unavailable" });
    expect(first).not.toBe(second);
    await client.close();
  });
});
