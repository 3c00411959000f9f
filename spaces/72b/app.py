"""A chat with a system prompt and the model behind an OpenAI-compatible endpoint."""

import os
from collections.abc import Iterator

import gradio as gr

scripted = os.environ.get("QWEN_SPACES") == "scripted"
if scripted:
    from scripted import add_job_stats, answer
else:
    from model import answer

History = list[list[str]]

DEFAULT_SYSTEM = "You are a helpful assistant."


def model_chat(question: str | None, history: History | None, system: str) -> Iterator[tuple[str, History, str]]:
    question, history = question or "", history or []
    for text in answer(question, history, system):
        yield "", [*history, [question, text]], system


def set_system(system: str) -> tuple[str, str, History]:
    system = system or DEFAULT_SYSTEM
    return system, system, []


with gr.Blocks(title="Qwen2-72B") as demo:
    gr.Markdown("# Qwen2-72B")
    with gr.Row():
        system_input = gr.Textbox(value=DEFAULT_SYSTEM, label="System", scale=3)
        system_button = gr.Button("Set system prompt and clear history", scale=1)
        system_state = gr.Textbox(value=DEFAULT_SYSTEM, visible=False)
    chatbot = gr.Chatbot(type="tuples", label="Qwen2-72B")
    textbox = gr.Textbox(lines=1, label="Input")
    with gr.Row():
        clear_button = gr.Button("Clear history")
        send_button = gr.Button("Send")

    chat = dict(fn=model_chat, inputs=[textbox, chatbot, system_state], outputs=[textbox, chatbot, system_input])
    textbox.submit(**chat, api_name="model_chat")
    send_button.click(**chat, api_name="model_chat_1")
    clear_button.click(lambda: ("", []), None, [textbox, chatbot], api_name="clear_session")
    system_button.click(set_system, system_input, [system_state, system_input, chatbot], api_name="set_system")
    if scripted:
        add_job_stats()

# Many people chat at once; without this, each endpoint would serve one after the other.
demo.queue(default_concurrency_limit=40, max_size=200)

if __name__ == "__main__":
    demo.launch()
