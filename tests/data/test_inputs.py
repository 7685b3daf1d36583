"""Small files of every kind are read as a person reads them, or what is left out is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.inputs import banks, unchanged  # noqa: F401  (each notes its cases)
from tests.data.inputs.build import CASES, Case, wrong


@pytest.mark.parametrize("made", CASES, ids=lambda made: made.name)
def test_a_file_is_read_as_it_stands(made: Case, tmp_path: Path) -> None:
    assert wrong(made, tmp_path) == ""
