"""Other wordings by a model: guarded, proved, resumable, and never near the evaluation."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from core import domain as domains
from core.errors import UserError
from core.files import ROOT, read_jsonl
from core.rows import Row, Source
from data_tools import build, taught, wordings
from data_tools.contamination import Probe
from data_tools.generate import reword
from data_tools.generate.client import Patience, Server
from data_tools.sources import Inputs
from tests.data.generate_server import Said, Scripted

BANK = {
    "《民法典》自2021年几月几日起施行？": "1月1日",
    "非洲面积最大的国家是哪个？": "阿尔及利亚",
    "青霉素是谁发现的？": "弗莱明",
    "标准大气压下水的沸点是多少摄氏度？": "100",
    "下列不属于五脏的是哪一项？": "胆",
    "HTTP默认的端口是多少？": "80",
    "活字印刷术是谁发明的？": "毕昇",
    "首都机场位于哪座城市？": "北京",
    "光合作用释放的气体是什么？": "氧气",
    "京剧脸谱中红色代表什么？": "忠义",
}
TURNED = {  # what a good model writes
    "青霉素是谁发现的？": ["发现青霉素的是哪位科学家？", "谁发现了青霉素？"],
    "非洲面积最大的国家是哪个？": ["非洲哪个国家的面积最大？"],
    "标准大气压下水的沸点是多少摄氏度？": ["水在标准大气压下沸点是多少摄氏度？"],
    "活字印刷术是谁发明的？": ["谁发明了活字印刷术？"],
    "光合作用释放的气体是什么？": ["光合作用会释放什么气体？"],
    "HTTP默认的端口是多少？": ["HTTP的默认端口是多少？"],
}


@pytest.mark.parametrize(
    ("question", "text"),
    [(question, text) for question, texts in TURNED.items() for text in texts],
)
def test_a_turn_of_the_sentence_asks_the_same(question: str, text: str) -> None:
    assert wordings.same(question, text)


@pytest.mark.parametrize(
    ("question", "text", "what"),
    [
        ("《民法典》自2021年几月几日起施行？", "《民法典》自2020年几月几日起施行？", "number"),
        ("第三届会议在哪里召开？", "第四届会议在哪里召开？", "ordinal"),
        ("《民法典》自2021年几月几日起施行？", "《刑法》自2021年几月几日起施行？", "title"),
        ("黄河的发源地是哪里？", "长江的发源地是哪里？", "name"),
        ("宋代的首都是哪里？", "唐代的首都是哪里？", "name of one sign"),
        ("水的沸点是多少摄氏度？", "水的沸点是多少华氏度？", "unit"),
        ("跑道全长多少米？", "跑道全长多少厘米？", "unit"),
        ("这块地有多少亩？", "这块地有多少亩多少公顷？", "unit"),
        ("下列不属于五脏的是哪一项？", "下列属于五脏的是哪一项？", "negation"),
        ("非洲最大的国家是哪个？", "非洲最小的国家是哪个？", "superlative"),
        ("非洲最大的国家是哪个？", "非洲大的国家有哪个？", "superlative"),
        ("非洲最大的国家是哪个？", "北非洲最大的国家是哪个？", "narrower"),
        ("青霉素是谁发现的？", "青霉素是哪一年发现的？", "who and when"),
        ("青霉素的发现是在哪里？", "青霉素是怎么发现的？", "where and how"),
        ("HTTP默认的端口是多少？", "HTTPS默认的端口是多少？", "Latin"),
        ("活字印刷术是谁发明的？", "Who invented movable type?", "another language"),
        ("活字印刷术是谁发明的？", "活字印刷术是谁发明的", "no other wording"),
        ("活字印刷术是谁发明的？", "", "nothing"),
    ],
)
def test_what_asks_something_else_is_none(question: str, text: str, what: str) -> None:
    assert not wordings.same(question, text), what


@pytest.fixture
def bank(tmp_path: Path) -> Inputs:
    path = tmp_path / "bank.txt"
    lines = (f"{n}. {q}\n答案：{a}\n" for n, (q, a) in enumerate(BANK.items(), 1))
    path.write_text("".join(lines), "utf-8")
    return Inputs("gongkao", (str(path),), wordings=2)


def model(_: Scripted, content: str, times: int) -> Said:
    """Good, thinking aloud, refusing, wrong of its own wording, in another language, no JSON."""
    question = next((one for one in BANK if one in content), "")
    if "答案：" in content:  # its own wording put to the proof
        wrong = "气体" in content.rpartition("那道题")[2] and "光合" in content
        said = json.dumps({"answer": "二氧化碳" if wrong else BANK[question]}, ensure_ascii=False)
        return f"<think>这道题问的是…</think>{said}" if "沸点" in content else said
    if "京剧" in content:
        return 400, "no"
    if "首都机场" in content:
        return "好的！"
    bad = [question.replace("谁", "哪一年"), "Who was it?", question + "答案是" + BANK[question]]
    made = json.dumps({"questions": [*TURNED.get(question, []), *bad]}, ensure_ascii=False)
    return f"<think>换个说法</think>{made}" if "沸点" in content else made


def ask(out: Path, url: str, patience: Patience | None = None) -> dict[str, Any]:
    return reword.write(out, Server(url, "writer", "EMPTY"), patience or Patience(retries=0), 2)


def test_wordings_of_a_model_join_those_of_the_rules(bank: Inputs, tmp_path: Path) -> None:
    out = tmp_path / "data"
    build.build(bank, out)
    ruled = (out / "wordings.jsonl").read_text("utf-8").splitlines()
    held_out = [row["conversation"][0]["input"] for row in read_jsonl(out / "eval.jsonl")]
    with Scripted([], model) as server:
        done = ask(out, server.url)
        assert not [q for q in held_out for said in server.asked if q in said]
        asked = sum(server.asked.values())
        again = ask(out, server.url)  # refused and unread ones once more, nothing else
        assert again["kept"] == done["kept"] > 0
        fresh = sum(server.asked.values()) - asked
        assert fresh == done["dropped"].get("refused", 0) + done["dropped"].get("unread", 0)
    assert done["dropped"].keys() <= {"asks-otherwise", "teacher-disagrees", "refused", "unread"}
    assert {"asks-otherwise", "teacher-disagrees"} <= done["dropped"].keys()
    card = build.build(bank, out)
    made = list(read_jsonl(out / "wordings.jsonl"))
    assert card["fresh"] and card["reworded"] == sum("by" in row["source"] for row in made) > 0
    assert card["wordings"] == len(made) and (out / "card.md").read_text("utf-8")
    assert {json.loads(line)["id"] for line in ruled} <= {row["id"] for row in made}
    train = {row["id"]: row for row in read_jsonl(out / "train.jsonl")}
    good = {text for texts in TURNED.values() for text in texts}
    for row in (row for row in made if "by" in row["source"]):
        source, turn = row["source"], row["conversation"][0]
        first = train[source["of"]]
        assert (source["made"], source["by"]) == ("rewritten", "writer")
        assert row["group"] == first["group"] and turn["input"] in good
        assert turn["output"] == first["conversation"][0]["output"]
        assert "光合" not in turn["input"], "of its own wording it gave another answer"
    assert not build.build(bank, out)["fresh"]
    assert build.build(Inputs("gongkao", bank.bank, wordings=0), out)["reworded"] == 0


def test_near_a_held_out_question_none_is_kept() -> None:
    row = Row("青霉素是谁发现的？", "弗莱明", Source("", "", "", ""), id="t-1")
    texts = TURNED[row.question]
    written = {taught.key_of(row.question, row.answer): (texts, "writer")}
    domain = domains.load("gongkao")
    planted = [Row(f"{text}呢", "", Source("", "", "", ""), id=text) for text in texts[:1]]

    def asked(held_out: list[Row]) -> list[str]:
        made = wordings.records([row], held_out, 2, domain, written)
        return [one["conversation"][0]["input"] for one in made if "by" in one["source"]]

    assert asked([]) == texts
    assert asked(planted) == texts[1:]
    assert not [text for text in asked(planted) if any(Probe(planted).hits(text))]


def test_options_stay_with_a_stem_in_other_words() -> None:
    options = {"A": "黄河", "B": "长江"}
    row = Row("我国最长的河流是", "B. 长江", Source("", "", "", ""), "single", options=options)
    row.letters = "B"
    made = list(wordings.of_model(row, ["中国的河流中最长的是哪条？", "我国最长的河流是长江吗"]))
    assert [one.question for one in made] == ["中国的河流中最长的是哪条？"]
    assert made[0].options == options and made[0].letters == "B"


@pytest.mark.parametrize("kind", ["judge", "general"])
def test_a_statement_is_not_turned_by_a_model(kind: str) -> None:
    row = Row("地球绕太阳转", "正确", Source("", "", "", ""), kind)
    assert not list(wordings.of_model(row, ["绕太阳转的是地球"]))


def test_a_server_that_stalls_or_refuses_everything_ends_the_run(
    bank: Inputs, tmp_path: Path
) -> None:
    out = tmp_path / "data"
    build.build(bank, out)
    with (
        Scripted([], lambda *_: (400, "no")) as server,
        pytest.raises(UserError, match="8"),
    ):
        ask(out, server.url)

    def stalled(told: Scripted, content: str, times: int) -> Said:
        time.sleep(1.5 if "活字" in content else 0)
        return model(told, content, times)

    with Scripted([], stalled) as server:
        done = ask(out, server.url, Patience(timeout=0.7, retries=0))
    assert done["dropped"]["refused"] >= 1 and done["kept"] > 0
    with Scripted([], model) as server:  # what it stalled at is asked again, nothing else
        assert ask(out, server.url)["kept"] > done["kept"]
        assert all("活字" in said or "京剧" in said or "机场" in said for said in server.asked)


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (("WORDINGS=2", "BASE_URL=http://h/v1", "MODEL=m"), ["build", "reword", "build"]),
        (
            ("WORDINGS=2", "EXPLAIN=first", "BASE_URL=http://h/v1", "MODEL=m"),
            ["build", "explain", "reword", "build"],
        ),
        (("WORDINGS=0", "BASE_URL=http://h/v1", "MODEL=m"), ["build"]),
        (("WORDINGS=2",), ["build"]),
    ],
)
def test_make_data_asks_the_model_between_two_builds(
    options: tuple[str, ...], asked: list[str]
) -> None:
    line = ["make", "-n", "data", "BANK=samples/gongkao/bank.docx", *options]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert re.findall(r"-m data_tools (\w+)", done.stdout) == asked, done.stderr
