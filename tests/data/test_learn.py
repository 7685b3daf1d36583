"""A person mends a few rows of a bank that was read wrongly; their like are mended with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.rows import Row, Source
from data_tools import learn
from data_tools.build import build
from data_tools.ledger import Ledger
from data_tools.sources import read_bank
from tests.data.test_review import Book, answers

COUNT = 14
# Each: a line of a sheet as it is written, what is read of it, what a person writes instead.
LAYOUTS = {
    "a code of the author's own before each stem": (
        "Kf-{n}~{n}号楼有几层？",
        "Kf-{n}~{n}号楼有几层？",
        "{n}号楼有几层？",
    ),
    "a mark behind each stem": (
        "{n}号楼有几层？⟦k{n}⟧",
        "{n}号楼有几层？⟦k{n}⟧",
        "{n}号楼有几层？",
    ),
}


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "learned.json"
    monkeypatch.setattr(learn, "MODEL", path)
    return path


def sheet(line: str) -> list[list[str]]:
    return [["题目", "答案"], *([line.format(n=n), f"有{n}层"] for n in range(1, COUNT))]


@pytest.mark.parametrize("name", LAYOUTS)
def test_show_one_mend_the_rest(
    name: str, make_xlsx: Callable, inputs: Callable, tmp_path: Path
) -> None:
    line, read, right = LAYOUTS[name]
    given, out = inputs(make_xlsx(sheet(line))), tmp_path / "out"
    build(given, out)
    assert read.format(n=3) in answers(out)
    book = Book(out)
    book.set(read.format(n=3), "题干", right.format(n=3))
    book.save()
    card = build(given, out)
    assert set(answers(out)) == {right.format(n=n) for n in range(1, COUNT)}
    assert card["learned"] == COUNT - 2 and card["edited"] == 1
    again = build(given, out, force=True)  # and it stays so
    assert again["learned"] == COUNT - 2 and again["edited"] == 1


def test_a_word_put_right_is_no_rule(make_docx: Callable, inputs: Callable, tmp_path: Path) -> None:
    lines = [f"按规定{n}号楼有几层？->有{n}层" for n in range(1, COUNT)]
    given, out = inputs(make_docx(lines)), tmp_path / "out"
    build(given, out)
    book = Book(out)
    book.set("按规定3号楼有几层？", "题干", "3号楼有几层？")
    book.set("按规定5号楼有几层？", "答案", "有6层")
    book.save()
    assert build(given, out)["learned"] == 0
    assert "按规定7号楼有几层？" in answers(out)


def test_later_documents_are_read_by_what_was_taught(
    make_xlsx: Callable, inputs: Callable, tmp_path: Path, model: Path
) -> None:
    line, read, right = LAYOUTS["a code of the author's own before each stem"]
    given, out = inputs(make_xlsx(sheet(line))), tmp_path / "out"
    build(given, out)
    book = Book(out)
    book.set(read.format(n=3), "题干", right.format(n=3))
    book.save()
    card = build(given, out, teach=True)
    assert model.is_file() and card["reader_model"] == learn.model_key()
    later = [
        ["题目", "答案"],
        *([f"Kf-{n}~{n}路公交车到哪里？", f"到{n}村"] for n in range(20, 40)),
    ]
    rows = list(read_bank(make_xlsx(later, "later.xlsx"), Ledger(), "later.xlsx"))
    assert [row.question for row in rows] == [f"{n}路公交车到哪里？" for n in range(20, 40)]
    plain = [["题目", "答案"], *([f"{n}路公交车到哪里？", f"到{n}村"] for n in range(20, 40))]
    rows = list(read_bank(make_xlsx(plain, "plain.xlsx"), Ledger(), "plain.xlsx"))
    assert rows[0].question == "20路公交车到哪里？"


def row(question: str, answer: str, kind: str = "qa", **more: object) -> Row:
    return Row(question, answer, Source("a.txt", "", "c:0-1", question), kind, **more)  # type: ignore[arg-type]


def test_lines_that_are_options() -> None:
    rows = [row(f"第{n}种鸟是\n#1 甲{n}\n#2 乙{n}\n#3 丙{n}", str(1 + n % 3)) for n in range(9)]
    new = row(
        "第0种鸟是", "A. 甲0", "single", options={"A": "甲0", "B": "乙0", "C": "丙0"}, letters="A"
    )
    made = learn.mended(rows, [learn.Example(rows[0], new)])
    assert len(made) == 9 and made[4].letters == "B" and made[4].options["C"] == "丙4"


def test_codes_that_are_judgements() -> None:
    rows = [row(f"第{n}种鸟会飞", "Ok" if n % 2 else "Ng") for n in range(9)]
    examples = [learn.Example(rows[1], row("第1种鸟会飞", "正确", "judge"))]
    examples.append(learn.Example(rows[2], row("第2种鸟会飞", "错误", "judge")))
    made = learn.mended(rows, examples)
    assert {made[n].answer for n in (1, 3, 5)} == {"正确"} and made[4].answer == "错误"
    assert made[4].kind == "judge"
