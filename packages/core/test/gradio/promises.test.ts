import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

// What Gradio's protocol demands of a client, and the test that holds us to it. `real` is against Gradio's own servers.
const RULES: readonly (readonly [rule: string, ...tests: string[]])[] = [
  [
    "1 one session and one stream a call",
    "has a session of its own, from a CSPRNG",
    "cancels one call only: others of the same Space go on",
  ],
  [
    "2 a cold call is two requests, by name with whole values",
    "is two requests on one connection before the first text; /config is read after it",
    "goes by name cold, with whole values",
  ],
  [
    "3 queue/join gives edits",
    "joins with the hinted fn_index, and asks for edits",
    "costs at most 400 bytes a delta over 10,000 deltas",
  ],
  [
    "4 edits can be wrong on the wire",
    "does not fail on the deletes that Gradio shifts in nested lists",
    "mends Gradio's shifted deletes in a nested list",
  ],
  [
    "5 what edits are",
    "makes the edit: %s",
    "diffs an output that is first seen later against null",
    "never changes a value that was handed out",
  ],
  [
    "6 process_completed is the end, for my job",
    "a `process_completed` is the end, whether `close_stream`",
    "messages of other jobs are passed over",
  ],
  [
    "7 HTTP 200 is not success",
    "to the stream: %s",
    "says so when an endpoint of that name is not there, and which there are",
  ],
  [
    "8 how to cancel",
    "by %s ends at once, closes the stream, then cancels with the verified fn_index",
    "never sends /cancel with an fn_index that /config has not confirmed",
    "opens and closes the session of a join that is never answered",
    "a job that somebody else cancelled is an empty answer, not a success",
  ],
  ["9 heartbeats prove nothing", "%s is a timeout, although heartbeats go on"],
  ["10 no resume: an end is an error", "in mid-answer is `stream_interrupted` with the text so far"],
  [
    "12 errors",
    "%i with %j is %s, and says its number",
    "says what gr.Error said",
    "is hidden where Gradio hides what happened",
  ],
  ["13 the quota of ZeroGPU", "is quota_exceeded for ZeroGPU's text: %s"],
  [
    "14 tokens, logins and cookies",
    "goes to a Space on Hugging Face as X-HF-Authorization only",
    "of a load balancer belong to one session",
    "happens once for all calls, by a form",
    "tries one new session where the server does not know the one it just took a job for",
  ],
  ["15 URLs come from the caller's origin", "does not go where `root` or `api_prefix` of a config point"],
  ["16 endpoints without a queue", "answers at once by /run, whole"],
];

// What users of other clients hit, and the test that it does not happen here.
const SYMPTOMS: readonly (readonly [symptom: string, ...tests: string[]])[] = [
  [
    "hangs after a clean EOF in mid-stream, and so does every later call",
    "in mid-answer is `stream_interrupted` with the text so far, and the next call works",
  ],
  [
    "hangs after a reset or a non-200 on queue/data; 429's body and Retry-After lost",
    "to the stream: %s",
    "a 429 whose body never ends",
  ],
  ["hangs on a half-open stall or on heartbeats for ever", "%s is a timeout, although heartbeats go on"],
  ["an unknown msg ends the call", "an unknown `msg`, a line that is no JSON"],
  ["a non-JSON data line kills the process", "an unknown `msg`, a line that is no JSON"],
  [
    "cancel() fails on private Spaces, and aborts other calls",
    "with every request, /cancel included",
    "cancels one call only: others of the same Space go on",
  ],
  ["break leaves the job running", "by %s ends at once, closes the stream, then cancels with the verified fn_index"],
  ["a mid-stream gr.Error is invisible", "in mid-answer: gr.Error is thrown, it does not just end the loop"],
  [
    "close_stream race: the next call hangs",
    "has a session of its own, from a CSPRNG",
    "is two requests, over the connection of the one before",
  ],
  [
    "close() leaks a heartbeat, the process never exits",
    "leaves nothing open after a call: no timer, no busy socket",
    "does not keep the process alive by an idle connection",
  ],
  ["yielded values change later", "never changes a value it has yielded"],
  [
    "token and cookies sent to any host named by /config",
    "does not go where `root` or `api_prefix` of a config point",
    "does not follow a Space's redirect to %s",
  ],
  [
    "user's Authorization joined with the token",
    "win over what the SDK would send, whatever their case: nothing is joined",
  ],
  [
    "replies cut at 64 kB; lines split on U+0085",
    "of 100,000 characters, rewritten in the middle",
    "decodes the same events wherever the bytes are split in two",
    "splits lines at CR and LF only",
  ],
  ["any 503 is 'application is busy'", "keeps the three kinds of 503 apart in words"],
  [
    "impossible behind a corporate proxy",
    "sends requests through the proxy that `proxy` names",
    "tunnels https through the proxy by CONNECT",
    "uses the proxy of %s for http",
  ],
];

const folders = ["../gradio", "../http"].map((folder) => new URL(`${folder}/`, import.meta.url));
const sources = folders
  .flatMap((folder) => readdirSync(folder).map((file) => new URL(file, folder)))
  .filter(({ pathname }) => pathname.endsWith(".test.ts") && !pathname.endsWith("/promises.test.ts"))
  .map((file) => readFileSync(file, "utf8"));

describe.each([
  ["rule", RULES],
  ["symptom", SYMPTOMS],
])("every %s of the protocol has its tests", (_, table) => {
  it.each(table.map(([name, ...tests]) => [name, tests] as const))("%s", (_name, tests) => {
    for (const title of tests)
      expect(
        sources.some((source) => source.includes(title)),
        `no test is called "${title}"`,
      ).toBe(true);
  });
});
