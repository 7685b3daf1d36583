"""How an engine's process ends: with its supervisor, and after the answers it is writing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """Ask Linux for a SIGTERM when the supervisor dies, so that no engine is left on the port."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def close_door() -> None:
    """Refuse new connections from now on; those that are open go on.

    llama.cpp's server has no such call, and it drops every answer when its listening socket is shut
    down. So the socket is exchanged, under its number, for one that nobody can reach; the server's
    thread is still waiting on the old one, and one connection wakes it.
    """
    for number, address, family in _listening():
        nobody = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        nobody.bind(f"\0tikuforge-{os.getpid()}-{number}")
        nobody.listen()
        os.dup2(nobody.fileno(), number)
        nobody.close()
        with socket.socket(family, socket.SOCK_STREAM) as knock:
            knock.settimeout(1)
            host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])
            with contextlib.suppress(OSError):
                knock.connect((host, address[1]))


def _listening() -> Iterator[tuple[int, tuple[str, int], socket.AddressFamily]]:
    """This process's listening TCP sockets: number, address, family."""
    for name in [entry.name for entry in Path("/proc/self/fd").iterdir()]:
        with contextlib.suppress(OSError):
            copy = socket.socket(fileno=os.dup(int(name)))
            with copy:
                internet = copy.family in (socket.AF_INET, socket.AF_INET6)
                if internet and copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    yield int(name), copy.getsockname()[:2], copy.family
