"""Threads are as many as the cores that may be used: beside a quota, taskset and the user's own."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from core import cores, precision

DOCKER = "docker/8f2c"


def machine(folder: Path, member: str, **limits: str) -> float:
    """The quota by control groups that ``limits`` writes: path with ``__`` for ``/`` → text."""
    for name, text in limits.items():
        path = folder / "cgroup" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    (folder / "self").write_text(member, encoding="utf-8")
    return cores.quota(folder / "cgroup", folder / "self")


OLD = {"cpu__cpu_dot_cfs_quota_us": "150000", "cpu__cpu_dot_cfs_period_us": "100000"}
JOINT = {name.replace("cpu__", "cpu,cpuacct__"): text for name, text in OLD.items()}


@pytest.mark.parametrize(
    ("member", "limits", "found"),
    [
        ("0::/\n", {"cpu_dot_max": "200000 100000"}, 2.0),
        ("0::/\n", {"cpu_dot_max": "max 100000"}, math.inf),
        # A service under a limited slice; a stricter one inside it.
        ("0::/a/b\n", {"a__cpu_dot_max": "300000 100000", "a__b__cpu_dot_max": "max 100000"}, 3.0),
        ("0::/a/b\n", {"a__cpu_dot_max": "9 1", "a__b__cpu_dot_max": "50000 100000"}, 0.5),
        # The host's path, which is not there inside the container.
        (f"4:cpu,cpuacct:/{DOCKER}\n0::/\n", OLD, 1.5),
        (f"4:cpu,cpuacct:/{DOCKER}\n", JOINT, 1.5),
        ("4:cpu:/\n", {**OLD, "cpu__cpu_dot_cfs_quota_us": "-1"}, math.inf),
        ("3:cpuset:/\n2:memory:/x\n", OLD, math.inf),
        ("", {}, math.inf),
    ],
)
def test_a_quota_is_read_as_containers_write_it(
    tmp_path: Path, member: str, limits: dict[str, str], found: float
) -> None:
    assert machine(tmp_path, member, **limits) == found


@pytest.mark.parametrize(
    ("quota", "asked", "threads", "told"),
    [
        (math.inf, None, 64, None),  # nothing limits
        (2.0, None, 2, "2"),
        (1.5, "", 2, "2"),
        (1.2, None, 1, "1"),
        (0.25, None, 1, "1"),  # half a core is still one thread
        (128.0, None, 64, None),
        (2.0, "8", 8, "8"),  # the user's own stays, whatever the quota
        (2.0, "3,1", 3, "3,1"),
        (2.0, "many", 2, "2"),  # no number: OpenMP would take all cores
    ],
)
def test_libraries_are_told_of_a_quota_that_they_do_not_see(
    monkeypatch: pytest.MonkeyPatch,
    quota: float,
    asked: str | None,
    threads: int,
    told: str | None,
) -> None:
    monkeypatch.setattr(cores, "allowed", lambda: list(range(64)))
    monkeypatch.setattr(cores, "quota", lambda: quota)
    kept = {"PATH": os.environ["PATH"]} | ({} if asked is None else {cores.ASKED: asked})
    monkeypatch.setattr(os, "environ", kept)
    for _ in range(2):  # what was told once is not taken for the user's
        assert (cores.asked() or cores.usable()) == threads
        precision.share_cores()
        assert os.environ.get(cores.ASKED) == told


def test_a_wait_policy_that_the_user_chose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"OMP_WAIT_POLICY": "active"})
    precision.share_cores()
    assert "GOMP_SPINCOUNT" not in os.environ


def test_taskset_counts() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores.usable() == 1
    finally:
        os.sched_setaffinity(0, before)
