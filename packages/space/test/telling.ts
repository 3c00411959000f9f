import type { ProviderPart } from "@qwen/core";

import { FollowedAnswer } from "../../core/src/gradio/followed-output.ts";
import { SpaceReader } from "../src/answer-reader.ts";
import { words } from "./hearing.ts";

export const fileUrl = (path: string): URL => new URL(`http://space.test/file=${path}`);

/** What is told of the values that a chat has one after the other, the last of them at the end. */
export function told({ before, asked, values, edits: own }: Chat): { readonly text: string; readonly thought: string } {
  const read = new FollowedAnswer(
    new SpaceReader({ output: 0, isChat: true, before, standing: before, asked, fileUrl }),
  );
  const parts = values.flatMap((value, index): readonly ProviderPart[] => {
    const edits = index === 0 ? [value] : [own?.[index] ?? [["replace", [], value]]];
    return [...read.generating(edits), ...(index === values.length - 1 ? read.completed([value]) : [])];
  });
  return words(parts);
}

export interface Chat {
  readonly before: readonly unknown[];
  readonly asked: string;
  readonly values: readonly unknown[];
  /** By what a value comes from the one before, where that is more than to be put in its place. */
  readonly edits?: Readonly<Record<number, unknown>>;
}

export const user = (content: string) => ({ role: "user", content });
export const says = (content: string, title?: string) => ({ role: "assistant", content, metadata: { title } });
/** A change of a chat's label alone. */
export const LABEL = { __type__: "update", label: "Done" };
