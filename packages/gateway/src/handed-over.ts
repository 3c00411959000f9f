import type { Call } from "./route.ts";

/**
 * What somebody else's function answers to a request, as a response that may be written on, and whose call is over once its body is.
 *
 * One that never answers is left with its caller. Rejects with a `TypeError` for what is no response, and for one whose body somebody has
 * read already: nothing would pass for an answer.
 */
export async function handedOver(work: () => Response | Promise<Response>, call: Call): Promise<Response> {
  const answer = (async () => work())();
  const left = Promise.withResolvers<never>();
  const { signal } = call;
  const leave = (): void => left.reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  try {
    return held(await Promise.race([answer, left.promise]), call);
  } catch (error) {
    // What comes later is nobody's.
    if (signal.aborted) answer.then((late) => late.body?.cancel()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

function held(response: Response, call: Call): Response {
  if (!(response instanceof Response)) throw new TypeError("It must answer with a Response.");
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  // Of another connection, as where it was fetched: this one has its own framing.
  for (const name of OF_A_CONNECTION) headers.delete(name);
  if (body === null) return new Response(null, { status, statusText, headers });
  if (response.bodyUsed) throw new TypeError("The body of its response has been read.");
  const reader = body.getReader();
  const release = call.hold();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            controller.enqueue(bytesOf(value));
            return;
          }
        } catch (error) {
          // The connection breaks, so that what came passes for no whole answer.
          release({ error });
          reader.cancel(error).catch(() => {});
          if (call.leave()) controller.close();
          else controller.error(error);
          return;
        }
        release();
        controller.close();
      },
      async cancel(reason) {
        release("cancelled");
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { status, statusText, headers });
}

const OF_A_CONNECTION = ["connection", "keep-alive", "transfer-encoding", "upgrade", "trailer", "content-length"];

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("The body of a response must be bytes.");
}
