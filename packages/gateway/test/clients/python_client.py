"""The official Python client, run as a program of its own: what each case came to is printed as JSON. Of several addresses only the
stream is asked for at each."""

import json
import sys

from openai import OpenAI

KEY, PICTURE, *URLS = sys.argv[1:]


def client_of(url):
    return OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0)


client = client_of(URLS[0])
messages = [{"role": "user", "content": "Hi"}]
schema = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def listed():
    return {"text": " ".join(model.id for model in client.models.list())}


def ask(model="ok", **more):
    choice = client.chat.completions.create(model=model, messages=more.pop("messages", messages), **more).choices[0]
    return {"text": choice.message.content or "", "reason": choice.finish_reason}


def stream(model="ok", leave=False, client=client):
    text, pieces, reason, usage = "", 0, None, None
    with client.chat.completions.create(
        model=model, messages=messages, stream=True, stream_options={"include_usage": True}
    ) as chunks:
        for chunk in chunks:
            usage = chunk.usage.total_tokens if chunk.usage else usage
            for choice in chunk.choices:
                if choice.delta.content:
                    text += choice.delta.content
                    pieces += 1
                    if leave:
                        return {"error": "left"}
                reason = choice.finish_reason or reason
    return {"text": text, "pieces": pieces, "reason": reason, "usage": usage}


def tools():
    tool = {"type": "function", "function": {"name": "look_up", "parameters": schema, "strict": True}}
    with client.chat.completions.stream(model="calls", messages=messages, tools=[tool]) as run:
        for _ in run:
            pass
        choice = run.get_final_completion().choices[0]
    call = choice.message.tool_calls[0].function
    return {"text": f"{call.name} {call.arguments}", "reason": choice.finish_reason}


def structured():
    form = {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": schema}}
    return ask("json", response_format=form)


def image():
    content = [{"type": "image_url", "image_url": {"url": PICTURE}}, {"type": "text", "text": "What is it?"}]
    return ask("sees", messages=[{"role": "user", "content": content}])


def responses(model="ok"):
    text = ""
    with client.responses.create(model=model, input="Hi", stream=True) as events:
        for event in events:
            if event.type == "response.output_text.delta":
                text += event.delta
    return {"text": text}


cases = {
    "list": listed,
    "ask": ask,
    "stream": stream,
    "tools": tools,
    "structured": structured,
    "image": image,
    "before": lambda: stream("limited"),
    "cut": lambda: stream("cut"),
    "abort": lambda: stream("slow", leave=True),
    "responses": responses,
    "responses, before": lambda: responses("limited"),
    "responses, cut": lambda: responses("cut"),
}

if len(URLS) > 1:
    cases = {url: lambda url=url: stream(client=client_of(url)) for url in URLS}

told = {}
for name, play in cases.items():
    try:
        told[name] = play()
    except Exception as error:  # whatever it raises is what its users see
        told[name] = {"error": f"{type(error).__name__} {getattr(error, 'status_code', '')}: {error}"}
print(json.dumps(told))
