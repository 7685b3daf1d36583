"""``python -m rag followups FILE.jsonl``: follow-ups with known verdicts against the rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown
from core.language import words
from core.lines import line_of, utf8, values
from rag.followups import leans

FIELDS = {"before": str, "question": str, "follows": bool}


def read(path: Path) -> list[dict[str, Any]]:
    """The cases ``{before, question, follows}`` of a JSON-lines file; :class:`UserError` names the
    first line that is none."""
    found = []
    for number, case in values(utf8(path), path):
        wrong = [
            name
            for name, kind in FIELDS.items()
            if not isinstance(case, dict) or not isinstance(case.get(name), kind)
        ]
        if wrong:
            said = words("缺少或不对", "lacks, or has wrong")
            raise UserError(f"{line_of(path, number)} {said}: {', '.join(wrong)}")
        found.append(case)
    if not found:
        raise UserError(f"{shown(path)}: {words('没有用例', 'no case')}")
    return found


def followups(path: Path, as_json: bool) -> None:
    """Print each wrong case, then right and total; as JSON lines where asked."""
    cases = read(path)
    wrong = [case for case in cases if leans(case["question"]) != case["follows"]]
    right = len(cases) - len(wrong)
    if as_json:
        for case in wrong:
            line = {name: case[name] for name in FIELDS} | {"got": not case["follows"]}
            print(json.dumps(line, ensure_ascii=False))
        print(json.dumps({"right": right, "total": len(cases)}))
        return
    for case in wrong:
        want = words("追问", "follows") if case["follows"] else words("独立", "stands alone")
        should = f"{words('应为', 'should be')}: {want}"
        print(f"{words('错', 'wrong')}: {case['before']} → {case['question']}  ({should})")
    total = f"{words('共', 'total')} {len(cases)}"
    print(f"{words('对', 'right')} {right}, {total} ({right / len(cases):.1%})")
