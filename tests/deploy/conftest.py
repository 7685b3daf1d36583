from collections.abc import Iterator

import pytest

from tests.deploy import helper


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[helper.Room]:
    """A work folder whose servers are stopped at the end."""
    made = helper.make(tmp_path_factory.mktemp("work"))
    yield made
    for note in (made.work / "servers").glob("*.json"):
        if note.stem.isdigit():
            made.stop(int(note.stem))


@pytest.fixture
def served(room: helper.Room) -> helper.Room:
    """The room with its server running."""
    if not room.record():
        done = room.start()
        assert done.returncode == 0, done.stderr
    return room
