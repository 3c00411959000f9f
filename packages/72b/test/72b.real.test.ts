import { testAnswers } from "../../../test/spaces/answers.ts";
import { testOnRealSpace } from "../../../test/spaces/contract.ts";
import { useRealSpace } from "../../../test/spaces/real-space.ts";
import { qwen72B } from "../src/index.ts";

const space = useRealSpace("72b");

testAnswers(space, {
  create: (url) => qwen72B({ space: url }),
  slots: "native",
  repeated: "haha haha",
  indented: "* one\n    * two\n  * three\nDone.",
});

testOnRealSpace(space, (url) => qwen72B({ space: url }));
