import { strict as assert } from "node:assert";

import type { ContractCheck } from "../contract/contract-subject.ts";
import type { ConformanceSubject } from "./conformance-subject.ts";
import { asking, isOutput, joined, rejection, streamed, type Told } from "./model-calls.ts";
import { fieldsOf, reasonIn } from "./specified.ts";

/** How a model fails. */
export function failureRules({ model, service }: ConformanceSubject): readonly ContractCheck[] {
  const { failures = [], empty } = service;
  const before = failures.filter(({ text }) => text === "").map(({ prompt }) => prompt);
  const midway = failures.filter(({ text }) => text !== "");

  /** What each failure ends with, however it is asked for. */
  async function errors(): Promise<readonly { readonly error: unknown; readonly prompt: string }[]> {
    const found: { error: unknown; prompt: string }[] = [];
    for (const { prompt, text } of failures) {
      found.push({ prompt, error: await rejection("doGenerate", model.doGenerate(asking(prompt))) });
      if (text === "") found.push({ prompt, error: await rejection("doStream", model.doStream(asking(prompt))) });
      else found.push({ prompt, error: errorIn(await streamed(model, asking(prompt))) });
    }
    return found;
  }

  const checks: (ContractCheck | false)[] = [
    before.length > 0 && {
      name: "rejects where it fails before its first output",
      async run() {
        for (const prompt of before) await rejection("doStream", model.doStream(asking(prompt)));
      },
    },
    midway.length > 0 && {
      name: "ends what broke off with an error part and then a finish that says so, and throws nothing",
      async run() {
        for (const { prompt, text } of midway) {
          const told = await streamed(model, asking(prompt));
          assert.ok(!told.hasThrown, `reading threw: ${String(told.thrown)}`);
          errorIn(told);
          assert.equal(joined(told.parts, "text-delta").trimEnd(), text.trimEnd(), "what had come before");
          const last = told.parts.at(-1);
          assert.equal(last?.type, "finish", "its last part");
          const reason = reasonIn(last["finishReason"]);
          assert.ok(reason === "error" || reason === "interrupted", `it ends by ${reason}`);
        }
      },
    },
    midway.length > 0 && {
      name: "says nothing more of an answer once it has said that it failed",
      async run() {
        for (const { prompt } of midway) {
          const { parts } = await streamed(model, asking(prompt));
          const error = parts.findIndex(({ type }) => type === "error");
          assert.equal(error < 0 ? undefined : parts.slice(error).find(isOutput), undefined, "output behind its error");
        }
      },
    },
    midway.length > 0 && {
      name: "rejects where a whole answer breaks off",
      async run() {
        for (const { prompt } of midway) await rejection("doGenerate", model.doGenerate(asking(prompt)));
      },
    },
    failures.length > 0 && {
      name: "fails with an APICallError that says nobody is to try again, as whoever could has tried",
      async run() {
        for (const { error } of await errors()) {
          const { isRetryable, statusCode } = fieldsOf(error, "what it fails with");
          assert.equal(Reflect.get(error as object, API_CALL_ERROR), true, `an APICallError, not ${String(error)}`);
          assert.equal(isRetryable, false, "isRetryable");
          assert.ok(statusCode === undefined || Number.isInteger(statusCode), "statusCode");
        }
      },
    },
    failures.length > 0 && {
      name: "shows in what it fails with no prompt, no headers, no body and no secret of an address",
      async run() {
        for (const { error, prompt } of await errors()) {
          const { requestBodyValues, responseHeaders, responseBody, url } = fieldsOf(error, "what it fails with");
          assert.deepEqual(
            Object.keys(fieldsOf(requestBodyValues ?? {}, "requestBodyValues")),
            [],
            "requestBodyValues",
          );
          assert.equal(responseHeaders, undefined, "responseHeaders");
          assert.equal(responseBody, undefined, "responseBody");
          const { search = "", username = "", password = "" } = URL.parse(String(url)) ?? {};
          assert.equal(search + username + password, "", "what its URL holds besides the place");
          assert.ok(!JSON.stringify(error).includes(JSON.stringify(prompt).slice(1, -1)), "it shows the prompt");
        }
      },
    },
    empty !== undefined && {
      name: "fails where nothing was said, and never calls that an answer",
      async run() {
        await rejection("doGenerate", model.doGenerate(asking(empty)));
        const told = await streamed(model, asking(empty)).catch(() => undefined);
        if (told !== undefined) errorIn(told);
      },
    },
  ];
  return checks.filter((check) => check !== false);
}

/** The error that a stream tells of. */
function errorIn({ parts }: Told): unknown {
  const error = parts.find(({ type }) => type === "error");
  assert.ok(error !== undefined, "there is no error part");
  return error["error"];
}

/** By which the AI SDK tells them, whoever made them. */
const API_CALL_ERROR = Symbol.for("vercel.ai.error.AI_APICallError");
