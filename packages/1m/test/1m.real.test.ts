import { testAnswers } from "../../../test/spaces/answers.ts";
import { testOnRealSpace } from "../../../test/spaces/contract.ts";
import { useRealSpace } from "../../../test/spaces/real-space.ts";
import { qwen1M } from "../src/index.ts";

const space = useRealSpace("1m");

testAnswers(space, {
  create: (url) => qwen1M({ space: url }),
  slots: "prompt",
  repeated: "haha haha\n\n\n",
  indented: "* one\n    * two\n  * three\nDone.",
  longSteps: 20,
});

testOnRealSpace(space, (url) => qwen1M({ space: url }));
