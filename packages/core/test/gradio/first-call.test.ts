import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { completed, configOf, failed, oneJob, says, startTestSpace, type TestSpace } from "../servers/test-space.ts";
import { rejection } from "../servers/waiting.ts";

const HIDDEN = failed({ error: null });

/** An app with a State beside a text or a file, whose function fails. */
const failing = (version: string) => ({
  ...oneJob,
  config: ({ reply }: Parameters<TestSpace["handlers"]["config"]>[0]): void =>
    reply(200, {
      ...configOf({
        dependencies: [{ id: 0, api_name: "chat", inputs: [1, 2] }],
        components: [
          { id: 1, type: "state", props: {} },
          { id: 2, type: "textbox", props: { value: null } },
        ],
      }),
      version,
    }),
  other: ({ reply }: Parameters<TestSpace["handlers"]["other"]>[0]): void => reply(200, {}),
  data: says(HIDDEN),
});

const asked = (space: TestSpace): readonly unknown[] =>
  space.requests
    .filter(({ route }) => route === "call" || route === "join")
    .map(({ json }) => (json as { readonly data: unknown }).data);

describe("a first call that fails", () => {
  it("was run by a server that fills in its States, and is not run again", async () => {
    await using space = await startTestSpace(failing("6.31.0"));
    const client = connectSpace(space.origin);
    expect(await rejection(client.predict("chat", ["Hi"]))).toMatchObject({ code: "space_error", hidden: true });
    expect(asked(space)).toEqual([["Hi"]]);
    await client.close();
  });

  it("was not run by one that does not, and is asked again with them", async () => {
    await using space = await startTestSpace(failing("5.50.0"));
    let jobs = 0;
    space.handlers.data = (exchange) => says((jobs += 1) === 1 ? HIDDEN : completed(["in"]))(exchange);
    const client = connectSpace(space.origin);
    expect(await client.predict("chat", ["Hi"])).toEqual(["in"]);
    expect(asked(space)).toEqual([["Hi"], [null, "Hi"]]);
    await client.close();
  });

  it.each(["4.44.1", "5.50.0", "6.31.0"])(
    "with a file was made of what is known, and is not run again, nor without its file (Gradio %s)",
    async (version) => {
      await using space = await startTestSpace(failing(version));
      const client = connectSpace(space.origin);
      expect(await rejection(client.predict("chat", [new Blob(["x"])]))).toMatchObject({ code: "space_error" });
      expect(asked(space)).toEqual([[null, expect.objectContaining({ path: "/tmp/gradio/file" })]]);
      await client.close();
    },
  );
});

describe("the files of a call", () => {
  it("are sent in its session: behind replicas its cookies lead to the one that has them", async () => {
    await using space = await startTestSpace({
      ...oneJob,
      upload: ({ reply }) => reply(200, ["/tmp/gradio/file"], { "set-cookie": "affinity=a" }),
      data: says(completed(["in"])),
    });
    const client = connectSpace(space.origin);
    for (const calls of [client, client.session()]) {
      const before = space.requests.length;
      expect(await calls.predict("chat", [new Uint8Array(1)])).toEqual(["in"]);
      const [upload, ...job] = space.requests.slice(before).filter(({ route }) => route !== "config");
      expect(job.map(({ headers }) => headers.cookie)).toEqual(["affinity=a", "affinity=a"]);
      expect(upload?.route).toBe("upload");
    }
    await client.close();
  });

  it("leave an object with a class as it was, wherever it stands: it is its caller's", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["in"])) });
    const client = connectSpace(space.origin);
    class Note {
      readonly text = "see";
      readonly files: readonly Blob[] = [new Blob(["x"])];
    }
    const note = Object.freeze(new Note());
    await client.predict("chat", [{ note, again: note, title: Object("t"), at: new Date(0) }]);
    const sent = { text: "see", files: [expect.objectContaining({ path: "/tmp/gradio/file" })] };
    expect(asked(space)).toEqual([[{ note: sent, again: sent, title: "t", at: "1970-01-01T00:00:00.000Z" }]]);
    expect(note.files[0]).toBeInstanceOf(Blob);
    await client.close();
  });
});
