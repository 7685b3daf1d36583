"""That a run tries what the last one tried, and who of several workers takes which tests."""

import os
from pathlib import PurePosixPath

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

# The same examples every time, so that a change is to blame for a failure; to look for new ones:
# HYPOTHESIS_PROFILE=default make test
settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# The tests type commands as a person does at a terminal. Under `make test` they would inherit the
# outer make's level and options, and each make of theirs would print "Entering directory".
for inherited in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "TIKU_GOAL", "TIKU_GOALS"):
    os.environ.pop(inherited, None)
os.environ["TIKU_LANG"] = "both"  # unless a test chooses

# Rooms whose tests share a server, a browser or 10 s of imports: each stays in one worker. Those
# that take longest begin first, so that no worker is left alone with one at the end.
TOGETHER = ("web", "train", "deploy", "eval")


class ByRoom(LoadFileScheduling):
    """What goes to a worker at once: a room of :data:`TOGETHER`, or a file."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return room if (room := PurePosixPath(file).parts[1]) in TOGETHER else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByRoom:
    config.option.loadscopereorder = False  # by the order below, not by how many tests a room has
    return ByRoom(config, log)  # type: ignore[arg-type]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        room = PurePosixPath(item.nodeid.split("::")[0]).parts[1]
        return TOGETHER.index(room) if room in TOGETHER else len(TOGETHER)

    items.sort(key=place)
