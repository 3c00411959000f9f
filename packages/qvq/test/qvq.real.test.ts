import { testAnswers } from "../../../test/spaces/answers.ts";
import { testOnRealSpace } from "../../../test/spaces/contract.ts";
import { useRealSpace } from "../../../test/spaces/real-space.ts";
import { qvq } from "../src/index.ts";

const space = useRealSpace("qvq");

testAnswers(space, {
  create: (url) => qvq({ space: url }),
  slots: "prompt",
  repeated: "haha haha",
  indented: "* one\n    * two\n  * three\nDone.",
});

testOnRealSpace(space, (url) => qvq({ space: url }));
