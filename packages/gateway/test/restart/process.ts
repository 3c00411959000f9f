import { createRouter } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";

import { createGateway } from "../../src/index.ts";
import { serveGateway } from "../../src/node/index.ts";

// A gateway in a process of its own. Its answers take a second.
const words = Array.from({ length: 20 }, (_, index) => [`word${index} `, { waitMs: 50 }]).flat();
const router = createRouter({ plugins: [scriptedProvider({ script: words })] });
// It is reached by the balancer's port, which is not its own.
const gateway = createGateway({ router, hosts: [`127.0.0.1:${process.argv[2]}`] });
const { port } = await serveGateway(gateway, { port: 0, drainDelayMs: 200, drainMs: 10_000 });
process.send?.(port);
