import { QwenError } from "@qwen/core";
import type { Transport } from "@qwen/core/gradio";

import { createTransport } from "../../packages/core/src/http/undici-transport.ts";

/** What happens at a byte of an answer: it ends, is reset, nothing more comes, or something that is none of it does. */
export type Cut = "cut" | "reset" | "stall" | "garbage";

/** A transport over real sockets, whose first streams of events are cut at a byte each. */
export function cuttingTransport(cuts: readonly { readonly at: number; readonly how: Cut }[]): Transport {
  const inner = createTransport({ proxy: false });
  const left = [...cuts];

  return {
    async request(request) {
      const response = await inner.request(request);
      const next = request.url.pathname.endsWith("/data") ? left.shift() : undefined;
      if (next === undefined) return response;
      const { body } = response;
      return {
        ...response,
        body: {
          pipe(sink) {
            let seen = 0;
            let isOver = false;
            const over = (): void => {
              isOver = true;
              body.cancel();
            };
            body.pipe({
              chunk(bytes) {
                const room = next.at - seen;
                seen += bytes.length;
                if (isOver) return;
                if (room < 0 || bytes.length <= room) {
                  sink.chunk(bytes);
                  return;
                }
                if (room > 0) sink.chunk(bytes.subarray(0, room));
                switch (next.how) {
                  case "cut":
                    over();
                    sink.end();
                    break;
                  case "reset":
                    over();
                    sink.error(new QwenError("connection", "The connection was reset."));
                    break;
                  case "stall":
                    isOver = true;
                    break;
                  case "garbage":
                    sink.chunk(Uint8Array.of(0xff, 0x7b, 0x22, 0xf0, 0x9f, 0x0a, 0x0a));
                    sink.chunk(bytes.subarray(room));
                    break;
                }
              },
              end: () => isOver || sink.end(),
              error: (error) => isOver || sink.error(error),
            });
          },
          pause: () => body.pause(),
          resume: () => body.resume(),
          cancel: () => body.cancel(),
        },
      };
    },
    close: () => inner.close(),
  };
}
