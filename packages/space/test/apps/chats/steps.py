"""Chats that two or three functions answer, one after the other."""

from collections.abc import Callable

import gradio as gr

from blocks import asked_and_answered, chatbot
from hearing import MAJOR, grow, said, turns


def last_question(history: list) -> str:
    last = history[-1]
    return said(last["content"]) if isinstance(last, dict) else last[0]


def before_last(history: list) -> list:
    return history[:-1]


def answered(history: list, text: str) -> list:
    last = history[-1]
    if isinstance(last, dict):
        return [*history, {"role": "assistant", "content": text}]
    return [*history[:-1], [last[0], text]]


def through_chatbot(kind: str, queued: bool) -> gr.Blocks:
    def user(message, history):
        return gr.update(value="", interactive=False), asked_and_answered(kind, history, message, None)

    def bot(history, tokens):
        slots = {"message": last_question(history), "history": turns(before_last(history)), "tokens": tokens}
        for text in grow(slots):
            yield answered(history, text)

    with gr.Blocks() as demo:
        chat = chatbot(kind)
        box = gr.Textbox(label="Message")
        tokens = gr.Slider(1, 1000, 100, step=1, label="Max tokens")
        queue = {} if queued else {"queue": False}
        asked = box.submit(user, [box, chat], [box, chat], **queue)
        asked.then(bot, [chat, tokens], chat).then(lambda: gr.update(interactive=True), None, box, queue=False)
    return demo


def through_state() -> gr.Blocks:
    """The question travels in a State, and so do the parameters, which a step of their own sets."""

    def take(message):
        return "", message

    def tune(tokens, temperature):
        return {"tokens": tokens, "temperature": temperature}

    def bot(question, parameters, history):
        for text in grow({"message": question, "history": turns(history), "parameters": parameters}):
            yield asked_and_answered("messages", history, question, text)

    with gr.Blocks() as demo:
        question = gr.State("")
        parameters = gr.State({})
        chat = chatbot("messages")
        box = gr.Textbox(label="Message")
        tokens = gr.Slider(1, 1000, 100, step=1, label="Max tokens")
        temperature = gr.Slider(0, 2, 0.5, step=0.1, label="Temperature")
        send = gr.Button("Send")
        for event in (box.submit, send.click):
            event(take, [box], [box, question], queue=False).then(tune, [tokens, temperature], parameters).then(
                bot, [question, parameters, chat], chat
            )
    return demo


def with_state_history() -> gr.Blocks:
    """As LLaVA's: a State holds the chat, the first step adds the question, the second answers and shows it."""

    def add_text(state, message):
        return [*(state or []), [message, None]], ""

    def http_bot(state):
        slots = {"message": state[-1][0], "history": turns(state[:-1])}
        for text in grow(slots):
            shown = [*state[:-1], [state[-1][0], text]]
            yield state, to_chat(shown)

    def to_chat(pairs):
        if MAJOR < 6:
            return pairs
        return [
            {"role": role, "content": content}
            for question, answer in pairs
            for role, content in (("user", question), ("assistant", answer))
        ]

    with gr.Blocks() as demo:
        state = gr.State()
        chat = chatbot("tuples")
        box = gr.Textbox(show_label=False, placeholder="Enter text and press ENTER")
        box.submit(add_text, [state, box], [state, box]).then(http_bot, [state], [state, chat])
    return demo


def slow_first() -> gr.Blocks:
    """Its first step takes its time, on the queue."""

    def think(message, history):
        from hearing import running
        import time

        for _ in range(20 if "please crawl" in message else 1):
            if "please crawl" in message:
                running[message.split("please crawl ")[1].split(" ")[0]]["steps"] += 1
            time.sleep(0.04)
            yield "", asked_and_answered("messages", history, message, None)

    def bot(history):
        from hearing import running

        message = last_question(history)
        if "please crawl" in message:
            running[message.split("please crawl ")[1].split(" ")[0]]["after"] += 1
        for text in grow({"message": message, "history": turns(before_last(history))}):
            yield answered(history, text)

    with gr.Blocks() as demo:
        chat = chatbot("messages")
        box = gr.Textbox(label="Message")
        box.submit(think, [box, chat], [box, chat]).then(bot, chat, chat)
    return demo


APPS: dict[str, Callable[[], gr.Blocks | None]] = {
    "steps": lambda: through_chatbot("messages", queued=False),
    "steps-pairs": lambda: through_chatbot("tuples", queued=True),
    "steps-state": through_state,
    "steps-history": with_state_history,
    "steps-slow": slow_first,
}
