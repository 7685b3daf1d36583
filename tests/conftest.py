"""Which tests may run beside each other, and that a run tries what the last one tried."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, so that a change is to blame for a failure; to look for new ones:
# HYPOTHESIS_PROFILE=default make test
settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# The tests type commands as a person does at a terminal. Under `make test` they would inherit the
# outer make's level and options, and each make of theirs would print "Entering directory".
for inherited in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "TIKU_GOAL", "TIKU_GOALS"):
    os.environ.pop(inherited, None)
os.environ["TIKU_LANG"] = "both"  # unless a test chooses


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A room's tests stay in one worker: they share servers and models that are dear to start."""
    here = Path(__file__).parent
    for item in items:
        room = item.path.relative_to(here).parts[0]
        item.add_marker(pytest.mark.xdist_group(room))
