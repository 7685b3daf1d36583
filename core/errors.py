"""One clear line for a person, instead of a traceback, for everything a user can mend."""

from __future__ import annotations

import sys
from collections.abc import Callable


class UserError(Exception):
    """Something the user can mend. The message says what, where, and what to do, in one line."""


def run_cli(main: Callable[[], int | None]) -> None:
    """Run ``main`` as a command: exit status 0, its own, 2 for :class:`UserError`, 130 for Ctrl-C.

    Anything else is a bug of ours and keeps its traceback.
    """
    try:
        code = main()
    except UserError as error:
        from core import progress  # imports this module

        line = " ".join(str(error).split())
        progress.failed(line)
        print(f"错误 error: {line}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("已中断 interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader (head, less) went away
        sys.stderr.close()
        sys.exit(141)
    sys.exit(code or 0)
