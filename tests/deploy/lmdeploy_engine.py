"""What LMDeploy's command line makes of ours, as JSON: ``lmdeploy_engine.py serve api_server …``.

Up to the engine, whose place is taken: it would need a GPU. Runs in an environment of LMDeploy's.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

import lmdeploy.archs
from lmdeploy.cli.entrypoint import run
from lmdeploy.serve.core.generation_config import resolve_default_gen_config
from lmdeploy.serve.openai import api_server


def served(folder: str, backend: str, backend_config: Any, **options: Any) -> None:
    defaults = resolve_default_gen_config(
        options["generation_config"], folder, options["trust_remote_code"]
    )
    engine = {
        field.name: value
        for field in dataclasses.fields(backend_config)
        if isinstance(value := getattr(backend_config, field.name), str | int | float | bool)
    }
    print(json.dumps({"backend": backend, "engine": engine, "generation": defaults}))


api_server.serve = served
lmdeploy.archs.autoget_backend = lambda *_, **__: "turbomind"  # its library needs CUDA's
sys.argv = ["lmdeploy", *sys.argv[1:]]
run()
