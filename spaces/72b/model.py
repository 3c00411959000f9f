"""The model: any OpenAI-compatible endpoint, named by OPENAI_BASE_URL, OPENAI_API_KEY, MODEL and MAX_TOKENS."""

import json
import os
from collections.abc import Iterator

import gradio as gr
import httpx

# Seconds. A model that is busy may take long to begin, and long between two pieces of its answer.
TIMEOUT = httpx.Timeout(10, read=300)


def answer(prompt: str, history: list[list[str]], system: str | None) -> Iterator[str]:
    """Yields the answer again and again, each time the whole of it so far."""
    messages = [{"role": "system", "content": system}] if system else []
    for question, reply in history:
        messages.append({"role": "user", "content": question or ""})
        messages.append({"role": "assistant", "content": reply or ""})
    messages.append({"role": "user", "content": prompt})

    text = ""
    for delta in stream_deltas(messages):
        text += delta
        yield text


def stream_deltas(messages: list[dict[str, str]]) -> Iterator[str]:
    """Yields the answer piece by piece. Closing the iterator closes the connection, which stops the model."""
    url = os.environ["OPENAI_BASE_URL"].rstrip("/") + "/chat/completions"
    key = os.environ.get("OPENAI_API_KEY", "")
    body: dict[str, object] = {"model": os.environ.get("MODEL", ""), "messages": messages, "stream": True}
    if os.environ.get("MAX_TOKENS"):
        body["max_tokens"] = int(os.environ["MAX_TOKENS"])
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx.stream("POST", url, json=body, headers=headers, timeout=TIMEOUT) as response:
            if response.status_code != 200:
                raise gr.Error(f"The model refused the request (HTTP {response.status_code}).")
            yield from read_deltas(response)
    except httpx.TransportError as error:
        raise gr.Error("The model cannot be reached.") from error


def read_deltas(response: httpx.Response) -> Iterator[str]:
    ended = False
    # Split by hand: httpx's iter_lines() also splits at U+2028 and its kind, which may stand inside an answer.
    rest = ""
    for chunk in response.iter_text():
        *lines, rest = (rest + chunk).split("\n")
        for line in lines:
            data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
            if data == "[DONE]":
                return
            if not data:
                continue
            event = json.loads(data)
            if "error" in event:
                raise gr.Error("The model failed in the middle of its answer.")
            for choice in event.get("choices", []):
                ended = ended or choice.get("finish_reason") is not None
                delta = choice.get("delta", {}).get("content")
                if delta:
                    yield delta
    if not ended:
        raise gr.Error("The model's answer was cut off.")
