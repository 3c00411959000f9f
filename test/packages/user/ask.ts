import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";

const [, , max] = process.argv;
const router = createRouter({ plugins: [qwenMax({ space: max })] });
const messages = [{ role: "user", content: "Hi" }] as const;
const { text, provider } = await router.complete({ model: "qwen-2.5-max", messages });
console.log(`${provider}: ${text}`);
