import { randomBytes } from "node:crypto";

import type { Flavour } from "./flavour.ts";
import type { Component, Space, SpaceFunction } from "./space.ts";

/** A number as Gradio gives each start of an app. */
export function newAppId(): number {
  return randomBytes(6).readUIntBE(0, 6);
}

/** What `GET /config` answers. */
export function configOf(
  { title, mode, components }: Space,
  functions: readonly SpaceFunction[],
  {
    flavour,
    root,
    appId,
    username,
  }: { readonly flavour: Flavour; readonly root: string; readonly appId: number; readonly username: string | null },
): Record<string, unknown> {
  const { version, prefix } = flavour;
  const ids = components.map(({ id }) => ({ id }));
  return {
    version,
    ...(prefix === "" ? {} : { api_prefix: prefix }),
    mode,
    app_id: appId,
    dev_mode: false,
    analytics_enabled: false,
    components: components.map((component) => componentOf(component, flavour)),
    css: null,
    connect_heartbeat: components.some(({ type }) => type === "state"),
    js: null,
    head: null,
    title,
    space_id: null,
    enable_queue: true,
    show_error: false,
    ...(version === "6.31.0" ? {} : { show_api: true }),
    is_colab: false,
    max_file_size: null,
    stylesheets: [],
    theme: "default",
    protocol: "sse_v3",
    body_css: null,
    fill_height: false,
    fill_width: false,
    theme_hash: null,
    ...(prefix === ""
      ? {}
      : {
          pwa: false,
          pages: [["", "Home", true]],
          page: {
            "": {
              layout: { id: 0, children: ids },
              components: ids.map(({ id }) => id),
              dependencies: functions.map((_, index) => index),
            },
          },
          mcp_server: false,
          i18n_translations: null,
        }),
    layout: { id: 0, children: ids },
    dependencies: functions.map((fn, id) => dependencyOf(fn, id, version === "6.31.0")),
    root,
    username,
  };
}

/** What `GET /info` answers. */
export function infoOf(
  { components }: Space,
  functions: readonly SpaceFunction[],
  { version }: Flavour,
): Record<string, unknown> {
  const byId = new Map(components.map((component) => [component.id, component]));
  const shown = (ids: readonly number[]): Component[] =>
    ids.flatMap((id) => {
      const component = byId.get(id);
      return component?.schema === undefined ? [] : [component];
    });

  const endpoint = ({ inputs, outputs, parameters }: SpaceFunction) => ({
    parameters: shown(inputs).map((component) => ({
      ...described(component, "parameter"),
      parameter_name: parameters?.[inputs.indexOf(component.id)] ?? `param_${inputs.indexOf(component.id)}`,
      parameter_has_default: component.value !== undefined,
      parameter_default: component.value ?? null,
      example_input: component.type === "textbox" ? "Hello!!" : null,
    })),
    returns: shown(outputs).map((component) => described(component, "value")),
    ...(version === "6.31.0" ? { api_visibility: "public" } : { show_api: true }),
  });

  const documented = functions.filter((fn) => fn.documented !== false);
  return {
    named_endpoints: Object.fromEntries(documented.map((fn) => [`/${fn.apiName}`, endpoint(fn)])),
    unnamed_endpoints: {},
  };
}

function described({ id, type, label, schema }: Component, noun: string) {
  return {
    label: label ?? `${noun}_${id}`,
    type: schema,
    python_type: { type: type === "textbox" ? "str" : "Any", description: "" },
    component: `${type.charAt(0).toUpperCase()}${type.slice(1)}`,
  };
}

function componentOf({ id, type, label, value, schema, props }: Component, { prefix }: Flavour) {
  return {
    id,
    type,
    props: {
      ...(value === undefined ? {} : { value }),
      ...(label === undefined ? {} : { label }),
      visible: true,
      name: type,
      ...props,
    },
    skip_api: schema === undefined,
    component_class_id: type,
    key: null,
    ...(schema === undefined ? {} : { api_info: schema }),
    ...(schema === undefined || prefix === "" ? {} : { api_info_as_input: schema, api_info_as_output: schema }),
  };
}

function dependencyOf(
  { apiName, inputs, outputs, queue = true, generates = false, documented = true }: SpaceFunction,
  id: number,
  is6: boolean,
) {
  return {
    id,
    targets: [[0, "click"]],
    inputs,
    outputs,
    backend_fn: true,
    js: null,
    queue,
    api_name: apiName,
    scroll_to_output: false,
    show_progress: "full",
    batch: false,
    max_batch_size: 4,
    cancels: [],
    types: { generator: generates, cancel: false },
    collects_event_data: false,
    trigger_after: null,
    trigger_only_on_success: false,
    trigger_mode: "once",
    ...(is6 ? { api_visibility: documented ? "public" : "undocumented" } : { show_api: documented }),
    rendered_in: null,
    render_id: null,
    connection: "sse",
    time_limit: null,
    stream_every: 0.5,
  };
}
