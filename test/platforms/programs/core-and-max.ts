export { createRouter } from "@qwen/core";
export { qwenMax } from "@qwen/max";
