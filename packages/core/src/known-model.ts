import { checkRequest, findUnsupported } from "./capabilities.ts";
import { NoSuchModelError } from "./errors.ts";
import { shortened } from "./nearest.ts";
import type { ModelInfo, Provider, ProviderRequest } from "./provider.ts";

/** The model of a provider by its id or an alias, the default without a name. Throws `no_such_model` for any other name. */
function knownModel<Model extends ModelInfo>(
  { id, models }: Pick<Provider<string, Model>, "id" | "models">,
  name: string | undefined,
): Model {
  if (name === undefined) return models[0];
  const model = models.find((known) => known.id === name || known.aliases?.includes(name) === true);
  if (model === undefined) {
    const asked = shortened(typeof name === "string" ? name : "");
    throw new NoSuchModelError(asked, { available: models.map((known) => `${id}/${known.id}`) });
  }
  return model;
}

/** The model that a request asks for. Throws what is wrong with the request, and `unsupported` for what the model cannot take. */
export function acceptingModel<Model extends ModelInfo>(
  provider: Pick<Provider<string, Model>, "id" | "models">,
  request: ProviderRequest,
): Model {
  const model = knownModel(provider, request.model);
  checkRequest(request);
  const unsupported = findUnsupported(model, request);
  if (unsupported !== undefined) throw unsupported;
  return model;
}
