"""ChatInterfaces."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from hearing import MAJOR, grow, name_of, reply, said, turns

MESSAGES: dict[str, Any] = {} if MAJOR >= 6 else {"type": "messages"}
PAIRS: dict[str, Any] = {} if MAJOR >= 6 else {"type": "tuples"}


def plain() -> gr.Blocks:
    def respond(message, history):
        yield from grow({"message": message, "history": turns(history)})

    return gr.ChatInterface(respond, **MESSAGES)


def pairs() -> gr.Blocks:
    def respond(message, history):
        return reply({"message": message, "history": turns(history)})

    return gr.ChatInterface(respond, **PAIRS, title="Pairs", examples=["Hello", "How are you?"], cache_examples=False)


def extras() -> gr.Blocks:
    def respond(message, history, system, tokens, temperature, top_p, seed, style, careful, file, memory):
        yield from grow(
            {
                "message": message,
                "history": turns(history),
                "system": system,
                "tokens": tokens,
                "temperature": temperature,
                "topP": top_p,
                "seed": seed,
                "style": style,
                "careful": careful,
                "file": file,
                "memory": memory,
            }
        )

    return gr.ChatInterface(
        respond,
        **MESSAGES,
        additional_inputs=[
            gr.Textbox(value="You are a friendly chatbot.", label="System message"),
            gr.Slider(minimum=1, maximum=2048, value=512, step=1, label="Max new tokens"),
            gr.Slider(minimum=0.1, maximum=4.0, value=0.7, step=0.1, label="Temperature"),
            gr.Slider(minimum=0.1, maximum=1.0, value=0.95, step=0.05, label="Top-p (nucleus sampling)"),
            gr.Number(value=7, label="Seed", precision=0),
            gr.Dropdown(["short", "long"], value="short", label="Style"),
            gr.Checkbox(value=True, label="Careful"),
            gr.File(label="Context file"),
            gr.State("remembered"),
        ],
    )


def named() -> gr.Blocks:
    def respond(message, history, sampling):
        yield from grow({"message": message, "history": turns(history), "sampling": sampling})

    with gr.Blocks() as demo:
        with gr.Tab("Chat"):
            gr.ChatInterface(
                respond,
                **MESSAGES,
                **({} if MAJOR == 4 else {"api_name": "converse"}),
                additional_inputs=[gr.Slider(0, 100, 50, label="Temperature (%)")],
            )
        with gr.Tab("About"):
            gr.Markdown("An app about nothing.")
    return demo


def with_button() -> gr.Blocks:
    def respond(message, history, pressed):
        return reply({"message": message, "history": turns(history), "pressed": pressed})

    return gr.ChatInterface(respond, **MESSAGES, additional_inputs=[gr.Button("Press")])


def multimodal() -> gr.Blocks:
    def respond(message, history):
        files = [kind_of(file) for file in message["files"]]
        yield from grow({"message": message["text"], "files": files, "history": turns(history)})

    return gr.ChatInterface(respond, **MESSAGES, multimodal=True)


def kind_of(file: Any) -> str:
    """What a file is by its name and its first bytes."""
    path = file if isinstance(file, str) else file["path"]
    with open(path, "rb") as opened:
        return f"{path.rsplit('.', 1)[-1]} {opened.read(8).hex()}"


def unnamed() -> gr.Blocks | None:
    if MAJOR == 4:
        return None

    def respond(message, history):
        yield from grow({"message": message, "history": turns(history)})

    if MAJOR >= 6:
        return gr.ChatInterface(respond, api_name="hidden", api_visibility="private")
    return gr.ChatInterface(respond, **MESSAGES, api_name=False)


def more_outputs() -> gr.Blocks | None:
    if MAJOR == 4:
        return None

    def respond(message, history):
        slots = {"message": message, "history": turns(history)}
        for text in grow(slots):
            yield text, f"# {len(text)}"

    with gr.Blocks() as demo:
        code = gr.Markdown(label="Beside it")
        gr.ChatInterface(respond, **MESSAGES, additional_outputs=[code])
    return demo


def behind_login() -> gr.Blocks:
    def respond(message, history, request: gr.Request):
        yield from grow({"message": message, "history": turns(history), "user": request.username})

    return gr.ChatInterface(respond, **MESSAGES)


def thinking() -> gr.Blocks:
    """Thinks in tags, at the beginning of its text."""

    def respond(message, history):
        thought = f"Somebody says {said(message)[:20]}."
        for end in range(1, len(thought) + 1, 3):
            yield f"<think>\n{thought[:end]}"
        for text in grow({"message": message, "history": turns(history)}):
            yield f"<think>\n{thought}\n</think>\n\n{text}"

    return gr.ChatInterface(respond, **MESSAGES)


def titled() -> gr.Blocks | None:
    """Thinks in a message of its own, and says what it says in two."""
    if MAJOR == 4:
        return None

    def respond(message, history):
        thought = {"role": "assistant", "content": "Hmm.", "metadata": {"title": "Thinking"}}
        yield thought
        thought = {**thought, "content": "Hmm. Well."}
        for text in grow({"message": message, "history": turns(history)}):
            yield [thought, {"role": "assistant", "content": text}]
        yield [thought, {"role": "assistant", "content": text}, {"role": "assistant", "content": "And so on."}]

    return gr.ChatInterface(respond, **MESSAGES)


APPS: dict[str, Callable[[], gr.Blocks | None]] = {
    "plain": plain,
    "pairs": pairs,
    "extras": extras,
    "named": named,
    "with-button": with_button,
    "multimodal": multimodal,
    "unnamed": unnamed,
    "more-outputs": more_outputs,
    "behind-login": behind_login,
    "thinking": thinking,
    "titled": titled,
}
