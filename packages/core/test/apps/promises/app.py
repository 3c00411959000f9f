"""An app for tests of `connectSpace` as a client: one endpoint for each thing that users of other clients rely on. Runs on Gradio
4.44, which has no validators, successes and titles, on 5.50 and on 6.31.

| endpoint          | inputs                        | output                                                              |
| ----------------- | ----------------------------- | ------------------------------------------------------------------- |
| count             | to, ms                        | "1", "2", … one every ms milliseconds                               |
| one_at_a_time     | job, steps, ms                | "1 2 3 …"; two calls at once, so others wait in the queue; counted   |
| stats             | job                           | JSON text: how many steps its runs made, how many finished; not queued |
| remember          | text, (state)                 | all texts of this session so far, and how many                       |
| echo              | text                          | the text                                                             |
| validated         | age                           | the age; one below 0 or above 150 is refused by a validator          |
| order             | amount, dish, spicy=False     | "2 × soup", with " (spicy)"; amount is a slider from 1 to 9, dish a choice |
| bulk              | size, seconds                 | so many characters, after so many seconds of silence                 |
| files_size        | files                         | the size of each                                                     |
| file_size         | file                          | its size and name; files of more than 64 KB are refused              |
| write_file        | name, text                    | a file with that name and text                                       |
| gallery           | count                         | so many small pictures                                               |
| nested            |                               | "done", with one progress bar within another                         |
| logs              |                               | "done", with a log line of each level                                |
| lists, dicts      | count                         | a growing list, a growing object                                     |
| skipping          | text                          | two outputs, each left out in turn                                   |
| updating          | text                          | a text box that comes with another label, and one without a value    |
| batched           | text                          | the text upside down, made in batches of four                        |
| silent            | text                          | no output at all                                                     |
| failing           |                               | a `gr.Error` with a title and a duration                             |
| twice, twice_1    | text                          | two functions that want the same name                                |
| undocumented      | text                          | one that "Use via API" leaves out                                    |
"""

import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator

import gradio as gr
from PIL import Image

MAJOR = int(gr.__version__.split(".")[0])
UNDOCUMENTED = {"api_visibility": "undocumented"} if MAJOR >= 6 else {"show_api": False}
PRIVATE = {"api_visibility": "private"} if MAJOR >= 6 else {"api_name": False}

runs: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"steps": 0, "finished": 0})


def count(to: int, ms: int = 1) -> Iterator[str]:
    for number in range(1, to + 1):
        time.sleep(ms / 1000)
        yield str(number)


def one_at_a_time(job: str, steps: int, ms: int) -> Iterator[str]:
    said = []
    for step in range(1, steps + 1):
        time.sleep(ms / 1000)
        runs[job]["steps"] += 1
        said.append(str(step))
        yield " ".join(said)
    runs[job]["finished"] += 1


def stats(job: str) -> str:
    return json.dumps(runs[job])


def remember(text: str, texts: list[str]) -> tuple[str, list[str], int]:
    texts = [*texts, text]
    return ", ".join(texts), texts, len(texts)


def echo(text: str) -> str:
    return text


def validated(age: int) -> int:
    return age


def validate_age(age: int):
    return gr.validate(0 <= age <= 150, "An age is from 0 to 150.")


def order(amount: int, dish: str, spicy: bool = False) -> str:
    """Takes an order.

    Args:
        amount: how many
        dish: which one
    """
    return f"{amount} × {dish}{' (spicy)' if spicy else ''}"


def bulk(size: int, seconds: int = 1) -> str:
    time.sleep(seconds)
    return "0123456789" * (size // 10)


def file_size(file: str | None) -> str:
    return "null" if file is None else json.dumps({"size": os.path.getsize(file), "name": os.path.basename(file)})


def files_size(files: list[str] | None) -> list[int]:
    return [os.path.getsize(file) for file in files or []]


def write_file(name: str, text: str) -> str:
    path = os.path.join(tempfile.mkdtemp(), name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def gallery(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (2, 2), (index, 0, 0)) for index in range(count)]


def nested(progress: gr.Progress = gr.Progress()) -> str:
    for _ in progress.tqdm(range(2), desc="outer"):
        for _ in progress.tqdm(range(2), desc="inner"):
            time.sleep(0.15)
    return "done"


def logs() -> str:
    if MAJOR < 5:
        gr.Info("for your information", duration=3)
        gr.Warning("a warning")
        return "done"
    gr.Info("for your information", title="Note", duration=3)
    gr.Warning("a warning")
    gr.Success("a success")
    return "done"


def lists(count: int) -> Iterator[list[int]]:
    for end in range(1, count + 1):
        yield list(range(end))


def dicts(count: int) -> Iterator[dict[str, int]]:
    for end in range(1, count + 1):
        yield {str(number): number for number in range(end)}


def skipping(text: str) -> Iterator:
    yield text, gr.skip()
    yield gr.skip(), len(text)
    yield gr.skip(), gr.skip()


def updating(text: str):
    return gr.Textbox(text, label="Another label"), gr.Textbox(interactive=False)


def batched(texts: list[str]) -> tuple[list[str]]:
    return ([text[::-1] for text in texts],)


def silent(text: str) -> None:
    runs[text]["finished"] += 1


def failing() -> None:
    raise gr.Error("The kettle is empty.", duration=7, **({"title": "No tea"} if MAJOR >= 5 else {}))


def first(text: str) -> str:
    return f"first {text}"


def second(text: str) -> str:
    return f"second {text}"


with gr.Blocks(title="Promises") as demo:
    text = gr.Textbox(label="Text")
    job = gr.Textbox(label="Job")
    to = gr.Number(label="To", precision=0)
    ms = gr.Number(1, label="Milliseconds", precision=0)
    steps = gr.Number(label="Steps", precision=0)
    size = gr.Number(label="Size", precision=0)
    seconds = gr.Number(1, label="Seconds", precision=0)
    age = gr.Number(label="Age", precision=0)
    amount = gr.Slider(1, 9, 2, step=1, label="Amount")
    dish = gr.Dropdown(["soup", "pie"], value="soup", label="Dish")
    spicy = gr.Checkbox(label="Spicy")
    file = gr.File(label="File", type="filepath")
    files = gr.File(label="Files", type="filepath", file_count="multiple")
    name = gr.Textbox(label="Name")
    state = gr.State([])
    answer = gr.Textbox(label="Answer")
    other = gr.Textbox(label="Other")
    number = gr.Number(label="Number")
    value = gr.JSON(label="Value")
    made = gr.File(label="Made")
    pictures = gr.Gallery(label="Pictures")

    def endpoint(fn, inputs, outputs, name=None, **options) -> None:
        gr.Button(name or fn.__name__).click(fn, inputs, outputs, api_name=name or fn.__name__, **options)

    endpoint(count, [to, ms], answer)
    endpoint(one_at_a_time, [job, steps, ms], answer, concurrency_limit=2)
    endpoint(stats, [job], answer, queue=False)
    endpoint(remember, [text, state], [answer, state, number])
    endpoint(echo, [text], answer)
    if MAJOR >= 5:
        endpoint(validated, [age], number, validator=validate_age)
    endpoint(order, [amount, dish, spicy], answer)
    endpoint(bulk, [size, seconds], answer)
    endpoint(file_size, [file], answer)
    endpoint(files_size, [files], value)
    endpoint(write_file, [name, text], made)
    endpoint(gallery, [to], pictures)
    endpoint(nested, None, answer)
    endpoint(logs, None, answer)
    endpoint(lists, [to], value)
    endpoint(dicts, [to], value)
    endpoint(skipping, [text], [answer, number])
    endpoint(updating, [text], [answer, other])
    endpoint(batched, [text], answer, batch=True, max_batch_size=4)
    endpoint(silent, [text], None)
    endpoint(failing, None, answer)
    endpoint(first, [text], answer, "twice")
    endpoint(second, [text], answer, "twice")
    endpoint(echo, [text], answer, "undocumented", **UNDOCUMENTED)
    gr.Button("private").click(echo, [text], answer, **PRIVATE)

demo.queue(default_concurrency_limit=10, max_size=8)

if __name__ == "__main__":
    demo.launch(max_file_size=64 * 1024)
