"""What Excel displays in a cell is what trains: values through their number formats.

Excel turns typed answers into numbers: ``9月10日`` becomes the day number 45545, the odds ``1/6``
become 45297, ``5%`` becomes 0.05 and the ratio ``1:3`` the time 01:03. The display undoes the
percentages; the others cannot be undone, so they are flagged with their likely reading.
"""

from __future__ import annotations

import datetime as dt
from typing import Any


def shown(value: Any, number_format: str = "General") -> tuple[str, list[str]]:
    """The displayed text of a cell and doubts about it."""
    if value is None:
        return "", []
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), []
    if isinstance(value, int | float):
        if number_format.endswith("%"):
            digits = len(number_format.partition(".")[2].rstrip("%"))
            return f"{value * 100:.{digits}f}%", []
        return f"{value:.15g}", suspect(value)
    if isinstance(value, dt.time):
        return f"{value.hour}:{value.minute:02d}" + (
            f":{value.second:02d}" if value.second else ""
        ), ["excel-time"]
    return str(value), []


def suspect(value: float) -> list[str]:
    """A flag where a bare number looks like a day number that Excel made of a typed date."""
    if 10_000 <= value <= 60_000 and value == int(value):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(value))
        return [
            f"excel-date: {value:g} 可能是 {day.month}月{day.day}日、{day:%Y-%m-%d}或 {day.month}/{day.day}"
        ]
    return []
