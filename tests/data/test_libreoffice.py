"""What LibreOffice makes of the review workbook and of a bank (Debian: libreoffice-calc-nogui)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from core.files import read_jsonl
from data_tools.build import build
from data_tools.ledger import Ledger
from data_tools.readers import read
from data_tools.workbook import ALL, DOUBTS
from tests.data.test_review import Book

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice calc is not installed"),
]
ASKED = {
    "教师节是哪一天？": "9月10日",
    "骰子掷出六点的概率是？": "1/6",
    "税率是？": "5%",
    "单元格里的公式是？": "=cmd|'/C calc'!A0",
    "最冷时多少度？": "-5",
    "最大的宫殿是？": "故宫",
    "法国的首都是？": "巴黎",
}


def resaved(path: Path, folder: Path, kind: str = "xlsx") -> Path:
    """``path`` as LibreOffice saves it, in a profile of its own."""
    command = [
        "soffice", f"-env:UserInstallation=file://{folder / 'profile'}", "--headless",
        "--convert-to", kind, "--outdir", str(folder / "saved"), str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return folder / "saved" / f"{path.stem}.{kind}"


def answers(out: Path) -> dict[str, str]:
    """Question to answer, of both sides of the split."""
    rows = [row for name in ("train.jsonl", "eval.jsonl") for row in read_jsonl(out / name)]
    return {row["conversation"][0]["input"]: row["conversation"][0]["output"] for row in rows}


@pytest.fixture
def built(make_docx: Callable, inputs: Callable, tmp_path: Path) -> tuple[Path, Callable]:
    bank = inputs(make_docx([f"{question}->{answer}" for question, answer in ASKED.items()]))
    build(bank, tmp_path / "out")
    return tmp_path / "out", lambda: build(bank, tmp_path / "out")


def test_opened_and_saved_again_changes_nothing(
    built: tuple[Path, Callable], tmp_path: Path
) -> None:
    out, again = built
    before = answers(out)
    shutil.copy(resaved(out / "review.xlsx", tmp_path), out / "review.xlsx")
    book = load_workbook(out / "review.xlsx")
    for name in (ALL, DOUBTS):
        sheet = book[name]
        assert sheet.auto_filter.ref and len(sheet.data_validations.dataValidation) == 2
    shown = Book(out)
    for question, answer in ASKED.items():
        cell = book[ALL].cell(shown.row(question), shown.column("答案"))
        assert cell.number_format == "@" and cell.data_type == "s"
        assert str(cell.value).lstrip("'") == answer
    card = again()
    assert (card["edited"], card["deleted"], card["added"]) == (0, 0, 0)
    assert answers(out) == before == ASKED


def test_no_edit_is_lost(built: tuple[Path, Callable], tmp_path: Path) -> None:
    out, again = built
    book = Book(out)
    book.set("法国的首都是？", "答案", "9月10日")
    book.set("最大的宫殿是？", "处理", "删除 drop")
    book.add("比例是？", "1:3")
    book.save()
    shutil.copy(resaved(out / "review.xlsx", tmp_path), out / "review.xlsx")
    card = again()
    assert (card["edited"], card["deleted"], card["added"]) == (1, 1, 1)
    wanted = {**ASKED, "法国的首都是？": "9月10日", "比例是？": "1:3"}
    del wanted["最大的宫殿是？"]
    assert answers(out) == wanted
    shutil.copy(resaved(out / "review.xlsx", tmp_path), out / "review.xlsx")
    assert again()["deleted"] == 1 and answers(out) == wanted


def test_an_old_xls_of_the_workbook_is_a_bank(
    built: tuple[Path, Callable], make_xlsx: Callable, tmp_path: Path
) -> None:
    rows = [["题干", "答案"], *([q, a] for q, a in ASKED.items() if not a.startswith("="))]
    path = resaved(make_xlsx(rows), tmp_path, "xls")
    found = {row.question: row.answer for row in read(path, Ledger())}
    assert found == {q: a for q, a in ASKED.items() if not a.startswith("=")}
