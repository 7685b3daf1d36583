"""LMDeploy's own server as ``deploy.turbomind`` starts it: ``… serve api_server …``.

All of its routes and layers are real; the engine's place is taken, since it would need a GPU: its
tokenizer gives the number of each letter. Runs in an environment of LMDeploy's.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

from lmdeploy.serve.openai import api_server

from deploy import turbomind


def engine(model_name: str, **_: Any) -> MagicMock:
    made = MagicMock(model_name=model_name, is_sleeping=False, arch="LlamaForCausalLM")
    made.tokenizer.encode = lambda text, **_: list(map(ord, text))
    return made


api_server.get_task = lambda *_, **__: ("llm", engine)
turbomind.loads = lambda line: None  # its library needs CUDA's
turbomind.main()
