export { getRequestListener } from "@hono/node-server";
