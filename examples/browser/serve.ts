// Serves the page, bundled for a browser, and starts a Space for it unless one is named.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { localSpace } from "../local-space.ts";

const here = new URL(".", import.meta.url);
const { outputFiles } = await build({
  entryPoints: [new URL("page.ts", here).pathname],
  bundle: true,
  minify: true,
  splitting: true,
  write: false,
  format: "esm",
  platform: "browser",
  // For packages that are installed from npm this line is not needed: `browser` is what a bundler sets by itself.
  conditions: ["@qwen/source", "browser"],
  outdir: "/",
});
const html = await readFile(new URL("index.html", here));
const files = new Map(outputFiles.map(({ path, contents }) => [path, contents]));

const answer = "Sunlight is scattered by the air on its way to you, and blue light most of all.";
const space = process.argv[2] ?? (await localSpace("chat", { steps: answer.split(/(?<= )/), delayMs: 40 })).url;

const server = createServer(({ url = "/" }, response) => {
  const { pathname } = new URL(url, "http://localhost");
  const script = files.get(pathname);
  if (script !== undefined) response.writeHead(200, { "content-type": "text/javascript" }).end(script);
  else if (pathname === "/") response.writeHead(200, { "content-type": "text/html" }).end(html);
  else response.writeHead(404).end();
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`http://127.0.0.1:${port}/?space=${encodeURIComponent(space)}`);
});
