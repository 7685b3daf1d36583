"""What everything here is made of: known holes of what the locks name (``make audit``), and the
list of it all with licences (``make sbom``, CycloneDX 1.6)."""

from __future__ import annotations

import json
import os
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from core import licences
from core.errors import UserError
from core.files import MODELS, ROOT, read_json, write_json
from core.language import words
from core.shipped import commit

OSV = os.environ.get("TIKUFORGE_OSV") or "https://api.osv.dev"  # or a mirror of it
AT_ONCE = 1000  # queries in one request: OSV's own bound
LOCKS = ROOT / "requirements"
STAYS = LOCKS / "stays.json"  # by "name==version": why it stays, what shields it; zh, en
Pins = dict[str, dict[str, Any]]


def pins(locks: Path = LOCKS) -> Pins:
    """``name==version`` of every lock, with its stages and the hashes of its files."""
    found: Pins = {}
    for lock in sorted(locks.glob("*.lock")):
        for line in lock.read_text().splitlines():
            if line.startswith("#") or not line.strip():
                continue
            pin, *rest = line.split()
            about = found.setdefault(pin, {"stages": [], "hashes": set()})
            about["stages"].append(lock.stem)
            about["hashes"] |= {one.removeprefix("--hash=sha256:") for one in rest}
    return dict(sorted(found.items()))


def holes(known: Pins, osv: str = OSV) -> dict[str, list[str]]:
    """The known holes of each pin, by OSV. :class:`UserError` where it cannot be asked: no answer
    is no "none known"."""
    queries = []
    for pin in known:
        name, _, version = pin.partition("==")
        queries.append({"package": {"name": name, "ecosystem": "PyPI"}, "version": version})
    found: dict[str, list[str]] = {}
    names = list(known)
    for start in range(0, len(queries), AT_ONCE):
        asked = json.dumps({"queries": queries[start : start + AT_ONCE]}).encode()
        request = urllib.request.Request(
            f"{osv}/v1/querybatch", asked, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                results = json.load(answer)["results"]
        except (OSError, ValueError, KeyError) as error:
            away = words(
                "问不到漏洞库，什么也没有核对（需要网络，或 TIKUFORGE_OSV=镜像）",
                "cannot be asked: nothing was audited (it needs a network, or TIKUFORGE_OSV=)",
            )
            raise UserError(f"{osv} {away}: {str(error)[:100]}") from None
        for pin, result in zip(names[start : start + AT_ONCE], results, strict=False):
            if result.get("vulns"):
                found[pin] = sorted(one["id"] for one in result["vulns"])
    return found


def audit(locks: Path = LOCKS, osv: str = OSV) -> tuple[list[str], int]:
    """A line for each pin with a known hole, and how many of them nobody has said to stay."""
    known = pins(locks)
    reasons = read_json(STAYS) if STAYS.is_file() else {}
    lines, open_ = [], 0
    for pin, names in holes(known, osv).items():
        why = reasons.get(pin)
        open_ += why is None
        said = words(*why) if why else words("没有说明为什么留着", "nobody has said why it stays")
        lines.append(f"{pin} ({', '.join(known[pin]['stages'])}): {', '.join(names)}: {said}")
    return lines, open_


def installed() -> dict[str, str]:
    """The licence that each package of our environments names."""
    venvs = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
    return licences.of_packages(venvs.glob("*/lib/python3*/site-packages/*.dist-info/METADATA"))


def sbom(to: Path, locks: Path = LOCKS) -> dict[str, int]:
    """Write the list; how many components, and how many of them without a known licence."""
    known = installed()
    parts = [_library(pin, about, known.get(pin, "")) for pin, about in pins(locks).items()]
    bases = sorted(MODELS.glob("*/config.json")) if MODELS.is_dir() else []
    for config in bases:
        model = {"type": "machine-learning-model", "name": config.parent.name}
        parts.append(model | _licensed(licences.of_base(config.parent)))
    parts.append({"type": "data", "name": "samples"} | _licensed(licences.CODE))  # written here
    about = {"type": "application", "name": "TikuForge", "version": commit()}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "component": about | _licensed(licences.CODE),
        },
        "components": parts,
    }
    write_json(to, document)
    lacking = sum("licenses" not in part for part in parts)
    return {"components": len(parts), "without": lacking}


def _library(pin: str, about: dict[str, Any], licence: str) -> dict[str, Any]:
    name, _, version = pin.partition("==")
    address = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "purl": address,
        "hashes": [{"alg": "SHA-256", "content": key} for key in sorted(about["hashes"])],
        "properties": [{"name": "tikuforge:stage", "value": one} for one in about["stages"]],
    } | _licensed(licence)


def _licensed(name: str) -> dict[str, Any]:
    return {"licenses": [{"license": {"name": name}}]} if name else {}
