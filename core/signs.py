"""Signs that make another question of the same letters: C#, 5!, a*b, 2³, Co, mHz, “&”.

:func:`core.text.bare` drops punctuation, case and height, which is right nearly always: they differ
between two typings of one question. Here is what does not: operators at letters and digits, raised
and lowered digits, a sign or letter in quotes, chemical symbols and the prefixes of units.
"""

from __future__ import annotations

import re
import unicodedata

from core.text import bare

_ELEMENTS = [
    "He",
    "Li",
    "Be",
    "Ne",
    "Na",
    "Mg",
    "Al",
    "Si",
    "Cl",
    "Ar",
    "Ca",
    "Sc",
    "Ti",
    "Cr",
    "Mn",
    "Fe",
    "Co",
    "Ni",
    "Cu",
    "Zn",
    "Ga",
    "Ge",
    "As",
    "Se",
    "Br",
    "Kr",
    "Rb",
    "Sr",
    "Zr",
    "Nb",
    "Mo",
    "Tc",
    "Ru",
    "Rh",
    "Pd",
    "Ag",
    "Cd",
    "In",
    "Sn",
    "Sb",
    "Te",
    "Xe",
    "Cs",
    "Ba",
    "La",
    "Ce",
    "Pr",
    "Nd",
    "Pm",
    "Sm",
    "Eu",
    "Gd",
    "Tb",
    "Dy",
    "Ho",
    "Er",
    "Tm",
    "Yb",
    "Lu",
    "Hf",
    "Ta",
    "Re",
    "Os",
    "Ir",
    "Pt",
    "Au",
    "Hg",
    "Tl",
    "Pb",
    "Bi",
    "Po",
    "At",
    "Rn",
    "Fr",
    "Ra",
    "Ac",
    "Th",
    "Pa",
    "Np",
    "Pu",
    "Am",
    "Cm",
    "Bk",
    "Cf",
    "Es",
    "Fm",
    "Md",
    "No",
    "Lr",
    "Rf",
    "Db",
    "Sg",
    "Bh",
    "Hs",
    "Mt",
    "Ds",
    "Rg",
    "Cn",
    "Nh",
    "Fl",
    "Mc",
    "Lv",
    "Ts",
    "Og",
]
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORTH = re.compile(r"[#*/!&@\\_'’“\"‘「『′]|[A-Z][a-z]|(?:[mM])(?:Hz|W|B|b|Pa|V|J|eV|bps)")
_SIGNS = re.compile(
    r"(?<=[A-Za-z0-9])[#&*\\/_@](?=[A-Za-z0-9])|(?<=[A-Za-z])#|[#@](?=[A-Za-z])"  # R&D, F#, @x
    r"|(?:(?<=\d)|(?<=(?<![A-Za-z])[A-Za-z]))(?:!(?!=)|['’′](?![A-Za-z]))"  # 5!, n!, f'
)
_NUMBERS = re.compile(r"\d/\d")  # 1/2: bare keeps it
_QUOTED = re.compile(r"[“\"‘'「『]\s*([^\w\s“”\"‘’'「」『』]{1,3}|[A-Za-z])\s*[”\"’'」』]")
_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]{1,15}(?![A-Za-z0-9])")
_FORMULA = re.compile(rf"(?:(?:{'|'.join(_ELEMENTS)}|[BCFHIKNOPSUVWY])\d*)+")
_PREFIX = re.compile(r"(?<![A-Za-z])([mM])(?:Hz|W|B|b|Pa|V|J|eV|bps)(?![A-Za-z])")
START, END = "\x1f", "\x1e"
_ADDED = re.compile(f"{START}[^{END}]*{END}")


def signs(text: str) -> str:
    """What of ``text`` :func:`core.text.bare` drops and must not: in order, "" for most texts."""
    found = [
        f"{at and text[at - 1]}{char}"
        for at, char in enumerate(text)
        if char > "~" and unicodedata.decomposition(char).startswith(("<super>", "<sub>"))
    ]
    text = unicodedata.normalize("NFKC", text)
    if not _WORTH.search(text):
        return " ".join(found)
    numbers = {match.start() + 1 for match in _NUMBERS.finditer(text)}
    for match in _SIGNS.finditer(text):
        if match.start() not in numbers:
            found.append(text[max(0, match.start() - 1) : match.end() + 1].casefold())
    found += _QUOTED.findall(text)
    if _HAN.search(text):  # He, In and As begin English sentences
        words = _WORD.findall(text)
        found += [one for one in words if not one.isupper() and _FORMULA.fullmatch(one)]
        found += [match[0] for match in _PREFIX.finditer(text)]
    return " ".join(found)


def exact(text: str) -> str:
    """:func:`core.text.bare` with the signs that matter behind it."""
    key, more = bare(text), signs(text)
    return f"{key}{START}{more}{END}" if more else key


def without(key: str) -> str:
    """A key of :func:`exact` as :func:`core.text.bare` alone gives it."""
    return _ADDED.sub("", key)
