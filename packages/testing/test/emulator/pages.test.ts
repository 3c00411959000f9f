import { request } from "node:http";
import { expect, it } from "vitest";

import { createSpaceEmulator } from "../../src/index.ts";

interface Said {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

function ask(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<Said> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, headers: response.headers });
    });
    asking.on("error", reject).end();
  });
}

it("lets a page of another origin ask with cookies and any header, and records nothing of its question whether it may", async () => {
  await using space = await createSpaceEmulator({ shape: "max" });
  const origin = "http://localhost:1234";
  const asked = await ask(`${space.url}/gradio_api/queue/join`, "OPTIONS", {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,x-mine",
  });
  expect(asked).toMatchObject({
    status: 200,
    headers: {
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "content-type,x-mine",
      "access-control-allow-methods": expect.stringContaining("POST"),
    },
  });
  expect(space.requests).toEqual([]);
  const { headers } = await ask(`${space.url}/config`, "GET", { origin });
  expect(headers).toMatchObject({ "access-control-allow-origin": origin, "access-control-allow-credentials": "true" });
  expect(space.requests).toHaveLength(1);
});

it("lets pages of this machine alone ask what runs on this machine, as Gradio does", async () => {
  await using space = await createSpaceEmulator({ shape: "max" });
  const { headers } = await ask(`${space.url}/config`, "GET", { origin: "https://example.com" });
  expect(headers).not.toHaveProperty("access-control-allow-origin");
  const { port } = new URL(space.url);
  const elsewhere = await ask(`${space.url}/config`, "GET", {
    origin: "https://example.com",
    host: `space.test:${port}`,
  });
  expect(elsewhere.headers).toMatchObject({ "access-control-allow-origin": "https://example.com" });
});

it("says nothing of it to who is no page", async () => {
  await using space = await createSpaceEmulator({ shape: "max" });
  const { headers } = await ask(`${space.url}/config`, "GET", {});
  expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
});
