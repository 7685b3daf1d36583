"""Set generated blocks as Word documents and as plain text."""

from __future__ import annotations

from pathlib import Path

from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import RGBColor

from tests.data.bankgen_blocks import Block, P, T


def write_txt(
    blocks: list[Block], path: Path, encoding: str = "utf-8", newline: str = "\n"
) -> None:
    lines = []
    for block in blocks:
        if isinstance(block, P):
            lines.append(block.text)
        else:
            lines += ["\t".join(cell for cell in row if cell) for row in block.rows]
    path.write_bytes(newline.join(lines).encode(encoding))


def write_docx(blocks: list[Block], path: Path) -> None:
    document = Document()
    lists = _Lists(document)
    for block in blocks:
        if isinstance(block, T):
            table = document.add_table(rows=len(block.rows), cols=max(map(len, block.rows)))
            for r, row in enumerate(block.rows):
                for c, text in enumerate(row):
                    table.cell(r, c).text = text
            for top, left, bottom, right in block.merges:
                text = block.rows[top][left]
                table.cell(top, left).merge(table.cell(bottom, right)).text = text
            continue
        paragraph = document.add_paragraph(style=block.style or None)
        for text, look in block.runs:
            _run(paragraph, text, look)
        if block.number:
            lists.number(paragraph, *block.number)
        if block.extra == "formula":
            _formula(paragraph)
        elif block.extra == "box":
            _box(paragraph)
    document.save(str(path))


def _run(paragraph, text: str, look: str) -> None:
    run = paragraph.add_run(text)
    run.bold = True if "bold" in look else None
    run.underline = True if "underline" in look else None
    if "red" in look:
        run.font.color.rgb = RGBColor(0xFF, 0, 0)
    if "blue" in look:
        run.font.color.rgb = RGBColor(0x1F, 0x4E, 0xFF)
    if "highlight" in look:
        run.font.highlight_color = WD_COLOR_INDEX.YELLOW
    if look == "hidden":
        run.font.hidden = True
    if look in ("inserted", "deleted"):
        wrapper = OxmlElement("w:ins" if look == "inserted" else "w:del")
        wrapper.set(qn("w:id"), "1")
        wrapper.set(qn("w:author"), "a")
        run._r.addprevious(wrapper)
        wrapper.append(run._r)
        if look == "deleted":
            for t in run._r.findall(qn("w:t")):
                t.tag = qn("w:delText")
    if look == "field":
        for kind in ("begin", "code", "separate", "end"):
            part = OxmlElement("w:r")
            if kind == "code":
                code = OxmlElement("w:instrText")
                code.text = " REF answer \\h "
                part.append(code)
            else:
                char = OxmlElement("w:fldChar")
                char.set(qn("w:fldCharType"), kind)
                part.append(char)
            run._r.addnext(part) if kind == "end" else run._r.addprevious(part)


def _formula(paragraph) -> None:
    math = OxmlElement("m:oMath")
    fraction = OxmlElement("m:f")
    for tag, text in (("m:num", "a"), ("m:den", "b")):
        part, run, t = OxmlElement(tag), OxmlElement("m:r"), OxmlElement("m:t")
        t.text = text
        run.append(t)
        part.append(run)
        fraction.append(part)
    math.append(fraction)
    paragraph._p.append(math)


def _box(paragraph) -> None:
    """Move the paragraph's runs into a text box anchored in it."""
    runs = list(paragraph._p.findall(qn("w:r")))
    holder = OxmlElement("w:r")
    pict = OxmlElement("w:pict")
    shape = pict.makeelement("{urn:schemas-microsoft-com:vml}shape", {})
    box = shape.makeelement("{urn:schemas-microsoft-com:vml}textbox", {})
    content, inner = OxmlElement("w:txbxContent"), OxmlElement("w:p")
    for run in runs:
        inner.append(run)
    content.append(inner)
    box.append(content)
    shape.append(box)
    pict.append(shape)
    holder.append(pict)
    paragraph._p.append(holder)


class _Lists:
    """Numbering definitions: stems 1. 2. 3., options A. B. C. that start again under each stem."""

    def __init__(self, document) -> None:
        self.numbering = document.part.numbering_part.element
        self.count = 900
        self.ids: dict[str, str] = {}
        self.abstract("stem", "decimal", "%1．")
        self.abstract("options", "upperLetter", "%1、")

    def abstract(self, name: str, form: str, text: str) -> None:
        self.count += 1
        element = OxmlElement("w:abstractNum")
        element.set(qn("w:abstractNumId"), str(self.count))
        level = OxmlElement("w:lvl")
        level.set(qn("w:ilvl"), "0")
        for tag, value in (("w:start", "1"), ("w:numFmt", form), ("w:lvlText", text)):
            part = OxmlElement(tag)
            part.set(qn("w:val"), value)
            level.append(part)
        element.append(level)
        first = self.numbering.find(qn("w:num"))
        first.addprevious(element) if first is not None else self.numbering.append(element)
        self.ids[name] = str(self.count)
        self.num(name)

    def num(self, name: str) -> None:
        self.count += 1
        num = OxmlElement("w:num")
        num.set(qn("w:numId"), str(self.count))
        link = OxmlElement("w:abstractNumId")
        link.set(qn("w:val"), self.ids[name])
        num.append(link)
        override, start = OxmlElement("w:lvlOverride"), OxmlElement("w:startOverride")
        override.set(qn("w:ilvl"), "0")
        start.set(qn("w:val"), "1")
        override.append(start)
        num.append(override)
        self.numbering.append(num)
        self.ids[name + "#"] = str(self.count)

    def number(self, paragraph, name: str, level: int) -> None:
        if name == "options" and level == 0:
            self.num(name)
        properties = paragraph._p.get_or_add_pPr()
        numbers = properties.get_or_add_numPr()
        numbers.get_or_add_ilvl().val = 0
        numbers.get_or_add_numId().val = int(self.ids[name + "#"])
