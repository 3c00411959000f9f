"""Chats of gr.Blocks that one function answers."""

import os
from collections.abc import Callable
from typing import Any

import gradio as gr

from hearing import MAJOR, grow, reply, turns


def chatbot(kind: str, **options: Any) -> gr.Chatbot:
    return gr.Chatbot(**options, **({} if MAJOR >= 6 else {"type": kind}))


def asked_and_answered(kind: str, history: list, message: str, answer: str | None) -> list:
    if kind == "tuples" and MAJOR < 6:
        return [*(history or []), [message, answer]]
    said = [{"role": "user", "content": message}]
    return [*(history or []), *said, *([] if answer is None else [{"role": "assistant", "content": answer}])]


def message_first() -> gr.Blocks:
    def respond(message, history):
        for text in grow({"message": message, "history": turns(history)}):
            yield "", asked_and_answered("messages", history, message, text)

    with gr.Blocks() as demo:
        chat = chatbot("messages", value=[{"role": "assistant", "content": "Welcome!"}])
        box = gr.Textbox(label="Message")
        send = gr.Button("Send")
        clear = gr.Button("Clear")
        box.submit(respond, [box, chat], [box, chat])
        send.click(respond, [box, chat], [box, chat])
        clear.click(lambda: ("", []), None, [box, chat])
    return demo


def chatbot_first() -> gr.Blocks:
    def predict(history, message, system, temperature, tokens):
        answer = reply(
            {
                "message": message,
                "history": turns(history),
                "system": system,
                "temperature": temperature,
                "tokens": tokens,
            }
        )
        return asked_and_answered("tuples", history, message, answer)

    with gr.Blocks() as demo:
        chat = chatbot("tuples")
        with gr.Row():
            box = gr.Textbox(show_label=False, placeholder="Ask anything")
            go = gr.Button("Go")
        with gr.Accordion("Parameters", open=False):
            system = gr.Textbox("You are a pirate.", label="Instructions")
            temperature = gr.Slider(0, 2, 1, label="Temp🔥")
            tokens = gr.Slider(16, 4096, 256, step=16, label="Maximum length")
            status = gr.Textbox(label="Status", interactive=False)
        go.click(predict, [chat, box, system, temperature, tokens], [chat])
        demo.load(lambda: "ready", None, status)
    return demo


def state_beside() -> gr.Blocks:
    """Its State holds the chat; the chatbot only shows it."""

    def model_chat(query, shown, memory):
        memory = memory or []
        for text in grow({"message": query, "memory": turns(memory)}):
            yield "", asked_and_answered("tuples", shown, query, text), [*memory, [query, text]]

    with gr.Blocks() as demo:
        memory = gr.State([])
        chat = chatbot("tuples")
        box = gr.Textbox(lines=2, label="Input")
        send = gr.Button("🚀 Send")
        forget = gr.Button("🧹 Clear history")
        again = gr.Button("🤔️ Regenerate")
        send.click(model_chat, [box, chat, memory], [box, chat, memory])
        forget.click(lambda: ([], []), None, [chat, memory])
        again.click(lambda shown, memory: (shown, memory), [chat, memory], [chat, memory])
    return demo


def shown_only() -> gr.Blocks:
    """The chatbot is an output alone."""

    def talk(message, memory):
        memory = memory or []
        answer = reply({"message": message, "memory": turns(memory)})
        return asked_and_answered("messages", [], message, answer), [*memory, [message, answer]], ""

    with gr.Blocks() as demo:
        memory = gr.State([])
        chat = chatbot("messages")
        box = gr.Textbox(label="问题")
        box.submit(talk, [box, memory], [chat, memory, box])
    return demo


def crowded() -> gr.Blocks:
    """A chat among much that looks like one."""

    def bot(message, history, key, thoughts, prompt, use_prompt):
        for text in grow(
            {
                "message": message,
                "history": turns(history),
                "key": key,
                "thoughts": thoughts,
                "system": prompt,
                "useSystem": use_prompt,
            }
        ):
            yield asked_and_answered("messages", history, message, text), "working"
        yield asked_and_answered("messages", history, message, text), "done"

    with gr.Blocks() as demo:
        gr.Textbox(label="System Status", value="fine", interactive=False)
        with gr.Tab("Login"):
            user = gr.Textbox(label="User")
            password = gr.Textbox(label="Password", type="password", value="hunter2")
            welcome = gr.Textbox(label="Welcome")
            gr.Button("Log in").click(lambda user, password: f"Hello {user}", [user, password], welcome)
        with gr.Tab("Summaries"):
            long = gr.Textbox(label="Long text")
            short = gr.Textbox(label="Summary")
            gr.Button("Summarise").click(lambda text: text[:10], long, short, api_name="summarize")
            name = gr.Textbox(label="Name")
            name.submit(lambda name: f"Hello {name}", name, short, api_name="greet")
        with gr.Tab("Chat"):
            key = gr.Textbox(label="API key", type="password", value="sk-123")
            thoughts = gr.Checkbox(label="Show thoughts", value=True)
            use = gr.Checkbox(label="System prompt enabled", value=False)
            prompt = gr.Textbox(label="Custom system prompt", value="none")
            chat = chatbot("messages")
            box = gr.Textbox(label="Say something", placeholder="Type here")
            state = gr.Textbox(label="State of things")
            upload = gr.File(label="A document")
            upload.upload(lambda file: "read", upload, state)
            box.submit(bot, [box, chat, key, thoughts, prompt, use], [chat, state])
            box.submit(lambda: "", None, box)
            gr.Button("Send").click(bot, [box, chat, key, thoughts, prompt, use], [chat, state])
            chat.like(lambda: None, None, None)
            gr.Button("Undo").click(lambda shown: shown[:-1], chat, chat)
            gr.Button("Retry").click(
                lambda message, shown: (message, shown), [box, chat], [box, chat], api_name="retry"
            )
            gr.Button("Flag").click(lambda message, shown: "flagged", [box, chat], state, api_name="flag")
            gr.Examples([["Hi"]], box)
    return demo


def with_files() -> gr.Blocks:
    """Answers in parts: words, a picture, and more words."""

    def draw(message, history):
        name = reply({"message": message, "history": turns(history)})
        history = [*(history or []), {"role": "user", "content": message}]
        picture = os.path.join(os.path.dirname(__file__), "dot.png")
        if MAJOR >= 6:
            content: Any = [{"type": "text", "text": name}, {"type": "file", "file": {"path": picture}}]
            return [*history, {"role": "assistant", "content": content}]
        answers = [{"role": "assistant", "content": name}, {"role": "assistant", "content": {"path": picture}}]
        return [*history, *answers]

    with gr.Blocks() as demo:
        chat = chatbot("messages")
        box = gr.Textbox(label="Message")
        box.submit(draw, [box, chat], chat)
    return demo


APPS: dict[str, Callable[[], gr.Blocks | None]] = {
    "message-first": message_first,
    "chatbot-first": chatbot_first,
    "state-beside": state_beside,
    "shown-only": shown_only,
    "crowded": crowded,
    "with-files": with_files,
}
