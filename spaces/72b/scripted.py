"""Deterministic answers in place of a model, for tests that compare text (QWEN_SPACES=scripted).

The script is what follows the last "script:" in the prompt; all but TEXT ends with the line. A word is characters with
the white space around them.

| prompt                           | answer                                                                            |
| -------------------------------- | --------------------------------------------------------------------------------- |
| anything without a script        | "You said: " and the prompt, word by word                                         |
| script:text TEXT                 | TEXT as it is, word by word                                                       |
| script:repeat                    | REPEAT: equal fragments, ending in empty lines                                    |
| script:unicode                   | UNICODE, code point by code point                                                 |
| script:long [CHARACTERS [STEPS]] | "0000000.0000001.…" cut at CHARACTERS (100,000), in STEPS (500) equal pieces      |
| script:rewrite                   | says REWRITES one after the other; only the last one counts                       |
| script:indented                  | INDENTED, line by line: Gradio's clean-up of indentation rewrites it twice        |
| script:empty                     | ""                                                                                |
| script:nothing                   | no value at all: the generator ends at once                                       |
| script:error [K]                 | K (0) words of PARTIAL, then a gr.Error with the text ERROR                       |
| script:crash [K]                 | K (0) words of PARTIAL, then an exception that Gradio hides                       |
| script:history                   | the history the model would get, as JSON                                          |
| script:system                    | the system prompt the model would get, as JSON                                    |
| script:prompt                    | the whole prompt the app was given, as JSON                                       |
| script:slow STEPS MS [JOB]       | "1 2 3 …" up to STEPS, one number every MS milliseconds; counted under JOB        |
| script:block MS [JOB]            | "Blocked for MS ms." after MS milliseconds without a yield; counted under JOB     |
| script:wait MS TEXT              | nothing for MS milliseconds, then TEXT, word by word                              |

The endpoint `job_stats` takes a JOB and tells what became of it, as JSON text: how many runs of it were started, how many
steps they made, and how many runs finished, were stopped, or failed. Gradio 4.44 does not close the generator of
a run that `/cancel` stopped, only of one whose client left: the former just makes no more steps.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator

import gradio as gr

REPEAT = ["ha", "ha", " ", "ha", "ha", "\n", "\n", "\n"]
UNICODE = (
    "Grüße, 世界! e\u0301 n\u0303 \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0001d54f"
    " next\u0085line\u2028separator\u2029paragraph\u00a0space \u202bשלום\u202c “quotes” \\ \" </b> end"
)
REWRITES = ["Hello ", "Hello wurld", "Hello world", "Hello world, again."]
INDENTED = ["  * one", "\n    * two", "\n  * three", "\nDone."]
PARTIAL = "one two three four five six seven eight nine ten"
ERROR = "The model gave up…"

Stats = dict[str, int]
jobs: defaultdict[str, Stats] = defaultdict(lambda: dict(started=0, steps=0, finished=0, stopped=0, failed=0))


def answer(prompt: str, history: list[list[str]], system: str | None) -> Iterator[str]:
    """Yields the answer again and again, each time the whole of it so far."""
    _, marker, script = prompt.rpartition("script:")
    if not marker:
        script = f"text You said: {prompt}"
    name = re.match(r"\w*", script)[0]
    rest = script[len(name) :].removeprefix(" ")
    arguments = rest.partition("\n")[0].split()
    numbers = [int(word) for word in arguments if word.isdecimal()]
    echoes = {"history": history, "system": system, "prompt": prompt}

    if name == "text":
        yield from grow(words(rest))
    elif name == "repeat":
        yield from grow(REPEAT)
    elif name == "unicode":
        yield from grow(UNICODE)
    elif name == "long":
        yield from grow(long_pieces(*numbers))
    elif name == "rewrite":
        yield from REWRITES
    elif name == "indented":
        yield from grow(INDENTED)
    elif name == "empty":
        yield ""
    elif name == "nothing":
        return
    elif name in ("error", "crash"):
        yield from grow(words(PARTIAL)[: numbers[0] if numbers else 0])
        raise gr.Error(ERROR) if name == "error" else RuntimeError("a detail that nobody may see")
    elif name in echoes:
        yield json.dumps(echoes[name], ensure_ascii=False)
    elif name == "slow":
        yield from counted(job_name(arguments, 2), slow(numbers[0], numbers[1]))
    elif name == "block":
        yield from counted(job_name(arguments, 1), block(numbers[0]))
    elif name == "wait":
        milliseconds, _, text = rest.partition(" ")
        time.sleep(int(milliseconds) / 1000)
        yield from grow(words(text))
    else:
        raise gr.Error(f"There is no script {name!r}.")


def words(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*|\s+$", text)


def grow(pieces: list[str] | str) -> Iterator[str]:
    text = ""
    for piece in pieces:
        text += piece
        yield text


def long_pieces(characters: int = 100_000, steps: int = 500) -> list[str]:
    text = "".join(f"{number:07}." for number in range(characters // 8 + 1))[:characters]
    size = -(-characters // steps)
    return [text[start : start + size] for start in range(0, characters, size)]


def slow(steps: int, milliseconds: int) -> Iterator[str]:
    for step in range(1, steps + 1):
        time.sleep(milliseconds / 1000)
        yield " ".join(map(str, range(1, step + 1)))


def block(milliseconds: int) -> Iterator[str]:
    time.sleep(milliseconds / 1000)
    yield f"Blocked for {milliseconds} ms."


def job_name(arguments: list[str], place: int) -> str:
    return arguments[place] if len(arguments) > place else "default"


def counted(job: str, steps: Iterator[str]) -> Iterator[str]:
    stats = jobs[job]
    stats["started"] += 1
    try:
        for step in steps:
            stats["steps"] += 1
            yield step
    except GeneratorExit:
        stats["stopped"] += 1
        raise
    except BaseException:
        stats["failed"] += 1
        raise
    stats["finished"] += 1


def add_job_stats() -> None:
    """Adds the endpoint `job_stats` to the Blocks being built; last, so that no other endpoint's number changes."""
    job = gr.Textbox(visible=False)
    stats = gr.Textbox(visible=False)
    job.submit(lambda name: json.dumps(jobs[name]), job, stats, api_name="job_stats", queue=False)
