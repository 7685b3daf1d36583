"""What takes minutes: kills at random moments, cluster runners, exams, folders, gates by make."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from core.files import ROOT, read_json, write_jsonl
from tests.deploy import helper
from tests.eval.conftest import FACTS, PYTHON, Bench, row
from tests.eval.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PYTHON.exists(), reason="make env-eval")]


def run(words: list[str], bench: Bench, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**bench.environment(), **more}
    return subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True)


def answered(bench: Bench) -> list[str]:
    folder = bench.run_dir / "eval" / "answers"
    found = []
    for journal in folder.glob("*.jsonl"):
        for line in journal.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line)["asked"])
            except json.JSONDecodeError:
                continue
    return found


def test_killed_at_random_moments_nothing_answered_is_asked_again(own_bench: Bench):
    own_bench.data([(f"第{n}题", str(n)) for n in range(60)])
    draw = random.Random()
    with Server(lambda q: "答", delay=0.3) as server:
        words = own_bench.command(f"tuned={server.url}#toy")
        in_flight = 0
        for _ in range(3):
            before, known = len(server.asked), set(answered(own_bench))
            process = subprocess.Popen(
                words, env=own_bench.environment(), cwd=ROOT, stderr=subprocess.DEVNULL
            )
            target = draw.randint(0, 20)  # now and then before the first question
            while process.poll() is None and len(server.asked) < before + target:
                time.sleep(0.02)
            time.sleep(draw.random())
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(0.8)  # what was under way reaches the server's list
            assert not known & set(server.asked[before:])
            in_flight += len(server.asked[before:]) - len(set(answered(own_bench)) - known)
        known = set(answered(own_bench))
        before = len(server.asked)
        done = run(words, own_bench)
        assert not known & set(server.asked[before:]), done.stderr
        assert in_flight <= 3 * 4, "at most the requests under way are lost with the process"
        asked = [*known, *server.asked[before:]]
        assert len(asked) == len(set(asked)) == 60 + 30  # the bank and the domain's probes


FAKE_SRUN = """#!/bin/sh
echo "$@" >> "{log}"
while [ $# -gt 0 ]; do case "$1" in -J) shift 2;; -*) shift;; p1) shift;; *) break;; esac; done
exec "$@"
"""


def test_slurm_runs_the_tasks_and_the_card_is_the_same(tmp_path, own_bench: Bench):
    own_bench.data(FACTS)
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "srun").write_text(FAKE_SRUN.format(log=tmp_path / "srun.log"))
    (bin_dir / "srun").chmod(0o755)
    site = tmp_path / "site.py"
    text = (ROOT / "eval" / "configs" / "runners" / "slurm.py").read_text(encoding="utf-8")
    text = text.replace("partition=None", 'partition="p1"').replace(
        "max_num_workers=8", "debug=True"
    )
    site.write_text(text.replace("num_worker=8", "num_worker=2"), encoding="utf-8")
    with Server(lambda q: dict(FACTS).get(q, "好")) as server:
        words = [*own_bench.command(f"tuned={server.url}#toy"), "--runner", str(site)]
        done = run(words, own_bench, PATH=f"{bin_dir}{os.pathsep}{os.environ['PATH']}")
    lines = (tmp_path / "srun.log").read_text(encoding="utf-8").splitlines()
    assert any("OpenICLInfer" in line and line.startswith("-p p1") for line in lines)
    assert any("openicl_eval.py" in line for line in lines)
    report = read_json(own_bench.run_dir / "report.json")
    assert report["columns"]["tuned"]["train.correct"] == {
        "value": 1.0, "n": 8, "ci95": report["columns"]["tuned"]["train.correct"]["ci95"],
    }, done.stderr  # fmt: skip


def test_dlc_and_a_missing_runner(own_bench: Bench):
    code = (
        "from eval import run\nfrom opencompass.registry import RUNNERS\n"
        "c = run.runner('dlc'); r = RUNNERS.build(c.infer.runner); print(type(r).__name__)\n"
        "print(sorted(r.aliyun_cfg))"
    )
    done = run([str(PYTHON), "-c", code], own_bench)
    assert "DLCRunner" in done.stdout and "workspace_id" in done.stdout, done.stderr
    own_bench.data(FACTS)
    with Server(lambda q: "好") as server:
        done = run([*own_bench.command(f"tuned={server.url}#toy"), "--runner", "sge"], own_bench)
    assert done.returncode == 2 and "dlc, local, slurm" in done.stderr
    assert not server.asked


OPTIONS = {"A": "故宫", "B": "长城", "C": "天坛", "D": "颐和园"}
CHOICES = {  # question → (right letters, what the model says)
    "世界上最长的城墙是？": ("B", "B. 长城"),
    "祭天的是哪一座？": ("C", "答案是C"),
    "哪些是宫殿园林？": ("AD", "A、D"),
    "哪些在北京城内？": ("ACD", "AC"),
    "哪一座是皇宫？": ("A", "B"),
    "哪一座有佛香阁？": ("D", "我不知道"),
}


def test_choice_accuracy_equals_an_independent_recomputation(tmp_path, own_bench: Bench):
    rows = []
    for number, (question, (letters, _)) in enumerate(CHOICES.items()):
        options = "\n".join(f"{key}. {value}" for key, value in OPTIONS.items())
        one = row(number, f"{question}\n{options}", letters)
        kind = "single" if len(letters) == 1 else "multiple"
        rows.append({**one, "kind": kind, "options": OPTIONS, "answer": letters})
    write_jsonl(tmp_path / "data" / "train.jsonl", rows)
    with Server(lambda q: CHOICES.get(q.split("\n")[0], ("", "好"))[1]) as server:
        done = run(own_bench.command(f"tuned={server.url}#toy"), own_bench)
    report = read_json(own_bench.run_dir / "report.json")
    name = report["suites"]["train"]["abbr"]
    place = own_bench.run_dir / "eval" / "predictions" / report["models"]["tuned"]["abbr"]
    raw = [item["prediction"] for item in read_json(place / f"{name}.json").values()]
    exact = chosen = partial = 0.0
    for given, (right, _) in zip(raw, CHOICES.values(), strict=True):
        said = set(re.findall(r"[A-D]", given))
        exact += given.strip() == right
        chosen += said == set(right)
        partial += len(said) / len(right) if said and said <= set(right) else 0
    cells = report["columns"]["tuned"]
    for metric, hits in (("exact", exact), ("choice", chosen), ("choice_partial", partial)):
        assert cells[f"train.{metric}"]["value"] == pytest.approx(hits / 6, abs=1e-6), done.stderr
    assert (chosen, partial) == (3, pytest.approx(3 + 2 / 3))


def exam_data(home: Path) -> None:
    """C-Eval's and CMB's files with questions of ours."""
    place = home / "data" / "ceval" / "formal_ceval"
    for part, n in (("dev", 5), ("val", 6), ("test", 1)):
        (place / part).mkdir(parents=True)
        with (place / part / f"computer_network_{part}.csv").open("w", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["id", "question", "A", "B", "C", "D", "answer", "explanation"])
            table.writerows(
                [i, f"{part}第{i}题？", "甲", "乙", "丙", "丁", "B", ""] for i in range(n)
            )
    (home / "data" / "CMB").mkdir()
    item = {"exam_type": "医师考试", "exam_class": "执业医师", "question_type": "单项选择题"}
    item |= {"question": "哪一项？", "option": {"A": "第一项", "B": "第二项"}, "answer": "A"}
    for name in ("val", "test"):
        text = json.dumps([item] * 4, ensure_ascii=False)
        (home / "data" / "CMB" / f"{name}.json").write_text(text, encoding="utf-8")


def test_exams_with_and_without_their_data(tmp_path, own_bench: Bench):
    with Server(lambda q: "B") as server:
        words = [str(PYTHON), "-m", "eval", "exams", "--work-dir", str(own_bench.run_dir)]
        words += ["--column", f"tuned={server.url}#toy", "--only"]
        away = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
        away |= {"COMPASS_DATA_CACHE": str(tmp_path / "none"), "HOME": str(tmp_path)}
        for name in ("ceval", "cmb"):
            done = run([*words, name], own_bench, **away, no_proxy="127.0.0.1")
            assert done.returncode == 2 and "取不到" in done.stderr, done.stderr
            assert "unexpected keyword" not in done.stderr, "the reason is the network or the file"
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert not server.asked
        exam_data(tmp_path)
        here = {"COMPASS_DATA_CACHE": str(tmp_path)}
        done = run([*words, "ceval-computer_network,cmb"], own_bench, **here)
    assert done.returncode == 0, done.stderr
    marks = read_json(own_bench.run_dir / "eval" / "exams" / "tuned.json")["exams"]
    assert (marks["ceval"]["value"], marks["ceval"]["n"]) == (1.0, 6)
    assert (marks["cmb"]["value"], marks["cmb"]["n"]) == (0.0, 4)
    assert len(server.asked) == 10 - 3  # four equal questions are one request


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    made = helper.make(tmp_path_factory.mktemp("far"))
    yield made
    made.stop_all()


def test_a_folder_is_a_column(room, own_bench: Bench):
    own_bench.data(FACTS[:2])
    done = run(own_bench.command(f"tuned={room.run / 'merged'}"), own_bench)
    report = read_json(own_bench.run_dir / "report.json")
    assert report["models"]["tuned"]["backend"] == "transformers", done.stderr
    assert report["columns"]["tuned"]["train.exact"] == {
        "value": 0.0, "n": 2, "ci95": report["columns"]["tuned"]["train.exact"]["ci95"],
    }  # fmt: skip
    said = read_json(next((own_bench.run_dir / "eval" / "results").glob("*/train-*.json")))
    assert said["details"][0]["given"][0].startswith("故宫🎓")


def make(target: str, room: helper.Room, tmp_path: Path, *words: str):
    """A target on the room's run, with servers at ports of its own."""
    line = ["make", target, f"WORK_DIRS={tmp_path / 'work'}", f"RUN={room.run}"]
    kept = {key: text for key, text in os.environ.items() if not key.startswith("TIKUFORGE_W")}
    line += [f"DATA={tmp_path / 'data'}", *words]
    return subprocess.run(line, env=kept, cwd=ROOT, capture_output=True, text=True)


def evaluate(room: helper.Room, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    names = ("BASE_PORT", "TUNED_PORT", "INT4_PORT")
    ports = [f"{name}={helper.free_port()}" for name in names]
    return make("eval", room, tmp_path, "RAG=0", *ports)


def test_a_failing_gate_fails_make(room, tmp_path, own_bench: Bench):
    """A real server, a model that says one endless text: make eval ends in its card and fails."""
    own_bench.data(FACTS)
    done = evaluate(room, tmp_path)
    assert done.returncode != 0, done.stdout + done.stderr
    report = read_json(room.run / "report.json")
    failed = {gate["name"] for gate in report["gates"] if not gate["pass"]}
    assert {"failure.cut", "train.correct"} <= failed
    assert {one["name"] for one in report["failures"]["tuned"]} >= {"cut"}
    assert "未过门槛" in done.stdout
    assert not list((tmp_path / "work" / "servers").glob("[0-9]*[0-9].json")), "servers are stopped"


def test_what_was_quantised_is_a_column(room, tmp_path, own_bench: Bench):
    """The column int4 is what make quantize shipped, while it is of this model."""
    own_bench.data(FACTS[:2])
    done = make("quantize", room, tmp_path, "FORMAT=q4_0", "MAX_LOSS=100", "SAMPLE=1")
    assert done.returncode == 0, done.stdout + done.stderr
    evaluate(room, tmp_path)
    report = read_json(room.run / "report.json")
    assert report["unmeasured"] == ["rag", "tuned_rag"]
    assert report["models"]["int4"]["model"] == "gongkao-tiny-q4_0"
    assert report["columns"]["int4"]["train.exact"]["n"] == 2
    assert "int4: gongkao-tiny-q4_0" in (room.run / "report.md").read_text(encoding="utf-8")
    config = room.run / "merged" / "config.json"
    config.write_text(config.read_text(encoding="utf-8") + " ", encoding="utf-8")
    done = evaluate(room, tmp_path)
    assert "没有 int4 列" in done.stdout and "changed since" in done.stderr
    assert "int4" in read_json(room.run / "report.json")["unmeasured"]
