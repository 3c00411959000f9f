"""`gradio_client` at one task of the bench, in a process of its own. Says what it measured as one line of JSON."""

import json
import sys
import time

# Before the client is loaded, as for the clients in Node.
CPU_BEFORE = time.process_time_ns()

from gradio_client import Client

SYSTEM = "You are a helpful assistant."


def main(task: dict) -> dict:
    concurrent = task.get("streams", 1)
    client = Client(task["url"], verbose=False, max_workers=concurrent, analytics_enabled=False)
    is_5 = task["version"] == "5.50"

    def submit(prompt: str):
        return client.submit(prompt, [], SYSTEM, api_name="/model_chat") if is_5 else client.submit(prompt, api_name="/chat")

    def texts(job):
        length = 0
        for outputs in job:
            text = outputs[1][0][1] if is_5 else outputs
            if len(text) > length:
                yield text[length:]
            length = len(text)

    return globals()[task["kind"]](task, submit, texts)


def cold(task: dict, submit, texts) -> dict:
    first_at = None
    for _ in texts(submit(task["prompt"])):
        first_at = first_at or time.monotonic_ns()
    return {"firstTextAtMs": first_at / 1e6}


def warm(task: dict, submit, texts) -> dict:
    times = []
    for call in range(task["warmUps"] + task["calls"]):
        started, first = time.monotonic_ns(), None
        for _ in texts(submit(task["prompt"])):
            first = first or time.monotonic_ns() - started
        if call >= task["warmUps"]:
            times.append(first / 1e6)
    return {"firstTextMs": times}


def answers(task: dict, submit, texts) -> dict:
    times = []
    deltas = task["deltas"]
    for _ in range(task["calls"]):
        started = time.monotonic_ns()
        characters = sum(map(len, texts(submit(f"script:long {deltas * 8} {deltas}"))))
        times.append((time.monotonic_ns() - started) / 1e6)
        # The iterator may skip values that came together; the last one is always whole.
        assert characters == deltas * 8, characters
    used = time.process_time_ns() - CPU_BEFORE
    return {"wallMs": times, "microsecondsPerDelta": used / 1000 / deltas / task["calls"]}


def streams(task: dict, submit, texts) -> dict:
    import resource
    from concurrent.futures import ThreadPoolExecutor

    late: list[float] = []
    firsts: list[float] = []

    def one(_) -> bool:
        try:
            characters, called = 0, time.monotonic_ns()
            for text in texts(submit(f"script:paced {task['deltas']} {task['intervalMs']}")):
                now = time.monotonic_ns() / 1e6
                if characters == 0:
                    firsts.append(now - called / 1e6)
                characters += len(text)
                late.append(now - int(text[:8], 36) / 1000)
            return characters == task["deltas"] * 8
        except Exception:
            return False

    started = time.monotonic_ns()
    with ThreadPoolExecutor(task["streams"]) as pool:
        succeeded = list(pool.map(one, range(task["streams"])))
    wall = time.monotonic_ns() - started
    late.sort()
    firsts.sort()
    return {
        "wallMs": wall / 1e6,
        "firstTextMs": firsts[len(firsts) // 2] if firsts else None,
        "lateMs": late[int(len(late) * 0.99) - 1] if late else None,
        "cpuMs": (time.process_time_ns() - CPU_BEFORE) / 1e6,
        "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "errors": succeeded.count(False),
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))), flush=True)
    # A heartbeat thread may still run.
    sys.stdout.close()
    import os

    os._exit(0)
