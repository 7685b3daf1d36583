"""Numbers, units, dates and ranges as values."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.numerals import plain, value
from core.quantities import find, same


def one(text: str):
    found = find(text)
    assert len(found) == 1, (text, found)
    return found[0]


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("三万五", 35000),
        ("三万零五", 30005),
        ("1亿2千万", 120_000_000),
        ("两千五", 2500),
        ("一百五", 150),
        ("二〇〇八", 2008),
        ("贰佰叁拾", 230),
        ("廿五", 25),
        ("三点一四", Fraction(314, 100)),
        ("10⁸", 10**8),
        ("1.6×10⁻³", Fraction(16, 10000)),
        ("10的3次方", 1000),
        ("二又三分之一", Fraction(7, 3)),
        ("1½", Fraction(3, 2)),
        ("1,234,567", 1234567),
        ("twenty-one", 21),
        ("two hundred and five", 205),
        ("3/0", None),
    ],
)
def test_numerals(text, worth):
    assert value(plain(text)) == worth


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("一个半小时", "90分钟"),
        ("1小时30分", "1.5 h"),
        ("一米八", "180厘米"),
        ("零下五度", "-5℃"),
        ("212°F", "100℃"),
        ("每小时72公里", "20 m/s"),
        ("9.8米每二次方秒", "9.8 m/s²"),
        ("3元5角", "3.5元"),
        ("三成", "30%"),
        ("半年", "6个月"),
        ("3到5天", "3～5天"),
        ("三年以上五年以下", "3-5年"),
        ("不超过5人", "至多5人"),
        ("between 3 and 5 km", "3-5公里"),
        ("20世纪90年代", "1990s"),
        ("221 BC", "公元前221年"),
        ("May 1, 2024", "2024-05-01"),
        ("下午3点半", "15:30"),
        ("一立方米", "1000升"),
        ("5 mg/ml", "5 g/L"),
        ("1度电", "1 kWh"),
        ("30天后", "三十日之后"),
    ],
)
def test_the_same_in_other_writing(first, second):
    assert same(one(first), one(second)) and same(one(second), one(first))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("5 mW", "5 MW"),
        ("5米", "5平方米"),
        ("超过5人", "不超过5人"),
        ("5人以上", "5人以下"),
        ("不满18岁", "满18岁"),
        ("3～5天", "3天"),
        ("3-5天", "3-6天"),
        ("30天前", "30天后"),
        ("第三", "三个"),
        ("5元", "5美元"),
        ("5%", "5"),
        ("公元221年", "公元前221年"),
        ("2024年5月1日", "2024年5月2日"),
        ("下午3点", "3:00"),
        ("5℃", "零下5℃"),
    ],
)
def test_not_the_same(first, second):
    assert not same(one(first), one(second)) and not same(one(second), one(first))


@settings(max_examples=100, deadline=None)
@given(
    st.text(
        alphabet="0123456789一二十百万亿半点年月日米千克分之个到至-~/.^,%以上不超过第前后 aAmk度元",
        max_size=30,
    )
)
def test_any_text_is_read(text):
    length = len(plain(text))
    for quantity in find(text):
        assert 0 <= quantity.start < quantity.end <= length
        assert same(quantity, quantity)


def test_months_of_every_year_are_a_range():
    every, plain = (find(text)[0] for text in ("每年5-9月", "5月至9月"))
    assert same(every, plain) and not same(plain, find("5月至8月")[0])


def test_a_runaway_figure_is_no_number():
    assert find("1" * 6000 + "米") == []
