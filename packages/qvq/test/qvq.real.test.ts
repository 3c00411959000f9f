import { expect, test } from "vitest";

import { testAnswers } from "../../../test/spaces/answers.ts";
import { testOnRealSpace } from "../../../test/spaces/contract.ts";
import { useRealSpace } from "../../../test/spaces/real-space.ts";
import { asked, hear } from "../../../test/spaces/wire.ts";
import { qvq } from "../src/index.ts";
import { pictures } from "./pictures.ts";

const space = useRealSpace("qvq");

testAnswers(space, {
  create: (url) => qvq({ space: url }),
  slots: "prompt",
  repeated: "haha haha",
  indented: "* one\n    * two\n  * three\nDone.",
});

testOnRealSpace(space, (url) => qvq({ space: url }));

test.each(pictures)("the real app looks at a picture of $mime", async ({ bytes }) => {
  const provider = qvq({ space: space.url });
  const { text } = await hear(
    provider,
    asked([
      { type: "text", text: "script:system" },
      { type: "image", image: bytes },
    ]),
  );
  expect(JSON.parse(text)).toMatch(/4 pixels wide and 3 pixels high, mostly red \(100 %\)/);
  await provider.close?.();
});
