"""What characters look like in the fonts that draw other signs in the places of letters.

In Word and Excel a tick is often the letter ``ü`` in Wingdings, and alpha an ``a`` in Symbol. Word
keeps such characters at U+F000 and above. Symbol is Adobe's encoding; of the Wingdings only what
stands in papers: ticks, crosses, boxes, circled numbers, arrows.
"""

from __future__ import annotations

_GREEK = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
)
_SIGNS = {
    0x22: "∀", 0x24: "∃", 0x27: "∍", 0x2A: "∗", 0x2D: "−", 0x40: "≅", 0x5C: "∴", 0x5E: "⊥",
    0x7E: "∼", 0xA2: "′", 0xA3: "≤", 0xA4: "⁄", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑",
    0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB5: "∝",
    0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xC0: "ℵ",
    0xC4: "⊗", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩", 0xC8: "∪", 0xC9: "⊃", 0xCA: "⊇", 0xCB: "⊄",
    0xCC: "⊂", 0xCD: "⊆", 0xCE: "∈", 0xCF: "∉", 0xD0: "∠", 0xD1: "∇", 0xD5: "∏", 0xD6: "√",
    0xD7: "⋅", 0xD8: "¬", 0xD9: "∧", 0xDA: "∨", 0xDB: "⇔", 0xDC: "⇐", 0xDD: "⇑", 0xDE: "⇒",
    0xDF: "⇓", 0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_WINGDINGS = {
    0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "□", 0x72: "□", 0x75: "◆",
    0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "□", 0xAB: "★", 0xDF: "←", 0xE0: "→", 0xE1: "↑",
    0xE2: "↓", 0xF0: "⇒", 0xFB: "×", 0xFC: "√", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS |= {0x80 + k: sign for k, sign in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿")}
_WINGDINGS_2 = {0x4F: "×", 0x50: "√", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "□"}
_WINGDINGS_2 |= {0x69 + k: sign for k, sign in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿")}
FONTS: dict[str, dict[int, str]] = {
    "symbol": _SIGNS | {ord(letter): sign for letter, sign in _GREEK.items()},
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": {0x7D: "▶", 0x7C: "◀", 0x22: "↑", 0x23: "↓", 0x21: "→", 0x20: "←"},
    "webdings": {0x61: "√", 0x72: "×", 0x63: "□", 0x67: "■", 0x6E: "●"},
}
CODE = "symbol-font"  # a character of such a font that is not known here


def font(name: str) -> str:
    """The name of a font as in :data:`FONTS`, "" for one whose letters are letters."""
    low = name.strip().lower()
    return low if low in FONTS else ""


def private(text: str) -> bool:
    """Whether ``text`` holds a character that only some font knows."""
    return any("\ue000" <= char <= "\uf8ff" for char in text)


def shown(text: str, name: str) -> tuple[str, bool]:
    """``text`` as the font ``name`` (of :data:`FONTS`, or "") draws it; whether all is known."""
    table = FONTS.get(name)
    if table is None:
        return text, not private(text)
    said, known = "", True
    for char in text:
        code = ord(char) - 0xF000 if 0xF020 <= ord(char) <= 0xF0FF else ord(char)
        if code in table:
            said += table[code]
        elif code > 0xFF or char.isspace():  # drawn in another font, as Chinese is
            said += char
        else:
            said += chr(code) if name == "symbol" and code < 0x7F else char
            known = known and name == "symbol" and code < 0x7F
    return said, known and not private(said)
