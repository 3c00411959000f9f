import { describe, expect, test } from "vitest";

import type { StreamPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";
import { finish, scripted, text } from "./scripted.ts";
import { complete, failure, read, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const cut = failure("stream_interrupted");
const commit = "continue" as const;
const textOf = (parts: readonly StreamPart[]): string =>
  parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");

describe("the option of going on", () => {
  test("may forbid all but replays", async () => {
    const router = routerOf(
      [
        scripted("a", [
          [text("Hello"), cut],
          [text("Hello."), finish],
        ]),
      ],
      {
        commit: { continue: "replay" },
      },
    );
    expect(textOf((await read(router)).parts)).toBe("Hello.");
  });

  test("leaves complete() buffered", async () => {
    const router = routerOf(
      [
        scripted("a", [
          [text("Hello"), cut],
          [text("Goodbye."), finish],
        ]),
      ],
      { commit },
    );
    const { completion } = await complete(router);
    expect(completion?.text).toBe("Goodbye.");
    expect(completion?.attempts.every((one) => one.continuedBy === undefined)).toBe(true);
  });

  test.each([{ continue: "prefill" }, { continue: undefined }, {}, "Continue", ["continue"], true, null])(
    "is a TypeError for %j, which names the remedy",
    (wrong) => {
      const make = (): unknown => createRouter({ plugins: [], commit: wrong as "continue" });
      expect(make).toThrow(TypeError);
      expect(make).toThrow(/`commit` must be .*"continue"/);
    },
  );

  test("is read once", async () => {
    const given = { continue: "replay" } as { continue: "replay" };
    const router = routerOf(
      [
        scripted("a", [
          [text("Hello"), cut],
          [text("Hello."), finish],
        ]),
      ],
      { commit: given },
    );
    (given as { continue: string }).continue = "nonsense";
    expect(textOf((await read(router)).parts)).toBe("Hello.");
  });
});
