"""Under which licences things may be used: this code, a base, a data set, installed packages.

A domain names that of its data (``licence`` in ``configs/domains``), a base in its own card; nobody
else knows, and what nobody says is :data:`NOT_STATED`, never guessed.
"""

from __future__ import annotations

import email.parser
import re
import sysconfig
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_json

CODE = "Apache-2.0"  # LICENSE
NOT_STATED = "not stated"
LONGEST = 200  # characters of a licence's text where a package gives no name
HEAD = 5000  # characters of a file that are looked at
# The first words of a licence's text, where a base brings that and no more.
TEXTS = {
    r"Apache License\s+Version 2\.0": "Apache-2.0",
    r"(The )?MIT License": "MIT",
    r"LLAMA 3(\.\d)? COMMUNITY LICENSE": "llama3",
    r"Tongyi Qianwen": "tongyi-qianwen",
    r"Creative Commons Attribution-NonCommercial 4\.0": "cc-by-nc-4.0",
}


def of_packages(metadata: Iterable[Path]) -> dict[str, str]:
    """The licence that each installed package names in its METADATA, by ``name==version``; empty
    where it names none."""
    found = {}
    for file in metadata:
        about = email.parser.HeaderParser().parsestr(file.read_text("utf-8", "replace"))
        trove = [one for one in about.get_all("Classifier", []) if one.startswith("License ::")]
        last = [one.rpartition(" :: ")[2] for one in trove]
        text = about.get("License-Expression") or ", ".join(last) or about.get("License") or ""
        name = re.sub(r"[-_.]+", "-", about.get("Name", "")).lower()
        version = about.get("Version", "").partition("+")[0]
        found[f"{name}=={version}"] = " ".join(text.split())[:LONGEST]
    return found


def of_base(folder: Path) -> str:
    """What a model's folder names in its card's head (``license: …`` of README.md), in its
    config.json, or by the text of its LICENSE; empty where it names none."""
    card = folder / "README.md"
    head = card.read_text("utf-8", "replace")[:HEAD] if card.is_file() else ""
    front = re.match(r"---\n(.*?)\n---", head, re.S)
    if front and (said := re.search(r"^license:\s*([^\s#].*?)\s*(#.*)?$", front[1], re.M)):
        return said[1].strip("'\"")
    config = folder / "config.json"
    named = read_json(config).get("license") if config.is_file() else None
    if isinstance(named, str) and named:
        return named[:LONGEST]
    for file in sorted(folder.glob("LICENSE*")):
        text = " ".join(file.read_text("utf-8", "replace")[:HEAD].split())
        for start, name in TEXTS.items():
            if re.match(start, text, re.I):
                return name
    return ""


def of_data(folder: Path) -> str:
    """What the card of a data set says; empty where it is none of ours."""
    try:
        return str(read_json(folder / "card.json").get("licence", ""))
    except (UserError, OSError, AttributeError):
        return ""


def of_run(base: Path, data: Path) -> dict[str, Any]:
    """Those of a run: code, base and data, and how many packages of this environment are under
    which."""
    site = Path(sysconfig.get_paths()["purelib"])
    packages = of_packages(sorted(site.glob("*.dist-info/METADATA")))
    many = Counter(text or NOT_STATED for text in packages.values())
    return {
        "code": CODE,
        "base": of_base(base) or NOT_STATED,
        "data": of_data(data) or NOT_STATED,
        "packages": dict(sorted(many.items(), key=lambda one: (-one[1], one[0]))),
    }


def line(licences: dict[str, Any]) -> str:
    """The licences of a run in one line: of the packages the commonest few."""
    packages = licences.get("packages", {})
    few = ", ".join(f"{many} {name[:30]}" for name, many in list(packages.items())[:3])
    more = f", +{len(packages) - 3}" if len(packages) > 3 else ""
    parts = [f"{name} {licences[name]}" for name in ("code", "base", "data") if name in licences]
    return "; ".join([*parts, f"packages {few}{more}"] if few else parts)
