import type { FallbackCost } from "../measure/ai-sdk.ts";
import { CORE_AND_MAX } from "../measure/imports.ts";
import { least, type Row } from "../measure/samples.ts";
import type { ClientName } from "../task.ts";
import { floorOf, ratioOf, type Summary, valueOf } from "./summary.ts";

/** Something the packages are to reach. */
export interface Bar {
  readonly label: string;
  readonly value: number | undefined;
  readonly limit: number;
  readonly met: boolean | undefined;
}

/** Holds a run against what the packages are to reach, by way of the router: as they are meant to be used. */
export function barsOf({ rows, imports, sizes, router }: Summary): readonly Bar[] {
  const row = (id: string): Row | undefined => rows.find((candidate) => candidate.id === id);
  const value = (id: string): number | undefined => {
    const found = row(id);
    return found === undefined ? undefined : valueOf(found, "router");
  };
  /** A client against another one, or against the better floor. */
  const ratio = (id: string, against: ClientName | "floor", client: ClientName = "router"): number | undefined => {
    const found = row(id);
    if (found === undefined) return undefined;
    const other = against === "floor" ? floorOf(found) : against;
    return other === undefined ? undefined : ratioOf(found, client, other);
  };
  const few = value("cpu-1000");
  const many = value("cpu-50000");
  const onTop = imports.find(({ label }) => label === CORE_AND_MAX)?.leastMs;
  const packed = sizes.flatMap(({ packedKb, plugin }) => (plugin && packedKb !== undefined ? [packedKb] : []));

  return [
    bar("cold, RTT 50: to the floor", ratio("cold-50", "floor"), 1.05),
    bar("cold: requests", value("cold-requests"), 2),
    bar("cold: connections", value("cold-connections"), 1),
    bar("cold, RTT 0: to the node:http floor", ratio("cold-0", "floor-http"), 1.5),
    bar("cold, RTT 0: to @gradio/client", ratio("cold-0", "gradio-js"), 1.05),
    bar("warm, RTT 20: to the floor", ratio("warm-20-p50", "floor"), 1.03),
    bar("warm, RTT 20, early stream: to the floor", ratio("warm-20-p50", "floor", "early"), 0.6),
    bar("warm, RTT 0: to the floor", ratio("warm-0-p50", "floor"), 2),
    bar("CPU a delta, 1,000: to the floor", ratio("cpu-1000", "floor"), 1.25),
    bar("CPU a delta, 10,000: to the floor", ratio("cpu-10000", "floor"), 1.25),
    bar("CPU a delta, 50,000: to the floor", ratio("cpu-50000", "floor"), 1.25),
    bar("CPU a delta: 50,000 to 1,000", few === undefined || many === undefined ? undefined : many / few, 1.1),
    bar("100 streams: CPU, to the floor", ratio("streams-100-cpu", "floor"), 1.4),
    bar("1,000 streams: CPU, to the floor", ratio("streams-1000-cpu", "floor"), 1.4),
    bar("1,000 streams: CPU, to @gradio/client", ratio("streams-1000-cpu", "gradio-js"), 1.05),
    bar("1,000 streams: memory, to the floor", ratio("streams-1000-memory", "floor"), 1.4),
    bar("1,000 streams: memory, to @gradio/client", ratio("streams-1000-memory", "gradio-js"), 0.75),
    bar("1,000 streams: time, to the floor", ratio("streams-1000-wall", "floor"), 1.08),
    bar("1,000 streams: first text, to the floor", ratio("streams-1000-first", "floor"), 1.65),
    bar("1,000 streams: first text, to @gradio/client", ratio("streams-1000-first", "gradio-js"), 0.9),
    bar("1,000 streams: errors", value("streams-1000-errors"), 0),
    bar("memory that a call holds, KB", value("alive"), 18),
    bar("bytes a delta of a cold call", value("bytes"), 400),
    bar("router: µs a call", router === undefined ? undefined : least(router.perCall), 10),
    bar("router: µs a part", router === undefined ? undefined : least(router.perPart), 0.3),
    bar("import of core and max after the HTTP stack, ms", onTop, 8),
    bar("the largest plugin, packed, KB", packed.length === 0 ? undefined : Math.max(...packed), 6),
  ];
}

/** The same for an OpenAI-compatible endpoint. */
export function chatBarsOf({ chat }: Pick<Summary, "chat">): readonly Bar[] {
  const value = (id: string, client: ClientName): number | undefined => {
    const found = chat.find((candidate) => candidate.id === id);
    return found === undefined ? undefined : valueOf(found, client);
  };
  const own = (id: string): number | undefined => value(id, "chat-router");
  const ratio = (id: string): number | undefined => quotient(own(id), value(id, "chat-floor"));
  return [
    bar("warm, RTT 20: to the floor", ratio("warm-20-p50"), 1.1),
    bar("CPU a chunk, 1,000: to the floor", ratio("cpu-1000"), 1.5),
    bar("CPU a chunk, 10,000: to the floor", ratio("cpu-10000"), 1.5),
    bar("CPU a chunk, 50,000: to the floor", ratio("cpu-50000"), 1.5),
    bar("CPU a chunk: 50,000 to 1,000", quotient(own("cpu-50000"), own("cpu-1000")), 1.1),
    bar("1,000 streams: CPU, to the floor", ratio("streams-1000-cpu"), 1.4),
    bar("1,000 streams: memory, to the floor", ratio("streams-1000-memory"), 1.4),
    bar("1,000 streams: time, to the floor", ratio("streams-1000-wall"), 1.08),
    bar("1,000 streams: first text, to the floor", ratio("streams-1000-first"), 1.65),
    bar("1,000 streams: errors", own("streams-1000-errors"), 0),
    bar("memory that a call holds, KB", own("alive"), 18),
  ];
}

/** The same for a fallback over models of the AI SDK. */
export function aiSdkBarsOf({
  cpuAPart: { doStream, streamText },
  firstPartMs,
  readAhead,
}: FallbackCost): readonly Bar[] {
  return [
    bar("`doStream`: CPU a part, to one `pipeThrough`", quotient(doStream["ours"], doStream["pipeThrough"]), 0.75),
    bar("`streamText`: CPU a part, to the bare model", quotient(streamText["ours"], streamText["bare"]), 1.1),
    bar("`streamText`: CPU a part, to one `pipeThrough`", quotient(streamText["ours"], streamText["pipeThrough"]), 1),
    bar("first part, over the bare model, ms", firstPartMs.ours - firstPartMs.bare, 0.1),
    bar("parts read ahead of a slow reader", readAhead["ours"], 1),
  ];
}

function quotient(value: number | undefined, other: number | undefined): number | undefined {
  return value === undefined || other === undefined ? undefined : value / other;
}

function bar(label: string, value: number | undefined, limit: number): Bar {
  return { label, value, limit, met: value === undefined ? undefined : value <= limit };
}
