"""Questions about a picture, answered by the model behind an OpenAI-compatible endpoint."""

import os
from collections.abc import Iterator

import gradio as gr
from PIL import Image
from picture import describe

scripted = os.environ.get("QWEN_SPACES") == "scripted"
if scripted:
    from scripted import add_job_stats, answer
else:
    from model import answer


def generate(picture: Image.Image | None, question: str | None) -> Iterator[str]:
    system = None if picture is None else f"The user shows you a picture. {describe(picture)}"
    yield from answer(question or "", [], system)


with gr.Blocks(title="QVQ-72B") as demo:
    gr.Markdown("# QVQ-72B")
    picture = gr.Image(type="pil", label="Picture")
    question = gr.Textbox(label="Question")
    button = gr.Button("Ask")
    reply = gr.Markdown(label="Answer")

    button.click(generate, [picture, question], reply, api_name="generate")
    question.submit(generate, [picture, question], reply, api_name="generate_1")
    if scripted:
        add_job_stats()

# Many people ask at once; without this, each endpoint would serve one after the other.
demo.queue(default_concurrency_limit=40, max_size=200)

if __name__ == "__main__":
    demo.launch()
