from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import UserError
from core.files import read_jsonl, write_jsonl
from core.rows import Row, Source
from data_tools import contamination, formats, mix
from data_tools.build import build
from data_tools.doubts import doubts
from data_tools.ledger import Ledger
from data_tools.sources import Inputs

PAIRS = [(f"第{n}个问题问什么？", f"第{n}个回答") for n in range(1, 31)]
SHAPES = {
    "alpaca": lambda q, a: {"instruction": q, "input": "", "output": a},
    "sharegpt": lambda q, a: {
        "conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}]
    },
    "openai": lambda q, a: {
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": q},
            {"role": "assistant", "content": a},
        ]
    },
    "plain": lambda q, a: {"question": q, "answer": a},
    "xtuner": lambda q, a: {"conversation": [{"system": "s", "input": q, "output": a}]},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_neighbours_files_are_banks(shape: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows{suffix}"
    records = [SHAPES[shape](*pair) for pair in PAIRS]
    if suffix == ".json":
        path.write_text(json.dumps(records, ensure_ascii=False, indent=1), encoding="utf-8")
    else:
        write_jsonl(path, records)
    rows = list(formats.read(path, Ledger(), path.name))
    assert [(row.question, row.answer) for row in rows] == PAIRS
    text = path.read_text(encoding="utf-8")
    for row, record in zip(rows, records, strict=True):
        start, end = row.source.locator.removeprefix("c:").split("-")
        assert json.loads(text[int(start) : int(end)]) == record


@pytest.mark.parametrize("kind", sorted(formats.FORMATS))
def test_an_export_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    first = tmp_path / "first"
    choice = {
        **SHAPES["xtuner"]("最大的宫殿？\nA. 故宫\nB. 白宫", "A. 故宫"),
        "kind": "single",
        "options": {"A": "故宫", "B": "白宫"},
        "answer": "A",
        "explanation": "位于北京",
    }
    bank = tmp_path / "bank.jsonl"
    write_jsonl(bank, [*(SHAPES["plain"](*pair) for pair in PAIRS), choice])
    build(Inputs("gongkao", (str(bank),)), first)
    folder = formats.export(first, kind, "gongkao")
    ledger = Ledger()
    rows = list(formats.read(folder / "dataset_info.json", ledger, "x"))
    again = {row.question: row for row in rows}
    assert len(rows) == 31 and len(ledger) == 0 and again["第3个问题问什么？"].answer == "第3个回答"
    back = again["最大的宫殿？"]
    assert (back.options, back.letters, back.kind) == (choice["options"], "A", "single")
    assert back.explanation == "位于北京"
    system = next(iter(read_jsonl(first / "train.jsonl")))["conversation"][0]["system"]
    turns = [formats.turns(value) for _, _, value in formats.objects(next(folder.glob("train.*")))]
    assert {turn.system for found in turns for turn in found} == {system}


def test_broken_files_and_dialogues_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "a", "answer": "b"}\n{"quest', encoding="utf-8")
    with pytest.raises(UserError, match="第2条"):
        list(formats.read(path, Ledger(), "rows.jsonl"))
    path.write_bytes('{"question": "最轻的气体是什么？", "answer": "氢"}'.encode("gbk"))
    assert [row.answer for row in formats.read(path, Ledger(), "rows.jsonl")] == ["氢"]
    ledger = Ledger()
    dialogue = SHAPES["openai"]("一", "二")
    dialogue["messages"] += SHAPES["openai"]("三", "四")["messages"][1:]
    write_jsonl(path, [dialogue, {"neither": 1}, {"question": "只有题", "answer": " "}])
    rows = list(formats.read(path, ledger, "rows.jsonl"))
    (row,) = rows
    assert (row.question, row.answer, row.history) == ("三", "四", [("一", "二")])
    assert [entry.code for entry in ledger] == ["no-question", "no-answer"]


def row(question: str, answer: str = "a", name: str = "x") -> Row:
    return Row(question, answer, Source("f", "0", "p:1", question), id=name)


def test_contamination_finds_exact_and_near_and_nothing_else(tmp_path: Path) -> None:
    held_out = [
        row("世界上面积最大的沙漠是哪一个？", name="e1"),
        row("《红楼梦》的作者是谁？", name="e2"),
        row("水的化学式是什么？", name="e3"),
    ]
    other = tmp_path / "other.jsonl"
    said = ["世界上面积最大的沙漠是哪一个", "《红楼梦》的作者是谁呢？", "铁的元素符号是什么？"]
    write_jsonl(other, [{"instruction": text, "output": "x"} for text in said])
    hits = contamination.check(held_out, contamination.questions(other))
    assert [(hit.row.id, hit.exact) for hit in hits] == [("e1", True), ("e2", False)]


def test_general_rows_train_at_the_asked_ratio_and_never_leak(tmp_path: Path) -> None:
    bank = tmp_path / "bank.jsonl"
    write_jsonl(bank, [SHAPES["plain"](*pair) for pair in PAIRS])
    general = tmp_path / "general.jsonl"
    chat = [SHAPES["alpaca"](f"写一首关于{n}的诗", f"诗{n}") for n in range(200)]
    write_jsonl(general, [*chat, *(SHAPES["plain"](*pair) for pair in PAIRS)])
    inputs = Inputs("gongkao", (str(bank),), mix=(str(general),), mix_ratio=0.25)
    card = build(inputs, tmp_path / "out")
    rows = list(read_jsonl(tmp_path / "out" / "train.jsonl"))
    mixed = [each for each in rows if each["kind"] == "general"]
    assert card["general"] == len(mixed) == round(len(rows) * 0.25)
    assert {each["conversation"][0]["system"] for each in mixed} == {""}
    held_out = {
        each["conversation"][0]["input"] for each in read_jsonl(tmp_path / "out" / "eval.jsonl")
    }
    assert held_out and not held_out & {each["conversation"][0]["input"] for each in rows}
    assert not [p for p in read_jsonl(tmp_path / "out" / "kb.jsonl") if p["kind"] == "general"]
    with pytest.raises(UserError, match="MIX_RATIO"):
        mix.general([general], 1.0, 10, [], 42, Ledger())


def test_the_card_reports_overlap_with_another_file(tmp_path: Path) -> None:
    bank, other = tmp_path / "bank.jsonl", tmp_path / "other.jsonl"
    write_jsonl(bank, [SHAPES["plain"](*pair) for pair in PAIRS])
    write_jsonl(other, [SHAPES["plain"](*pair) for pair in PAIRS])
    card = build(Inputs("gongkao", (str(bank),), against=(str(other),)), tmp_path / "out")
    assert card["contamination"]["train"] == {"exact": 0, "near": 0}
    assert card["contamination"]["other.jsonl"]["exact"] == card["eval"]
    assert "contaminated" in (tmp_path / "out" / "ledger.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("联系电话13812345678", ["pii-phone"]),
        ("拨打+86 138-1234-5678", ["pii-phone"]),
        ("身份证11010519491231002X", ["pii-id"]),
        ("身份证110105194912310021", []),  # the check digit is wrong
        ("写信给zhang.san@example.com", ["pii-mail"]),
        ("光速约为299792458米每秒", []),
        ("圆周率3.14159265358979", []),
        ("零宽\u200b字符", ["invisible"]),
    ],
)
def test_personal_data_is_flagged(text: str, codes: list[str]) -> None:
    assert [flag.partition(":")[0] for flag in doubts(row("题？", text))] == codes


def test_traditional_is_simplified_where_a_domain_asks() -> None:
    from data_tools.clean import converter, normalise

    (done,) = normalise([row("《紅樓夢》的作者是誰？", "曹雪芹")], converter("t2s"))
    assert done.question == "《红楼梦》的作者是谁？"
    (same,) = normalise([row("《紅樓夢》的作者是誰？", "曹雪芹")])
    assert same.question == "《紅樓夢》的作者是誰？"


def test_a_dataset_info_with_its_own_column_names(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "mine.jsonl", [{"q": q, "a": a} for q, a in PAIRS])
    about = {"mine": {"file_name": "mine.jsonl", "columns": {"prompt": "q", "response": "a"}}}
    (tmp_path / "dataset_info.json").write_text(json.dumps(about), encoding="utf-8")
    rows = list(formats.read(tmp_path / "dataset_info.json", Ledger(), "x"))
    assert [(row.question, row.answer) for row in rows] == PAIRS
