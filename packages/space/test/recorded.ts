import { readFileSync } from "node:fs";

/** What a real server of Gradio said of an app: its `/config`, without styles, layout and schemas, which nobody here reads. */
export function recorded(version: string, app: "interface" | "multimodal" | "steps" | "text"): Config {
  return JSON.parse(readFileSync(new URL(`configs/${version}-${app}.json`, import.meta.url), "utf8")) as Config;
}

/** The versions that were recorded. */
export const RECORDED = ["4.26", "4.36", "5.0", "5.9", "6.0"] as const;

/** A `/config`, as far as tests change it. */
export interface Config {
  version: string;
  components: { id: number; type: string; props: Record<string, unknown> }[];
  dependencies: { id?: number; inputs: number[]; outputs: number[]; [name: string]: unknown }[];
}
