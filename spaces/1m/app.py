"""A chat whose conversation lives in the server's session, with the model behind an OpenAI-compatible endpoint."""

import os
from collections.abc import Iterator

import gradio as gr
import modelscope_studio as mgr

scripted = os.environ.get("QWEN_SPACES") == "scripted"
if scripted:
    from scripted import add_job_stats, answer
else:
    from model import answer

# Pairs of question and answer; the last one has no answer while it is being given.
History = list[list[str | None]]
Messages = list[list[object]]

ASSISTANTS = ["Qwen2.5-1M", "Qwen2.5-1M, in short"]
THINKING = "Qwen is thinking..."


def add_text(message, chatbot: Messages, history: History) -> tuple[dict, Messages, History]:
    locked = gr.update(interactive=False, value={"files": [], "text": ""})
    return locked, [*chatbot, [message, None]], [*history, [message.text, None]]


def agent_run(chatbot: Messages, history: History, assistant: int) -> Iterator[tuple[Messages, History, int]]:
    *past, [question, _] = history
    *shown, [message, _] = chatbot

    def state(text: str) -> tuple[Messages, History, int]:
        replies: list[dict | None] = [None] * len(ASSISTANTS)
        replies[assistant] = {"text": text}
        return [*shown, [message, replies]], history, assistant

    yield state("")
    yield state(THINKING)
    text, pieces = "", 0
    for pieces, text in enumerate(answer(question, past, "Answer in one sentence." if assistant else None), start=1):
        yield state(f"{text}\n<summary>Read the context, {pieces} pieces</summary>")
    history = [*past, [question, text]]
    yield state(f"{text}\n<summary>Done, {pieces} pieces</summary>")


with gr.Blocks(title="Qwen2.5-1M") as demo:
    gr.Markdown("# Qwen2.5-1M")
    history = gr.State([])
    chatbot = mgr.Chatbot(label="Qwen2.5-1M", flushing=False)
    textbox = mgr.MultimodalInput(label="Input", interactive=True)
    selector = gr.Dropdown([(name, index) for index, name in enumerate(ASSISTANTS)], value=0, label="Assistant")

    subtitle = gr.Markdown(ASSISTANTS[0])

    # The order decides their numbers, which clients know: 0, 1, 2.
    selector.change(lambda index: ASSISTANTS[index], selector, subtitle, queue=False)
    textbox.submit(
        add_text, [textbox, chatbot, history], [textbox, chatbot, history], queue=False, api_name="add_text"
    ).then(
        agent_run, [chatbot, history, selector], [chatbot, history, selector], api_name="agent_run"
    ).then(lambda: gr.update(interactive=True), None, textbox, queue=False, api_name="unlock")
    if scripted:
        add_job_stats()

# Many people chat at once; without this, each endpoint would serve one after the other.
demo.queue(default_concurrency_limit=40, max_size=200)

if __name__ == "__main__":
    demo.launch()
