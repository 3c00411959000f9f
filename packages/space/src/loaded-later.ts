import { Later } from "@qwen/core/gradio";

/** What it takes to find the chat of a Space and to ask it: loaded once its config is there. */
export const asking = /* @__PURE__ */ new Later(() => import("./asking.ts"));
