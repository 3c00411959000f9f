export { createRouter } from "@qwen/core";
export { space } from "@qwen/space";
