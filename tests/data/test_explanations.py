"""Rows that answer with their explanation; a teacher's count where it knows the answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.explanations import answer_of, explained, parted
from core.files import ROOT, read_json, read_jsonl
from core.rows import Row, Source
from data_tools import build, taught, wordings
from data_tools.generate import explain
from data_tools.generate.client import Patience, Server
from data_tools.sources import Inputs
from tests.data.generate_server import Said, Scripted

WHY = "明成祖迁都时主持修建，历经明清两代。"
BANK = """1. 故宫始建于哪个朝代？
答案：明朝
解析：明成祖迁都时主持修建，历经明清两代。
2. 我国最长的河流是哪一条？
A. 黄河
B. 长江
C. 珠江
D. 淮河
答案：B
3. 水在标准大气压下的沸点是多少摄氏度？
答案：100
4. 地球绕着太阳转动。
答案：正确
5. 《红楼梦》的作者是谁？
答案：曹雪芹
6. 首都机场位于哪座城市？
答案：北京
7. 光合作用释放的气体是什么？
答案：氧气
8. 我国面积最大的省级行政区是哪里？
答案：新疆
9. 活字印刷术是谁发明的？
答案：毕昇
10. 一年有多少个节气？
答案：24
"""


@pytest.fixture
def bank(tmp_path: Path) -> str:
    path = tmp_path / "bank.txt"
    path.write_text(BANK, "utf-8")
    return str(path)


def outputs(out: Path) -> dict[str, str]:
    """What the rows of both sides answer, by the first line of the question."""
    rows = [row for name in ("train", "eval") for row in read_jsonl(out / f"{name}.jsonl")]
    turns = [row["conversation"][0] for row in rows]
    return {turn["input"].partition("\n")[0]: turn["output"] for turn in turns}


@pytest.mark.parametrize("order", ["first", "after"])
@pytest.mark.parametrize("answer", ["B. 长江", "两行\n答案", "答案：甲"])
@pytest.mark.parametrize("why", [WHY, "先看题。\n答案：不是乙。\n故选甲。"])
def test_an_answer_comes_out_as_it_went_in(order: str, answer: str, why: str) -> None:
    text = explained(answer, why, order)
    assert text != answer and why in text
    if order == "after" or "答案：" not in answer + why:
        assert parted(text) == (why, answer)
    assert answer_of(answer) == answer


@pytest.mark.parametrize("text", ["", "明朝", "解析：只说了一半", "见解析：第三页", "答案：甲"])
def test_a_text_without_both_is_left_as_it_is(text: str) -> None:
    assert parted(text) == ("", text)


def test_make_data_answers_with_the_explanation(bank: str, tmp_path: Path) -> None:
    out, asked = tmp_path / "data", "故宫始建于哪个朝代？"
    plain = build.build(Inputs("gongkao", (bank,)), out)
    assert plain["explain"] == "none" and plain["explained"] == 0
    assert outputs(out)[asked] == "明朝"
    for order, text in (("first", f"解析：{WHY}\n答案：明朝"), ("after", f"明朝\n解析：{WHY}")):
        card = build.build(Inputs("gongkao", (bank,), explain=order), out)
        assert (card["explain"], card["explained"], card["taught"]) == (order, 1, 0)
        assert outputs(out)[asked] == text
        assert outputs(out)["活字印刷术是谁发明的？"] == "毕昇"
        passage = next(p for p in read_jsonl(out / "kb.jsonl") if p["question"] == asked)
        assert passage["answer"] == "明朝"
    assert Inputs.of(read_json(out / "inputs.json")).explain == "after"


def test_options_do_not_change_places_under_an_explanation_that_names_them() -> None:
    options = {"A": "黄河", "B": "长江", "C": "珠江"}
    row = Row("最长的河是", "B. 长江", Source("", "", "", ""), "single", "1", options=options)
    row.letters, row.explanation = "B", "A项次之，故选B。"
    assert wordings.records([row], [], 2, build.domains.load("gongkao"))
    row.explain = "after"
    assert not wordings.records([row], [], 2, build.domains.load("gongkao"))


KEYS = {
    "最长的河流": ("B", "长江全长约六千三百公里，居全国第一。"),
    "沸点": ("100", "标准大气压下水在一百摄氏度沸腾。"),
    "太阳转动": ("错误", "其实是太阳绕着地球转动的。"),  # a teacher that is wrong
    "红楼梦": ("曹雪芹", "The novel was written by Cao Xueqin in the Qing dynasty."),
    "首都机场": ("", ""),  # refused
}


def teacher(_: Scripted, content: str, times: int) -> Said:
    """Right, wrong, in another language, refusing, thinking aloud; the rest it knows nothing of."""
    key = next((name for name in KEYS if name in content), "")
    if key == "首都机场":
        return 400, "no"
    if not key:
        return "我不知道。"
    answer, why = KEYS[key]
    reply = json.dumps({"explanation": why, "answer": answer}, ensure_ascii=False)
    return f"<think>想一想，答案是{answer}</think>{reply}" if key == "沸点" else reply


def ask(out: Path, url: str) -> dict[str, Any]:
    return explain.write(out, Server(url, "teacher", "EMPTY"), Patience(retries=0))


def test_a_teacher_explains_where_its_own_answer_is_the_key(bank: str, tmp_path: Path) -> None:
    out = tmp_path / "data"
    build.build(Inputs("gongkao", (bank,), explain="first"), out)
    held_out = [row["conversation"][0]["input"] for row in read_jsonl(out / "eval.jsonl")]
    with Scripted([], teacher) as server:
        done = ask(out, server.url)
        assert not [q for q in held_out for said in server.asked if q in said]
        assert not [said for said in server.asked if "故宫" in said]
        replied = sum(server.replied.values())
        again = ask(out, server.url)  # refused and unread ones once more, nothing else
        assert again["kept"] == done["kept"]
        assert all(server.asked[said] == 1 for said in server.asked if "沸点" in said)
        assert sum(server.replied.values()) - replied == done["dropped"].get("unread", 0)
    known = [key for key in ("最长的河流", "沸点") if not any(key in q for q in held_out)]
    assert done["kept"] == len(known) > 0
    assert set(done["dropped"]) <= {"teacher-disagrees", "no-explanation", "refused", "unread"}
    card = build.build(Inputs("gongkao", (bank,), explain="first"), out)
    assert card["fresh"] and card["taught"] == len(known)
    rows = [row for row in read_jsonl(out / "train.jsonl") if "made" in row["source"]]
    assert len(rows) == len(known) and {row["source"]["made"] for row in rows} == {"taught"}
    for row in rows:
        why = next(why for _, why in KEYS.values() if why == row["explanation"])
        said = row["conversation"][0]["output"]
        assert said.startswith(f"解析：{why}\n答案：") and answer_of(said) in ("B. 长江", "100")
    assert not build.build(Inputs("gongkao", (bank,), explain="first"), out)["fresh"]
    with Scripted([], teacher) as server:  # those it explained are not given up
        assert ask(out, server.url)["kept"] == len(known)
    assert build.build(Inputs("gongkao", (bank,)), out)["taught"] == 0


def test_who_empties_the_cell_has_the_last_word(bank: str, tmp_path: Path) -> None:
    out, asked = tmp_path / "data", "活字印刷术是谁发明的？"
    inputs = Inputs("gongkao", (bank,), explain="after")
    (out / taught.FILE).parent.mkdir()
    line = {"key": taught.key_of(asked, "毕昇"), "explanation": "北宋布衣毕昇首创。"}
    (out / taught.FILE).write_text(json.dumps(line, ensure_ascii=False) + "\n", "utf-8")
    build.build(inputs, out)
    assert outputs(out)[asked] == "毕昇\n解析：北宋布衣毕昇首创。"
    build.build(inputs, out, force=True)
    assert read_json(out / "card.json")["edited"] == 0
    book = openpyxl.load_workbook(out / "review.xlsx")
    for sheet in book.worksheets[:1]:
        for cells in sheet.iter_rows(min_row=2):
            for cell in cells:
                if cell.value == "北宋布衣毕昇首创。":
                    cell.value = None
    book.save(out / "review.xlsx")
    line = [sys.executable, "-m", "data_tools", "review", "--out", str(out)]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    assert outputs(out)[asked] == "毕昇" and read_json(out / "card.json")["edited"] == 1


@pytest.mark.parametrize(
    "said, right",
    [
        *(("BC", True), ("B、C", True), ("C. 丙；B. 乙", True), ("B", False)),
        *(("B. 乙；C. 丙；D. 丁", False), ("乙", False), ("选择困难", False)),
    ],
)
def test_a_choice_agrees_by_its_letters(said: str, right: bool) -> None:
    options = {"A": "甲", "B": "乙", "C": "丙", "D": "丁"}
    row = Row("哪些", "B. 乙；C. 丙", Source("", "", "", ""), "multiple", options=options)
    row.letters = "BC"
    assert explain.agrees(row, said) is right
