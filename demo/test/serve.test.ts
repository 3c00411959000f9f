import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const program = fileURLToPath(new URL("../src/serve.ts", import.meta.url));

test(
  "the served gateway prints its address and a line of curl that works, and ends on Ctrl-C",
  { timeout: 60_000 },
  async () => {
    const child = spawn(process.execPath, ["--conditions=@qwen/source", program, "--port", "0"], {
      env: { PATH: "/nonexistent", NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let stdout = "";
    const printed = Promise.withResolvers<void>();
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.includes("curl -N")) printed.resolve();
    });
    await printed.promise;
    const [, url = ""] = /^Serving (http:\/\/127\.0\.0\.1:\d+)\/ /m.exec(stdout) ?? [];
    const [, address = "", type = "", body = ""] =
      /^curl -N (\S+) -H 'content-type: (\S+)' -d '(.+)'$/m.exec(stdout) ?? [];
    expect(address).toBe(`${url}/v1/chat/completions`);
    const answer = await fetch(address, { method: "POST", headers: { "content-type": type }, body });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("data: [DONE]");
    const page = await fetch(`${url}/`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await page.text()).toContain("/v1/models");
    const models = (await (await fetch(`${url}/v1/models`)).json()) as {
      readonly data: readonly { readonly id: string }[];
    };
    expect(models.data.map(({ id }) => id)).toEqual(expect.arrayContaining(["smart", "qwen-max", "qvq"]));
    const ended = once(child, "exit");
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
  },
);
