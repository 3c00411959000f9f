"""Asks the apps as somebody would who has read their code, by Python's own client. Prints what each answers, as JSON.

Usage: by_hand.py URL
"""

import json
import sys
from typing import Any

from gradio_client import Client, handle_file

from hearing import MAJOR

QUESTION = "What is 2 + 2?"
CHAT = "/respond" if MAJOR >= 6 else "/chat"
TEXT = "/answer" if MAJOR >= 6 else "/predict"
MESSAGES = MAJOR >= 6

# By app: the endpoints to call one after the other, each with its arguments; `LAST` is what the call before gave for a chatbot.
LAST = object()
PICTURE = handle_file(__file__.replace("by_hand.py", "dot.png"))

CALLS: dict[str, list[tuple[str, list[Any]]]] = {
    "plain": [(CHAT, [QUESTION])],
    "pairs": [(CHAT, [QUESTION])],
    "extras": [(CHAT, [QUESTION, "You are a friendly chatbot.", 512, 0.7, 0.95, 7, "short", True, None])],
    "multimodal": [(CHAT, [{"text": QUESTION, "files": []}])],
    "thinking": [(CHAT, [QUESTION])],
    "message-first": [("/respond", [QUESTION, []])],
    "chatbot-first": [("/predict", [[], QUESTION, "You are a pirate.", 1, 256])],
    "state-beside": [("/model_chat", [QUESTION, []])],
    "shown-only": [("/talk", [QUESTION])],
    "crowded": [("/bot", [QUESTION, [], "", True, "none", False])],
    "with-files": [("/draw", [QUESTION, []])],
    "steps": [("/user", [QUESTION, []]), ("/bot", [LAST, 100])],
    "steps-pairs": [("/user", [QUESTION, []]), ("/bot", [LAST, 100])],
    "steps-state": [("/take", [QUESTION]), ("/tune", [100, 0.5]), ("/bot", [[]])],
    "steps-history": [("/add_text", [QUESTION]), ("/http_bot", [])],
    "steps-slow": [("/think", [QUESTION, []]), ("/bot", [LAST])],
    "text": [(TEXT, [QUESTION])],
    "text-tuned": [("/generate", [QUESTION, 200, 0.7, 0.9])],
    "for-programs": [("/chat", [QUESTION, [], "Be brief.", 0.5])],
    "picture-and-text": [("/look", [PICTURE, QUESTION])],
}


def ask(url: str, calls: list[tuple[str, list[Any]]]) -> Any:
    client = Client(url, verbose=False)
    result: Any = None
    for name, arguments in calls:
        chat = next((one for one in result if isinstance(one, list)), None) if isinstance(result, tuple) else result
        result = client.predict(*[chat if one is LAST else one for one in arguments], api_name=name)
    return result


for app, calls in CALLS.items():
    try:
        answer = ask(f"{sys.argv[1]}/{app}/", calls)
    except Exception as error:
        answer = repr(error)
    print(json.dumps({"app": app, "answer": json.dumps(answer, ensure_ascii=False, default=str)}), flush=True)
