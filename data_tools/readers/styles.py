"""What Word's styles say about a run or a paragraph: emphasis, hiding, numbering, heading."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from data_tools.readers import symbols
from data_tools.readers.package import Package

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL = f"{W}val"
OFF = ("0", "false", "none", "off")
TOGGLES = {f"{W}b": "bold", f"{W}u": "underline", f"{W}em": "dots", f"{W}i": "italic"}
CAPS = (f"{W}caps", f"{W}smallCaps")
SHIFTED = {True: "shifted-up", False: "shifted-down"}  # by w:position: raised, where it is short
SHIFT = 4  # half points; less only sets a line straight
STRIKES = (f"{W}strike", f"{W}dstrike")
BLACK = ("auto", "000000", "text1", "dark1", "tx1", "")


@dataclass(frozen=True, slots=True)
class Look:
    """How a run looks: ``hows`` its emphases, ``hidden`` whether it is not displayed at all,
    ``struck`` whether it is struck out, ``vertical`` superscript or subscript, ``font`` that of
    :mod:`.symbols` in which letters are other signs, ``caps`` whether small letters show as
    capitals."""

    hows: frozenset[str] = frozenset()
    hidden: bool = False
    struck: bool = False
    vertical: str = ""
    font: str = ""
    caps: bool = False

    def over(self, base: Look) -> Look:
        """This look of a run's own style on top of its paragraph's."""
        return Look(
            base.hows | self.hows,
            base.hidden or self.hidden,
            base.struck or self.struck,
            self.vertical or base.vertical,
            self.font or base.font,
            self.caps or base.caps,
        )


@dataclass(frozen=True, slots=True)
class Style:
    """A named style, resolved through the styles it is based on."""

    look: Look = Look()
    number: tuple[str, int] | None = None
    heading: bool = False


def look(properties: Any, base: Look) -> Look:
    """``base`` as changed by a w:rPr element."""
    hows, hidden = set(base.hows), base.hidden
    struck, vertical = base.struck, base.vertical
    for child in properties:
        value = child.get(VAL, "1").lower()
        on = value not in OFF
        if child.tag in TOGGLES:
            (hows.add if on else hows.discard)(TOGGLES[child.tag])
        elif child.tag == f"{W}vanish":
            hidden = on
        elif child.tag in STRIKES:
            struck = on
        elif child.tag == f"{W}vertAlign":
            vertical = "" if value == "baseline" else value
        elif child.tag == f"{W}color":
            hows = {how for how in hows if not how.startswith("color")}
            theme = child.get(f"{W}themeColor", "").lower()
            if value not in BLACK and theme not in BLACK[3:-1] and not _dark(value):
                hows.add(f"color:{value}")
        elif child.tag == f"{W}highlight" and on:
            hows.add("highlight")
        elif child.tag == f"{W}shd" and child.get(f"{W}fill", "auto").lower() not in (
            "auto",
            "ffffff",
        ):
            hows.add("shading")
    return _drawn(properties, Look(frozenset(hows), hidden, struck, vertical, base.font, base.caps))


def _drawn(properties: Any, made: Look) -> Look:
    """``made`` with what a w:rPr says of how letters are drawn: font, capitals, place."""
    for child in properties:
        value = child.get(VAL, "1").lower()
        if child.tag == f"{W}rFonts":
            made = replace(made, font=drawn_in(child, made.font))
        elif child.tag in CAPS:
            made = replace(made, caps=value not in OFF)
        elif child.tag == f"{W}position" and not made.vertical:
            made = replace(made, vertical=shifted(value))
    return made


def drawn_in(fonts: Any, base: str = "") -> str:
    """The font of a w:rFonts whose letters are other signs; "" for a usual one."""
    name = fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi")
    return symbols.font(name) if name else base


def shifted(value: str) -> str:
    """What a raised or lowered position (in half points) makes of a run."""
    points = int(value) if value.lstrip("+-").isdecimal() else 0
    return SHIFTED[points > 0] if abs(points) >= SHIFT else ""


def _dark(value: str) -> bool:
    """Whether a hex colour is so near black that nobody sees it as a mark (all parts below 25%)."""
    try:
        return len(value) == 6 and all(int(value[i : i + 2], 16) < 0x40 for i in (0, 2, 4))
    except ValueError:
        return False


def number_of(properties: Any, base: tuple[str, int] | None) -> tuple[str, int] | None:
    """The list and level of a w:pPr element; list 0 takes the style's numbering away."""
    element = properties.find(f"{W}numPr")
    if element is None:
        return base
    parts = {child.tag: child.get(VAL, "0") for child in element}
    list_id = parts.get(f"{W}numId", base[0] if base else "0")
    level = parts.get(f"{W}ilvl", "0")
    return None if list_id == "0" else (list_id, int(level) if level.isdecimal() else 0)


class Styles:
    """The document's style sheet; styles are resolved when first asked for."""

    def __init__(self, package: Package, folder: str) -> None:
        root = package.tree(f"{folder}styles.xml")
        found = root.iter(f"{W}style") if root is not None else ()
        self.elements = {style.get(f"{W}styleId"): style for style in found}
        self.known: dict[str, Style] = {}

    def get(self, style_id: str, depth: int = 0) -> Style:
        """The style ``style_id``; an empty one where it is unknown or its chain is a ring."""
        if style_id in self.known:
            return self.known[style_id]
        element = self.elements.get(style_id)
        if element is None or depth > 20:
            return Style()
        parent = element.find(f"{W}basedOn")
        style = self.get(parent.get(VAL), depth + 1) if parent is not None else Style()
        run, paragraph = element.find(f"{W}rPr"), element.find(f"{W}pPr")
        if run is not None:
            style = replace(style, look=look(run, style.look))
        if paragraph is not None:
            style = replace(style, number=number_of(paragraph, style.number))
        name = element.find(f"{W}name")
        title = (name.get(VAL, "") if name is not None else "").lower()
        if title.startswith(("heading", "title", "标题", "toc heading")):
            style = replace(style, heading=True)
        self.known[style_id] = style
        return style
