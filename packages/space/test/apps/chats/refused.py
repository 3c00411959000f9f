"""Apps in which no chat can be told."""

from collections.abc import Callable

import gradio as gr

from blocks import asked_and_answered, chatbot


def two_chats() -> gr.Blocks:
    def respond(message, history):
        return "", asked_and_answered("messages", history, message, "one")

    def respond_too(message, history):
        return "", asked_and_answered("messages", history, message, "two")

    with gr.Blocks() as demo:
        with gr.Tab("One"):
            chat = chatbot("messages")
            box = gr.Textbox(label="Message")
            box.submit(respond, [box, chat], [box, chat], api_name="chat_one")
        with gr.Tab("Two"):
            chat_too = chatbot("messages")
            box_too = gr.Textbox(label="Message")
            box_too.submit(respond_too, [box_too, chat_too], [box_too, chat_too], api_name="chat_two")
    return demo


def no_chat() -> gr.Blocks:
    def turn(image):
        return image

    return gr.Interface(turn, gr.Image(type="pil", label="Picture"), gr.Image(label="Turned"))


def several_texts() -> gr.Blocks:
    def compare(left, right):
        return f"{left} {right}"

    return gr.Interface(compare, [gr.Textbox(label="Left"), gr.Textbox(label="Right")], gr.Textbox(label="Difference"))


def rendered() -> gr.Blocks:
    with gr.Blocks() as demo:
        topic = gr.State("anything")

        @gr.render(inputs=topic)
        def build(topic):
            chat = chatbot("messages")
            box = gr.Textbox(label=f"About {topic}")
            box.submit(lambda message, shown: ("", shown), [box, chat], [box, chat])

    return demo


APPS: dict[str, Callable[[], gr.Blocks | None]] = {
    "two-chats": two_chats,
    "no-chat": no_chat,
    "several-texts": several_texts,
    "rendered": rendered,
}
