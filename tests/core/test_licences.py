"""Licences are read where they are stated, and nowhere guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import licences
from core.files import ROOT

CARDS = {
    "---\nlanguage: [zh]\nlicense: apache-2.0\n---\n# x": "apache-2.0",
    "---\nlicense: 'mit'  # said twice\n---\n": "mit",
    "---\nlicense: other\nlicense_name: qwen\n---\n": "other",
    "# x\nlicense: mit\n": "",  # a sentence of the text, no card's head
    "---\nlicense:\n---\n": "",
    "": "",
}


@pytest.mark.parametrize("card", CARDS)
def test_a_bases_licence_is_its_cards(card: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(card)
    assert licences.of_base(tmp_path) == CARDS[card]


def test_or_its_configs_or_its_licence_texts(tmp_path: Path) -> None:
    assert licences.of_base(tmp_path / "nowhere") == ""
    text = (ROOT / "LICENSE").read_text()
    (tmp_path / "LICENSE").write_text(text)
    assert licences.of_base(tmp_path) == "Apache-2.0" == licences.CODE
    (tmp_path / "config.json").write_text(json.dumps({"license": "mit"}))
    assert licences.of_base(tmp_path) == "mit"
    (tmp_path / "config.json").unlink()
    (tmp_path / "LICENSE").write_text("All rights reserved.")
    assert licences.of_base(tmp_path) == ""


def test_a_run_says_all_four(tmp_path: Path) -> None:
    found = licences.of_run(tmp_path, tmp_path)
    assert found["base"] == found["data"] == licences.NOT_STATED
    assert sum(found["packages"].values()) > 20 and found["packages"].get("MIT", 0) > 1
    (tmp_path / "card.json").write_text(json.dumps({"licence": "CC-BY-4.0"}))
    line = licences.line(licences.of_run(tmp_path, tmp_path))
    assert "code Apache-2.0; base not stated; data CC-BY-4.0; packages " in line
    assert licences.line({}) == ""
