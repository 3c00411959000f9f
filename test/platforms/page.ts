import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";

import type { BundledFile } from "./bundle.ts";

/** A page of a server of its own, in which a program runs. */
export interface RunningPage extends AsyncDisposable {
  readonly page: Page;
  /** Without a slash at the end. */
  readonly origin: string;
  /** Calls what the program exports, with what can be written as JSON. */
  call(name: string, ...given: readonly unknown[]): Promise<unknown>;
}

const HTML = `<!doctype html><title>A page</title><script type="module">
import * as program from "./program.js";
globalThis.program = program;
</script>`;

/** Opens a page with the exports of a bundle's `program.js`. */
export async function openPage(browser: Browser, files: readonly BundledFile[]): Promise<RunningPage> {
  const texts = new Map(files.map(({ name, text }) => [`/${name}`, text]));
  const server = createServer(({ url = "/" }, response) => {
    const text = texts.get(url);
    if (text !== undefined) response.writeHead(200, { "content-type": "text/javascript" }).end(text);
    else if (url === "/") response.writeHead(200, { "content-type": "text/html" }).end(HTML);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(origin);
  await page.waitForFunction(() => "program" in globalThis);
  return {
    page,
    origin,
    call: (name, ...given) =>
      page.evaluate(
        ([called, values]) => {
          const { program } = globalThis as unknown as {
            readonly program: Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;
          };
          return program[called]?.(...values);
        },
        [name, given] as const,
      ),
    async [Symbol.asyncDispose]() {
      await context.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
