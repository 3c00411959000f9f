import type { Router, RouterName } from "@qwen/core";
import { nameIn } from "./names.ts";
import { Refusal } from "./refusal.ts";
import type { Call, Handler } from "./route.ts";
import { listedModel, type ListedModel } from "./wire/models.ts";

/** What lists the models of a router. */
export interface ModelsRoute {
  /** `GET /v1/models` */
  readonly list: Handler;
  /** `GET /v1/models/:id` */
  readonly one: Handler;
}

/** Lists the names that a caller may ask for, with how they do now. */
export function modelsRoute(router: Router): ModelsRoute {
  const created = Math.floor(Date.now() / 1000);

  function asListed(name: RouterName): ListedModel {
    return listedModel(name, { health: router.health(), created });
  }

  /** Those with two meanings cannot be asked for. */
  function namesFor({ caller }: Call): readonly RouterName[] {
    return router.find({}).filter(({ name }) => caller.mayUse(name));
  }

  return {
    list: (_, call) => {
      const health = router.health();
      const data = namesFor(call).map((name) => listedModel(name, { health, created }));
      return Response.json({ object: "list", data });
    },
    one: (_, call) => {
      const { id = "" } = call.params;
      const known = call.caller.mayUse(id) ? nameIn(router, id) : undefined;
      if (known !== undefined) return Response.json(asListed(known));
      const message = `No model is called ${JSON.stringify(id.slice(0, 64))}. \`GET /v1/models\` lists those there are.`;
      throw new Refusal({ status: 404, code: "model_not_found", param: "model", message });
    },
  };
}
