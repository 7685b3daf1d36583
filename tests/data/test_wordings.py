"""Other wordings ask the same, and never what is to be asked in the evaluation."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import domain as domains
from core.errors import UserError
from core.rows import Row, Source
from core.text import bare
from data_tools import build, contamination, wordings
from data_tools.contamination import Probe
from data_tools.sources import Inputs

HERE = Source("bank.docx", "", "p:1", "")
QUESTIONS = [
    ("浓硫酸的密度是：", "1.84"),
    ("《本草纲目》的作者是（ ）。", "李时珍"),
    ("电话的发明者是？", "贝尔"),
    ("青霉素是谁发现的？", "弗莱明"),
    ("非洲面积最大的国家是", "阿尔及利亚"),
    ("距今3万年前不属于旧石器时代的遗址是哪个？", "半坡"),
    ("《民法典》自哪一年施行？", "2021"),
    ("被称为“药王”的唐代医学家是？", "孙思邈"),
    ("HTTP默认的端口是多少？", "80"),
    ("下列哪项不是法律关系的构成要素？", "后果"),
]  # fmt: skip


def rows_of(question: str, answer: str, **more: object) -> list[Row]:
    row = Row(question, answer, HERE, id="x-1", **more)  # type: ignore[arg-type]
    return list(wordings.of_row(row, 6, random.Random(1)))


@pytest.mark.parametrize("question, answer", QUESTIONS)
def test_a_wording_keeps_what_the_question_names_and_counts(question: str, answer: str) -> None:
    made = rows_of(question, answer)
    assert len(made) >= 3 and len({bare(row.question) for row in made}) == len(made)
    named = re.findall(r"《(.+?)》|“(.+?)”|([A-Za-z]+)|(\d+)", question)
    for row in made:
        assert bare(row.question) != bare(question) and row.answer == answer
        assert all(name in row.question for match in named for name in match if name)
        assert answer not in row.question
        assert row.question.count("不") == question.count("不")
        assert row.question.count("最") == question.count("最")


def test_the_sentence_is_turned_and_not_only_framed() -> None:
    asked = {bare(row.question) for row in rows_of("电话的发明者是？", "贝尔")}
    assert any(
        "谁发明了电话" in text or "电话是谁发明" in text or "由谁发明" in text for text in asked
    )


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_text_is_survived(question: str, answer: str) -> None:
    for row in rows_of(question, answer):
        assert row.question.strip()


def test_options_change_places_with_their_letters() -> None:
    options = {"A": "心", "B": "肝", "C": "脾", "D": "肺"}
    made = rows_of(
        "属于五脏且主气的是", "A. 心；D. 肺", options=options, letters="AD", kind="multiple"
    )
    assert len(made) == 6
    for row in made:
        assert {row.options[letter] for letter in row.letters} == {"心", "肺"}
        assert row.answer == "；".join(f"{letter}. {row.options[letter]}" for letter in row.letters)
        assert set(row.options.values()) == set(options.values()) and row.options != options


@pytest.mark.parametrize(
    "last", ["以上都对", "A和B", "以上皆非", "All of the above", "前两项", "都不是"]
)
def test_options_that_speak_of_others_stay(last: str) -> None:
    options = {"A": "心", "B": "肝", "C": last}
    assert not rows_of("五脏有", f"C. {last}", options=options, letters="C", kind="single")


def test_a_statement_is_judged_in_another_frame() -> None:
    made = rows_of("地球绕太阳转。（ ）", "正确", kind="judge")
    assert len(made) >= 4 and all("地球绕太阳转" in row.question for row in made)
    assert all(row.answer == "正确" for row in made)


def test_no_wording_comes_near_a_held_out_or_probe_question() -> None:
    """The domain's probes, and near-duplicates planted among the held-out rows."""
    domain = domains.load("gongkao")
    train = [
        Row(question, answer, HERE, id=f"t-{number}")
        for number, (question, answer) in enumerate(
            [("《史记》的作者是谁？", "司马迁"), ("万有引力定律是谁提出的？", "牛顿"), *QUESTIONS]
        )
    ]
    free = wordings.records(train, [], 5, domain)
    assert all(record["source"]["made"] == "rewritten" for record in free)
    assert all(record["id"].startswith(record["source"]["of"] + "-w") for record in free)
    asked = [record["conversation"][0]["input"] for record in free]
    probes = list(contamination.probes(domain))
    assert len(probes) == 30 and not [q for q in asked if any(Probe(probes).hits(q))]
    planted = [
        Row(text, "", HERE, id=f"h-{number}")
        for number, text in enumerate(t + "呢" for t in asked[::3])
    ]
    kept = wordings.records(train, planted, 5, domain)
    assert kept and len(kept) < len(free)
    guard = Probe([*planted, *probes])
    assert not [r for r in kept if any(guard.hits(r["conversation"][0]["input"]))]


def test_make_data_writes_them_beside_the_training_rows(tmp_path: Path) -> None:
    bank = tmp_path / "bank.txt"
    bank.write_text(
        "".join(f"{n}. {q}\n答案：{a}\n" for n, (q, a) in enumerate(QUESTIONS, 1)), "utf-8"
    )
    out = tmp_path / "data"
    plain = build.build(Inputs("gongkao", (str(bank),)), out)
    assert plain["wordings"] == 0 and not (out / "wordings.jsonl").read_text("utf-8")
    train = (out / "train.jsonl").read_bytes()
    card = build.build(Inputs("gongkao", (str(bank),), wordings=3), out)
    assert card["fresh"] and (out / "train.jsonl").read_bytes() == train
    made = [json.loads(line) for line in (out / "wordings.jsonl").read_text("utf-8").splitlines()]
    known = {json.loads(line)["id"] for line in train.decode().splitlines()}
    assert len(made) == card["wordings"] > len(known)
    assert {record["source"]["of"] for record in made} <= known
    assert not build.build(Inputs("gongkao", (str(bank),), wordings=3), out)["fresh"]
    with pytest.raises(UserError, match="WORDINGS=99"):
        build.build(Inputs("gongkao", (str(bank),), wordings=99), out)
