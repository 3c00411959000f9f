import type { Router, RouterName } from "@qwen/core";

/** What a request may ask for by that name, `provider/model` included; `undefined` for what is nothing or has two meanings. */
export function nameIn(router: Router, name: string): RouterName | undefined {
  if (!router.has(name)) return undefined;
  const names = router.find({});
  const known = names.find((one) => one.name === name);
  if (known !== undefined) return known;
  const candidates = names.flatMap((one) => one.candidates);
  const candidate = candidates.find(({ provider, model }) => `${provider}/${model.id}` === name);
  return candidate === undefined ? undefined : { name, kind: "model", candidates: [candidate] };
}

/** Whether one of the candidates of a name can do that. */
export function can({ candidates }: RouterName, feature: "images" | "files" | "tools" | "json"): boolean {
  return candidates.some(({ model }) => model.capabilities?.[feature] === true);
}
