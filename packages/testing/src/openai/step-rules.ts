/** What a step must be, for a message to its caller. */
export const A_STEP =
  "a string, { reasoning }, { toolCall }, { toolCalls }, { refusal }, { waitMs }, { comment }, { delta }, { data } or { error }";

/** What a field must be, and whether it is. */
type FieldRule = readonly [expected: string, fits: (value: unknown) => boolean];

const isText = (value: unknown): boolean => typeof value === "string";
const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const A_TEXT: FieldRule = ["a string", isText];
const A_WAIT: FieldRule = ["a number of ms from 0", (value) => typeof value === "number" && value >= 0];
const AN_OBJECT: FieldRule = ["an object", isObject];
const SAYS = ["first", "last", "each", "none"];

const CALL: Readonly<Record<string, FieldRule>> = {
  toolCall: A_TEXT,
  arguments: [
    "a string, a list of them or an object",
    (value) => isText(value) || isObject(value) || (Array.isArray(value) && value.every(isText)),
  ],
  id: A_TEXT,
  says: [`one of ${SAYS.join(", ")}`, (value) => SAYS.some((one) => one === value)],
  index: ["a number or null", (value) => value === null || (typeof value === "number" && Number.isFinite(value))],
};

const ERROR: Readonly<Record<string, FieldRule>> = {
  message: A_TEXT,
  type: A_TEXT,
  code: ["a string, a number or null", (value) => value === null || isText(value) || typeof value === "number"],
  param: ["a string or null", (value) => value === null || isText(value)],
  more: AN_OBJECT,
  status: [
    "a status from 200 to 599",
    (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
  ],
};

/** Each kind of step by the field that tells it, with its fields. */
const STEPS: Readonly<Record<string, Readonly<Record<string, FieldRule>>>> = {
  reasoning: { reasoning: A_TEXT },
  toolCall: CALL,
  toolCalls: { toolCalls: ["a list of calls, one at least", (value) => Array.isArray(value) && value.length > 0] },
  refusal: { refusal: A_TEXT },
  waitMs: { waitMs: A_WAIT },
  comment: { comment: A_TEXT },
  delta: { delta: AN_OBJECT },
  data: { data: A_TEXT },
  error: { error: ["a string or { message, … }", (value) => isText(value) || isObject(value)] },
};

/** What is wrong with a step, by its field; `undefined` where nothing is. */
export function stepProblem(value: unknown): string | undefined {
  if (typeof value === "string") return undefined;
  if (!isObject(value)) return "it is none of these";
  const kind = Object.keys(STEPS).find((name) => Object.hasOwn(value, name));
  if (kind === undefined) return `it has ${Object.keys(value).map(quoted).join(", ") || "no field"}`;
  return fieldProblem(value, STEPS[kind] ?? {}, kind) ?? innerProblem(value);
}

/** What is wrong inside of one: calls at once, or what an error says. */
function innerProblem({
  toolCalls = [],
  error,
}: {
  readonly toolCalls?: readonly unknown[];
  readonly error?: unknown;
}) {
  if (isObject(error)) return fieldProblem(error, ERROR, "message");
  for (const call of toolCalls) {
    const problem = isObject(call) ? fieldProblem(call, CALL, "toolCall") : "it is no call";
    if (problem !== undefined) return `of its \`toolCalls\`, ${problem}`;
  }
  return undefined;
}

function fieldProblem(given: object, rules: Readonly<Record<string, FieldRule>>, needed: string): string | undefined {
  for (const [name, value] of Object.entries({ [needed]: undefined, ...given })) {
    if (value === undefined && name !== needed) continue;
    if (!Object.hasOwn(rules, name)) return `it has ${quoted(name)} beside \`${needed}\``;
    const [expected, fits] = rules[name] as FieldRule;
    if (!fits(value)) return `\`${name}\` must be ${expected}`;
  }
  return undefined;
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
