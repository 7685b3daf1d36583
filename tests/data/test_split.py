from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.rows import Row, Source
from data_tools.split import split

SOURCE = Source("a.docx", "0" * 64, "p:1", "x")


def rows_of(groups: list[int]) -> list[Row]:
    return [
        Row(f"q{index}", "a", SOURCE, id=str(index), group=f"g-{group:05d}")
        for index, group in enumerate(groups)
    ]


@given(
    groups=st.lists(st.integers(0, 30), max_size=200),
    ratio=st.floats(0, 1),
    most=st.integers(0, 50),
    seed=st.integers(0, 10**6),
)
def test_no_group_on_both_sides_and_nothing_lost(
    groups: list[int], ratio: float, most: int, seed: int
) -> None:
    rows = rows_of(groups)
    train, held_out = split(rows, [row.question for row in rows], ratio, most, seed)
    assert not {row.group for row in train} & {row.group for row in held_out}
    assert sorted(row.id for row in [*train, *held_out]) == sorted(row.id for row in rows)
    if len(set(groups)) >= 2 and ratio > 0 and most > 0:
        assert train and held_out
        smallest = min(groups.count(group) for group in groups)
        assert len(held_out) <= max(smallest, min(most, max(1, round(ratio * len(rows)))))


def test_seeded_and_stable_when_the_bank_grows() -> None:
    rows = rows_of(list(range(400)))
    keys = [row.question for row in rows]
    first = {row.id for row in split(rows, keys, 0.1, 500, 42)[1]}
    assert first == {row.id for row in split(rows, keys, 0.1, 500, 42)[1]}
    assert first != {row.id for row in split(rows, keys, 0.1, 500, 43)[1]}
    more = rows_of(list(range(440)))
    grown = {row.id for row in split(more, [row.question for row in more], 0.1, 500, 42)[1]}
    assert len(first & grown) >= 34  # 40 of 400, then 44 of 440
