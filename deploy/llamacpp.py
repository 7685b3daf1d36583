"""The CPU engine's process: llama.cpp with its own OpenAI-compatible server, by xllamacpp.

``python -m deploy.llamacpp SETTINGS.json`` serves until SIGTERM. The key is read from its file, so
that it stands on no command line; the log holds timings and no texts. Users reach the engine
through :mod:`deploy.gateway`, in this same process.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any

from core import chat, cores
from core.files import read_json
from deploy import gateway, shutdown

STOP = {signal.SIGTERM, signal.SIGINT}


def parameters(settings: dict[str, Any], key: str) -> Any:
    """llama.cpp's parameters from ours: ``configs/deploy/cpu.py`` plus model, name, host, port."""
    import xllamacpp

    cache = {
        0: xllamacpp.ggml_type.GGML_TYPE_F16,
        8: xllamacpp.ggml_type.GGML_TYPE_Q8_0,
        4: xllamacpp.ggml_type.GGML_TYPE_Q4_0,
    }[settings["kv"]]
    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.model_alias = {settings["name"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # any that is free
    params.api_keys = [key]
    params.n_parallel = settings["slots"]
    params.n_ctx = settings["session_len"] * settings["slots"]
    params.n_predict = settings["max_tokens"]
    params.n_batch = params.n_ubatch  # between two batches it hears who leaves and who asks
    threads = settings["threads"] or max(1, cores.usable() - 1)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cpuparams.poll = params.cpuparams_batch.poll = 0  # sleep between requests
    params.cache_type_k = params.cache_type_v = cache
    params.cache_ram_mib = settings["prefix_cache_mib"]
    params.fit_params = False  # the sizes above are meant, not a first guess
    params.ui = False
    params.cors_origins = ""  # the page asks from its server, no other site has business here
    params.n_threads_http = settings["connections"]
    params.timeout_read = params.timeout_write = settings["timeout"]
    if settings["adapters"]:
        params.lora_adapters = [
            xllamacpp.CommonAdapterLoraInfo(path, 1.0) for path in settings["adapters"]
        ]
    params.endpoint_metrics = True
    params.endpoint_slots = False  # would show other people's prompts
    params.use_jinja = True  # the model's own chat template
    # A tuned model learnt its answers without a thinking block. A request may still ask for one:
    # {"chat_template_kwargs": {"enable_thinking": true}}.
    params.enable_reasoning = 0
    return params


def main() -> None:
    """Serve until a signal comes, then finish what is running."""
    # llama.cpp's threads inherit the mask, so it must be set before they exist.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    shutdown.end_with_parent(signal.SIGKILL)  # a hung engine hears nothing milder
    import xllamacpp

    settings = read_json(Path(sys.argv[1]))
    inner = secrets.token_urlsafe(32)
    server = xllamacpp.Server(parameters(settings, inner))
    gateway.serve(server.listening_address, inner, chat.api_key(), settings)
    os._exit(0)  # its own end waits for a main loop that may never come back


if __name__ == "__main__":
    main()
