import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { qvq } from "@qwen/qvq";

const [, , max, picture] = process.argv;
const router = createRouter({ plugins: [qwenMax({ space: max }), qvq({ space: picture })] });
const messages = [{ role: "user", content: "Hi" }] as const;
const { text, provider } = await router.complete({ model: "qwen-2.5-max", messages });
console.log(`${provider}: ${text}`);
