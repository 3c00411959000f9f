import { describe, expect, test } from "vitest";

import { FollowedAnswer } from "../../core/src/gradio/followed-output.ts";
import { SpaceReader } from "../src/answer-reader.ts";
import { words } from "./hearing.ts";
import { fileUrl, LABEL, says, told, user } from "./telling.ts";

describe("a thought that says something else is told anew, from there on, when", () => {
  test.each<readonly [string, readonly (readonly string[])[], string]>([
    ["words stand behind it", [["Thinking…"], ["So"], ["So it is"]], "Thinking…\n\nSo it is"],
    [
      "another one stands behind it, which is told as it grows",
      [["Calling search…"], ["3 results"], ["3 results", "Reading"], ["3 results", "Reading page 1"]],
      "Calling search…\n\n3 results\n\nReading page 1",
    ],
    [
      "only the last one changed",
      [
        ["Plan", "Step 1…"],
        ["Plan", "Step 1 done"],
        ["Plan", "Step 1 done", "Step 2"],
      ],
      "Plan\n\nStep 1…\n\nStep 1 done\n\nStep 2",
    ],
  ])("%s", (_, thoughts, thought) => {
    const values = thoughts.map((some) => [user("Hi"), ...some.map((one) => says(one, "Step"))]);
    const end = [...(values.at(-1) ?? []), says("Answer")];
    expect(told({ before: [], asked: "Hi", values: [...values, end] })).toEqual({ thought, text: "Answer" });
  });

  test.each<readonly [string, unknown]>([
    ["comes whole", [user("Hi"), says("So it is", "Step")]],
    ["is left out", LABEL],
  ])("nothing more comes, and the last value %s", (_, last) => {
    const values = ["Thinking…", "So", "So it is"].map((thought) => [user("Hi"), says(thought, "Step")]);
    const read = new FollowedAnswer(new SpaceReader({ output: 0, isChat: true, before: [], asked: "Hi", fileUrl }));
    const parts = values.flatMap((value, index) => read.generating([index === 0 ? value : [["replace", [], value]]]));
    expect(words([...parts, ...read.completed([last])]).thought).toBe("Thinking…\n\nSo it is");
  });

  test("a status above the steps is counted, once they are done", () => {
    const steps = ["Search", "Read", "Write", "Check"];
    const values = steps.flatMap((_, at) => {
      const done = steps.slice(0, at);
      const some = [`${at + 1} of 4`, ...done].map((one) => says(one, "Step"));
      return [
        [user("Hi"), ...some],
        [user("Hi"), ...some, says(steps[at] ?? "", "Step")],
      ];
    });
    const end = [...(values.at(-1) ?? []), says("Answer")];
    expect(told({ before: [], asked: "Hi", values: [...values, end] })).toEqual({
      thought: "1 of 4\n\nSearch\n\n4 of 4\n\nSearch\n\nRead\n\nWrite\n\nCheck",
      text: "Answer",
    });
  });

  test("it is counted beside the words, once at the end", () => {
    const values = ["1 s", "2 s", "3 s", "4 s"].map((time, at) => [
      user("Hi"),
      says(`Thought for ${time}`, "Clock"),
      ...(at === 0 ? [] : [says("a".repeat(at))]),
    ]);
    expect(told({ before: [], asked: "Hi", values }).thought).toBe(
      "Thought for 1 s\n\nThought for 2 s\n\nThought for 4 s",
    );
  });
});
