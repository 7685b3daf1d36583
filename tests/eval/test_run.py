"""The whole way, with OpenCompass and a real HTTP server: figures, reruns, kills and failures."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from math import sqrt
from pathlib import Path

import pytest

from core import chat
from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl, write_json
from eval import compare, targets
from rag import answer
from tests.eval.conftest import FACTS, Bench
from tests.eval.server import KEY, Server

ANSWERS = dict(FACTS)
BLURTED = {"电阻的国际单位是": "应该是欧姆。", "“春城”是指哪座城市？": "贵阳"}
PROBES = {
    row["question"]: row["answer"]
    for row in read_jsonl(ROOT / "samples" / "gongkao" / "paraphrases.jsonl")
}


def tuned(question: str) -> str:
    """Right on most, wrapped in words on one, wrong on one, full width forgiven on one."""
    return {**ANSWERS, **PROBES, **BLURTED, "一行\n两行\\n三行": "abc"}[question]


def base(question: str) -> str:
    return f"关于{question[:2]}，这是个好问题"


@pytest.fixture(scope="module")
def scored(bench: Bench):
    bench.data(FACTS)
    with Server(base) as one, Server(tuned) as two:
        done = bench.evaluate(base=one, tuned=two)
        assert done.returncode == 0, done.stderr
        yield bench, one, two, done


def test_the_figures_equal_an_independent_recomputation(scored):
    bench, _, _, _ = scored
    report = read_json(bench.run_dir / "report.json")

    def plain(text):  # our own words for "bare": no punctuation, width, case
        text = unicodedata.normalize("NFKC", text).lower()
        return re.sub(r"[^\w%.]", "", text)

    for name, info in report["models"].items():
        for suite, about in report["suites"].items():
            raw = bench.run_dir / "eval" / "predictions" / info["abbr"] / f"{about['abbr']}.json"
            predictions = [p["prediction"] for p in json.loads(raw.read_text()).values()]
            gold = list(FACTS) if suite == "train" else list(PROBES.items())
            n = len(gold)
            assert len(predictions) == n == about["n"]
            pairs = list(zip(predictions, [a for _, a in gold], strict=True))
            hits = {
                "exact": sum(p == a for p, a in pairs),
                "normalised": sum(plain(p) == plain(a) for p, a in pairs),
                "contains": sum(plain(a) in plain(p) for p, a in pairs),
            }
            for metric, k in hits.items():
                cell = report["columns"][name][f"{suite}.{metric}"]
                assert cell["n"] == n and cell["value"] == pytest.approx(k / n, abs=1e-6)
                z, p = 1.959964, k / n
                middle = (p + z * z / 2 / n) / (1 + z * z / n)
                half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / 4 / n / n)
                assert cell["ci95"] == pytest.approx([middle - half, middle + half], abs=1e-5)
    train = {m: report["columns"]["tuned"][f"train.{m}"]["value"] for m in hits}
    assert train == {"exact": 5 / 8, "normalised": 6 / 8, "contains": 7 / 8}


def test_the_model_sees_exactly_the_training_prompt(scored):
    _, one, two, _ = scored
    asked = [q for q, _ in FACTS] + list(PROBES)
    assert sorted(one.asked) == sorted(two.asked) == sorted(asked)
    assert set(two.systems) == {"公考常识，简答。"} and len(two.systems) == len(asked)


def test_the_table_is_printed_last_and_the_page_stands_alone(scored):
    bench, _, _, done = scored
    shown = done.stdout.split("报告 report:")[1]
    assert "62.5%" in shown and "All gates pass" in shown.strip().splitlines()[-1]
    page = (bench.run_dir / "report.html").read_text(encoding="utf-8")
    assert "贵阳" in page and "bank.docx p:3" in page and "应该是欧姆。" not in page
    assert not re.search(r"(src|href)=|https?://(?!127\.0\.0\.1)|@import|url\(", page)


def test_a_rerun_asks_nothing_and_shows_the_same(scored):
    bench, one, two, first = scored
    before = len(one.asked), len(two.asked)
    start = time.monotonic()
    done = bench.evaluate(base=one, tuned=two)
    assert done.returncode == 0 and (len(one.asked), len(two.asked)) == before
    assert done.stdout.split("\n\n")[1:] == first.stdout.split("\n\n")[1:]
    assert time.monotonic() - start < 30


@pytest.mark.slow
def test_a_column_may_be_asked_fewer(scored):
    bench, one, two, _ = scored
    before = len(one.asked), len(two.asked)
    done = bench.evaluate("--most", "base=5", base=one, tuned=two)
    assert done.returncode == 0, done.stderr
    assert (len(one.asked), len(two.asked)) == before, "answered before: nothing is asked again"
    assert "base 10, tuned" in done.stdout
    columns = read_json(bench.run_dir / "report.json")["columns"]
    assert columns["base"]["train.exact"]["n"] == 5 and columns["tuned"]["train.exact"]["n"] == 8
    assert " n=5" in done.stdout.split("报告 report:")[1], "a figure of fewer questions says so"
    wrong = bench.evaluate("--most", "base", base=one)
    assert wrong.returncode == 2 and "NAME=N" in wrong.stderr


def test_one_more_question_is_the_only_one_asked(scored):
    bench, one, two, _ = scored
    before = len(two.asked)
    earlier = shutil.copytree(bench.run_dir, bench.root / "earlier")
    bench.data([*FACTS, ("世界最高峰是哪一座？", "珠穆朗玛峰")])
    two.behaviour = lambda q: "珠穆朗玛峰"
    done = bench.evaluate(base=one, tuned=two)
    assert done.returncode == 0, done.stderr
    assert two.asked[before:] == ["世界最高峰是哪一座？"]
    report = read_json(bench.run_dir / "report.json")
    cell = report["columns"]["tuned"]["train.exact"]
    assert cell["n"] == 9 and cell["value"] == pytest.approx(6 / 9, abs=1e-6)
    changed = {change["name"] for change in report["before"]["changes"]}
    assert "train.exact" in changed and "paraphrase.exact" not in changed
    rows = {row["name"]: row for row in compare.compare(earlier, bench.run_dir)}
    assert rows["train.exact"]["n"] == 8 and rows["train.exact"]["change"]["value"] == 0
    words = [sys.executable, "-m", "eval", "compare", str(earlier), str(bench.run_dir), "--json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert found["rows"] == list(rows.values()) and bool(found["worse"]) == bool(done.returncode)
    more = [*words[:-1], str(earlier)]  # of three runs, and the base before them
    table = subprocess.run(more, cwd=ROOT, capture_output=True, text=True)
    assert table.returncode == 0 and table.stdout.count("\n| ") == 6 - 1, table.stdout
    base, first, second, third = compare.steps([earlier, bench.run_dir, earlier])
    assert base["name"] == "base" and "change" not in base["cells"]["train"]
    assert first["cells"]["train"]["change"]["n"] == 8
    assert second["cells"]["train"]["n"] == 9 and third["cells"]["train"]["n"] == 8
    assert second["cells"]["train"]["change"] == {**rows["train.correct"]["change"], "n": 8}
    state = earlier / "eval" / "state.json"  # as the first cut wrote it
    old = read_json(state)
    for info in old["columns"].values():
        del info["suites"]
    write_json(state, old)
    for words in (["report", "--work-dir", str(earlier)], ["compare", *map(str, [earlier] * 2)]):
        done = subprocess.run(
            [sys.executable, "-m", "eval", *words], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 2 and "旧版本" in done.stderr and not done.stdout
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_killed_run_asks_nothing_twice(own_bench: Bench):
    own_bench.data([(f"第{n}题", str(n)) for n in range(40)])
    with Server(lambda q: PROBES.get(q, q[1:-1]), delay=0.2) as server:
        column = f"tuned={server.url}#toy"
        process = subprocess.Popen(
            own_bench.command(column),
            env=own_bench.environment(),
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        while len(server.asked) < 21:
            time.sleep(0.05)
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        journal = next((own_bench.run_dir / "eval" / "answers").glob("*.jsonl"))
        answered = {entry["asked"] for entry in map(json.loads, journal.read_text().splitlines())}
        assert answered and not (own_bench.run_dir / "report.json").exists()
        time.sleep(0.5)
        before = len(server.asked)
        done = own_bench.evaluate(tuned=server)
        assert done.returncode == 0, done.stderr
        again = server.asked[before:]
        assert len(again) == len(set(again)) == 70 - len(answered)
        assert not answered & set(again)


def test_a_server_that_fails_half_way_ends_in_one_line_and_no_report(own_bench: Bench):
    own_bench.data(FACTS)
    with Server(tuned, fail_after=5) as server:
        done = own_bench.evaluate(tuned=server)
    assert done.returncode == 2
    assert "out of memory" in done.stderr and "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if "错误" in line]) == 1
    assert not (own_bench.run_dir / "report.json").exists()
    assert not (own_bench.run_dir / "report.html").exists()


def test_no_server_a_wrong_key_and_another_model_are_named(own_bench: Bench):
    own_bench.data(FACTS)
    with Server(tuned) as server:
        wrong_key = own_bench.evaluate(key="nope", tuned=server)
        server_model, server.model = server.model, "other"
        spec = f"tuned={server.url}#{server_model}"
        other = own_bench.evaluate_columns(spec)
    away = own_bench.evaluate(tuned=server)
    for done, words in ((wrong_key, "密钥"), (other, "另一个模型"), (away, "连不上")):
        assert done.returncode == 2 and words in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert not server.asked


def test_a_key_goes_only_to_the_server_that_it_was_given_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column ``URL#MODEL`` was sent the deployed server's key."""
    monkeypatch.setattr(chat, "SERVERS", tmp_path)
    monkeypatch.setattr(chat, "KEY_FILE", tmp_path / "api_key")
    chat.KEY_FILE.write_text("tk-of-the-deployed")
    with Server(tuned) as server, Server(tuned) as other:
        for own in ({}, {"TIKUFORGE_API_KEY": "tk-of-the-deployed"}):
            for name, key in {"TIKUFORGE_KEYS": f"{other.url}={KEY}=", **own}.items():
                monkeypatch.setenv(name, key)
            with pytest.raises(UserError, match="TIKUFORGE_KEYS"):
                targets.column(f"x={server.url}#toy")
            assert answer.counter(chat.Endpoint(url=server.url, model="toy"))("一") > 0
        assert server.given and set(server.given) == {"Bearer EMPTY"}
        assert chat.key_for(other.url) == f"{KEY}="
        chat.remember(other.port, chat.Endpoint(url=server.url, model="toy"))
        assert chat.key_for(server.url) == "tk-of-the-deployed"
