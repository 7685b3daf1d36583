"""How many cores this process may use: what every room starts its threads by.

``os.cpu_count`` counts the machine's. A container with a quota (``docker run --cpus=2``, a limit of
Kubernetes, ``CPUQuota=`` of systemd) or ``taskset`` gives fewer, and threads beyond them do harm:
they wait for each other while the kernel holds them back until the next tenth of a second.
"""

from __future__ import annotations

import math
import os
from pathlib import Path, PurePosixPath

ASKED = "OMP_NUM_THREADS"  # the user's own number: every library of ours reads it
GROUPS = Path("/sys/fs/cgroup")
MEMBER = Path("/proc/self/cgroup")
# Where version 1 is mounted: by the controller's name, or by its two names.
OLD = ("cpu", "cpu,cpuacct", "cpuacct,cpu")


def allowed() -> list[int]:
    """Numbers of the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def quota(groups: Path = GROUPS, member: Path = MEMBER) -> float:
    """Cores' worth of time that the control groups (Linux, version 1 or 2) give this process;
    infinity where none limits it.

    A group's limit holds for all below it, so each one up to the root counts. Inside a container
    the path that the kernel names may be the host's, which is not there: then the root is its own.
    """
    try:
        lines = member.read_text(encoding="utf-8").splitlines()
    except OSError:
        return math.inf
    found = [math.inf]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        inside = PurePosixPath(path.lstrip("/"))
        for group in (inside, *inside.parents):
            if controllers:
                found += [_old(groups / mount / group) for mount in OLD]
            else:
                found.append(_new(groups / group))
    return min(found)


def _new(group: Path) -> float:
    """The limit that ``cpu.max`` of a group of version 2 names: "200000 100000", "max 100000"."""
    try:
        most, period = (group / "cpu.max").read_text(encoding="utf-8").split()
        return int(most) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # no such file; "max"
        return math.inf


def _old(group: Path) -> float:
    """The limit of a group of version 1; a quota of -1 is none."""
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    try:
        most, period = (int((group / name).read_text(encoding="utf-8")) for name in names)
        return most / period if most > 0 else math.inf
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def usable() -> int:
    """Cores' worth of threads for this process, at least one: those it may run on, no more than its
    quota. A half counts as a core: 1.5 let two threads run three quarters of the time."""
    here, given = len(allowed()), quota()
    return here if given >= here else max(1, math.floor(given + 0.5))


def asked() -> int | None:
    """Threads that the user asks for (``OMP_NUM_THREADS``: 4, or 4,2 for nested ones); None where
    there is no number, or only the one of :func:`limits`."""
    first = os.environ.get(ASKED, "").split(",")[0].strip()
    if not first.isdigit() or not int(first) or limits().get(ASKED) == first:
        return None
    return int(first)


def unasked() -> dict[str, str]:
    """:func:`limits`, where the user names no number."""
    return {} if asked() else limits()


def limits() -> dict[str, str]:
    """Environment variables by which the libraries' own thread pools (OpenMP, OpenBLAS, MKL) learn
    of a quota: they see only the cores that they may run on. Empty where none is smaller."""
    count = usable()
    return {ASKED: str(count)} if count < len(allowed()) else {}
