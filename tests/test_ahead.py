"""What the demo makes beside its stages: in turn, no longer than they, none after a failure."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from commands.run import Runner

RUN = Runner(dry=False, environment={})


def touch(path: Path, then: str = "") -> list[str]:
    return [sys.executable, "-c", f"open({str(path)!r}, 'w').close(); {then}"]


def wait_for(path: Path) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.02)


def test_in_turn_and_ended_with_the_block(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in "abc")
    started = time.monotonic()
    with RUN.ahead(touch(first), touch(second, "import time; time.sleep(60)"), touch(third)):
        wait_for(second)
        assert first.exists()
    assert time.monotonic() - started < 30 and not third.exists()


def test_none_is_begun_after_one_that_failed(tmp_path: Path) -> None:
    last = tmp_path / "z"
    with RUN.ahead(touch(tmp_path / "a", "raise SystemExit(3)"), touch(last)):
        wait_for(tmp_path / "a")
        time.sleep(0.5)
    assert not last.exists()
