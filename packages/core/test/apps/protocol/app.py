"""An app for tests of clients: one endpoint for each thing a Gradio server can do. Runs on Gradio 4.44, 5.50 and 6.31.

| endpoint      | inputs              | output                                                                         |
| ------------- | ------------------- | ------------------------------------------------------------------------------ |
| chat          | text                | the text, word by word                                                         |
| steps         | count, ms, job      | "1 2 3 …", one number every ms milliseconds; counted                           |
| one_at_a_time | count, ms, job      | the same; runs one call at a time, so others wait in the queue                 |
| plain         | text, ms, job       | the text after ms milliseconds, from a plain function; counted                 |
| unqueued      | text                | the text; does not go through the queue                                        |
| fail          | words               | so many words of WORDS, then a gr.Error with the text ERROR                    |
| crash         | words               | so many words of WORDS, then an exception that Gradio hides                    |
| rewrite       |                     | REWRITES one after the other; only the last one counts                         |
| nothing       |                     | a generator that yields nothing                                                |
| shrink        |                     | a table whose second row goes from "one", "two", "three" to "final": the edits |
|               |                     | of every version decode to something else, only the final value is right       |
| pair          | text                | two outputs: the text word by word, and the number of words so far             |
| file_size     | file                | JSON text: the size in bytes and the original name                             |
| image_size    | image               | JSON text: width and height                                                    |
| echo_state    | text, (state)       | all texts of this session so far, joined by ", "; and the state                |
| logs          |                     | an Info, a Warning and two steps of progress on the way to "done"              |
| stats         | job                 | JSON text: how many runs of the job were started, how many steps they made,    |
|               |                     | how many runs finished, were stopped, or failed; does not go through the queue |

Gradio 4.44 does not close the generator of a run that `/cancel` stopped, only of one whose client left: the former just
makes no more steps.

Environment: MAX_QUEUE_SIZE (how many calls may wait; more are refused), AUTH (`user:password`), ROOT_PATH.
"""

import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator

import gradio as gr
from PIL import Image

WORDS = "one two three four five six seven eight nine ten"
ERROR = "The model gave up…"
REWRITES = ["Hello ", "Hello wurld", "Hello world", "Hello world, again."]

Stats = dict[str, int]
jobs: defaultdict[str, Stats] = defaultdict(lambda: dict(started=0, steps=0, finished=0, stopped=0, failed=0))


def chat(text: str) -> Iterator[str]:
    yield from grow(words(text))


def steps(count: int, ms: int, job: str) -> Iterator[str]:
    stats = jobs[job]
    stats["started"] += 1
    try:
        for step in range(1, count + 1):
            time.sleep(ms / 1000)
            stats["steps"] += 1
            yield " ".join(map(str, range(1, step + 1)))
    except GeneratorExit:
        stats["stopped"] += 1
        raise
    stats["finished"] += 1


def plain(text: str, ms: int, job: str) -> str:
    stats = jobs[job]
    stats["started"] += 1
    time.sleep(ms / 1000)
    stats["finished"] += 1
    return text


def unqueued(text: str) -> str:
    return text


def fail(count: int) -> Iterator[str]:
    yield from grow(words(WORDS)[:count])
    raise gr.Error(ERROR)


def crash(count: int) -> Iterator[str]:
    yield from grow(words(WORDS)[:count])
    raise RuntimeError("a detail that nobody may see")


def rewrite() -> Iterator[str]:
    yield from REWRITES


def nothing() -> Iterator[str]:
    yield from ()


def shrink() -> Iterator[list[list[str]]]:
    yield [["a", "b", "c"], ["one", "two", "three"]]
    yield [["a", "b", "c"], ["final"]]


def pair(text: str) -> Iterator[tuple[str, int]]:
    for count, so_far in enumerate(grow(words(text)), start=1):
        yield so_far, count


def leave_out(text: str) -> Iterator:
    yield {answer: "One", number: gr.update(interactive=False)}
    yield {answer: "One two"}
    yield gr.skip(), 2
    yield {answer: gr.update(value=f"One two {text}", label="three"), number: gr.skip()}
    yield {number: gr.update(interactive=True)}


def file_size(path: str | None) -> str:
    if path is None:
        return "null"
    return json.dumps({"size": os.path.getsize(path), "name": os.path.basename(path)})


def image_size(path: str | None) -> str:
    if path is None:
        return "null"
    with Image.open(path) as image:
        return json.dumps({"width": image.width, "height": image.height})


def echo_state(text: str, texts: list[str]) -> tuple[str, list[str]]:
    texts = [*texts, text]
    return ", ".join(texts), texts


def logs(progress: gr.Progress = gr.Progress()) -> Iterator[str]:
    gr.Info("for your information")
    progress((1, 2), desc="half")
    yield "working"
    gr.Warning("a warning")
    progress((2, 2), desc="whole")
    # Progress is sent at intervals: without a pause it would be overtaken by the end.
    time.sleep(0.2)
    yield "done"


def read_stats(job: str) -> str:
    return json.dumps(jobs[job])


def words(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*|\s+$", text)


def grow(pieces: list[str]) -> Iterator[str]:
    text = ""
    for piece in pieces:
        text += piece
        yield text


with gr.Blocks(title="Protocol") as demo:
    text = gr.Textbox(label="text")
    job = gr.Textbox(label="job")
    count = gr.Number(label="count", precision=0)
    ms = gr.Number(label="ms", precision=0)
    number = gr.Number(label="words")
    file = gr.File(label="file", type="filepath")
    image = gr.Image(label="image", type="filepath")
    state = gr.State([])
    table = gr.Dataframe(label="table", type="array", headers=["1", "2", "3"])
    answer = gr.Textbox(label="answer")

    def endpoint(fn, inputs, outputs, name=None, **options) -> None:
        gr.Button(name or fn.__name__).click(fn, inputs, outputs, api_name=name or fn.__name__, **options)

    endpoint(chat, [text], answer)
    endpoint(steps, [count, ms, job], answer)
    endpoint(steps, [count, ms, job], answer, "one_at_a_time", concurrency_limit=1, concurrency_id="one")
    endpoint(plain, [text, ms, job], answer)
    endpoint(unqueued, [text], answer, queue=False)
    endpoint(fail, [count], answer)
    endpoint(crash, [count], answer)
    endpoint(rewrite, None, answer)
    endpoint(nothing, None, answer)
    endpoint(shrink, None, table)
    endpoint(pair, [text], [answer, number])
    endpoint(file_size, [file], answer)
    endpoint(image_size, [image], answer)
    endpoint(echo_state, [text, state], [answer, state])
    endpoint(logs, None, answer)
    endpoint(read_stats, [job], answer, "stats", queue=False)
    endpoint(leave_out, [text], [answer, number])

max_size = os.environ.get("MAX_QUEUE_SIZE")
demo.queue(default_concurrency_limit=40, max_size=int(max_size) if max_size else None)

if __name__ == "__main__":
    login = os.environ.get("AUTH")
    demo.launch(auth=tuple(login.split(":", 1)) if login else None, root_path=os.environ.get("ROOT_PATH"))
