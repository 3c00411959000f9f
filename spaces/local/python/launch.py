"""Runs a Python program that must not outlive the process that started it.

usage: launch.py PROGRAM [ARGUMENT…]

Whoever starts this keeps a pipe open as its standard input. When that process ends, for whatever reason (a crash and
SIGKILL included), the system closes the pipe, and the program and all that it started are killed.
"""

import os
import runpy
import signal
import sys
import threading


def end_with_parent(pipe: int) -> None:
    while os.read(pipe, 4096):
        pass
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def main() -> None:
    pipe = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=end_with_parent, args=(pipe,), daemon=True).start()
    program = os.path.abspath(sys.argv[1])
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(program)
    runpy.run_path(program, run_name="__main__")


main()
