"""A room's processes without its 10 s of imports: forks of one process that has imported them.

``python -m tests.zygote ROOM`` reads a line of JSON a request: ``{"argv", "out", "err", "limit",
"environment"}`` starts ``python -m ROOM argv``, or ``python argv`` where that begins with a
script, and answers its pid; ``{"wait": pid, "block": true}`` answers its exit status (null: still
running).
"""

from __future__ import annotations

import json
import os
import resource
import runpy
import signal
import sys
import traceback
from typing import Any


def imported_train() -> None:
    from train import patches

    patches.apply()
    import xtuner.tools.model_converters.pth_to_hf
    import xtuner.tools.train  # noqa: F401

    import train.evaluation
    import train.hooks
    import train.merge
    import train.model  # noqa: F401


def imported_eval() -> None:
    """OpenCompass alone: our own modules read the environment when they are imported."""
    import opencompass.datasets.base
    import opencompass.models.huggingface_above_v4_33
    import opencompass.models.openai_api
    import opencompass.partitioners
    import opencompass.runners.base
    import opencompass.tasks  # noqa: F401


IMPORTED = {"train": imported_train, "eval": imported_eval}


def child(room: str, request: dict[str, Any]) -> int:
    """What the forked process does; its exit status."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, number, mode in (("out", 1, "w"), ("err", 2, "w")):
        with open(request[name], mode) as file:
            os.dup2(file.fileno(), number)
    if request["limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["limit"], request["limit"]))
    os.environ.update(request["environment"])
    script = request["argv"][0].endswith(".py")
    sys.argv = request["argv"] if script else [room, *request["argv"]]
    try:
        if script:
            runpy.run_path(sys.argv[0], run_name="__main__")
        else:
            runpy.run_module(room, run_name="__main__")
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
        return 1


def status(code: int) -> int:
    """As subprocess has it: negative for a signal."""
    return -os.WTERMSIG(code) if os.WIFSIGNALED(code) else os.WEXITSTATUS(code)


def main(room: str) -> None:
    """Serve until the input ends."""
    IMPORTED[room]()
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            pid, code = os.waitpid(request["wait"], 0 if request["block"] else os.WNOHANG)
            print(json.dumps(status(code) if pid else None), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            code = child(room, request)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
