"""QTI 2.1 as a package: a manifest, a test that names the items in their order, a file an item."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from core.files import atomic
from core.language import words
from core.rows import Row
from data_tools.exports import question as of

ITEM = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
RULE = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
JUDGED = (("正确", True), ("错误", False))


def refuses(row: Row) -> str:
    """Why QTI cannot hold ``row``: a value of its is one line (``xs:normalizedString``)."""
    if row.options or of.verdict(row) is not None:
        return ""
    if row.answer != " ".join(row.answer.split()):
        return words("QTI 里一个答案只有一行", "an answer is one line in QTI")
    return ""


def write(file: Path, rows: Sequence[Row], title: str) -> None:
    """Write the package; names count up, so that its order is the set's."""
    wide = max(4, len(str(len(rows))))
    names = [f"item{number:0{wide}d}" for number in range(1, len(rows) + 1)]
    with atomic(file, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, row in zip(names, rows, strict=True):
            package.writestr(f"{name}.xml", _bytes(_item(row, name)))
        package.writestr("test.xml", _bytes(_test(names, title)))
        package.writestr("imsmanifest.xml", _bytes(_manifest(names)))


def _bytes(tree: Any) -> bytes:
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))


def _in(space: str, parent: Any, tag: str, text: str = "", **about: str) -> Any:
    name = f"{{{space}}}{tag}"
    made = (
        etree.Element(name, about, nsmap={None: space})
        if parent is None
        else etree.SubElement(parent, name, about)
    )
    made.text = text or None
    return made


def _lines(parent: Any, text: str) -> None:
    """``text`` in ``parent``, its line ends as breaks."""
    first, *rest = text.split("\n")
    parent.text = first
    for line in rest:
        _in(ITEM, parent, "br").tail = line


def _item(row: Row, name: str) -> Any:
    title = of.name(row)
    about = {"identifier": name, "title": title, "adaptive": "false", "timeDependent": "false"}
    item = _in(ITEM, None, "assessmentItem", **about)
    options, right = _choices(row)
    single = not options or (len(right) == 1 and row.kind != "multiple")
    base = "identifier" if options else "string"
    kind = "single" if single else "multiple"
    declared = _in(ITEM, item, "responseDeclaration", identifier="RESPONSE", cardinality=kind,
                   baseType=base)  # fmt: skip
    values = _in(ITEM, declared, "correctResponse")
    for value in right or [row.answer]:
        _in(ITEM, values, "value", value)
    _in(ITEM, item, "outcomeDeclaration", identifier="SCORE", cardinality="single",
        baseType="float")  # fmt: skip
    if row.explanation:
        _in(ITEM, item, "outcomeDeclaration", identifier="FEEDBACK", cardinality="single",
            baseType="identifier")  # fmt: skip
    body = _in(ITEM, item, "itemBody")
    _lines(_in(ITEM, body, "p"), row.question)
    if options:
        asked = _in(ITEM, body, "choiceInteraction", responseIdentifier="RESPONSE",
                    shuffle="false", maxChoices="1" if single else "0")  # fmt: skip
        for letter, text in options.items():
            _lines(_in(ITEM, asked, "simpleChoice", identifier=letter), text)
    else:
        _in(ITEM, body, "extendedTextInteraction", responseIdentifier="RESPONSE")
    _in(ITEM, item, "responseProcessing", template=RULE)
    if row.explanation:
        shown = _in(ITEM, item, "modalFeedback", outcomeIdentifier="FEEDBACK",
                    identifier="solution", showHide="show")  # fmt: skip
        _lines(_in(ITEM, shown, "p"), row.explanation)
    return item


def _choices(row: Row) -> tuple[dict[str, str], list[str]]:
    """The options by their names, and the right ones; a judgement chooses from two words."""
    right = of.verdict(row)
    if right is None:
        return row.options, list(row.letters)
    texts = {letter: text for letter, (text, _) in zip("AB", JUDGED, strict=True)}
    return texts, ["A" if right else "B"]


def _test(names: Sequence[str], title: str) -> Any:
    test = _in(ITEM, None, "assessmentTest", identifier="test", title=" ".join(title.split()))
    part = _in(ITEM, test, "testPart", identifier="part", navigationMode="nonlinear",
               submissionMode="simultaneous")  # fmt: skip
    section = _in(ITEM, part, "assessmentSection", identifier="section", title="1", visible="true")
    for name in names:
        _in(ITEM, section, "assessmentItemRef", identifier=name, href=f"{name}.xml")
    return test


def _manifest(names: Sequence[str]) -> Any:
    root = _in(PACKAGE, None, "manifest", identifier="package")
    about = _in(PACKAGE, root, "metadata")
    _in(PACKAGE, about, "schema", "QTIv2.1 Package")
    _in(PACKAGE, about, "schemaversion", "1.0.0")
    _in(PACKAGE, root, "organizations")
    held = _in(PACKAGE, root, "resources")
    for name in ("test", *names):
        file, kind = f"{name}.xml", f"imsqti_{'test' if name == 'test' else 'item'}_xmlv2p1"
        one = _in(PACKAGE, held, "resource", identifier=f"r-{name}", type=kind, href=file)
        _in(PACKAGE, one, "file", href=file)
    return root
