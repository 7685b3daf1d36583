"""``python -m eval cases FILE.jsonl``: the scorer on answers whose judgement is known.

One JSON object a line, of one of three kinds: ``{"options", "given", "letters"}`` (the letters that
an answer chooses, ``""`` where none can be read), ``{"given", "right"}`` (true or false, ``null``
where the answer says neither), ``{"given", "expected", "correct", "question"?, "also"?}``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown
from core.language import words
from core.lines import line_of, utf8, values
from eval import choices, metrics

Case = dict[str, Any]
FORMS = '{"options","given","letters"}, {"given","right"}, {"given","expected","correct"}'


def _letters(case: Case) -> tuple[Any, Any]:
    wanted = "".join(sorted(case["letters"]))
    return choices.letters(case["given"], case["options"]), wanted


def _verdict(case: Case) -> tuple[Any, Any]:
    return choices.verdict(case["given"]), case["right"] if case["right"] != "" else None


def _correct(case: Case) -> tuple[Any, Any]:
    also = tuple(case.get("also", ()))
    said = metrics.correct(case["given"], case["expected"], case.get("question") or "", also)
    return bool(said), case["correct"]


KINDS: dict[str, tuple[Callable[[Case], tuple[Any, Any]], dict[str, tuple[type, ...]]]] = {
    "letters": (_letters, {"given": (str,), "options": (dict,), "letters": (str, list)}),
    "correct": (_correct, {"given": (str,), "expected": (str,), "correct": (bool,)}),
    "verdict": (_verdict, {"given": (str,), "right": (bool, type(None), str)}),
}


def _kind(case: Any, where: str) -> str:
    for name, (_, fields) in KINDS.items():
        if isinstance(case, dict) and set(fields) <= set(case):
            for field, types in fields.items():
                if not isinstance(case[field], types) or (
                    field == "right" and case[field] not in (True, False, None, "")
                ):
                    wrong = words("不是应有的类型", "is of the wrong type")
                    raise UserError(f"{where}: {field} {wrong}: {case[field]!r}")
            return name
    raise UserError(f"{where}: {words('不是一条用例, 应为', 'no case; expected')}: {FORMS}")


def read(path: Path) -> Iterator[tuple[int, str, Case]]:
    """Line number, kind and case; :class:`UserError` names a line that is none."""
    for number, case in values(utf8(path), path):
        yield number, _kind(case, line_of(path, number)), case


def score(path: Path) -> dict[str, Any]:
    """``right`` and ``total``, the same by kind with both directions of error, and each ``wrong``
    case: ``line``, ``kind``, ``given``, ``got`` and ``should``."""
    kinds: dict[str, dict[str, int]] = {}
    wrong = []
    for number, name, case in read(path):
        got, should = KINDS[name][0](case)
        count = kinds.setdefault(name, {"right": 0, "total": 0, "too_much": 0, "too_little": 0})
        count["total"] += 1
        if got == should and type(got) is type(should):
            count["right"] += 1
            continue
        count[
            "too_little" if got in ("", None) or (name == "correct" and not got) else "too_much"
        ] += 1
        wrong.append(
            {"line": number, "kind": name, "given": case["given"], "got": got, "should": should}
        )
    if not kinds:
        raise UserError(f"{shown(path)}: {words('没有用例, 应为', 'no case; expected')}: {FORMS}")
    total = {name: sum(one[name] for one in kinds.values()) for name in ("right", "total")}
    return {**total, "kinds": kinds, "wrong": wrong}


def show(path: Path, as_json: bool) -> int:
    """Print :func:`score`: for people, or as one line of JSON."""
    found = score(path)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for one in found["wrong"]:
        given = json.dumps(one["given"], ensure_ascii=False)
        got, should = (json.dumps(one[key], ensure_ascii=False) for key in ("got", "should"))
        n = one["line"]
        print(
            words(
                f"第{n}行: {given} 判为 {got}, 应为 {should}",
                f"line {n}: {given} read as {got}, should be {should}",
            )
        )
    for name, count in found["kinds"].items():
        much, little = count["too_much"], count["too_little"]
        errors = words(f"误收 {much}, 漏收 {little}", f"too much {much}, too little {little}")
        print(f"{name}: {count['right']}/{count['total']}, {errors}")
    print(f"{words('正确', 'right')} {found['right']} / {words('总数', 'total')} {found['total']}")
    return 0
