export type { Router } from "@qwen/core";
