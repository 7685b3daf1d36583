"""``python -m rag followups FILE.jsonl``: follow-ups with known verdicts against the rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown
from rag.followups import leans

FIELDS = {"before": str, "question": str, "follows": bool}


def read(path: Path) -> list[dict[str, Any]]:
    """The cases ``{before, question, follows}`` of a JSON-lines file; :class:`UserError` names the
    first line that is none."""
    if not path.is_file():
        raise UserError(f"{shown(path)} 不存在 does not exist")
    found = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise UserError(f"{shown(path)}: 不是 UTF-8 文本 is no UTF-8 text") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
        except ValueError as error:
            raise UserError(
                f"{shown(path)} 第{number}行不是 JSON line is no JSON: {error}"
            ) from None
        wrong = [
            name
            for name, kind in FIELDS.items()
            if not isinstance(case, dict) or not isinstance(case.get(name), kind)
        ]
        if wrong:
            raise UserError(
                f"{shown(path)} 第{number}行缺少或不对 line lacks, or has wrong: {', '.join(wrong)}"
            )
        found.append(case)
    if not found:
        raise UserError(f"{shown(path)} 没有一行 holds no case")
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
        want = "追问 follows" if case["follows"] else "独立 stands alone"
        print(f"错 wrong: {case['before']} → {case['question']}  (应为 should be: {want})")
    print(f"对 right {right}, 共 total {len(cases)} ({right / len(cases):.1%})")
