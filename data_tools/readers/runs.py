"""The displayed text of one Word paragraph: what a reader sees, and how it is emphasised.

Deleted, struck-out and hidden text is left out, inserted text and field results are in, symbols are
mapped to the characters they show, formulas become LaTeX, pictures named placeholders with a flag.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from functools import cached_property
from typing import Any

from core.findings import Finding
from data_tools.readers import eqfields, omml, symbols
from data_tools.readers.blocks import Line
from data_tools.readers.numbering import Numbering
from data_tools.readers.package import Package
from data_tools.readers.raised import DOWN, UP, raised
from data_tools.readers.styles import SHIFTED, Look, Styles, look, number_of

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
OFFICE = "{urn:schemas-microsoft-com:office:office}"
VAL = f"{W}val"
IMAGE, FORMULA, CHANGED, HIDDEN = "image", "formula", "tracked-changes", "hidden-text"
STRUCK, WHITE, RUBY = "struck-text", "white-text", "ruby"
NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote",
         "commentReference": "comment"}  # fmt: skip
NOTED = 200  # characters of a note that are told
SHORT = 6  # characters that w:position may make a superscript
SHOWN = {IMAGE: ("[图片",), FORMULA: ("[公式", "$")}  # how what is flagged shows in a line
SKIP = {W + name for name in ("pPr", "rPr", "del", "moveFrom", "delText", "delInstrText", "rt",
        "annotationRef", "footnoteRef", "endnoteRef", "sdtPr", "lastRenderedPageBreak",
        "proofErr", "bookmarkStart", "bookmarkEnd", "softHyphen")}  # fmt: skip
NOTED_TAGS = {W + tag: kind for tag, kind in NOTES.items()}
_SYMBOL_FIELD = re.compile(
    r'symbol\s+(0x[0-9a-f]{1,4}|\d{1,5})\b(?:.*?\\f\s*(?:"([^"]*)"|(\S+)))?', re.I
)
CHARS = {
    W + "tab": "\t",
    W + "ptab": "\t",
    W + "br": "\n",
    W + "cr": "\n",
    W + "noBreakHyphen": "-",
}


class Paragraphs:
    """Turns paragraphs into lines, with the document's lists, styles and pictures at hand."""

    def __init__(self, package: Package, part: str) -> None:
        folder, _, file = part.rpartition("/")
        folder = f"{folder}/" if folder else ""
        self.package, self.folder = package, folder
        self.styles = Styles(package, folder)
        self.numbering = Numbering(package, folder)
        relations = package.tree(f"{folder}_rels/{file}.rels")
        self.parts = {
            r.get("Id"): posixpath.normpath(posixpath.join(folder, r.get("Target", ""))).lstrip("/")
            for r in (relations if relations is not None else ())
        }
        # Locator → why all that a paragraph says is left out, and what it says.
        self.left_out: dict[str, tuple[str, str]] = {}
        self.targets = {
            r.get("Id"): posixpath.basename(r.get("Target", ""))
            for r in (relations if relations is not None else ())
        }

    def lines(self, paragraph: Any, loc: str) -> list[Line]:
        """The lines of one paragraph, then those of the text boxes anchored in it."""
        properties = paragraph.find(f"{W}pPr")
        style, number = self.styles.get("Normal"), None
        if properties is not None:
            named = properties.find(f"{W}pStyle")
            if named is not None:
                style = self.styles.get(named.get(VAL))
            number = number_of(properties, style.number)
        label = self.numbering.label(*number) if number else ""
        walker = _Walk(self)
        walker.inside(paragraph, style.look)
        if any(flag.startswith(WHITE) for flag in walker.flags) and _shaded(paragraph):
            walker.flags = [flag for flag in walker.flags if not flag.startswith(WHITE)]
        lines = walker.lines(loc)
        if walker.left_out.strip() and not any(line.text.strip() for line in lines):
            why = next(x for x in (STRUCK, HIDDEN, CHANGED) if x in walker.flags)
            self.left_out[loc] = why, walker.left_out
        first = lines[0]
        first.label, first.heading = label if first.text.strip() else "", style.heading
        for box in walker.boxes:
            for inner in box.iter(f"{W}p"):
                lines += self.lines(inner, loc)
        return lines

    @cached_property
    def notes(self) -> dict[tuple[str, str], str]:
        """What the document's footnotes, endnotes and comments say, by kind and number."""
        made = {}
        for kind in NOTES.values():
            root = self.package.tree(f"{self.folder}{kind}s.xml")
            for note in root.iter(f"{W}{kind}") if root is not None else ():
                text = "".join(node.text or "" for node in note.iter(f"{W}t"))
                made[kind, note.get(f"{W}id", "")] = " ".join(text.split())
        return made


class _Walk:
    """One pass over a paragraph, collecting text and marks."""

    def __init__(self, owner: Paragraphs) -> None:
        self.owner = owner
        self.pieces: list[tuple[str, frozenset[str], str]] = []
        self.flags: list[str] = []
        self.left_out = ""
        self.boxes: list[Any] = []
        self.fields: list[list[str]] = []  # one a nested field: [its code, "code" or "result"]

    def add(self, text: str, style: Look) -> None:
        """Take ``text`` unless it is hidden, struck out or a field's code."""
        if style.font or symbols.private(text):
            text, known = symbols.shown(text, style.font)
            if not known:
                self.flags.append(symbols.CODE)
        if style.caps:
            text = text.upper()
        if style.hidden or style.struck:
            if text.strip():
                self.flags.append(HIDDEN if style.hidden else STRUCK)
                self.left_out += text
        elif not any(field[1] == "code" for field in self.fields):
            if "color:ffffff" in style.hows and "shading" not in style.hows and text.strip():
                self.flags.append(Finding(WHITE, text.strip()[:NOTED]))
            self._put(text, style)

    def _put(self, text: str, style: Look) -> None:
        vertical = style.vertical
        if vertical in SHIFTED.values():
            raises = text.isascii() and len(text) <= SHORT
            vertical = (UP if vertical == SHIFTED[True] else DOWN) if raises else ""
        last = self.pieces[-1] if self.pieces else None
        if last and vertical and last[2] == vertical:  # x^{n+1} of two runs
            self.pieces[-1] = (last[0] + text, last[1], last[2])
        else:
            self.pieces.append((text, style.hows, vertical))

    def placeholder(self, kind: str, name: str, style: Look) -> None:
        """Stand in for a picture or formula."""
        self.flags.append(kind)
        word = "图片" if kind == IMAGE else "公式"
        self.add(f"[{word}:{name}]" if name else f"[{word}]", style)

    def formula(self, node: Any, style: Look) -> None:
        """A formula in LaTeX; one with a part that is not known here is flagged."""
        shown, known = omml.latex(node)
        if not known:
            self.flags.append(FORMULA)
        if shown:
            self.add(f"${shown}$", style)

    def inside(self, parent: Any, style: Look) -> None:
        """All children of ``parent``."""
        for child in parent:
            self.node(child, style)

    def node(self, node: Any, style: Look) -> None:
        """One element, whatever it is."""
        tag = node.tag
        if tag == f"{W}t":
            self.add(node.text or "", style)
        elif tag == f"{W}r":
            self.run(node, style)
        elif tag in CHARS:
            self.add(CHARS[tag], style)
        elif tag in SKIP or not isinstance(tag, str):
            if tag in (f"{W}del", f"{W}moveFrom"):
                self.flags.append(CHANGED)
                gone = node.iter(f"{W}delText", f"{W}t")
                self.left_out += "".join(part.text or "" for part in gone)
        elif tag in (f"{W}fldChar", f"{W}instrText"):
            self.field(node, style)
        elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
            self.picture(node, style)
        elif not self.rare(node, tag, style):
            if tag == f"{W}ins":
                self.flags.append(CHANGED)
            self.inside(node, style)

    def rare(self, node: Any, tag: str, style: Look) -> bool:
        """One element of a kind that few paragraphs hold; False for any other."""
        if tag == f"{M}oMath":
            self.formula(node, style)
        elif tag in NOTED_TAGS:
            self.note(NOTED_TAGS[tag], node.get(f"{W}id", ""))
        elif tag == f"{W}ruby":
            self.ruby(node, style)
        elif tag == f"{W}sym":
            self.add(_symbol(node), replace(style, font=symbols.font(node.get(f"{W}font", ""))))
        elif tag == f"{MC}AlternateContent":
            choice = node.find(f"{MC}Choice")
            self.inside(choice if choice is not None else node, style)
        else:  # “click here to enter text”: nobody has
            return tag == f"{W}sdt" and node.find(f"{W}sdtPr/{W}showingPlcHdr") is not None
        return True

    def note(self, kind: str, number: str) -> None:
        """A footnote or comment: its text is not the paragraph's, a person sees it."""
        self.flags.append(Finding(kind, self.owner.notes.get((kind, number), "")[:NOTED]))

    def ruby(self, node: Any, style: Look) -> None:
        """Characters with their reading above them: read without, the reading is told."""
        base, above = node.find(f"{W}rubyBase"), node.find(f"{W}rt")
        texts = ["".join(x.text or "" for x in part.iter(f"{W}t")) if part is not None else ""
                 for part in (base, above)]  # fmt: skip
        self.flags.append(Finding(RUBY, " ".join(texts)[:NOTED]))
        self.inside(base if base is not None else (), style)

    def run(self, run: Any, style: Look) -> None:
        """A run with its own look."""
        properties = run.find(f"{W}rPr")
        if properties is not None:
            named = properties.find(f"{W}rStyle")
            if named is not None:
                own = self.owner.styles.get(named.get(VAL)).look
                style = own.over(style)
            style = look(properties, style)
        self.inside(run, style)

    def field(self, node: Any, style: Look) -> None:
        """A field: its code is not displayed, its result is; EQ fields are formulas."""
        if node.tag == f"{W}instrText":
            if self.fields:
                self.fields[-1][0] += node.text or ""
            return
        kind = node.get(f"{W}fldCharType")
        if kind == "begin":
            self.fields.append(["", "code"])
            box = node.find(f".//{W}checkBox")
            if box is not None:
                checked = box.find(f"{W}checked")
                on = checked is not None and checked.get(VAL, "1") not in ("0", "false")
                self.pieces.append(("☑" if on else "□", style.hows, ""))
        elif kind == "separate" and self.fields:
            self.fields[-1][1] = "result"
        elif kind == "end" and self.fields:
            code, phase = self.fields.pop()
            if phase == "code":
                self.coded(code.strip(), style)

    def coded(self, code: str, style: Look) -> None:
        """A field without a stored result that shows something: a formula, a symbol."""
        if code.upper().startswith("EQ"):
            if shown := eqfields.latex(code):
                self.add(shown, style)
            else:
                self.placeholder(FORMULA, code[2:].strip(), style)
        elif found := _SYMBOL_FIELD.match(code):
            number = int(found[1], 0) if found[1][:2].lower() == "0x" else int(found[1])
            named = symbols.font(found[2] or found[3] or "")
            self.add(chr(number), replace(style, font=named))

    def picture(self, node: Any, style: Look) -> None:
        """A picture, an embedded formula, or a text box."""
        boxes = [
            box
            for box in node.iter(f"{W}txbxContent")
            if next(box.iterancestors(f"{MC}Fallback"), None) is None
        ]
        if boxes:
            self.boxes += boxes
            return
        if any(e.get(f"{OFFICE}hr") in ("t", "true") for e in node.iter()):
            return  # a ruler across the page
        ids = [
            value
            for e in node.iter()
            for key, value in e.attrib.items()
            if key in (f"{R}embed", f"{R}id", f"{R}link")
        ]
        name = next((self.owner.targets[i] for i in ids if i in self.owner.targets), "")
        code = next((e.get("ProgID", "") for e in node.iter() if e.get("ProgID")), "")
        self.placeholder(FORMULA if code.startswith("Equation") else IMAGE, name, style)

    def lines(self, loc: str) -> list[Line]:
        """What was collected, cut at line breaks, with the marks of each line."""
        lines: list[Line] = []
        marks: list[tuple[int, int, str]] = []
        text = ""
        flags = tuple(dict.fromkeys(self.flags))
        for piece, hows, vertical in self.pieces:
            for index, part in enumerate(raised(piece, vertical).split("\n")):
                if index:
                    lines.append(Line(text, loc, marks=tuple(marks)))
                    text, marks = "", []
                if part:
                    marks += [(len(text), len(text) + len(part), how) for how in hows]
                    text += part
        lines.append(Line(text, loc, marks=tuple(marks)))
        for line in lines:
            line.flags = tuple(
                flag
                for flag in flags
                if flag not in (IMAGE, FORMULA) or any(mark in line.text for mark in SHOWN[flag])
            )
        return lines


def _shaded(paragraph: Any) -> bool:
    """Whether a paragraph stands on a ground of its own or of its table's cell."""
    cell = next(paragraph.iterancestors(f"{W}tc"), None)
    for owner, path in ((paragraph, "pPr"), (cell, "tcPr")):
        shade = owner.find(f"{W}{path}/{W}shd") if owner is not None else None
        if shade is not None and shade.get(f"{W}fill", "auto").lower() not in ("auto", "ffffff"):
            return True
    return False


def _symbol(node: Any) -> str:
    """The character of a w:sym, which its font draws."""
    try:
        code = int(node.get(f"{W}char", "0"), 16)
    except ValueError:
        return ""
    return chr(code) if 0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000 else ""
