"""Chat apps of every kind, all in one process, each at a path of its own: `/plain/`, `/extras/`, …

`GET /heard/{name}` gives what an answer stands for, `GET /running/{name}` how far what crawls got. Environment:
GRADIO_SERVER_PORT.
"""

import os

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

import blocks
import functions
import interfaces
import refused
import steps
from hearing import heard, running

app = FastAPI()


@app.get("/config")
def ready() -> dict[str, str]:
    return {}


@app.get("/heard/{name}")
def what_was_heard(name: str) -> PlainTextResponse:
    return PlainTextResponse(heard.get(name, "nothing"))


@app.get("/running/{name}")
def how_far(name: str) -> dict[str, int]:
    return running[name]


for module in (interfaces, blocks, steps, functions, refused):
    for name, make in module.APPS.items():
        demo = make()
        options = {"auth": ("ada", "secret")} if name == "behind-login" else {}
        if demo is not None:
            app = gr.mount_gradio_app(app, demo.queue(default_concurrency_limit=8), path=f"/{name}", **options)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["GRADIO_SERVER_PORT"]), log_level="info")
