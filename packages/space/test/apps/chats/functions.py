"""Functions of text, some with a picture."""

from collections.abc import Callable

import gradio as gr

from hearing import MAJOR, grow, reply, turns


def text() -> gr.Blocks:
    def answer(prompt):
        return reply({"message": prompt})

    return gr.Interface(answer, gr.Textbox(label="Prompt"), gr.Textbox(label="Answer"))


def text_tuned() -> gr.Blocks:
    def generate(prompt, tokens, temperature, top_p):
        yield from grow({"message": prompt, "tokens": tokens, "temperature": temperature, "topP": top_p})

    with gr.Blocks() as demo:
        prompt = gr.Textbox(label="Prompt", lines=4)
        tokens = gr.Number(200, label="最大长度", precision=0)
        temperature = gr.Slider(0, 1.5, 0.7, label="温度")
        top_p = gr.Slider(0, 1, 0.9, label="top_p")
        out = gr.Markdown()
        gr.Button("Generate").click(generate, [prompt, tokens, temperature, top_p], out)
    return demo


def hidden() -> gr.Blocks:
    """Neither named nor queued, and shown as HTML; it knows who asks."""

    def render(question, request: gr.Request):
        return reply({"message": question, "agent": "user-agent" in request.headers})

    with gr.Blocks() as demo:
        question = gr.Textbox(label="Question")
        page = gr.HTML()
        private = {"api_visibility": "private"} if MAJOR >= 6 else {"api_name": False}
        question.submit(render, question, page, queue=False, **private)
    return demo


def for_programs() -> gr.Blocks:
    """For programs: a history as JSON, on components that no page shows."""

    def chat(message, history, system, temperature):
        yield from grow(
            {"message": message, "history": turns(history), "system": system, "temperature": temperature}
        )

    with gr.Blocks() as demo:
        message = gr.Textbox(label="message", visible=False)
        history = gr.JSON(label="history", visible=False)
        system = gr.Textbox(label="system prompt", value="Be brief.", visible=False)
        temperature = gr.Number(0.5, label="temperature", visible=False)
        out = gr.Textbox(label="reply", visible=False)
        go = gr.Button(visible=False)
        go.click(chat, [message, history, system, temperature], out, api_name="chat")
    return demo


def picture_and_text() -> gr.Blocks:
    def look(image, question):
        size = None if image is None else list(image.size) + [list(image.getpixel((0, 0)))]
        yield from grow({"message": question, "picture": size})

    with gr.Blocks() as demo:
        image = gr.Image(type="pil", label="Picture")
        question = gr.Textbox(label="Question")
        out = gr.Textbox(label="Answer")
        gr.Button("Ask").click(look, [image, question], out)
    return demo


def picture_alone() -> gr.Blocks:
    def caption(image):
        return reply({"picture": list(image.size)})

    return gr.Interface(caption, gr.Image(type="pil", label="Picture"), gr.Textbox(label="Caption"))


APPS: dict[str, Callable[[], gr.Blocks | None]] = {
    "text": text,
    "text-tuned": text_tuned,
    "hidden": hidden,
    "for-programs": for_programs,
    "picture-and-text": picture_and_text,
    "picture-alone": picture_alone,
}
