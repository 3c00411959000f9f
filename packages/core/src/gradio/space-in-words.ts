import { printable } from "../printable.ts";
import type { AbortSource } from "../stop.ts";
import type { SpaceClient } from "./client.ts";
import { isRecord } from "./json.ts";
import { FRESH_MS, knownEndpoints } from "./known-endpoints.ts";
import { valueInWords } from "./named-arguments.ts";
import type { EndpointParameter, EndpointReturn, SpaceEndpoint } from "./space-endpoint.ts";

/** Longest label, description and value that is shown, in characters. */
const LONGEST_LABEL = 60;
const LONGEST_DESCRIPTION = 300;
/** How many choices are shown. */
const MOST_CHOICES = 8;
/** How deep a schema is looked into. */
const DEEPEST = 3;

/** What a Space offers to programs, for a person to read: what its page "Use via API" says. */
export async function describeInWords(client: SpaceClient, signal: AbortSource): Promise<string> {
  const endpoints = (await knownEndpoints(client, { signal, maxAgeMs: FRESH_MS })).map(({ endpoint }) => endpoint);
  const shown = endpoints.filter(({ visibility }) => visibility === "public");
  const { version } = client.config.known ?? {};
  const hidden = endpoints.length - shown.length;
  const rest = hidden === 0 ? "" : `, and ${hidden} that it does not document`;
  const count = shown.length === 1 ? "1 endpoint" : `${shown.length} endpoints`;
  const title = `${client.url.href} (Gradio ${printable(version ?? "of an unknown version", LONGEST_LABEL)}) has ${count}${rest}.`;
  return [title, ...shown.map(endpointInWords)].join("\n\n");
}

function endpointInWords({ name, fnIndex, description, parameters, returns, generator }: SpaceEndpoint): string {
  const called = name === undefined ? `${fnIndex}` : printable(name, LONGEST_LABEL);
  const about = description === undefined ? "" : `: ${printable(description, LONGEST_DESCRIPTION)}`;
  const given = returns.filter(({ component }) => component !== "state").map(returnInWords);
  return [
    `${called}(${parameters.map(({ name: one }) => printable(one, LONGEST_LABEL)).join(", ")})${about}`,
    ...parameters.map((one) => `  ${parameterLine(one)}`),
    `  → ${given.join(", ") || "nothing"}${generator ? ", more than once" : ""}`,
  ].join("\n");
}

function parameterLine({ name, label, component, schema, required, ...more }: EndpointParameter): string {
  const fallback = required ? ", required" : ` = ${valueInWords(more.default)}`;
  const { choices, range } = more;
  const details = [
    ...(label === undefined ? [] : [printable(label, LONGEST_LABEL)]),
    ...(component === "" ? [] : [printable(component, LONGEST_LABEL)]),
    ...(choices === undefined ? [] : [`one of ${listInWords(choices)}`]),
    ...(range === undefined ? [] : [`from ${range.minimum ?? "any"} to ${range.maximum ?? "any"}`]),
  ];
  return `${printable(name, LONGEST_LABEL)}: ${typeInWords(schema)}${fallback} (${details.join(", ")})`;
}

function returnInWords({ label, component, schema }: EndpointReturn): string {
  return `${printable(label ?? component, LONGEST_LABEL)}: ${typeInWords(schema)}`;
}

function listInWords(values: readonly unknown[]): string {
  const more = values.length > MOST_CHOICES ? ` and ${values.length - MOST_CHOICES} more` : "";
  return values.slice(0, MOST_CHOICES).map(valueInWords).join(" | ") + more;
}

function typeInWords(schema: unknown, depth = 0): string {
  if (!isRecord(schema) || depth > DEEPEST) return "any";
  const { type, items, anyOf, oneOf, $ref: reference, properties } = schema;
  if (typeof reference === "string") return /FileData$|ImageData$/.test(reference) ? "file" : "object";
  const either = [anyOf, oneOf].find((one) => Array.isArray(one));
  if (Array.isArray(either)) {
    const types = either.slice(0, MOST_CHOICES).map((one) => typeInWords(one, depth + 1));
    return [...new Set(types)].join(" | ");
  }
  if (type === "array") return `${typeInWords(items, depth + 1)}[]`;
  if (isRecord(properties) && Object.hasOwn(properties, "path") && Object.hasOwn(properties, "orig_name"))
    return "file";
  return typeof type === "string" ? printable(type, LONGEST_LABEL) : "any";
}
