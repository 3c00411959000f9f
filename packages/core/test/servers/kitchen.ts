import { completed, configOf, oneJob, says, startTestSpace, type Exchange, type TestSpace } from "./test-space.ts";

/** The config of an app that takes orders: a slider, a dropdown, a check box and what only the server knows. */
export const KITCHEN = configOf({
  version: "6.31.0",
  components: [
    {
      id: 1,
      type: "slider",
      props: { label: "Amount", value: 2, minimum: 1, maximum: 9, step: 1 },
      api_info: { type: "number" },
    },
    { id: 2, type: "dropdown", props: { label: "Dish\u001B[31m", choices: [["Soup", "soup"], "pie"] } },
    { id: 3, type: "state", props: {}, skip_api: true },
    { id: 4, type: "checkbox", props: { label: "__i18n__{spicy}", value: false } },
    { id: 5, type: "textbox", props: { label: "Answer" }, api_info_as_output: { type: "string" } },
  ],
  dependencies: [
    {
      id: 0,
      api_name: "order",
      queue: true,
      inputs: [1, 2, 3, 4],
      outputs: [5, 3],
      types: { generator: true },
      api_visibility: "public",
    },
    { id: 1, api_name: "hidden", queue: true, inputs: [1], outputs: [5], api_visibility: "undocumented" },
    { id: 2, api_name: false, queue: false, inputs: [], outputs: [] },
    { id: 3, api_name: "script", backend_fn: false, inputs: [], outputs: [] },
  ],
});

const parameter = (name: string, hasDefault: boolean, value: unknown = null) => ({
  parameter_name: name,
  parameter_has_default: hasDefault,
  parameter_default: value,
  type: { type: "string" },
});

/** What its `/info` says. */
export const KITCHEN_INFO = {
  named_endpoints: {
    "/order": {
      description: "Takes an order.",
      parameters: [parameter("amount", true, 2), parameter("dish", false), parameter("constructor", true, false)],
    },
    "/hidden": { parameters: [parameter("amount", true, 2)] },
  },
  unnamed_endpoints: {},
};

/** Starts it. Whatever is ordered is done. */
export function startKitchen(
  own: Parameters<typeof startTestSpace>[0] = {},
  info: unknown = KITCHEN_INFO,
): Promise<TestSpace> {
  return startTestSpace({
    ...oneJob,
    config: ({ reply }) => reply(200, KITCHEN),
    other: ({ url, reply }: Exchange) =>
      url.pathname === "/gradio_api/info" ? reply(200, info) : reply(404, { detail: "Not Found" }),
    data: says(completed(["done", null])),
    ...own,
  });
}

/** What was sent for the jobs so far. */
export function ordersOf(space: TestSpace): readonly unknown[] {
  return space.requests
    .filter(({ route }) => route === "join" || route === "call")
    .map(({ json }) => (json as { readonly data: unknown }).data);
}
