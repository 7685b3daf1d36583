"""A data set's questions in other tools' formats, and back."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.files import write_jsonl
from core.rows import Row, Source
from data_tools import exports, interchange
from data_tools.ledger import Ledger
from data_tools.readers.how import USUAL

HOSTILE = "{}~=#\\:<>&\"'$%[]|;->*_`，。（）？ 答案解析 ABC123x≥½²\u00a0\t"
EXACT = ("gift", "moodle", "qti", "anki", "xlsx")


def row(number: int, **about: object) -> Row:
    values: dict[str, object] = {"question": f"第{number}题？", "answer": "甲", "kind": "qa"}
    made = Row(**{**values, **about}, source=Source("a.docx", "0" * 64, f"p:{number}", "…"))  # type: ignore[arg-type]
    made.id = f"gongkao-{number:06d}"
    if made.options:
        made.answer = "；".join(f"{letter}. {made.options[letter]}" for letter in made.letters)
    return made


def kept(rows: list[Row], folder: Path) -> Path:
    """A data set of ``rows``, as far as an export reads it."""
    write_jsonl(folder / "train.jsonl", (one.json("s") for one in rows))
    write_jsonl(folder / "eval.jsonl", ())
    return folder


def back(file: Path) -> list[Row]:
    ledger = Ledger()
    rows = list(interchange.reader(file)(file, ledger, file.name, USUAL))
    assert [entry.code for entry in ledger] in ([], ["heading"])  # Moodle's category
    return rows


BANK = [
    row(
        1,
        question="若 $x^2<1$，则 {x} 的范围？\n（见图）[图片:a.png]",
        kind="single",
        options={"A": "-1<x<1", "B": "x>1 & x<2", "C": "<b>空集</b>", "D": "a -> b"},
        letters="A",
        explanation="由 \\frac{1}{2} = 50% #1 得：\n$|x|<1$",
    ),
    row(
        2,
        question="哪些是金属？",
        kind="multiple",
        options={"A": "铜", "B": "木=不是", "C": "金~银", "D": "铁#1", "E": "铝:Al"},
        letters="ACDE",
    ),
    row(3, question="地球是圆的。", kind="judge", answer="正确", explanation="&lt;是&gt;"),
    row(4, question="水的沸点是 100℃ 吗？", kind="judge", answer="×"),
    row(5, question="世界上最大的宫殿是？", answer="故宫"),
    row(6, question="C\\n 语言里 \\\\ 是什么？", answer="反斜线 \\ {}"),
]


@pytest.mark.parametrize("form", EXACT)
def test_a_bank_comes_back_as_it_was(form: str, tmp_path: Path) -> None:
    made = exports.export(kept(BANK, tmp_path), form, "数学/一")
    assert (made.kept, made.left, made.changed) == (len(BANK), [], 0)
    found = back(made.files[0])
    assert [exports.signature(one) for one in found] == [exports.signature(one) for one in BANK]
    assert found[0].options == BANK[0].options and found[0].question == BANK[0].question
    assert "image" in [str(flag).partition(":")[0] for flag in found[0].flags] or form == "xlsx"


WORDS = st.text(st.sampled_from(HOSTILE), min_size=1, max_size=12)
LINES = st.lists(WORDS, min_size=1, max_size=3).map("\n".join).map(str.strip).filter(bool)


@st.composite
def questions(draw: st.DrawFn) -> list[Row]:
    rows = []
    for number in range(draw(st.integers(1, 4))):
        options = draw(st.lists(LINES, min_size=2, max_size=6, unique=True))
        named = dict(zip("ABCDEF", options, strict=False))
        several = draw(st.booleans())
        letters = "".join(sorted(draw(st.sets(st.sampled_from(list(named)), min_size=1))))
        choice = draw(st.booleans())
        rows.append(
            row(
                number,
                question=f"题{number}" + draw(LINES),
                explanation=draw(st.one_of(st.just(""), LINES)),
                **(
                    {
                        "kind": "multiple" if several else "single",
                        "options": named,
                        "letters": letters if several else letters[0],
                    }
                    if choice
                    else {"answer": draw(LINES)}
                ),
            )
        )
    return rows


@pytest.mark.parametrize("form", EXACT)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=questions())
def test_whatever_is_written_comes_back(form: str, rows: list[Row], tmp_path_factory: Any) -> None:
    """A question comes back as it was, or it stays out and that is said."""
    folder = kept(rows, tmp_path_factory.mktemp("set"))
    try:
        made = exports.export(folder, form, "x")
    except UserError:
        left, there = len(rows), []
    else:
        left = len(made.left)
        assert made.changed == 0 and made.kept + left == len(rows)
        out = [exports.signature(one.row) for one in made.left]
        there = [exports.signature(one) for one in back(made.files[0])]
        assert sorted([*there, *out], key=str) == sorted(map(exports.signature, rows), key=str)
    if form == "moodle":
        assert left == 0  # plain text holds anything


def test_a_paper_and_its_key(tmp_path: Path) -> None:
    folder = kept(BANK, tmp_path)
    made = exports.export(folder, "docx", "数学")
    assert [file.name for file in made.files] == ["key.docx", "paper.docx", "questions.docx"]
    text = {
        file.stem: [part.text for part in Document(str(file)).paragraphs] for file in made.files
    }
    assert "一、单项选择题（共1题）" in text["paper"] and "三、判断题（共2题）" in text["paper"]
    assert not any("答案" in line or "解析" in line for line in text["paper"])
    assert "2. ACDE" in text["key"] and "5. 故宫" in text["key"]
    assert "答案：ACDE" in text["questions"]
    plain = [one for one in BANK if "\n" not in one.question and "\\" not in one.question]
    again = exports.export(kept(plain, tmp_path / "plain"), "docx", "数学")
    assert again.changed == 0  # what is set for people is read back, too, where nothing is odd


def test_what_aiken_cannot_hold_is_said(tmp_path: Path) -> None:
    options = {"A": "铜", "B": "铁", "C": "金"}
    plain = [
        row(n, question=f"第{n}种金属是？", kind="single", options=options, letters="C")
        for n in range(10, 16)
    ]
    made = exports.export(kept([*BANK, *plain], tmp_path), "aiken", "x")
    assert made.kept == 6 and len(made.left) == 6
    assert [one.letters for one in back(made.files[0])] == ["C"] * 6
    said = exports.told(made.left)
    assert len(said) == 2 and any("5" in line and "Aiken" in line for line in said)
    with pytest.raises(UserError, match="Aiken"):
        exports.export(kept(BANK[2:], tmp_path / "none"), "aiken", "x")
    assert not list((tmp_path / "none" / "export" / "aiken").iterdir())


def test_a_package_of_items_names_all_its_parts(tmp_path: Path) -> None:
    (file,) = exports.export(kept(BANK, tmp_path), "qti", "x").files
    with zipfile.ZipFile(file) as package:
        names = set(package.namelist())
        manifest = package.read("imsmanifest.xml").decode()
    assert names == {"imsmanifest.xml", "test.xml", *(f"item{n:04d}.xml" for n in range(1, 7))}
    assert all(f'href="{name}"' in manifest for name in names - {"imsmanifest.xml"})


def test_a_deck_made_again_is_the_same_cards(tmp_path: Path) -> None:
    """A question whose answer was mended keeps its card, and what was learnt of it."""

    def cards(rows: list[Row], name: str) -> list[tuple[str]]:
        (file,) = exports.export(kept(rows, tmp_path / name), "anki", "x").files
        with zipfile.ZipFile(file) as package:
            package.extract("collection.anki2", tmp_path / name)
        with sqlite3.connect(tmp_path / name / "collection.anki2") as base:
            return sorted(base.execute("SELECT guid FROM notes"))

    mended = [row(5, question=BANK[4].question, answer="紫禁城") if n == 4 else one
              for n, one in enumerate(BANK)]  # fmt: skip
    assert cards(BANK, "a") == cards(mended, "b")


def test_dialogues_and_general_rows_stay_out(tmp_path: Path) -> None:
    talk = row(7, question="那它呢？", answer="乙")
    talk.history = [("甲？", "一")]
    general = row(8, question="写首诗", answer="诗", kind="general")
    made = exports.export(kept([*BANK, talk, general], tmp_path), "moodle", "x")
    assert made.kept == len(BANK) and [one.row.question for one in made.left] == ["那它呢？"]
