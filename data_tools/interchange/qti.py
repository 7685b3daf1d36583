"""One item of QTI: 1.2 (``item``), 2.x (``assessmentItem``) and 3 (``qti-assessment-item``)."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from data_tools.interchange.made import NO_ANSWER, NO_QUESTION, Plain, Question, text_of

BLANK = "____"


def name_of(element: Any) -> str:
    """An element's name in one spelling for 2.x and 3: ``qti-choice-interaction`` is
    ``choiceinteraction``."""
    if not isinstance(element.tag, str):
        return ""
    return etree.QName(element).localname.removeprefix("qti-").replace("-", "").lower()


def every(element: Any, *names: str) -> Iterator[Any]:
    """The descendants with one of ``names``."""
    return (one for one in element.iter() if name_of(one) in names)


def _within(element: Any, *names: str) -> bool:
    return any(name_of(one) in names for one in element.iterancestors())


# 1.2 ---------------------------------------------------------------------------------------------


def _material(element: Any, but: tuple[str, ...] = ()) -> str:
    """The text of the materials in ``element``, those within ``but`` left out."""
    texts = []
    for one in every(element, "mattext", "matimage", "matemtext"):
        if (
            but
            and _within(one, *but)
            and any(
                parent is not element for parent in one.iterancestors() if name_of(parent) in but
            )
        ):
            continue
        if name_of(one) == "matimage":
            texts.append(f"[图片:{(one.get('uri') or '').rpartition('/')[2][:80]}]")
        else:
            texts.append(text_of("".join(one.itertext())))
    return Plain("\n".join(text for text in texts if text))


def _scores(item: Any) -> Iterator[tuple[float, list[tuple[str, str]]]]:
    """What each condition gives, and the (response, value) pairs that it asks for."""
    for condition in every(item, "respcondition"):
        pairs = [
            (one.get("respident", ""), "".join(one.itertext()).strip())
            for one in every(condition, "varequal", "varsubset")
            if not _within(one, "not")
        ]
        if not pairs:
            continue
        scores = []
        for one in every(condition, "setvar"):
            try:
                scores.append(float("".join(one.itertext()).strip() or "0"))
            except ValueError:
                continue
        linked = [one.get("linkrefid", "").lower() for one in every(condition, "displayfeedback")]
        praised = any(re.fullmatch(r"(?:general_)?correct.*|right.*", link) for link in linked)
        yield (max(scores) if scores else float(praised)), pairs


def item(element: Any) -> Question | str:
    """The question of a QTI 1.2 item, or why it is none."""
    shown = next(every(element, "presentation"), None)
    if shown is None:
        return NO_QUESTION
    made = Question(_material(shown, ("responselabel", "response_label")))
    feedback = [one for one in every(element, "itemfeedback") if "general" in one.get("ident", "")]
    made.explanation = _material(feedback[0]) if feedback else ""
    conditions = list(_scores(element))
    choices = [
        one
        for one in every(shown, "response_lid")
        if next(every(one, "response_label"), None) is not None
    ]
    if len(choices) > 1:
        return _pairs12(made, shown, choices, conditions)
    if choices:
        return _choice12(made, choices[0], conditions)
    right = [pair for score, pairs in conditions if score > 0 for pair in pairs]
    if not right:
        return NO_ANSWER
    first: dict[str, str] = {}
    for response, value in right:
        first.setdefault(response, value)
    made.said = "；".join(first.values())
    return made


def _choice12(
    made: Question, response: Any, conditions: list[tuple[float, list[tuple[str, str]]]]
) -> Question | str:
    """Options of one response; where only one may be chosen, the condition that gives most."""
    labels = list(every(response, "response_label"))
    made.options = [_material(one) for one in labels]
    names = [one.get("ident", "") for one in labels]
    good = [(score, pairs) for score, pairs in conditions if score > 0]
    kind = response.get("rcardinality", "Single").lower()
    if kind == "single" and good:
        best = max(score for score, _ in good)
        good = [(score, pairs) for score, pairs in good if score == best][:1]
    values = [value for _, pairs in good for _, value in pairs]
    if kind == "ordered":
        texts = dict(zip(names, made.options, strict=False))
        made.said, made.options = " → ".join(texts.get(value, value) for value in values), []
        return made if values else NO_ANSWER
    made.right = [k for k, name in enumerate(names) if name in values]
    made.kind = "multiple" if kind == "multiple" else ""
    return made


def _pairs12(
    made: Question,
    shown: Any,
    choices: list[Any],
    conditions: list[tuple[float, list[tuple[str, str]]]],
) -> Question | str:
    """Several responses with a list each: what belongs to what."""
    right = {pair for score, pairs in conditions if score > 0 for pair in pairs}
    said = []
    for one in choices:
        texts = {label.get("ident", ""): _material(label) for label in every(one, "response_label")}
        left = _material(one, ("response_label",))
        value = next((v for ident, v in right if ident == one.get("ident", "")), None)
        if value is not None:
            said.append(f"{left} → {texts.get(value, value)}" if left else texts.get(value, value))
    made.stem = _material(shown, ("response_lid",))
    made.said = "；".join(said)
    return made


# 2.x and 3 ---------------------------------------------------------------------------------------

_ENTRIES = ("textentryinteraction", "inlinechoiceinteraction", "gap")
_LISTS = {
    "choiceinteraction": ("simplechoice",),
    "orderinteraction": ("simplechoice",),
    "inlinechoiceinteraction": ("inlinechoice",),
    "matchinteraction": ("simpleassociablechoice",),
    "associateinteraction": ("simpleassociablechoice",),
    "gapmatchinteraction": ("gaptext", "gapimg", "gap"),
    "hottextinteraction": ("hottext",),
}


def _plain(element: Any) -> str:
    """The displayed text of an element: as HTML without name spaces."""
    made = copy.deepcopy(element)
    made.tail = None
    for one in list(every(made, "feedbackinline", "feedbackblock", "rubricblock")):
        told = name_of(one) != "rubricblock" or "candidate" not in one.get("view", "candidate")
        if told and one is not made and (parent := one.getparent()) is not None:
            before = one.getprevious()
            if before is not None:
                before.tail = (before.tail or "") + (one.tail or "")
            else:
                parent.text = (parent.text or "") + (one.tail or "")
            parent.remove(one)
    for one in made.iter():
        if isinstance(one.tag, str):
            one.tag = etree.QName(one).localname
    etree.cleanup_namespaces(made)
    return Plain(text_of(f"<div>{etree.tostring(made, encoding='unicode', method='html')}</div>"))


def _declared(root: Any) -> dict[str, list[str]]:
    """Response → its right values: as declared, else those that a mapping rewards."""
    found: dict[str, list[str]] = {}
    for one in every(root, "responsedeclaration"):
        right = next(every(one, "correctresponse"), None)
        values = [] if right is None else [_value(v) for v in every(right, "value")]
        if not values:
            worth = [
                (float(e.get("mappedValue", e.get("mapped-value", "0")) or 0), e)
                for e in every(one, "mapentry")
            ]
            best = max((w for w, _ in worth), default=0)
            several = one.get("cardinality") != "single"
            values = [
                e.get("mapKey", e.get("map-key", "")) for w, e in worth
                if w > 0 and (several or w == best)
            ]  # fmt: skip
        found[one.get("identifier", "")] = [value for value in values if value]
    return found


def _value(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def assessment_item(root: Any) -> Question | str:
    """The question of a QTI 2.x or 3 item, or why it is none."""
    body = next(every(root, "itembody"), None)
    if body is None:
        return NO_QUESTION
    body = copy.deepcopy(body)
    right = _declared(root)
    found = [one for one in body.iter() if name_of(one).endswith("interaction")]
    if not found:
        return NO_QUESTION
    made = Question("")
    answers = [_taken(one, made, right, alone=len(found) == 1) for one in found]
    for one in found:
        _emptied(one)
    made.stem = _plain(body)
    feedback = every(root, "modalfeedback", "rubricblock")
    told = ((one, one.get("identifier", "") + one.get("use", "")) for one in feedback)
    explained = [one for one, said in told if "solution" in said.lower()]
    made.explanation = _plain(explained[0]) if explained else ""
    if not made.options:
        made.said = Plain("；".join(text for text in answers if text))
        if not made.said:
            return f"{NO_ANSWER}: {name_of(found[0])}"
    return made


def _taken(interaction: Any, made: Question, right: dict[str, list[str]], alone: bool) -> str:
    """What the right response to an interaction is, in words; a lone choice gives options."""
    kind = name_of(interaction)
    response = interaction.get("responseIdentifier") or interaction.get("response-identifier", "")
    values = right.get(response, [])
    choices = [c for c in interaction.iter() if name_of(c) in _LISTS.get(kind, ())]
    texts = {c.get("identifier", ""): _plain(c) for c in choices if name_of(c) != "gap"}
    if alone and kind in ("choiceinteraction", "inlinechoiceinteraction"):
        names = list(texts)
        made.options = list(texts.values())
        made.right = [names.index(value) for value in values if value in texts]
        most = interaction.get("maxChoices") or interaction.get("max-choices") or "1"
        made.kind = "multiple" if len(made.right) > 1 and most != "1" else ""
        return ""
    if kind == "orderinteraction":
        return " → ".join(texts.get(value, value) for value in values)
    if kind in ("matchinteraction", "associateinteraction"):
        return "；".join(" → ".join(texts.get(one, one) for one in v.split()) for v in values)
    if kind == "gapmatchinteraction":
        gaps = [c.get("identifier", "") for c in choices if name_of(c) == "gap"]
        filled = {v.split()[-1]: texts.get(v.split()[0], v.split()[0]) for v in values if " " in v}
        return "；".join(filled[gap] for gap in gaps if gap in filled)
    if kind in ("extendedtextinteraction", "textentryinteraction", "sliderinteraction"):
        return values[0] if values else ""
    return "；".join(texts[value] for value in values if value in texts)


def _emptied(interaction: Any) -> None:
    """Leave of an interaction what a reader sees of the question: its prompt, a blank, its text."""
    kind = name_of(interaction)
    tail, parent = interaction.tail or "", interaction.getparent()
    prompt = [copy.deepcopy(one) for one in interaction if name_of(one) == "prompt"]
    inline = kind in _ENTRIES
    if kind in ("hottextinteraction", "gapmatchinteraction"):
        for gap in [one for one in interaction.iter() if name_of(one) == "gap"]:
            gap.text = BLANK
        for one in [c for c in interaction if name_of(c) in ("gaptext", "gapimg")]:
            interaction.remove(one)
        interaction.tag = "div"
        return
    for child in list(interaction):
        interaction.remove(child)
    interaction.attrib.clear()
    interaction.tag, interaction.text = ("span", BLANK) if inline else ("div", None)
    for one in prompt:
        one.tag = "p"
        interaction.append(one)
    if parent is not None:
        interaction.tail = tail
