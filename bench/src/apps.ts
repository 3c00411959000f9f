import { fileURLToPath } from "node:url";

import { type ServerProcess, startSpace, type StartSpaceOptions } from "@qwen/local-spaces";

import type { GradioVersion } from "./server/wire.ts";

/** A real Gradio app that the server of the bench is held to, and that the clients are measured on as well. */
export type RealApp = ServerProcess;

/** Starts the real app of a version: Qwen2.5-Max on 5.50, a chat of one text box on 6.31. */
export function startRealApp(
  version: GradioVersion,
  options: Pick<StartSpaceOptions, "onProgress"> = {},
): Promise<RealApp> {
  if (version === "5.50") return startSpace("max", options);
  const requirements = new URL("../../packages/core/test/apps/protocol/requirements-6.31.txt", import.meta.url);
  return startSpace(new URL("../app/", import.meta.url), { ...options, requirements: fileURLToPath(requirements) });
}

/** The inputs of the app's endpoint for a prompt. */
export function inputsOf(version: GradioVersion, prompt: string): readonly unknown[] {
  return version === "5.50" ? [prompt, [], "You are a helpful assistant."] : [prompt];
}

/** A document of an app as the server of the bench keeps it: without the address it was asked at. */
export async function readDocument(url: string, name: "config" | "info"): Promise<string> {
  const response = await fetch(`${url}${name === "config" ? "" : "/gradio_api"}/${name}`);
  const text = await response.text();
  return text.replaceAll(url, "http://HOST");
}
