"""What an app makes of what it was given: an answer that names exactly that, so that a wrong slot is a wrong answer."""

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import gradio as gr

MAJOR = int(gr.__version__.split(".")[0])

heard: dict[str, str] = {}
running: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict(started=0, steps=0, ended=0, after=0))


def plain(value: Any) -> Any:
    """A value as JSON says it, numbers as JavaScript writes them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    return value


def said(content: Any) -> str:
    """The text of a message of a chatbot, whatever its shape in this version."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return str(content.get("text") or "")
    if isinstance(content, list):
        return "".join(said(part) for part in content)
    return f"({type(content).__name__})"


def turns(history: Any) -> list[list[str]]:
    """A chat as who said what."""
    told: list[list[str]] = []
    for turn in history or []:
        if isinstance(turn, dict):
            told.append([turn["role"], said(turn["content"])])
            continue
        question, answer = turn
        told.append(["user", said(question)])
        if answer is not None:
            told.append(["assistant", said(answer)])
    return told


def name_of(slots: dict[str, Any]) -> str:
    text = json.dumps(plain(slots), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    heard[name] = text
    return name


def question_in(slots: dict[str, Any]) -> str:
    return json.dumps(slots, ensure_ascii=False)


def grow(slots: dict[str, Any]) -> Iterator[str]:
    """The answer, piece by piece; what is asked for by name goes otherwise."""
    question = question_in(slots)
    if "please fail" in question:
        yield "I begin"
        raise gr.Error("The model gave up.")
    if "please crawl" in question:
        stats = running[question.split("please crawl ")[1].split(" ")[0]]
        stats["started"] += 1
        try:
            for step in range(100):
                stats["steps"] += 1
                yield "step " * (step + 1)
                time.sleep(0.04)
        finally:
            stats["ended"] += 1
    if "please go on" in question:
        text = ""
        for _ in range(int(question.split("please go on ")[1].split(" ")[0])):
            text += "word "
            yield text
        return
    whole = f"Heard as {name_of(slots)}, dear friend."
    for end in range(8, len(whole), 8):
        yield whole[:end]
    yield whole


def reply(slots: dict[str, Any]) -> str:
    return list(grow(slots))[-1]
