"""Answers sampled of a served model, judged, made into rows and pairs; what people preferred."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core import domain as domains
from core.errors import UserError
from core.files import ROOT, read_jsonl, write_json, write_jsonl
from data_tools import contamination, sampled
from eval import sample, targets
from tests.eval.conftest import FACTS, row
from tests.eval.server import Server

SAID = {
    "长江": ["长江", "是长江。", "黄河", "<think>黄河？</think>是长江"],
    "昆明": ["昆明", "我不知道", "I think it is Dali.", ""],
    "100": ["", "啊" * 500, "摄氏九十度", "一百度"],
}


class Model:
    """Right, in other words, thinking aloud, in another language, wrong, empty, without end: each
    question's answers in their order."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    def __call__(self, question: str) -> str:
        key = dict(FACTS).get(question, "长江")
        answers = SAID.get(key, [f"{key}！"])
        self.times[question] += 1
        return answers[(self.times[question] - 1) % len(answers)]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Training rows of which two come near what is asked in the evaluation."""
    probe = next(contamination.probes(domains.load("gongkao"))).question
    facts = [*FACTS, ("中国最长的河流是哪条江", "长江"), (f"请问{probe}", "长江")]
    write_jsonl(tmp_path / "train.jsonl", (row(n, q, a) for n, (q, a) in enumerate(facts)))
    write_jsonl(tmp_path / "eval.jsonl", [row(99, "中国最长的河流是哪条江？？", "长江")])
    monkeypatch.setattr(sampled, "WORK_DIRS", tmp_path / "work")
    return tmp_path


def drawn(data: Path, server: Server, k: int = 4) -> dict[str, int]:
    column = targets.column(f"sampled={server.url}#{server.model}")
    return sample.write(data, column, k, 0.8, 0, 1)


def gathered(data: Path) -> tuple[dict[str, int], list[Any], list[Any]]:
    made = sampled.write(data, data / "run", domains.load("gongkao"))
    rows, pairs = (list(read_jsonl(data / name)) for name in (sampled.ROWS, sampled.PAIRS))
    return made, rows, pairs


def test_right_answers_become_rows_and_pairs_and_nothing_of_the_evaluation(data: Path) -> None:
    with Server(Model()) as server:
        made = drawn(data, server)
        assert made["questions"] == 10 and made["answers"] == made["asked"] == 40
        assert drawn(data, server)["asked"] == 0 and len(server.asked) == 40
        assert drawn(data, server, 5)["asked"] == 10  # one more of each
    lines = {line["asked"]: line["answers"] for line in read_jsonl(data / sample.FILE)}
    verdicts = {q: [one["right"] for one in found[:4]] for q, found in lines.items()}
    assert verdicts["中国最长的河流是"] == [True, True, False, True]
    assert verdicts["“春城”是指哪座城市？"] == [True, False, False, False]
    assert verdicts["标准大气压下水的沸点是多少摄氏度？"] == [False, False, False, True]
    made, rows, pairs = gathered(data)
    asked = Counter(one["conversation"][0]["input"] for one in rows)
    assert asked["中国最长的河流是"] == 1 and asked["“春城”是指哪座城市？"] == 0
    first = next(one for one in rows if one["source"]["of"] == "t-000000")
    assert first["id"] == "t-000000-s1" and first["conversation"][0]["output"] == "是长江。"
    assert all(one["source"]["made"] == "sampled" for one in (*rows, *pairs))
    rivers = [one for one in pairs if one["source"]["of"] == "t-000000"]
    assert [one["rejected"][0]["content"] for one in rivers] == ["黄河"]
    assert [one["role"] for one in rivers[0]["prompt"]] == ["system", "user"]
    springs = [one for one in pairs if one["source"]["of"] == "t-000003"]
    assert {one["rejected"][0]["content"] for one in springs} == {"我不知道", "I think it is Dali."}
    assert made["near"] > 0
    guard = contamination.guard(sampled.held_out(data), domains.load("gongkao"))
    texts = [one["conversation"][0]["input"] for one in rows]
    texts += [one["prompt"][-1]["content"] for one in pairs]
    assert texts and not [text for text in texts if any(guard.hits(text))]


def test_what_was_answered_before_a_fault_is_kept(data: Path) -> None:
    with Server(Model(), fail_after=12) as server:
        with pytest.raises(UserError, match="12"):
            drawn(data, server)
        server.fail_after = 10**9
        assert drawn(data, server)["asked"] == 28 and len(server.asked) == 40
        column = targets.column(f"sampled={server.url}#{server.model}")
        with pytest.raises(UserError, match="TEMPERATURE"):
            sample.write(data, column, 4, 0.0, 0, 1)


def test_votes_thumbs_and_corrections_become_pairs(data: Path) -> None:
    folder, run = data / "work" / "gongkao", data / "run"
    thumb = {"owner": "a", "message": 1, "question": "“春城”是指哪座城市？", "correction": ""}
    wrong = {**thumb, "question": "谁写了《春晓》？", "answer": "李白[1]", "correction": "孟浩然"}
    near = {**wrong, "question": "中国最长的河流是哪条江？？"}
    said = [
        {**thumb, "id": "1", "verdict": "up", "answer": "昆明 [2]"},
        {**thumb, "id": "2", "verdict": "up", "answer": "大理"},
        {**thumb, "id": "3", "verdict": "down", "answer": "大理"},  # thought better of it
        {**thumb, "id": "4", "verdict": "up", "answer": "贵阳", "question": "电阻的国际单位是"},
        {**thumb, "id": "5", "verdict": "down", "answer": "欧姆", "question": "电阻的国际单位是"},
        {**wrong, "id": "6", "verdict": "correction"},
        {**wrong, "id": "7", "verdict": "correction", "answer": "杜甫"},
        {**near, "id": "8", "verdict": "correction"},
    ]
    judged = [
        {"id": "6", "accepted": True, "question": "谁写了《春晓》？", "answer": "孟浩然"},
        {"id": "7", "accepted": False, "question": "", "answer": ""},
        {"id": "8", "accepted": True, "question": near["question"], "answer": "长江"},
    ]
    write_jsonl(folder / sampled.SAID, said)
    write_jsonl(folder / sampled.JUDGED, judged)
    sides = {"question": "四大名著里写宋江的是？", "answers": {"base": "红楼梦", "tuned": "水浒传"}}
    write_jsonl(run / sampled.SIDES, [{"suite": "train", "id": str(n), **sides} for n in range(2)])
    cast = [("0", "base"), ("0", "tuned"), ("1", "tie")]
    ballots = [{"suite": "train", "id": at, "winner": winner} for at, winner in cast]
    write_jsonl(run / sampled.VOTES, ballots)
    write_json(run / "report.json", {"main": "tuned"})
    both = {"owner": "a", "question": "谁写了《静夜思》？", "answers": {"A": "李白", "B": "杜甫"}}
    ballots = [{**both, "winner": winner} for winner in ("B", "tie", "A")]
    ballots.append({**both, "question": near["question"], "winner": "A"})
    write_jsonl(folder / sampled.CAST, ballots)
    made, rows, pairs = gathered(data)
    assert not rows and made["voted"] == len(pairs) == 4 and made["near"] == 2
    found = {
        one["source"]["by"]: (one["chosen"][0]["content"], one["rejected"][0]["content"])
        for one in pairs
    }
    assert found == {
        "correction": ("孟浩然", "李白"),
        "thumb": ("昆明", "大理"),
        "vote": ("水浒传", "红楼梦"),
        "live vote": ("李白", "杜甫"),
    }
    assert all(one["source"]["made"] == "voted" for one in pairs)
    assert next(one for one in pairs if one["source"]["by"] == "thumb")["source"]["of"] == (
        "t-000003"
    )


def test_the_page_writes_what_is_read_here() -> None:
    """Rooms meet by files: their names stand in both."""
    text = (ROOT / "web" / "feedback.py").read_text("utf-8")
    assert all(f'"{name}"' in text for name in (sampled.SAID, sampled.JUDGED, sampled.CAST))
    text = (ROOT / "eval" / "preference.py").read_text("utf-8")
    for name in (sampled.VOTES, sampled.SIDES):
        assert f'"{Path(name).name}"' in text
