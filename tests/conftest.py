"""Which tests may run beside each other."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A room's tests stay in one worker: they share servers and models that are dear to start."""
    here = Path(__file__).parent
    for item in items:
        room = item.path.relative_to(here).parts[0]
        item.add_marker(pytest.mark.xdist_group(room))
