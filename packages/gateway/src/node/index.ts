export { addKey, keyFile, revokeKey } from "./key-file.ts";
export { sqliteStore } from "./sqlite-store.ts";
export { serveGateway, type ServedGateway, type ServeOptions } from "./serve.ts";
export type { CreatedKey, KeyOptions, KeyRecord, KeyStore } from "../keys.ts";
export type { ResponseStore, StoreOptions } from "../store.ts";
export type { CloseOptions } from "../lifecycle.ts";
export type { Gateway } from "../gateway.ts";
