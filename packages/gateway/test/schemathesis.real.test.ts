import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRouter } from "@qwen/core";
import { createVenv } from "@qwen/local-spaces";
import { scriptedProvider } from "@qwen/testing";
import { beforeAll, expect, test } from "vitest";

import { createGateway, createKey } from "../src/index.ts";
import { serveGateway } from "../src/node/index.ts";

let python = "";
beforeAll(async () => {
  python = await createVenv(fileURLToPath(new URL("schemathesis.txt", import.meta.url)));
});

const CHECKS =
  "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method";

test.each([["without keys"], ["with keys"]])(
  "%s, whatever is sent has a documented answer in JSON",
  { timeout: 240_000 },
  async (how) => {
    const { key, record } = await createKey();
    const model = scriptedProvider({
      models: [{ id: "scripted-model", capabilities: { tools: true, json: true, images: true, files: true } }],
      script: ["Hello"],
    });
    const gateway = createGateway({
      router: createRouter({ plugins: [model] }),
      // Nothing is fetched for what it makes up.
      urls: "none",
      ...(how === "with keys" && { keys: [record] }),
    });
    const { url, close } = await serveGateway(gateway, { port: 0, signals: [] });
    const folder = await mkdtemp(join(tmpdir(), "schemathesis-"));
    try {
      const options = [
        "--checks",
        CHECKS,
        "--max-examples",
        "50",
        "--phases",
        "examples,coverage,fuzzing",
        "--request-timeout",
        "10",
        "--seed",
        process.env["TEST_SEED"] ?? "1",
        "--no-color",
      ];
      const header = how === "with keys" ? ["--header", `Authorization: Bearer ${key}`] : [];
      const program = join(dirname(python), "schemathesis");
      const child = spawn(python, [program, "run", `${url}/openapi.json`, ...options, ...header], {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => (output += text));
      const [code] = (await once(child, "close")) as [number];
      expect(code, output.slice(-8000)).toBe(0);
    } finally {
      await close({ drainMs: 0 });
      await rm(folder, { recursive: true });
    }
  },
);
