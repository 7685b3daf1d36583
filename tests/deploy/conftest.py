from collections.abc import Iterator

import pytest

from tests.deploy import helper


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[helper.Room]:
    """The session's work folder, whose servers are stopped at the end."""
    made = helper.make(tmp_path_factory.getbasetemp() / "served")
    yield made
    made.stop_all()


@pytest.fixture
def served(room: helper.Room) -> helper.Room:
    """The room with its server running."""
    if not room.record():
        done = room.start()
        assert done.returncode == 0, done.stderr
    return room
