"""Word's formulas (OMML, ECMA-376 part 1, 22.1) as LaTeX.

No kept-up Python library does this without a Word or Haskell beside it, so the grammar stands here:
one small function a structure, and what is none of them is read through for its text and said to be
unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "omicron", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "phi", "chi",
    "psi", "omega",
)  # fmt: skip
SYMBOLS = {chr(0x3B1 + k): name for k, name in enumerate(_GREEK)}
SYMBOLS |= {
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ϕ": "phi", "ε": "varepsilon", "ϵ": "epsilon",
    "φ": "varphi", "ϑ": "vartheta", "±": "pm", "∓": "mp", "×": "times", "÷": "div", "·": "cdot",
    "⋅": "cdot", "≤": "le", "≥": "ge", "≠": "ne", "≈": "approx", "≡": "equiv", "∞": "infty",
    "→": "to", "←": "leftarrow", "⇒": "Rightarrow", "⇔": "Leftrightarrow", "↔": "leftrightarrow",
    "∈": "in", "∉": "notin", "⊂": "subset", "⊆": "subseteq", "⊃": "supset", "∪": "cup", "∩": "cap",
    "∅": "emptyset", "∀": "forall", "∃": "exists", "∂": "partial", "∇": "nabla", "∑": "sum",
    "∏": "prod", "∫": "int", "∬": "iint", "∭": "iiint", "∮": "oint", "√": "surd", "∠": "angle",
    "⊥": "perp", "∥": "parallel", "∧": "wedge", "∨": "vee", "¬": "neg", "…": "ldots",
    "⋯": "cdots", "∝": "propto", "∼": "sim", "≅": "cong", "△": "triangle", "°": "degree",
    "⋃": "bigcup", "⋂": "bigcap", "⋁": "bigvee", "⋀": "bigwedge", "∐": "coprod", "⊕": "oplus",
    "⊗": "otimes", "∘": "circ", "′": "prime", "ℝ": "mathbb{R}", "ℕ": "mathbb{N}",
    "ℤ": "mathbb{Z}", "ℚ": "mathbb{Q}", "ℂ": "mathbb{C}", "ℏ": "hbar",
}  # fmt: skip
ESCAPED = {char: "\\" + char for char in "#$%&_{}"} | {"\\": r"\backslash ", "−": "-"}
ACCENTS = {
    "\u0302": "hat", "^": "hat", "\u0303": "tilde", "~": "tilde", "\u0304": "bar", "\u0305": "bar",
    "\u00af": "bar", "\u20d7": "vec", "\u2192": "vec", "\u20d6": "overleftarrow", "\u0307": "dot",
    "\u0308": "ddot", "\u0301": "acute", "\u0300": "grave", "\u0306": "breve", "\u030c": "check",
}  # fmt: skip
FUNCTIONS = {
    "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "arcsin", "arccos",
    "arctan", "log", "ln", "lg", "exp", "lim", "max", "min", "sup", "inf", "det", "gcd", "dim",
    "ker", "arg", "deg", "hom", "Pr", "limsup", "liminf",
}  # fmt: skip
FENCES = {
    "{": r"\{", "}": r"\}", "‖": r"\|", "∥": r"\|", "": ".", "⌈": r"\lceil ", "⌉": r"\rceil ",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⟨": r"\langle ", "⟩": r"\rangle ", "〈": r"\langle ",
    "〉": r"\rangle ",
}  # fmt: skip


def latex(node: Any) -> tuple[str, bool]:
    """A formula in LaTeX without its dollar signs, and whether every part of it was known."""
    made = _Formula()
    text = made.inside(node)
    return " ".join(text.split()) if text.strip() else "", not made.unknown


def _local(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _value(node: Any, path: str, default: str) -> str:
    """The ``m:val`` of a property; ``default`` where it is not there."""
    found = node.find("/".join(M + step for step in path.split("/")))
    return default if found is None else found.get(f"{M}val", "")


def symbols(text: str) -> str:
    """Plain characters as LaTeX."""
    said = ""
    for char in text:
        if char in SYMBOLS:
            said += f"\\{SYMBOLS[char]} "
        else:
            said += ESCAPED.get(char, char)
    return said


class _Formula:
    """One formula; ``unknown`` names the structures that were only read through."""

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self.shapes: dict[str, Callable[[Any], str]] = {
            name: getattr(self, f"_{name}")
            for name in (
                "r", "f", "rad", "sSup", "sSub", "sSubSup", "sPre", "nary", "d", "m", "eqArr",
                "func", "limLow", "limUpp", "bar", "acc", "groupChr",
            )
        }  # fmt: skip

    def inside(self, node: Any) -> str:
        """Everything within ``node``."""
        return "".join(map(self.one, node)) if node is not None else ""

    def one(self, node: Any) -> str:
        """One structure."""
        name = _local(node)
        if name in self.shapes:
            return self.shapes[name](node)
        if name.endswith("Pr") or not name or name in ("del", "delText"):
            return ""
        known = ("oMath", "oMathPara", "e", "box", "borderBox", "phant", "ins", "num", "den", "deg",
                 "sup", "sub", "lim", "fName", "smartTag", "sdt", "sdtContent")  # fmt: skip
        if name not in known:
            self.unknown.append(name)
        return self.inside(node)

    def part(self, node: Any, name: str) -> str:
        """What stands in the named part of a structure."""
        return self.inside(node.find(M + name)).strip()

    def _r(self, node: Any) -> str:
        text = "".join(child.text or "" for child in node if _local(child) == "t")
        if _value(node, "rPr/nor", "0") not in ("0", "off", "false") or any(
            "\u4e00" <= char <= "\u9fff" for char in text
        ):
            return rf"\text{{{text}}}" if text.strip() else text
        return symbols(text)

    def _f(self, node: Any) -> str:
        above, below = self.part(node, "num"), self.part(node, "den")
        kind = _value(node, "fPr/type", "bar")
        if kind == "noBar":
            return rf"\genfrac{{}}{{}}{{0pt}}{{}}{{{above}}}{{{below}}}"
        return (
            f"{{{above}}}/{{{below}}}"
            if kind in ("lin", "skw")
            else rf"\frac{{{above}}}{{{below}}}"
        )

    def _rad(self, node: Any) -> str:
        degree = self.part(node, "deg")
        return rf"\sqrt{f'[{degree}]' if degree else ''}{{{self.part(node, 'e')}}}"

    def _base(self, node: Any) -> str:
        """What a power stands over; braces hold several signs together."""
        text = self.part(node, "e")
        inner = node.find(f"{M}e")
        alone = inner is not None and len([c for c in inner if not _local(c).endswith("Pr")]) == 1
        whole = len(text) < 2 or text.isdigit() or (alone and _local(inner[-1]) != "r")
        named = text.startswith("\\") and text.count("\\") == 1 and text[1:].isalpha()
        scripts = alone and _local(inner[-1]).startswith("s")
        return text if (whole and not scripts) or named else f"{{{text}}}"

    def _sSup(self, node: Any) -> str:
        return f"{self._base(node)}^{{{self.part(node, 'sup')}}}"

    def _sSub(self, node: Any) -> str:
        return f"{self._base(node)}_{{{self.part(node, 'sub')}}}"

    def _sSubSup(self, node: Any) -> str:
        return f"{self._base(node)}_{{{self.part(node, 'sub')}}}^{{{self.part(node, 'sup')}}}"

    def _sPre(self, node: Any) -> str:
        low, high = self.part(node, "sub"), self.part(node, "sup")
        return f"{{}}_{{{low}}}^{{{high}}}{self.part(node, 'e')}"

    def _nary(self, node: Any) -> str:
        sign = symbols(_value(node, "naryPr/chr", "∫")).strip()
        low, high = self.part(node, "sub"), self.part(node, "sup")
        bounds = (f"_{{{low}}}" if low else "") + (f"^{{{high}}}" if high else "")
        return f"{sign}{bounds or ' '}{self.part(node, 'e')}"

    def _d(self, node: Any) -> str:
        inner = [child for child in node if _local(child) == "e"]
        bare = [c for c in inner[0] if not _local(c).endswith("Pr")] if len(inner) == 1 else []
        opens, closes = _value(node, "dPr/begChr", "("), _value(node, "dPr/endChr", ")")
        if len(bare) == 1 and _value(bare[0], "fPr/type", "") == "noBar" and opens + closes == "()":
            return rf"\binom{{{self.part(bare[0], 'num')}}}{{{self.part(bare[0], 'den')}}}"
        between = symbols(_value(node, "dPr/sepChr", "|"))
        text = between.join(self.inside(child).strip() for child in inner)
        return rf"\left{FENCES.get(opens, opens)}{text}\right{FENCES.get(closes, closes)}"

    def _rows(self, rows: list[list[str]]) -> str:
        lines = r"\\".join("&".join(row) for row in rows)
        return rf"\begin{{matrix}}{lines}\end{{matrix}}"

    def _m(self, node: Any) -> str:
        rows = [row for row in node if _local(row) == "mr"]
        return self._rows([[self.inside(e).strip() for e in row] for row in rows])

    def _eqArr(self, node: Any) -> str:
        return self._rows([[self.inside(e).strip()] for e in node if _local(e) == "e"])

    def _func(self, node: Any) -> str:
        name, inner = self.part(node, "fName"), self.part(node, "e")
        head = name.split("_")[0].split("^")[0].strip()
        if head in FUNCTIONS:
            name = "\\" + name
        return f"{name}{'' if name[-1:] == '}' or not inner else ' '}{inner}"

    def _limLow(self, node: Any) -> str:
        text = self.part(node, "e")
        if text in FUNCTIONS:
            inside_function = _local(node.getparent()) == "fName"
            return f"{'' if inside_function else chr(92)}{text}_{{{self.part(node, 'lim')}}}"
        return rf"\underset{{{self.part(node, 'lim')}}}{{{text}}}"

    def _limUpp(self, node: Any) -> str:
        return rf"\overset{{{self.part(node, 'lim')}}}{{{self.part(node, 'e')}}}"

    def _bar(self, node: Any) -> str:
        where = "over" if _value(node, "barPr/pos", "bot") == "top" else "under"
        return rf"\{where}line{{{self.part(node, 'e')}}}"

    def _acc(self, node: Any) -> str:
        sign = _value(node, "accPr/chr", "\u0302")
        if sign not in ACCENTS:
            self.unknown.append(f"accent {sign}")
        return rf"\{ACCENTS.get(sign, 'hat')}{{{self.part(node, 'e')}}}"

    def _groupChr(self, node: Any) -> str:
        top = _value(node, "groupChrPr/pos", "bot") == "top"
        sign = _value(node, "groupChrPr/chr", "⏟")
        if sign in "⏞⏟":
            return rf"\{'over' if top else 'under'}brace{{{self.part(node, 'e')}}}"
        where = "over" if top else "under"
        return rf"\{where}set{{{symbols(sign).strip()}}}{{{self.part(node, 'e')}}}"
