"""One clear line for a person, instead of a traceback, for everything a user can mend."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, TextIO

from core.language import words

# Said in one line wherever they happen: the machine's, not ours. What else an OSError can be
# (a missing file that we should have made, a closed descriptor) is a bug and keeps its traceback.
MACHINE = {
    errno.ENOSPC: ("磁盘已满", "no space left"),
    errno.EDQUOT: ("超出磁盘配额", "over the disk quota"),
    errno.EFBIG: ("超出文件大小限制 (ulimit -f)", "over the file size limit (ulimit -f)"),
    errno.EROFS: ("只读文件系统", "read-only file system"),
    errno.EACCES: ("没有权限", "permission denied"),
    errno.EPERM: ("不允许这样做", "not permitted"),
    errno.EMFILE: ("打开的文件过多 (ulimit -n)", "too many open files (ulimit -n)"),
    errno.ENFILE: ("打开的文件过多", "too many open files"),
    errno.ENAMETOOLONG: ("文件名过长", "file name too long"),
    errno.EIO: ("磁盘读写错误", "input/output error"),
    errno.ENOMEM: ("内存不足", "out of memory"),
    errno.ELOOP: ("符号链接成环", "symbolic links in a circle"),
    errno.ENOTDIR: ("路径中有文件不是目录", "part of the path is no folder"),
    errno.EISDIR: ("是目录不是文件", "is a folder, not a file"),
}
# SQLite's own numbers for the same (sqlite.org/rescode.html): READONLY, IOERR, FULL.
SQLITE = {8: errno.EROFS, 10: errno.EIO, 13: errno.ENOSPC}


class UserError(Exception):
    """Something the user can mend. The message says what, where, and what to do, in one line, in
    the reader's language; ``code`` names the fault for whoever must tell it from others (the page,
    another room, a test), so that nobody reads the message for it."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


def run_cli(main: Callable[[], int | None]) -> None:
    """Run ``main`` as a command: exit status 0, its own, 2 for :class:`UserError` and for what the
    machine refuses (:data:`MACHINE`), 130 for Ctrl-C.

    Anything else is a bug of ours and keeps its traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        _say_anything(stream)
    try:
        code = main()
    except UserError as error:
        _fail(str(error), error.code)
    except KeyboardInterrupt:
        _interrupted()
    except BrokenPipeError:  # the reader (head, less) went away
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:
        if error.errno not in MACHINE:
            raise
        name = error.filename2 or error.filename  # the first of two is a temporary one
        where = f"{name}: " if name else ""
        _fail(f"{where}{words(*MACHINE[error.errno])}", errno.errorcode[error.errno])
    except MemoryError:
        _fail(words(*MACHINE[errno.ENOMEM]), "ENOMEM")
    except Exception as error:
        number = SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if not number:
            raise
        _fail(words(*MACHINE[number]), errno.errorcode[number])
    sys.exit(code or 0)


def marked(message: str) -> str:
    """An error as every command of ours prints it."""
    return f"{words('错误', 'error')}: {message}"


def _fail(message: str, code: str = "") -> None:
    """Say it in one line and end with status 2."""
    from core import progress  # imports this module

    line = " ".join(message.encode("utf-8", "backslashreplace").decode().split())
    with contextlib.suppress(OSError):  # that disk may be the full one
        progress.failed(line, code)
    print(marked(line), file=sys.stderr)
    sys.exit(2)


def _interrupted() -> NoReturn:
    print(words("已中断", "interrupted"), file=sys.stderr)
    sys.exit(130)


def _say_anything(stream: TextIO) -> None:
    """Let a stream print what its encoding has not (ASCII in a bare container, file names that are
    no UTF-8) as an escape, which JSON reads back, instead of failing in the middle."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Ctrl-C while a command still imports what it needs, seconds before :func:`run_cli`."""
    if issubclass(kind, KeyboardInterrupt):
        _interrupted()
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _ended
