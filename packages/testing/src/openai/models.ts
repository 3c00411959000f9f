import type { Dialect } from "./dialect.ts";
import type { OpenAIQuestion } from "./request.ts";
import { answerInFull, type OpenAIAnswer, type OpenAIAnswerLike } from "./script.ts";

/** What a model answers: always the same, or by the question. `undefined` repeats the question. */
export type OpenAIAnswers = OpenAIAnswerLike | ((question: OpenAIQuestion) => OpenAIAnswerLike | undefined);

/** The models of a server. */
export interface Models {
  readonly names: readonly string[];
  /** The model that answers to a name, by the name of its own. */
  named(name: string): string | undefined;
  answerOf(model: string, question: OpenAIQuestion): OpenAIAnswer;
  /** Changes the answers of all, or of one. */
  answer(...change: readonly [OpenAIAnswers | undefined] | readonly [string, OpenAIAnswers | undefined]): void;
  /** A model in the list of all. */
  entry(name: string, dialect: Dialect): unknown;
}

/** Starts with the models of the options. */
export function createModels({
  models = { "test-model": undefined },
  anyModel,
}: {
  readonly models: Readonly<Record<string, OpenAIAnswers | undefined>> | undefined;
  readonly anyModel: boolean;
}): Models {
  const answers = new Map(Object.entries(models));
  const created = Math.floor(Date.now() / 1000);

  return {
    get names() {
      return [...answers.keys()];
    },
    named(name) {
      if (answers.has(name)) return name;
      const [first] = answers.keys();
      return anyModel ? first : undefined;
    },
    answerOf(model, question) {
      const scripted = answers.get(model);
      const own = typeof scripted === "function" ? scripted(question) : scripted;
      return answerInFull(own ?? repeated(question));
    },
    answer(...change) {
      if (change.length === 2) answers.set(...change);
      else for (const name of answers.keys()) answers.set(name, change[0]);
    },
    entry: (name, { owner }) => ({ id: name, object: "model", created, owned_by: owner }),
  };
}

/** Says the question again, as JSON where that is asked for. */
function repeated({ prompt, body }: OpenAIQuestion): string {
  const format = body["response_format"] as { readonly type?: unknown } | undefined;
  const isJson = format?.type === "json_object" || format?.type === "json_schema";
  return isJson ? JSON.stringify({ said: prompt }) : `You said: ${prompt}`;
}
