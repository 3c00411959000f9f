import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

import { debug } from "../src/debug.ts";
import { maskSecrets } from "../src/printable.ts";

const script = `
  import { debug } from ${JSON.stringify(new URL("../src/debug.ts", import.meta.url).href)};
  debug(() => "asked with Bearer hf_abcdefgh");
`;
const run = async (env: Record<string, string>) =>
  (
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
      env: { ...process.env, ...env },
    })
  ).stderr;

describe("debug()", () => {
  test("writes where NODE_DEBUG names qwen, without secrets", async () => {
    const stderr = await run({ NODE_DEBUG: "qwen" });
    expect(stderr).toContain("asked with Bearer ***");
    expect(stderr).not.toContain("hf_abcdefgh");
  });

  test("does not even make the message elsewhere", async () => {
    expect(await run({ NODE_DEBUG: "" })).toBe("");
    debug(() => expect.unreachable());
  });
});

test("secrets are masked wherever they stand", () => {
  expect(maskSecrets("http://user:p@ss@proxy:8080")).toBe("http://user:***@proxy:8080");
  expect(
    maskSecrets(
      `{'cookie': 'a=b; c=d', "x-hf-authorization":"raw", "password": "p w"} Set-Cookie: a=b; c=d\n` +
        "username=ann&password=p%26w&x=1 access-token-unsecure-1=abc; api_key: k access_token=t.u-v",
    ),
  ).toBe(
    `{'cookie': '***', "x-hf-authorization":"***", "password": "*** w"} Set-Cookie: ***\n` +
      "username=ann&password=***&x=1 access-token-unsecure-1=***; api_key: *** access_token=***",
  );
  expect(maskSecrets("does not accept the username and password given; a cookie is missing")).not.toContain("*");
  expect(maskSecrets('{"authorization":"Bearer abc.def-1","x":"hf_AbCdEf123"} http://user:pass@proxy:8080')).toBe(
    '{"authorization":"Bearer ***","x":"hf_***"} http://user:***@proxy:8080',
  );
});
