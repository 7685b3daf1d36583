"""The train page: what this machine cannot do, the estimate first, a training that is watched,
stopped and gone on with over a reload and a restart of the page, and what follows it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.files import ROOT, read_json, write_json
from tests.deploy import helper
from tests.web.conftest import House
from tests.web.steps import WAIT, go, up, visitor
from web import catalog, jobs, training

SET = "train?bank=gongkao/sets/甲/data"
RUN = "smollm2_cpu_qlora"


@contextmanager
def server(work: Path, port: int, **more: str) -> Iterator[str]:
    """A page server of its own over a work folder."""
    environment = {**House(work, "").environment(), **more}
    environment.pop("PYTHONPATH")
    command = [sys.executable, "-m", "streamlit", "run", "web/app.py", "--server.port", str(port)]
    with open(work / "page.log", "a") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        up(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def work(house: House, tmp_path: Path) -> Path:
    """A work folder with the set 甲."""
    made = tmp_path / "work"
    shutil.copytree(house.set("甲").parent, made / "gongkao" / "sets" / "甲")
    return made


@pytest.fixture
def venvs(tmp_path: Path) -> Path:
    """The core environment, and trainer.py as that of train."""
    core = helper.VENVS / "core"
    if not core.exists():
        pytest.skip("no environment 'core': make env-core")
    made = tmp_path / "venvs"
    python = made / "train" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (made / "core").symlink_to(core.resolve())
    trainer = Path(__file__).with_name("trainer.py")
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{trainer}" "$@"\n')
    python.chmod(0o755)
    stamp = helper.STAMP.replace("turbomind", "train")
    done = [sys.executable, "-c", stamp]
    told = subprocess.run(done, cwd=ROOT, capture_output=True, text=True, check=True)
    (made / "train" / ".installed").write_text(told.stdout.strip())
    return made


def press(page: Any, name: str) -> None:
    """Press a button once it can be pressed."""
    page.get_by_role("button", name=name, exact=True).click()


def test_from_the_estimate_to_the_merge(browser: Any, work: Path, venvs: Path, shots: Path) -> None:
    port, log, own = helper.free_port(), venvs / "trainer.log", {"TIKUFORGE_VENVS": str(venvs)}
    run = work / "gongkao" / "sets" / "甲" / RUN
    page = visitor(browser)
    with server(work, port, **own) as address:
        go(page, address, SET)
        begin = page.get_by_role("button", name="开始训练", exact=True)
        begin.wait_for()
        assert begin.is_disabled()  # the estimate first
        press(page, "开始估算")
        page.get_by_text("内存约 2.0 GB；60 步，约 12 秒").wait_for()
        press(page, "开始训练")
        page.get_by_text("第 10/60 步").wait_for()
        page.locator(".curve").wait_for()
        page.get_by_role("cell", name="不知道").wait_for()
        estimate = page.get_by_role("button", name="开始估算", exact=True)
        assert estimate.is_disabled() and not begin.count()  # one thing at a time
        page.screenshot(path=shots / "train-running.png", full_page=True)
        page.reload()
        page.get_by_text("第 10/60 步").wait_for()
    with server(work, port, **own) as address:  # the page starts anew, the training goes on
        go(page, address, SET)
        page.get_by_text("第 10/60 步").wait_for()
        press(page, "停止")
        page.get_by_text("有一次没有训练完").wait_for()
        assert read_json(run / "run.json")["status"] == "running"
        press(page, "继续训练")
        page.get_by_text("训练完：60 步").wait_for()
        press(page, "开始合并")
        page.locator(".st-key-stage-merge").get_by_text("完成").wait_for()
        page.screenshot(path=shots / "train-done.png", full_page=True)
        page.context.close()
    said = [json.loads(line) for line in log.read_text().splitlines()]
    runs = [line for line in said if line[0] == "run"]
    assert ["--resume=1" in line for line in runs] == [False, True]
    assert all(f"--work-dir={run}" in line for line in said)
    assert all("--override=max_epochs=9" in line for line in runs)
    assert [line[0] for line in said] == ["estimate", "run", "run", "adapter", "merge"]


def test_what_cannot_run_here_is_said_before(
    browser: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor(browser)
    go(page, house.address, SET)
    page.get_by_role("button", name="开始估算", exact=True).wait_for()  # one that runs comes first
    page.get_by_role("combobox", name="基座").click()
    page.get_by_role("option").filter(has_text="DeepSeek-R1-Distill-Qwen-7B（本机不能）").click()
    page.get_by_text("这台机器现在不能用这个配方").wait_for()
    page.get_by_text("DeepSeek-R1-Distill-Qwen-7B 里没有权重").wait_for()
    assert not page.get_by_role("button", name="开始估算", exact=True).count()
    page.context.close()


STOPS = """import sys, time
from pathlib import Path
print("begun", flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(float(sys.argv[1]))
    Path(__file__).with_name("saved").touch()
"""


def until(met: Callable[[], bool]) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + 60
    while not met():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_stopped_line_saves_first_unless_it_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "tiku"
    script.write_text(STOPS)
    monkeypatch.setattr(jobs, "TIKU", str(script))
    for seconds, again in (("0.5", False), ("30", True)):
        out, saved = tmp_path / seconds, tmp_path / "saved"
        jobs.start(out, [[str(script), seconds]])
        until(lambda out=out: "begun" in jobs.state(out).get("log", ""))
        jobs.cancel(out)
        until(
            lambda out=out: jobs.state(out).get("stopping") or jobs.state(out)["state"] != "running"
        )
        if again:
            jobs.cancel(out)
        until(lambda out=out: jobs.state(out)["state"] != "running")
        assert jobs.state(out)["state"] == "cancelled" and saved.exists() is not again
        saved.unlink(missing_ok=True)


def choice(work: Path, recipe: str = "smollm2_cpu_qlora.py", epochs: int = 1) -> training.Choice:
    bank = catalog.Bank(work / "gongkao" / "data", "gongkao/data", "gongkao")
    return training.Choice(bank, {"name": recipe, "environment": "train"}, epochs, False)


def test_one_heavy_job_at_a_time_and_an_estimate_is_of_its_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "tiku"
    script.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(jobs, "TIKU", str(script))
    for module in (training, catalog):
        monkeypatch.setattr(module, "WORK_DIRS", tmp_path)
    monkeypatch.setattr(training, "NOTE", tmp_path / "web" / "heavy.json")
    first, other = choice(tmp_path), choice(tmp_path, "qwen2_5_0_5b_qlora.py")
    before = training.mark()
    training.start(first, "estimate")
    with pytest.raises(UserError, match="smollm2_cpu_qlora"):
        training.start(other, "merge")
    assert training.within(tmp_path / "gongkao") and training.mark() != before
    training.stop()
    training.stop()  # at once
    until(lambda: not training.running())
    rows = first.bank.folder / "train.jsonl"
    rows.parent.mkdir(parents=True)
    rows.write_text("{}")
    time.sleep(0.02)
    write_json(first.run / "estimate.json", {"steps": 3})
    assert not training.estimated(first)  # it did not end well
    state = jobs.folder(training.place(first.run, "estimate")) / "state.json"
    write_json(state, {"state": "done", "pid": 0, "step": 1})
    assert training.estimated(first) == {"steps": 3}
    assert not training.estimated(choice(tmp_path, epochs=2))
    time.sleep(0.02)
    rows.write_text("{}\n{}")
    assert not training.estimated(first)


@pytest.mark.slow
def test_the_real_room_trains_and_serves(browser: Any, work: Path, tmp_path: Path) -> None:
    """SmolLM2 out of its package, one epoch: estimated, trained, merged, deployed, stopped."""
    for stage in ("train", "serve"):
        if not (helper.VENVS / stage).exists():
            pytest.skip(f"no environment '{stage}': make env-{stage}")
    own = {"TIKUFORGE_PORT": str(helper.free_port()), "TIKUFORGE_MODELS": str(tmp_path / "models")}
    page = visitor(browser)
    long = 10 * WAIT
    with server(work, helper.free_port(), **own) as address:
        go(page, address, SET)
        page.get_by_label("轮数").fill("1")
        page.get_by_label("轮数").press("Enter")
        page.get_by_text("第一次会先安装").first.wait_for(state="detached")
        press(page, "开始估算")
        page.get_by_text("3 步，约").wait_for(timeout=long)
        press(page, "开始训练")
        page.get_by_text("训练完：3 步").wait_for(timeout=long)
        press(page, "开始合并")
        page.locator(".st-key-stage-merge").get_by_text("完成").wait_for(timeout=long)
        press(page, "开始部署")
        page.locator(".st-key-stage-deploy").get_by_text("完成").wait_for(timeout=long)
        page.get_by_text("● 模型服务运行中").first.wait_for(state="attached")
        page.locator(".st-key-served button").click()
        page.get_by_text("● 模型服务没有运行").first.wait_for(state="attached", timeout=long)
    page.context.close()
