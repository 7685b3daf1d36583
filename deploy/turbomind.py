"""LMDeploy's ``api_server``: its command line from our settings, and the process that runs it.

``python -m deploy.turbomind serve api_server …`` is LMDeploy's own CLI with the key added inside
the process: ``--api-keys`` on the real command line would show it to everyone who can run ``ps``.
:mod:`deploy.entrance` stands before its routes.
"""

from __future__ import annotations

import functools
import sys
from itertools import pairwise
from typing import Any

from core import chat
from core.errors import UserError, run_cli
from core.language import words
from deploy import entrance, shutdown

OURS = ("drain",)  # settings of our supervisor, no flags of lmdeploy


def argv(
    model: str, name: str, host: str, port: int, backend: str, settings: dict[str, Any]
) -> list[str]:
    """The arguments of ``lmdeploy serve api_server``; a True setting is a bare flag."""
    line = ["serve", "api_server", model, "--backend", backend, "--model-name", name]
    line += ["--server-name", host, "--server-port", str(port)]
    for key, value in settings.items():
        if key in OURS:
            continue
        flag = "--" + key.replace("_", "-")
        if value is True:
            line.append(flag)
        elif value is not False and value is not None:
            line += [flag, str(value)]
    return line


def loads(line: list[str]) -> None:
    """Raise :class:`UserError` where ``line`` asks for TurboMind and its library does not load.

    LMDeploy itself only warns and takes its PyTorch engine (``lmdeploy/archs.py``,
    ``autoget_backend``): what is proved and measured here would be said of the wrong engine.
    """
    from lmdeploy import turbomind

    if ("--backend", "turbomind") in pairwise(line) and not turbomind.is_available():
        why = getattr(turbomind, "_import_error", None)
        raise UserError(
            words(
                f"TurboMind 的库加载不了: {why}; 另一引擎: BACKEND=pytorch",
                f"TurboMind's library does not load: {why}; the other engine: BACKEND=pytorch",
            )
        )


def guard(line: list[str]) -> None:
    """Let :class:`deploy.entrance.Entrance` check the keys and requests of LMDeploy's server, whose
    settings ``line`` holds."""
    from lmdeploy.serve.openai import api_server

    session_len = int(dict(pairwise(line)).get("--session-len", 0))
    checks = functools.partial(entrance.Entrance, session_len=session_len)
    assert api_server.AuthenticationMiddleware  # the name that its serve() looks up
    api_server.AuthenticationMiddleware = checks


def main() -> None:
    """Run LMDeploy's CLI in this process, with the key."""
    shutdown.end_with_parent()
    from lmdeploy.cli.entrypoint import run

    loads(sys.argv)
    guard(sys.argv)
    sys.argv = ["lmdeploy", *sys.argv[1:], "--api-keys", chat.api_key()]
    run()


if __name__ == "__main__":
    run_cli(main)
