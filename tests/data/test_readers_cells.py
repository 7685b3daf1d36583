"""Cells as a spreadsheet displays them (expected texts typed from Excel's own display)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_tools.readers import cells

SHOWN = [
    (45545, 'm"月"d"日"', "9月10日"), (36526, 'yyyy"年"m"月"d"日"', "2000年1月1日"), (45545,
    "yyyy/m/d", "2024/9/10"),
    (45545, 'yyyy"年"m"月"d"日";@', "2024年9月10日"), (dt.datetime(2024, 9, 10),
    "yyyy\\-mm\\-dd", "2024-09-10"),
    (dt.datetime(2024, 9, 10, 13, 5), "yyyy/m/d h:mm AM/PM", "2024/9/10 1:05 PM"), (0.5,
    "h:mm:ss", "12:00:00"),
    (dt.time(1, 3), "h:mm", "1:03"), (dt.time(2, 8, 3), "h:mm:ss", "2:08:03"), (1.5, "[h]:mm",
    "36:00"),
    (0.05, "0%", "5%"), (0.345, "0.00%", "34.50%"), (1.5, "0%", "150%"), (0.1655, "0.0%", "16.6%"),
    (1 / 6, "# ?/?", "1/6"), (1.5, "# ?/?", "1 1/2"), (1 / 3, "# ??/??", "1/3"), (0.25, "?/4",
    "1/4"),
    (1234.5, "#,##0.00", "1,234.50"), (1200, "¥#,##0", "¥1,200"), (1234567, "0.00E+00", "1.23E+06"),
    (-3, "0;[Red](0)", "(3)"), (-5, "0.0", "-5.0"), (5, "000", "005"), (3, '"第"0"题"', "第3题"),
    (0, '0;-0;"零"', "零"),
    (0.1 + 0.2, "General", "0.3"), (8613800100500, "General", "8613800100500"), (1949, "General",
    "1949"),
    (True, "General", "TRUE"), ("1/6", "@", "1/6"), (None, "General", ""),
]  # fmt: skip


@pytest.mark.parametrize(("value", "code", "text"), SHOWN)
def test_shown(value: object, code: str, text: str) -> None:
    assert cells.shown(value, code)[0] == text


@example(-1.797693134862316e306, "0.00%")
@example(4.49423283715579e307, "?/4")
@example(-0.001, "#.##")
@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**15),
10**15)), st.sampled_from([code for _, code, _ in SHOWN]))  # fmt: skip
def test_any_number_is_shown(value: float, code: str) -> None:
    text, flags = cells.shown(value, code)
    assert isinstance(text, str) and all(":" in flag for flag in flags)


def test_doubts_name_the_likely_reading() -> None:
    assert "1/6" in cells.shown(45297, 'm"月"d"日"')[1][0]
    assert "1:3" in cells.shown(dt.time(1, 3), "h:mm")[1][0]
    assert "9月10日" in cells.shown(45545, "General")[1][0]
    assert cells.shown(0.618, "General")[1] == [] and cells.shown(1949, "General")[1] == []
