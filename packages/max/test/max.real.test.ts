import { testAnswers } from "../../../test/spaces/answers.ts";
import { testOnRealSpace } from "../../../test/spaces/contract.ts";
import { useRealSpace } from "../../../test/spaces/real-space.ts";
import { qwenMax } from "../src/index.ts";

const space = useRealSpace("max");

testAnswers(space, {
  create: (url) => qwenMax({ space: url }),
  slots: "native",
  repeated: "haha haha\n\n\n",
  indented: "  * one\n    * two\n  * three\nDone.",
});

testOnRealSpace(space, (url) => qwenMax({ space: url }));
