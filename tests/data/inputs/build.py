"""Small files of every kind, and what a person would read in them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText

NS = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@dataclass(frozen=True)
class Case:
    """A file and its right reading: ``rows`` of (question, answer) or (question, options, letters);
    ``flags`` row number → code; ``ledger`` codes that must be there."""

    name: str
    data: bytes
    rows: Sequence[tuple[Any, ...]]
    flags: dict[int, str] = field(default_factory=dict)
    ledger: tuple[str, ...] = ()
    error: str = ""


CASES: list[Case] = []


def case(name: str, data: bytes, rows: Sequence[tuple[Any, ...]], **more: Any) -> None:
    """Note a case."""
    CASES.append(Case(name, data, rows, **more))


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """A zip file of ``parts``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return out.getvalue()


def r(text: str, *look: str) -> str:
    """A run; ``look`` are elements of its properties (``strike``, ``vertAlign w:val="…"``)."""
    told = "".join(f"<w:{one}/>" for one in look)
    return f'<w:r><w:rPr>{told}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def up(text: str) -> str:
    """A raised run."""
    return r(text, 'vertAlign w:val="superscript"')


def down(text: str) -> str:
    """A lowered run."""
    return r(text, 'vertAlign w:val="subscript"')


def p(*parts: str, style: str = "") -> str:
    """A paragraph of runs or plain texts."""
    inner = "".join(part if part.startswith("<") else r(part) for part in parts)
    told = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{told}{inner}</w:p>"


def table(*rows: Sequence[str]) -> str:
    """A Word table."""
    cells = ["".join(f"<w:tc>{p(text)}</w:tc>" for text in row) for row in rows]
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def docx(*body: str, styles: str = "", parts: dict[str, str | bytes] | None = None) -> bytes:
    """A Word document; ``parts`` are further parts, related to by their names."""
    parts = parts or {}
    related = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/aFChunk" Target="/{name}"/>' for name in parts
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="d" '
        f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f"<w:document {NS}><w:body>{''.join(body)}</w:body></w:document>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{RELATIONS}">{related}'
        "</Relationships>",
    }
    if styles:
        files["word/styles.xml"] = f"<w:styles {NS}>{styles}</w:styles>"
    return zipped(files | parts)


def chunk(name: str) -> str:
    """The place of a part in another format."""
    return f'<w:altChunk r:id="{name}"/>'


def math(inner: str) -> str:
    """A formula."""
    return f"<m:oMath>{inner}</m:oMath>"


def t(text: str) -> str:
    """A run of a formula."""
    return f"<m:r><m:t>{text}</m:t></m:r>"


def xlsx(
    rows: Sequence[Sequence[Any]],
    change: Callable[[Any], None] | None = None,
    more: Callable[[Workbook], None] | None = None,
) -> bytes:
    """A workbook; ``change`` works on its sheet, ``more`` on the whole."""
    book, out = Workbook(), io.BytesIO()
    book.active.title = "Sheet1"
    for row in rows:
        book.active.append([None if x is None else x for x in row])
    if change:
        change(book.active)
    if more:
        more(book)
    book.save(out)
    return out.getvalue()


def raw_xlsx(cells: str) -> bytes:
    """A workbook whose sheet data is written by hand."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
            'content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.'
            'openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName='
            '"/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument'
            '.spreadsheetml.worksheet+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" '
            f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook {main} xmlns:r="{OFFICE}"><sheets><sheet name="Sheet1" '
            'sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship '
            f'Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{cells}</sheetData>"
            "</worksheet>",
        }
    )


def inline(ref: str, text: str) -> str:
    """A cell with its text in it."""
    return f'<c r="{ref}" t="inlineStr"><is>{text}</is></c>'


def rich(*parts: Any) -> CellRichText:
    """Text of several fonts."""
    return CellRichText(*parts)


def jsonl(*records: Any) -> bytes:
    """JSON lines."""
    return "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in records).encode()


def read(made: Case, folder: Path) -> tuple[list[Any], Any]:
    """The rows and the ledger of a case."""
    from data_tools.preview import read_files

    path = folder / made.name
    path.write_bytes(made.data)
    rows, ledger, _ = read_files([path])
    return rows, ledger


def wrong(made: Case, folder: Path) -> str:
    """What of a case is read wrongly, "" for nothing."""
    from core.errors import UserError

    try:
        rows, ledger = read(made, folder)
    except UserError as error:
        said = str(error)
        ok = made.error and made.error in said and "\n" not in said
        return "" if ok else f"refused: {said}"
    if made.error:
        return "not refused"
    found = [
        (row.question, dict(row.options), row.letters)
        if row.options
        else (row.question, row.answer, *([row.history] if row.history else []))
        for row in rows
    ]
    if found != list(made.rows):
        return f"rows {found} != {list(made.rows)}"
    for number, code in made.flags.items():
        said = [flag.partition(":")[0] for flag in rows[number].flags]
        if code == "" and said:
            return f"row {number} has flags {said}"
        if code and code not in said:
            return f"row {number} lacks {code}: {rows[number].flags}"
    missing = set(made.ledger) - {entry.code for entry in ledger}
    return f"ledger lacks {missing}: {[(e.reason, e.text) for e in ledger]}" if missing else ""
