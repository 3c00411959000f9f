export { createGateway, type Gateway } from "./gateway.ts";
export type { GatewayOptions } from "./gateway-options.ts";
export type { CommitName, Policy, PolicyCaps, PolicyOptions } from "./policy.ts";
export type { UrlReach } from "./attachments.ts";
export type { Router } from "@qwen/core";
