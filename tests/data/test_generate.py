"""Generation against a real HTTP server that answers well, badly, late, or not at all."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl
from data_tools.build import build
from data_tools.generate import run
from data_tools.generate.client import Patience, Server, server
from data_tools.generate.prompts import AGAIN
from data_tools.generate.rows import made_of
from data_tools.generate.settings import Settings
from data_tools.sources import Inputs
from tests.data.generate_server import Said, Scripted

PLACES = [
    "东滩",
    "西岭",
    "南浦",
    "北埠",
    "青石渡",
    "白沙湾",
    "黑松岗",
    "红枫桥",
    "金鸡墩",
    "银杏坪",
]
PEOPLE = [
    "林知秋",
    "顾四海",
    "沈小满",
    "周大同",
    "陆明远",
    "何时雨",
    "于向东",
    "肖时钦",
    "张佳宁",
    "唐柔",
]
THINGS = ["铜铃", "怀表", "账本", "油灯", "鱼骨", "皮箱", "缆绳", "铜钥匙", "芝麻饼", "旧帆布"]


def story(chapters: int) -> tuple[str, list[tuple[str, str, str]]]:
    """A text of chapters with two facts each, and what can be asked about it."""
    text, facts = "《渡口》\n\n", []
    for n in range(chapters):
        who, where, what = PEOPLE[n % 10], PLACES[(n * 3) % 10], THINGS[(n * 7 + n // 10) % 10]
        other = PEOPLE[(n + 1) % 10]
        first = f"{who}在{where}把{what}交给了{other}"
        second = f"{other}为了报答{who}，在{where}守了{n + 2}天的渡船"
        text += f"第{n + 1}章 {where}\n\n天还没有亮，河上起了大雾。{first}。\n\n"
        text += f"“拿好。”{who}说，“别让旁人看见。”\n\n{second}，谁来问都不肯走。\n\n"
        text += "河水涨了又落，渡口的木桩上长满青苔，老船夫把绳子收起来。" * 7 + "\n\n"
        facts.append((f"{who}在渡口把{what}交给了谁？", first, f"交给了{other}。"))
        thanks = f"在{where}守了{n + 2}天的渡船。"
        facts.append((f"{other}得了{what}以后怎样报答{who}？", second, thanks))
    return text, facts


@pytest.fixture
def novel(tmp_path: Path) -> Path:
    path = tmp_path / "渡口.txt"
    path.write_text(story(6)[0], encoding="utf-8")
    return path


def generate(
    novel: Path, out: Path, told: Scripted, retries: int = 3, **settings: int
) -> dict[str, Any]:
    made = Settings.of({"size": 400, **settings})
    target = Server(told.url, "scripted", "sesame")
    patience = Patience(at_once=3, timeout=2, retries=retries)
    return run.start(run.read_texts([novel], made.size), target, patience, made, out)


def rows(out: Path) -> list[dict[str, Any]]:
    return list(read_jsonl(out / "generated.jsonl"))


def test_good_answers_become_rows_that_lead_back(novel: Path, tmp_path: Path) -> None:
    text, facts = story(6)
    out = tmp_path / "out"
    with Scripted(facts) as told:
        card = generate(novel, out, told)
        assert told.keys == ["Bearer sesame"] * len(told.keys)
        assert all(body["response_format"]["type"] == "json_schema" for body in told.bodies)
        assert card["requests"] == {"now": 12, "before": 0} and card["tokens"]["out"] > 0
        again = generate(novel, out, told)
        assert again["requests"] == {"now": 0, "before": 12} and sum(told.asked.values()) == 12
    assert {(row["question"], row["answer"]) for row in rows(out)} == {(q, a) for q, _, a in facts}
    evidence = {q: e for q, e, _ in facts}
    for row in rows(out):
        start, end = map(int, re.findall(r"\d+", row["source"]["locator"]))
        assert text[start:end] == row["source"]["text"]
        assert evidence[row["question"]] in row["source"]["text"] and end - start < 60
        assert row["chapter"] in text and row["type"] == "情节"


def bad(told: Scripted, content: str, times: int) -> Said:
    """A model on a bad day: one fault a chapter, the last one none."""
    asks = "问题：\n" not in content
    plain = told.plain(content)
    if "第1章" in content and times < 3:
        return 500, "overloaded"
    if "第2章" in content and asks:
        return (
            "```json\n" + plain.replace("}, {", "} {") + "\n```" if AGAIN in content else "好的！"
        )
    if "第3章" in content and asks:
        time.sleep(0.3)
        told_ = json.loads(plain)["questions"]
        extra = ["这段文字讲了什么？", "他后来怎样了？", "阿芜在乌桕渡丢了铜铃之后做了什么？"]
        return json.dumps({"questions": [*told_, *({"question": q} for q in extra)]})
    if "第4章" in content and not asks:
        said = told.numbered(content)
        said[0] |= {"answer": "一柄从没有人见过的祖传宝剑。"}
        said[1:] = [each | {"answer": "原文没有提到。"} for each in said[1:]]
        return json.dumps({"answers": said})
    if "第5章" in content and not asks:
        return json.dumps({"answers": told.numbered(content)[:1]})  # the second one is left out
    return None


def test_bad_answers_are_mended_asked_again_or_ledgered(novel: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Scripted(story(6)[1], bad) as told:
        card = generate(novel, out, told)
    reasons = Counter(card["reasons"])
    assert reasons == {"about-text": 1, "generic": 1, "echo": 1, "unsupported": 1, "unanswered": 1}
    chapters = Counter(row["chapter"][:3] for row in rows(out))
    assert chapters == {"第1章": 2, "第2章": 2, "第3章": 2, "第5章": 2, "第6章": 2}
    text = story(6)[0]
    for line in read_jsonl(out / "generated-dropped.jsonl"):
        start, end = map(int, re.findall(r"\d+", line["locator"]))
        assert 0 <= start < end <= len(text) and line["file"] == "渡口.txt" and line["text"]


def test_what_cannot_be_read_or_is_refused_is_ledgered(novel: Path, tmp_path: Path) -> None:
    def script(told: Scripted, content: str, times: int) -> Said:
        if "第2章" in content:
            return "对不起。"
        return (400, "maximum context length exceeded") if "第4章" in content else None

    out = tmp_path / "out"
    with Scripted(story(6)[1], script) as told:
        card = generate(novel, out, told)
        assert card["reasons"] == {"unread": 1, "refused": 1} and card["pairs"] == 8
        told.script = lambda *_: None
        card = generate(novel, out, told)  # what gave nothing is asked again, the rest is not
        assert card["requests"]["now"] == 4 and card["reasons"] == {} and card["pairs"] == 12


def test_a_server_without_schemas_is_asked_without(novel: Path, tmp_path: Path) -> None:
    def script(told: Scripted, content: str, times: int) -> Said:
        strict = "response_format" in told.bodies[-1]
        return (400, "response_format json_schema is not supported") if strict else None

    with Scripted(story(6)[1], script) as told:
        told.lock = __import__("threading").RLock()
        target, made = Server(told.url, "scripted", "k"), Settings(size=400)
        patience = Patience(at_once=1, retries=0)
        card = run.start(run.read_texts([novel], 400), target, patience, made, tmp_path / "o")
        assert card["pairs"] == 12
        assert sum("response_format" in body for body in told.bodies) == 1


@pytest.mark.parametrize(
    ("said", "message"),
    [((401, "no"), "API key"), ((404, "no such model"), "scripted"), ((400, "bad"), "in a row")],
)
def test_a_server_that_cannot_serve_stops_the_run(
    tmp_path: Path, said: tuple[int, str], message: str
) -> None:
    novel = tmp_path / "渡口.txt"
    novel.write_text(story(12)[0], encoding="utf-8")
    with Scripted([], lambda *_: said) as told, pytest.raises(UserError, match=message):
        generate(novel, tmp_path / "out", told, retries=0)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["generated-journal.jsonl"]


def test_no_server_is_one_clear_line(novel: Path, tmp_path: Path) -> None:
    with Scripted([]) as told:
        pass
    with pytest.raises(UserError, match="cannot reach"):
        generate(novel, tmp_path / "out", told, retries=0)


def test_slow_answers_time_out_and_do_not_stop_the_rest(novel: Path, tmp_path: Path) -> None:
    def script(told: Scripted, content: str, times: int) -> Said:
        if "第6章" in content:
            time.sleep(4)
        return None

    with Scripted(story(6)[1], script) as told:
        card = generate(novel, tmp_path / "out", told, retries=0)
    assert card["pairs"] == 10 and card["reasons"] == {"refused": 1}


def test_the_same_chapter_twice_is_asked_once(tmp_path: Path) -> None:
    text = story(1)[0].partition("\n\n")[2]
    novel = tmp_path / "twice.txt"
    novel.write_text(text * 2 + "河水向东。" * 60, encoding="utf-8")
    with Scripted(story(1)[1], pause=0.1) as told:
        card = generate(novel, tmp_path / "out", told)
    assert max(told.asked.values()) == 1
    assert card["pairs"] == 2


def command(novel: Path, out: Path, told: Scripted) -> list[str]:
    flags = ["--base-url", told.url, "--model", "scripted", "--workers", "3", "--size", "400"]
    start = [sys.executable, "-m", "data_tools", "generate", "--domain", "novel"]
    return [*start, "--novel", str(novel), "--out", str(out), *flags]


def test_kill_9_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    text, facts = story(16)
    novel, out = tmp_path / "渡口.txt", tmp_path / "out"
    novel.write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Scripted(facts, pause=0.05) as told:
        for enough in (5, 13, 22):
            made = subprocess.Popen(
                command(novel, out, told), cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
            )
            while sum(told.replied.values()) < enough and made.poll() is None:
                time.sleep(0.005)
            assert made.poll() is None
            made.send_signal(signal.SIGKILL)
            made.wait()
            assert not (out / "generated.jsonl").exists()
            time.sleep(0.2)  # what was in flight is done
            journal = out / "generated-journal.jsonl"
            kept = journal.read_bytes().count(b"\n")
            assert sum(told.replied.values()) - kept <= 3 * 3  # only what was in flight is lost
        before = dict(told.asked)
        with open(journal, "ab") as file:
            file.write('{"key": "没写'.encode())  # as a power cut leaves it
        done = subprocess.run(
            command(novel, out, told), cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "ETA" in done.stderr and "tokens" in done.stderr
        repeated = sum(count - 1 for count in told.asked.values())
        assert repeated <= 3 * 3  # three kills, three requests in flight at most
        after = sum(told.asked.values()) - sum(before.values())
        assert after == 32 - kept  # the last run asked what was open, and nothing else
    assert len(rows(out)) == 32 == len({row["question"] for row in rows(out)})
    with Scripted(facts) as told:
        whole = tmp_path / "whole"
        subprocess.run(command(novel, whole, told), cwd=ROOT, env=environment, check=True)
    assert rows(whole) == rows(out)


def test_a_build_takes_rows_ledger_and_passages(novel: Path, tmp_path: Path) -> None:
    text = story(6)[0]
    out = tmp_path / "out"
    with Scripted(story(6)[1], bad) as told:
        generate(novel, out, told)
    made = made_of(out, [novel])
    assert made is not None
    card = build(Inputs("novel", (str(made),), novel=(str(novel),)), out)
    assert card["by_kind"] == {"generated": 10} and card["dropped"] == 5
    assert [s["file"] for s in card["sources"]] == ["渡口.txt"] and card["sources"][0][
        "questions"
    ] == 10
    trained = [*read_jsonl(out / "train.jsonl"), *read_jsonl(out / "eval.jsonl")]
    for row in trained:
        start, end = map(int, re.findall(r"\d+", row["source"]["locator"]))
        assert row["kind"] == "generated" and text[start:end] == row["source"]["text"]
    ledger = (out / "ledger.csv").read_text(encoding="utf-8-sig")
    assert "unsupported" in ledger and "about-text" in ledger and "渡口.txt" in ledger
    told_ = [line for line in read_jsonl(out / "kb.jsonl") if line["kind"] == "text"]
    assert len(told_) >= 6 and all(text.find(line["text"]) >= 0 for line in told_)
    novel.write_text(text + "又一天。", encoding="utf-8")
    with pytest.raises(UserError, match="generate again"):
        made_of(out, [novel])


def test_an_edited_file_is_kept_beside(novel: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Scripted(story(6)[1]) as told:
        generate(novel, out, told)
        path = out / "generated.jsonl"
        path.write_text(path.read_text(encoding="utf-8").replace("渡船", "大船"), encoding="utf-8")
        generate(novel, out, told)
    copies = list(out.glob("generated-edited-*.jsonl"))
    assert len(copies) == 1 and "大船" in copies[0].read_text(encoding="utf-8")
    assert "大船" not in path.read_text(encoding="utf-8")
    assert read_json(out / "generated.json")["pairs"] == 12


def test_the_local_key_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TIKUFORGE_API_KEY", "OPENAI_API_KEY", "TIKUFORGE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("core.chat.api_key", lambda: "local-secret")
    assert server("http://elsewhere/v1", "m").key == "EMPTY"
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    assert server("http://elsewhere/v1", "m").key == "theirs"
    with pytest.raises(UserError, match="--model"):
        server("http://elsewhere/v1")


@pytest.mark.parametrize(
    ("raw", "message"),
    [(b"", "is empty"), (b"\0\1\2\3" * 9, "NUL"), ("第一章\n第二章\n".encode(), "no prose")],
)
def test_bad_texts_are_one_line(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(raw)
    with pytest.raises(UserError, match=message):
        run.read_texts([path], 2500)
    with pytest.raises(UserError, match="no such file"):
        run.read_texts([tmp_path / "none.txt"], 2500)


def test_a_gbk_text_has_offsets_in_characters(tmp_path: Path) -> None:
    path = tmp_path / "gbk.txt"
    path.write_bytes(story(3)[0].encode("gb18030"))
    assert run.read_texts([path], 300)[0].text == story(3)[0]
