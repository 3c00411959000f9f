import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSpaceEmulator } from "@qwen/testing";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { bundled, type BundledFile, type Packages } from "./bundle.ts";
import { ELSEWHERE, HUGGING_FACE, launchChromium } from "./chromium.ts";
import { openPage, type RunningPage } from "./page.ts";
import type { Answered, Asked } from "./programs/page.ts";
import { inColumn } from "./table.ts";

/** A picture of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

/** What is so in a browser and nowhere else. */
export function testPages(packages: Packages): void {
  describe("a page in Chromium", () => {
    inColumn("browser");
    let browser: Browser;
    let files: readonly BundledFile[];
    let here: RunningPage;
    beforeAll(async () => {
      const program = new URL("programs/page.ts", import.meta.url);
      [browser, files] = await Promise.all([launchChromium(), bundled(program, "browser", packages)]);
      here = await openPage(browser, files);
    });
    afterAll(() => browser.close().then(() => here[Symbol.asyncDispose]()));

    const ask = async (asked: Asked, page: RunningPage = here): Promise<Answered> =>
      (await page.call("ask", asked)) as Answered;

    test("streams from a Space of another origin, over fetch, with cookies where a session may need them", async () => {
      const answer = { steps: ["Once ", "upon ", "a time."], delayMs: 20 };
      await using space = await createSpaceEmulator({ shape: "max", answer });
      const { pieces, fetched } = await ask({ plugin: "max", space: space.url, question: "Hi" });
      expect(pieces).toEqual(["Once ", "upon ", "a time."]);
      expect(fetched).toEqual([
        "POST /gradio_api/queue/join include",
        "GET /gradio_api/queue/data include",
        "GET /config omit",
      ]);
      expect(space.requests).toHaveLength(3);
    });

    test.each(["max", "space"] as const)(
      "stops a job of %s when it is left: by its stream, and by /cancel, which outlives the page",
      async (plugin) => {
        const answer = { steps: Array.from({ length: 200 }, (_, index) => `${index} `), delayMs: 20 };
        await using space = await createSpaceEmulator({ shape: plugin === "max" ? "max" : "chat", answer });
        const { fetched } = await ask({ plugin, space: space.url, question: "Hi", leaveAfter: 5 });
        expect(fetched.at(-1)).toMatch(/^POST .*\/cancel include keepalive$/);
        await space.idle();
        expect(space.jobs.map(({ state }) => state)).toEqual(["stopped"]);
      },
    );

    test("leaves no job behind when it is closed", async () => {
      const answer = { steps: Array.from({ length: 200 }, (_, index) => `${index} `), delayMs: 20 };
      await using space = await createSpaceEmulator({ shape: "max", answer });
      const page = await openPage(browser, files);
      const left = ask({ plugin: "max", space: space.url, question: "Hi" }, page).catch(() => "closed");
      await expect.poll(() => space.jobs[0]?.steps ?? 0).toBeGreaterThan(2);
      await page[Symbol.asyncDispose]();
      expect(await left).toBe("closed");
      await space.idle();
      expect(space.jobs[0]?.steps).toBeLessThan(100);
    });

    test("keeps to the replica that knows its session", async () => {
      await using space = await createSpaceEmulator({ shape: "max", replicas: 3, answer: "Hello." });
      for (let call = 0; call < 4; call += 1)
        expect(await ask({ plugin: "max", space: space.url, question: "Hi" })).toMatchObject({ pieces: ["Hello."] });
    });

    test.each(["max", "space"] as const)(
      "asks %s on Hugging Face without cookies, for which the proxy there lets no page of another origin ask",
      async (plugin) => {
        await using space = await createSpaceEmulator({ shape: plugin === "max" ? "max" : "chat", answer: "Hello." });
        const there = space.url.replace("127.0.0.1", HUGGING_FACE);
        const { pieces, fetched, error } = await ask({ plugin, space: there, question: "Hi" });
        expect(error).toBeUndefined();
        expect(pieces).toEqual(["Hello."]);
        expect(fetched.filter((request) => request.includes("include"))).toEqual([]);
      },
    );

    test("logs in where its own site is, and says what it takes elsewhere", async () => {
      await using space = await createSpaceEmulator({ shape: "max", auth: { ann: "right" }, answer: "Hello." });
      const asked: Asked = {
        plugin: "max",
        space: space.url,
        question: "Hi",
        auth: { username: "ann", password: "right" },
      };
      await using near = await openPage(browser, files);
      expect(await ask(asked, near)).toMatchObject({ pieces: ["Hello."] });
      for (const host of [ELSEWHERE, HUGGING_FACE]) {
        const { error } = await ask({ ...asked, space: space.url.replace("127.0.0.1", host) });
        expect(error).toMatchObject({ code: "authentication", message: expect.stringMatching(/`auth`.*https/s) });
        expect(error?.message).not.toContain("right");
      }
    });

    test("asks for the final address where it is redirected", async () => {
      await using space = await createSpaceEmulator({ shape: "max", faults: ["redirect"] });
      const { error } = await ask({ plugin: "max", space: space.url, question: "Hi" });
      expect(error).toMatchObject({ code: "protocol", message: expect.stringContaining("Give the final address") });
    });

    test("says that it may not be allowed to ask, where a browser does not tell", async () => {
      await using server = await serve({});
      const { error } = await ask({ plugin: "max", space: server.url, question: "Hi" });
      expect(error).toMatchObject({ code: "connection", message: expect.stringContaining("CORS") });
    });

    test("says nothing of that where an answer broke off, which had been let", async () => {
      await using space = await createSpaceEmulator({ shape: "max", faults: [{ name: "reset", after: 0 }] });
      const { error } = await ask({ plugin: "max", space: space.url, question: "Hi" });
      expect(error).toMatchObject({ code: "connection", message: expect.not.stringContaining("CORS") });
    });

    test("says of each file of the SDK that cannot be loaded that the page is to be loaded anew", async () => {
      await using space = await createSpaceEmulator({ shape: "chat", answer: "Hello." });
      const endings: (string | undefined)[] = [];
      while (endings.at(-1) !== "Hello." && endings.length < 20) {
        await using page = await openPage(browser, files);
        let loaded = 0;
        // One more of them each time, until there are none.
        await page.page.route("**/*.js", (route) => (loaded++ === endings.length ? route.abort() : route.continue()));
        const { pieces, error } = await ask({ plugin: "space", space: space.url, question: "Hi" }, page);
        endings.push(error === undefined ? pieces.join("") : `${error.code}: ${/Reload/.exec(error.message)?.[0]}`);
      }
      expect(endings.length).toBeGreaterThan(4);
      expect(new Set(endings)).toEqual(new Set(["connection: Reload", "Hello."]));
    });

    test.each(["max", "space"] as const)(
      "waits for a Space of %s that sleeps, though nothing can be read of the page that stands in its place",
      async (plugin) => {
        await using space = await createSpaceEmulator({ shape: plugin === "max" ? "max" : "chat", answer: "Hello." });
        let asked = 0;
        const stage = (): string => JSON.stringify({ runtime: { stage: asked++ === 0 ? "SLEEPING" : "RUNNING" } });
        await using hub = await serve({ "access-control-allow-origin": "*" }, stage);
        await using page = await openPage(browser, files);
        await page.page.route(`${space.url}/**`, (route) => (asked < 2 ? route.abort() : route.continue()));
        const options = { hubUrl: hub.url };
        const { pieces, error } = await ask({ plugin, space: space.url, question: "Hi", options }, page);
        expect(error).toBeUndefined();
        expect(pieces.join("")).toBe("Hello.");
        expect(hub.methods).toEqual(["GET", "GET"]);
      },
    );

    test("tells of the connection that failed, where what would wake a Space does not come either", async () => {
      await using page = await openPage(browser, files);
      await page.page.route("**/waking-*", (route) => route.abort());
      const options = { hubUrl: "http://127.0.0.1:9" };
      const { error } = await ask({ plugin: "max", space: "http://127.0.0.1:9", question: "Hi", options }, page);
      expect(error).toMatchObject({ code: "connection", message: expect.stringContaining("CORS") });
    });

    test("fetches a picture from a host that answers no question beforehand, without cookies", async () => {
      await using server = await serve({ "access-control-allow-origin": "*", "content-type": "image/png" });
      await using space = await createSpaceEmulator({ shape: "qvq" });
      const asked: Asked = {
        plugin: "qvq",
        space: space.url,
        question: "script:text Seen.",
        image: `${server.url}/a.png`,
      };
      const { pieces, fetched } = await ask(asked);
      expect(pieces.join("")).toBe("Seen.");
      expect(fetched).toContain("GET /a.png omit");
      expect(server.methods).toEqual(["GET"]);
    });

    test.each([
      ["proxy", { proxy: "http://ann:secret@127.0.0.1:9" }, /`proxy` cannot be set/],
      ["earlyStream", { earlyStream: true }, /`earlyStream` must be left out/],
    ])("refuses %s when a provider is made, naming it", async (_, options, message) => {
      for (const plugin of ["max", "space"] as const) {
        const { error, fetched } = await ask({ plugin, space: "http://127.0.0.1:9", question: "Hi", options });
        expect(error).toMatchObject({ name: "TypeError", message: expect.stringMatching(message) });
        expect(error?.message).not.toContain("secret");
        expect(fetched).toEqual([]);
      }
    });

    test("refuses a header that a browser keeps to itself, naming it and not its value", async () => {
      const options = { headers: { cookie: "session=secret" } };
      const { error } = await ask({ plugin: "max", space: "http://127.0.0.1:9", question: "Hi", options });
      expect(error).toMatchObject({ name: "TypeError", message: expect.stringContaining('`headers["cookie"]`') });
      expect(error?.message).not.toContain("secret");
    });

    test("refuses file: as `unsupported`, naming it, before anything is sent of it", async () => {
      await using space = await createSpaceEmulator({ shape: "chat" });
      const { error, fetched } = (await here.call("sendFile", space.url, "file:///etc/hosts")) as Answered;
      expect(error).toMatchObject({ code: "unsupported", message: expect.stringContaining("file:") });
      expect(fetched.filter((request) => !request.includes("/config"))).toEqual([]);
    });

    test("`false` for what it does not have is no mistake", async () => {
      await using space = await createSpaceEmulator({ shape: "max", answer: "Hello." });
      const options = { proxy: false, earlyStream: false };
      expect(await ask({ plugin: "max", space: space.url, question: "Hi", options })).toMatchObject({
        pieces: ["Hello."],
      });
    });
  });
}

/** A server that sends the same with these headers, whatever it is asked: a picture, if nothing else is said. */
async function serve(headers: Readonly<Record<string, string>>, body: () => Buffer | string = () => PIXEL) {
  const methods: string[] = [];
  const server = createServer(({ method = "" }, response) => {
    methods.push(method);
    response.writeHead(method === "GET" ? 200 : 405, headers).end(body());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    methods,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
