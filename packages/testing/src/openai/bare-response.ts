import type { Fields } from "./dialect.ts";

/** An event of a response as llama.cpp has it: without numbers and places, and with what it knows of the response. */
export function bareEvent(event: Fields): Fields {
  const { type, response, part, item_id: itemId, item, delta, text } = event;
  const isOver = type === "response.completed" || type === "response.incomplete";
  const { id, object, status } = (response ?? {}) as Fields;
  const kept = {
    type,
    item_id: itemId,
    item,
    delta,
    text,
    part: type === "response.content_part.added" ? partAtFirst(part as Fields) : part,
    response: response === undefined ? undefined : isOver ? bareResource(response as Fields) : { id, object, status },
  };
  const set = Object.entries(kept).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(set), ...(isOver && { type: "response.completed", timings: {} }) };
}

/** A response as llama.cpp has it. It takes one that was cut by its limit for complete. */
export function bareResource({ id, object, created_at: createdAt, model, output, usage }: Fields): Fields {
  const { output_tokens_details: _details, ...counts } = (usage ?? {}) as Fields;
  return { id, object, created_at: createdAt, status: "completed", model, output, usage: counts };
}

function partAtFirst({ type, text }: Fields): Fields {
  return { type, text };
}
