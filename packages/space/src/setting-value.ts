import type { Settings } from "@qwen/core";
import { warnOfSettings, type AnsweringSession } from "@qwen/core/gradio";

import type { Plan } from "./plan.ts";

/** Puts the settings of a request into the inputs for them, and warns of what had to be changed or has none. */
export function writeSettings(
  settings: Settings | undefined,
  {
    plan,
    values,
    warn,
  }: { readonly plan: Plan; readonly values: Map<unknown, unknown>; readonly warn: AnsweringSession["warn"] },
): void {
  const honoured = [...plan.settings.keys()];
  const told = honoured.concat(...plan.offScale);
  for (const warning of warnOfSettings(settings, told)) warn(warning);
  for (const name of plan.offScale) {
    if (settings?.[name] === undefined) continue;
    warn({ feature: name, message: `The Space's input for "${name}" is of another scale, and keeps its value.` });
  }
  for (const [name, input] of plan.settings) {
    const asked = settings?.[name];
    if (asked === undefined) continue;
    const { minimum = -Infinity, maximum = Infinity, isWhole } = input;
    const held = Math.min(maximum, Math.max(minimum, asked));
    const sent = isWhole ? Math.round(held) : held;
    const limit = held === asked ? "in whole numbers" : "up to a limit";
    if (sent !== asked)
      warn({ feature: name, message: `The Space takes "${name}" ${limit}: ${sent} was sent instead of ${asked}.` });
    values.set(input.id, sent);
    if (name === "seed" && plan.seedSwitch !== undefined) values.set(plan.seedSwitch.id, false);
  }
}
