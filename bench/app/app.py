"""The smallest chat on Gradio 6.31 that says what the clients are measured on: `script:long CHARACTERS STEPS`."""

from collections.abc import Iterator

import gradio as gr


def chat(question: str) -> Iterator[str]:
    _, characters, steps = question.split()
    text = "".join(f"{number:07}." for number in range(int(characters) // 8 + 1))[: int(characters)]
    size = -(-int(characters) // int(steps))
    for end in range(size, int(characters) + 1, size):
        yield text[:end]


with gr.Blocks(title="Bench") as demo:
    question = gr.Textbox(label="question")
    answer = gr.Textbox(label="answer")
    question.submit(chat, question, answer, api_name="chat")

demo.queue(default_concurrency_limit=40)

if __name__ == "__main__":
    demo.launch()
