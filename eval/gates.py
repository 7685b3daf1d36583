"""Thresholds that a model must meet before anyone deploys it; a domain sets them in its config.

``settings = dict(eval=dict(gates={"train.exact": 0.9, "failure.cut": {"most": 0.1},
"general.correct": {"lose": 0.05}}, failures={"cut": 0.5, "language": None}))``
"""

from __future__ import annotations

from typing import Any

from core.errors import UserError
from core.language import words
from eval import failures

Cells = dict[str, dict[str, Any]]


def limits(settings: dict[str, float | None]) -> dict[str, float | None]:
    """The greatest share of each failure mode: :data:`eval.failures.LIMITS`, or the domain's own
    (None: not a gate here)."""
    unknown = ", ".join(sorted(set(settings) - set(failures.LIMITS)))
    if unknown:
        known = ", ".join(failures.LIMITS)
        said = words(
            f"没有失败方式 {unknown}; 有 {known}", f"no failure mode {unknown}; there are {known}"
        )
        raise UserError(f"settings.eval.failures: {said}")
    return {**failures.LIMITS, **settings}


def _gate(name: str, bound: Any, columns: dict[str, Cells], column: str) -> dict[str, Any]:
    """One gate: a number is a least value, ``{"most": x}`` a greatest one, ``{"lose": x}`` the most
    that may be lost against base (forgetting)."""
    value = columns[column][name]["value"]
    rule, threshold = "≥", bound
    if isinstance(bound, dict) and "most" in bound:
        rule, threshold = "≤", bound["most"]
    elif isinstance(bound, dict) and "lose" in bound and "base" in columns:
        rule = "≥"
        threshold = max(0.0, round(columns["base"][name]["value"] - bound["lose"], 6))
    elif not isinstance(bound, (int, float)):
        said = words(
            '应为数字, {"most": x} 或 {"lose": x}', 'must be a number, {"most": x} or {"lose": x}'
        )
        raise UserError(f"settings.eval.gates.{name}: {said}")
    passed = value is not None and (value >= threshold if rule == "≥" else value <= threshold)
    return {
        "name": name,
        "column": column,
        "rule": rule,
        "threshold": threshold,
        "value": value,
        "pass": passed,
    }


def judge(
    settings: dict[str, Any],
    most: dict[str, float | None],
    columns: dict[str, Cells],
    column: str,
) -> list[dict[str, Any]]:
    """The domain's gates and the failure modes' for ``column``. A gate on a suite that was not
    asked (SUITE=domain leaves out general), or against a base that was not, waits; on a metric that
    no suite has, it is a mistake."""
    cells = columns[column]
    found = []
    for name, bound in settings.items():
        if isinstance(bound, dict) and "lose" in bound and name not in columns.get("base", {}):
            continue  # nothing to lose against
        if name in cells:
            found.append(_gate(name, bound, columns, column))
        elif name.split(".")[0] in {cell.split(".")[0] for cell in cells}:
            known = ", ".join(sorted(cells))
            said = words(f"没有指标 '{name}'; 有 {known}", f"no metric '{name}'; there are {known}")
            raise UserError(f"settings.eval.gates: {said}")
    for mode, limit in most.items():
        if limit is not None and f"failure.{mode}" in cells:
            found.append(_gate(f"failure.{mode}", {"most": limit}, columns, column))
    return found
