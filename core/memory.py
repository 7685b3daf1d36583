"""No more memory than the machine can give: a file that unfolds ends this command, not the machine.

Where memory runs out Linux kills whichever process it likes best, and a page or a training run
beside us may be it.
"""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

SHARE = 0.8  # of what the machine or the container has
CGROUP = Path("/sys/fs/cgroup/memory.max")


def there() -> int:
    """Bytes that this machine, or the container that we are in, has."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        found = min(found, int(CGROUP.read_text()))
    return found


def cap(share: float = SHARE) -> None:
    """Let this process take at most ``share`` of the memory: beyond it is a MemoryError, which
    :func:`core.errors.run_cli` says in one line. A lower ``ulimit -d`` of the user's stays."""
    most = int(there() * share)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft == resource.RLIM_INFINITY or soft > most:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
