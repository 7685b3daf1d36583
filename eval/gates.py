"""Thresholds that a model must meet before anyone deploys it; a domain sets them in its config."""

from __future__ import annotations

from typing import Any

from core.errors import UserError

Cells = dict[str, dict[str, Any]]


def judge(settings: dict[str, Any], cells: Cells, column: str) -> list[dict[str, Any]]:
    """``settings``: metric name → least value (``{"train.exact": 0.9}``), or ``{"most": x}`` for a
    greatest one. Each gate: ``name``, ``column``, ``threshold``, ``rule`` (≥ or ≤), ``value``,
    ``pass``.
    """
    found = []
    for name, bound in settings.items():
        rule, threshold = ("≤", bound["most"]) if isinstance(bound, dict) else ("≥", bound)
        if name not in cells:
            known = ", ".join(sorted(cells))
            raise UserError(
                f"领域设置 eval.gates: 没有指标 no metric '{name}'; 有 there are {known}"
            )
        value = cells[name]["value"]
        passed = value is not None and (value >= threshold if rule == "≥" else value <= threshold)
        found.append(
            {
                "name": name,
                "column": column,
                "rule": rule,
                "threshold": threshold,
                "value": value,
                "pass": passed,
            }
        )
    return found
