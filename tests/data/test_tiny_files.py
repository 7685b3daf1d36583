"""Small files that mean harm: each ends within seconds in rows or in one line."""

from __future__ import annotations

import json
import sqlite3
import time
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from core.errors import UserError
from core.files import shown
from data_tools.__main__ import portable
from data_tools.interchange import reader
from data_tools.interchange.gift import is_gift
from data_tools.ledger import Ledger
from data_tools.readers.how import USUAL
from data_tools.readers.numbering import formatted
from data_tools.sources import read_bank

SECONDS = 20  # of a busy machine; each takes a second or two


def read(path: Path) -> int:
    """How many rows, within the time."""
    began = time.monotonic()
    try:
        return sum(1 for _ in reader(path)(path, Ledger(), path.name, USUAL))
    finally:
        assert time.monotonic() - began < SECONDS


def refused(path: Path, word: str) -> None:
    with pytest.raises(UserError, match=word) as said:
        read(path)
    assert len(str(said.value).splitlines()) == 1


def repacked(source: Path, target: Path, **parts: bytes | str) -> Path:
    """A package with some parts put in another's place; ``__`` in a name stands for ``/``."""
    named = {name.replace("__", "/") + ".xml": text for name, text in parts.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, named.get(name, old.read(name)))
    return target


@pytest.fixture
def book(tmp_path: Path) -> Path:
    made = Workbook()
    for row in (["题目", "答案"], *([f"第{n}题的答案是什么？", f"答{n}"] for n in range(5))):
        made.active.append(row)
    made.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


SHEET = "xl__worksheets__sheet1"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.mark.parametrize("row", [99_999_999_999, 1_048_577, 2**63, 10**40])
def test_a_row_beyond_every_sheet(book: Path, tmp_path: Path, row: int) -> None:
    text = f'<worksheet {NS}><sheetData><row r="{row}"><c r="A{row}"><v>1</v></c></row></sheetData>'
    refused(repacked(book, tmp_path / "x.xlsx", **{SHEET: text + "</worksheet>"}), "row")


def test_the_last_row_of_a_sheet_is_read(book: Path, tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{r}"><c r="A{r}" t="inlineStr"><is><t>{a}</t></is></c>'
        f'<c r="B{r}" t="inlineStr"><is><t>{b}</t></is></c></row>'
        for r, a, b in ((1, "题目", "答案"), (2, "最大的宫殿是？", "故宫"), (9000, "水是？", "冰"))
    )
    text = f"<worksheet {NS}><sheetData>{rows}</sheetData></worksheet>"
    assert read(repacked(book, tmp_path / "x.xlsx", **{SHEET: text})) == 2


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def document(path: Path, body: bytes | str) -> Path:
    """A docx of a given ``document.xml``."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships/officeDocument"/></Relationships>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", types)
        out.writestr("_rels/.rels", relations)
        out.writestr("word/document.xml", body)
    return path


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def body(inner: str, head: str = "") -> str:
    return f'{head}<w:document xmlns:w="{W}"><w:body>{inner}</w:body></w:document>'


@pytest.mark.parametrize("size,span", [(200, 200), (400, 200), (60, 99999)])
def test_a_table_of_cells_that_all_span(tmp_path: Path, size: int, span: int) -> None:
    cell = f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr>{paragraph("题")}</w:tc>'
    table = f"<w:tbl>{f'<w:tr>{cell * size}</w:tr>' * size}</w:tbl>"
    asked = paragraph("世界上最大的宫殿是？-&gt;故宫") * 3
    path = document(tmp_path / "x.docx", body(asked + table))
    assert path.stat().st_size < 100_000
    refused(path, "columns")


def test_a_cell_that_spans_a_row_is_read(tmp_path: Path) -> None:
    wide = f'<w:tc><w:tcPr><w:gridSpan w:val="4"/></w:tcPr>{paragraph("题库")}</w:tc>'
    asked = paragraph("世界上最大的宫殿是？-&gt;故宫") * 3
    table = f"<w:tbl><w:tr>{wide}</w:tr></w:tbl>"
    assert read(document(tmp_path / "x.docx", body(asked + table))) >= 1


DTD = '<!DOCTYPE w:document [<!ENTITY a "故宫">]>'
UTF_16 = '<?xml version="1.0" encoding="UTF-16"?>'
HIDING = {
    "at the start": lambda xml: DTD + xml,
    "in UTF-16": lambda xml: (UTF_16 + DTD + xml).encode("utf-16"),
    "after 3 MB": lambda xml: f"<!--{'x' * 3_000_000}-->{DTD}{xml}",
    "after many remarks": lambda xml: "<!-- -->" * 300_000 + DTD + xml,
    "in lines": lambda xml: DTD.replace(" ", "\n") + xml,
}  # fmt: skip


@pytest.mark.parametrize("how", HIDING)
def test_a_document_type_is_found_wherever_it_hides(tmp_path: Path, how: str) -> None:
    xml = body(paragraph("世界上最大的宫殿是？-&gt;&a;") * 3)
    refused(document(tmp_path / "x.docx", HIDING[how](xml)), "DTD")


def test_a_utf_16_document_without_one_is_read(tmp_path: Path) -> None:
    xml = UTF_16 + body(paragraph("最大的宫殿是？-&gt;故宫") * 3)
    assert read(document(tmp_path / "x.docx", xml.encode("utf-16"))) == 3


ONE_LINE = {
    "ones": "1", "stops": ". ", "numbers": "1. ", "brackets": "（", "arrows": "->", "options": "A.",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE_LINE)
def test_thirty_megabytes_in_one_line(tmp_path: Path, name: str) -> None:
    path, text = tmp_path / "x.txt", ONE_LINE[name] * (30_000_000 // len(ONE_LINE[name]))
    path.write_text("1. 最大的宫殿是？\n答案：故宫\n" + text + "\n2. 水是？\n答案：液体\n")
    assert read(path) >= 1


JSON = {
    "deep": '[{"question": "问？", "answer": ' + "[" * 100_000 + "]" * 100_000 + "}]",
    "deep line": '{"question": "问？", "answer": "答"}\n{"a":' + '{"a":' * 50_000,
    "digits": '[{"question": "问？", "answer": ' + "9" * 100_000 + "}]",
    "digits in a line": '{"question": "问？", "answer": "答"}\n{"a": ' + "9" * 100_000 + "}\n",
    "half a pair": '[{"question": "问\\ud800？", "answer": "答"}]',
    "half a pair in a line": '{"question": "问？", "answer": "\\udfff"}\n' * 2,
}


@pytest.mark.parametrize("name", JSON)
def test_json_that_cannot_be_read_or_written_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / ("x.jsonl" if "line" in name else "x.json")
    path.write_text(JSON[name], encoding="utf-8")
    refused(path, "x.json")


TYPES = (
    *(None, 1, 1.5, True, "text", [], {}, [1], [None], ["x"], [[]], {"input": 1}, [{"input": {}}]),
)


@pytest.mark.parametrize("key", ["conversation", "conversations", "messages"])
def test_wrong_types_in_a_conversation_are_ledgered_or_refused(tmp_path: Path, key: str) -> None:
    for wrong in TYPES:
        path = tmp_path / "x.jsonl"
        good = {"question": "最大的宫殿是？", "answer": "故宫"}
        path.write_text("\n".join(json.dumps(one) for one in (good, {key: wrong}, good)))
        try:
            assert read(path) >= 1, wrong
        except UserError as error:
            assert len(str(error).splitlines()) == 1


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"


@pytest.mark.parametrize(
    "made",
    [
        f"CREATE VIEW notes AS {ENDLESS} SELECT x AS id, '' AS flds, 0 AS mid FROM n",
        "CREATE TABLE notes (id, mid, flds);"
        f"CREATE VIEW fields AS {ENDLESS} SELECT x AS ntid, 0 AS ord, '' AS name FROM n;"
        f"CREATE VIEW col2 AS {ENDLESS} SELECT x FROM n WHERE x < 0;"
        "DROP TABLE col; CREATE VIEW col AS SELECT x AS models FROM col2",
    ],
    ids=["notes", "a view behind"],
)
def test_a_collection_of_cards_that_never_ends(made: str, tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "base")
    base.executescript(f"CREATE TABLE col (models); INSERT INTO col VALUES ('{{}}'); {made}")
    base.close()
    with zipfile.ZipFile(tmp_path / "x.apkg", "w") as file:
        file.write(tmp_path / "base", "collection.anki2")
        file.writestr("media", "{}")
    refused(tmp_path / "x.apkg", "Anki")


def test_a_line_of_two_million_columns(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x," * 2_000_000 + "\n")
    assert read(tmp_path / "x.csv") == 0


def test_links_in_a_ring(tmp_path: Path) -> None:
    link = tmp_path / "x.docx"
    link.symlink_to(link)
    assert portable([link]) == (str(link),) and shown(link) == str(link)
    refused(link, "no such file")


def test_a_mail_within_mails(tmp_path: Path) -> None:
    path = tmp_path / "x.mht"
    part = 'Content-Type: multipart/mixed; boundary="{0}"\n\n--{0}\n'
    path.write_text("MIME-Version: 1.0\n" + "".join(map(part.format, range(3000))))
    with pytest.raises(UserError, match="nested too deeply"):
        list(read_bank(path, Ledger(), path.name))


def test_a_long_blank_line(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(" \t" * 500_000 + "A")
    assert not is_gift(" \t" * 500_000) and read(tmp_path / "x.txt") == 0


@pytest.mark.parametrize("style", ["upperRoman", "lowerLetter", "decimal", "chineseCounting"])
def test_a_list_that_begins_at_ten_thousand_million(style: str) -> None:
    assert formatted(10**10, style) == "10000000000"


def test_a_workbook_of_twenty_thousand_sheets(book: Path, tmp_path: Path) -> None:
    link = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    each = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="rId1"/>' for n in range(1, 20_000))
    text = f"<workbook {NS} {link}><sheets>{each}</sheets></workbook>"
    refused(repacked(book, tmp_path / "x.xlsx", xl__workbook=text), "sheets")
