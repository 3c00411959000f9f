import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");
const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));

/** What each example prints, from its beginning to its end. */
const outputs: Record<string, RegExp> = {
  "stream.ts":
    /^(waiting at place 0\n)*Sunlight is scattered by the air, and blue light most of all\.\nmax\/qwen-qwen2-5-max said 61 characters\n$/,
  "fallback.ts":
    /^first-output:\n {2}1\. max is asked\n {2}max was lost \(stream_interrupted\) after: Red, yellow \nbuffered:\n {2}1\. max is asked\n {2}2\. max is asked\n {2}3\. 72b is asked\n {2}72b said: Blue, yellow and red\.\n$/,
  "continue.ts":
    /^Red, yellow and blue\.\nfirst began, and fell silent\n\nmirror went on behind 12 characters by replay\n$/,
  "observe.ts":
    /^(order-7: attempt failed at max \(stream_interrupted\)\n){2}order-7: answered by 72b, attempts: 3\nBlue, yellow and red\.\nmax: closed, 0 under way\n72b: closed, 0 under way\n$/,
  "cancel.ts": /^aborted\nstopped, stopped\n$/,
  "conversation.ts": /^Hello Ada\.\nYou said: \[\["My name is Ada\.","Hello Ada\."\]\]\n$/,
  "any-endpoint.ts":
    /^\/chat\(message\)\n {2}message: string, required \(Message, textbox\)\n {2}→ Response: any, more than once\nNo\.\nYou said no\.\n$/,
  "vision.ts": /^A meadow, in picture\.png\.\n$/,
  "any-space.ts":
    /^I was found by my page alone\.\n\/model_chat: it takes a text and the chat, and answers in the chat\n {2}Input: message\n {2}Qwen2-72B: history\n {2}system: system\n$/,
  "tools.ts": /^1\. Let me see\.\n {3}weather\(\{"city":"Rome"\}\)\n2\. It says: \{"degrees":21\}\n$/,
  "custom-provider.ts": /^shout-1: HI THERE\n$/,
  "dashscope.ts":
    /^\(17 × 17 is 289\.\) It has 17 as a square\.\n {2}by dashscope, in 3 tokens\nIt has 17 as a square\.\n {2}by dashscope, in 2 tokens\n$/,
  "local-model.ts": /^qwen3-8b \nRome: 2800000 people, said in \d+ tokens\n$/,
  "space-then-endpoint.ts":
    /^Red, yellow and blue\.\n {2}the Space is lost: max, then llama-cpp \(prefill\)\nRed, yellow and blue\.\n {2}the Space is back: max\n$/,
  "ai-sdk.ts":
    /^Blue, yellow and red\.\n {2}qwen-qwen2-72b-instruct\nBlue, yellow and red\.\n( {2}max: \w+\n)+ {2}72b: answered\n$/,
  "ai-sdk-fallback.ts":
    /^first-output:\n {2}AI_APICallError: .*\n {2}Red, yellow {2}\(interrupted\)\n {2}\[\{"provider":"space",[^{}]*"code":"stream_interrupted","ms":\d+\}\]\nbuffered:\n {2}Blue, yellow and red\. \(stop\)\n {2}\[\{"provider":"space",[^{}]*\},\{"provider":"paid","model":"qwen-plus","ms":\d+\}\]\n$/,
  "structured.ts":
    /^1\. The answer is not what was asked for: `minutes`: .+\n2\. fits\nTomato soup, 25 minutes: Chop, Cook\n$/,
};

/** What stands in for the servers that examples ask. */
const standIns = ["local-space.ts", "emulated-endpoint.ts"];

describe.each(files.filter((file) => !standIns.includes(file)))("examples/%s", (file) => {
  const code = readFileSync(join(folder, file), "utf8");

  test("runs to its end and prints what it says", async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      "--conditions=@qwen/source",
      join(folder, file),
    ]);
    expect(stdout).toMatch(outputs[file] ?? /^$/);
    expect(stderr).toBe("");
  });

  test("has one idea, under 40 lines, and stands in the README", () => {
    expect(code).toMatch(/^\/\/ .+\.\n/);
    expect(code.trimEnd().split("\n").length).toBeLessThan(40);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toContain(`[${file}](${file})`);
  });
});
