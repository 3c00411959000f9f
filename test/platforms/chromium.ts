import { createReadStream, createWriteStream } from "node:fs";
import { access, chmod, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";

const packed = fileURLToPath(new URL("../bin/chromium.br", import.meta.resolve("@sparticuz/chromium")));
const folder = fileURLToPath(new URL("../../.cache/chromium", import.meta.url));
const version = "153.0.0";

/** The path of a Chromium without a window, out of its npm package. It is unpacked once, into `.cache`, by whoever is first. */
async function executable(): Promise<string> {
  const path = join(folder, version, "chromium");
  if (await exists(path)) return path;
  await mkdir(join(folder, version), { recursive: true });
  // Under a name of its own: another process may do the same.
  const fresh = `${path}-${process.pid}-${Date.now()}`;
  await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(fresh));
  await chmod(fresh, 0o755);
  await rename(fresh, path);
  return path;
}

/** A name by which its pages reach this machine as if it were somewhere else, by plain http. */
export const ELSEWHERE = "space.test";

/** The same, as if it were a Space of Hugging Face. */
export const HUGGING_FACE = "owner-name.hf.space";

/** Starts a Chromium as users have it: with its checks of origins, and nothing switched off that a page would notice. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await executable(),
    headless: true,
    // Its sandbox needs what a container may not have, and is not for root.
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      `--host-resolver-rules=MAP ${ELSEWHERE} 127.0.0.1, MAP ${HUGGING_FACE} 127.0.0.1`,
    ],
  });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
