"""Training processes without the 10 s of imports: forks of one that has imported everything.

Reads a line of JSON a request: ``{"argv", "out", "err", "limit"}`` starts ``python -m train argv``
and answers its pid; ``{"wait": pid, "block": true}`` answers its exit status (null: still running).
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

from train import patches


def child(request: dict[str, Any]) -> int:
    """What the forked process does; its exit status."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, number, mode in (("out", 1, "w"), ("err", 2, "w")):
        with open(request[name], mode) as file:
            os.dup2(file.fileno(), number)
    if request["limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["limit"], request["limit"]))
    sys.argv = ["train", *request["argv"]]
    try:
        runpy.run_module("train", run_name="__main__")
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
        return 1


def status(code: int) -> int:
    """As subprocess has it: negative for a signal."""
    return -os.WTERMSIG(code) if os.WIFSIGNALED(code) else os.WEXITSTATUS(code)


def main() -> None:
    """Serve until the input ends."""
    patches.apply()
    import xtuner.tools.model_converters.pth_to_hf
    import xtuner.tools.train  # noqa: F401

    import train.evaluation
    import train.hooks
    import train.merge
    import train.model  # noqa: F401

    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            pid, code = os.waitpid(request["wait"], 0 if request["block"] else os.WNOHANG)
            print(json.dumps(status(code) if pid else None), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            code = child(request)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
