"""The pages in a real browser, end to end: sources, building, quiz, votes, feedback, speech."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.files import ROOT, read_jsonl
from tests.deploy import helper
from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER
from tests.web.steps import (
    MESSAGE,
    all_there,
    ask,
    english,
    finished,
    go,
    message,
    pick,
    press,
    visitor,
)

pytestmark = pytest.mark.slow
QUESTION = "世界上最大的宫殿是？"
LAKE = "中国面积最大的淡水湖是？"  # stands in the sample bank; QUESTION does not
SPEECH = helper.VENVS / "speech" / "bin" / "python"


@pytest.fixture(scope="module")
def bank(room: Room) -> Iterator[Path]:
    """The sample bank as a data set with its index, in the room's work folder; what was built there
    is taken away again, for other tests talk to the model without a bank."""
    out, choice = room.work / "gongkao" / "data", room.work / "choice.txt"
    choice.write_text(
        "1. 中国最大的淡水湖是（ ）\nA. 青海湖\nB. 鄱阳湖\nC. 太湖\n答案：B\n解析：在江西。\n"
    )
    banks = [*sorted(map(str, (ROOT / "samples" / "gongkao").glob("bank.*"))), str(choice)]
    for command in (
        ["data_tools", "build", "--domain", "gongkao", "--out", str(out), "--bank", *banks],
        ["rag", "index", "--domain", "gongkao", "--data", str(out)],
    ):
        subprocess.run(
            [sys.executable, "-m", *command], check=True, cwd=ROOT, env=room.environment()
        )
    yield out
    for name in ("data", "index", "sets"):
        shutil.rmtree(room.work / "gongkao" / name, ignore_errors=True)


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    made = visitor(browser)
    made.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    yield made
    made.context.close()


def test_an_answer_opens_its_source_and_the_switch_turns_it_off(
    page: Any, served: Room, bank: Path, address: str, shots: Path
) -> None:
    page.goto(address)
    page.locator('[data-testid="stCheckbox"] input:not([disabled])').first.wait_for(
        state="attached"
    )
    ask(page, LAKE)
    assert finished(page, 1).startswith("故宫")
    page.get_by_text("出处里没有").wait_for()  # the tiny model says what no passage says
    source = message(page, 1).get_by_role("button", name="bank.docx")
    shown = source.first.inner_text()
    source.first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".passage.here").wait_for()
    assert dialog.locator(".passage").count() >= 3  # with its neighbours
    place = shown.partition("] ")[2]
    assert place in dialog.locator(".passage.here small").inner_text()
    page.screenshot(path=shots / "source.png")
    dialog.get_by_role("button", name="关闭").click()
    ask(page, "明天股票会涨吗，告诉我买哪一只？")
    assert "资料中没有找到依据" in finished(page, 3)  # the model was not asked
    page.get_by_text("依据题库回答").first.click()
    ask(page, LAKE)
    assert finished(page, 5).startswith("故宫")
    assert message(page, 5).get_by_role("button", name="bank.docx").count() == 0
    page.reload()
    all_there(page, 6)
    message(page, 1).get_by_role("button", name="bank.docx").first.wait_for()


def test_conversations_are_kept_renamed_and_deleted(page: Any, served: Room, address: str) -> None:
    page.goto(address)
    ask(page, QUESTION)
    finished(page, 1)
    page.get_by_role("button", name="新对话").click()
    page.wait_for_function("where => !document.querySelector(where)", arg=MESSAGE)
    ask(page, "第二个对话")
    finished(page, 1)
    page.get_by_role("button", name="改名或删除").click()
    page.get_by_role("textbox", name="标题").fill("改过的名字")
    page.get_by_role("textbox", name="标题").press("Enter")
    page.get_by_role("button", name="改过的名字").wait_for()
    page.reload()
    page.get_by_role("button", name="改过的名字").wait_for()
    page.get_by_role("button", name=QUESTION).click()
    page.wait_for_function(
        "([where, text]) => document.querySelector(where)?.innerText.trim() === text",
        arg=[MESSAGE, QUESTION],
    )
    page.get_by_role("button", name="改名或删除").click()
    page.get_by_role("button", name="删除", exact=True).click()
    page.get_by_role("button", name=QUESTION).wait_for(state="detached")
    assert page.get_by_role("button", name="改过的名字").count() == 1


def test_upload_build_add_a_question_and_download(
    page: Any, room: Room, address: str, shots: Path
) -> None:
    go(page, address, "data")
    pick(page, "数据集", "新建")
    page.get_by_role("textbox", name="名称").fill("网页试用")
    page.get_by_role("textbox", name="名称").press("Enter")
    script = "<script>alert(1)</script><img src=x onerror=alert(2)>是什么标签？->脚本 script\n"
    files = [
        {
            "name": "../../../evil.docx",
            "mimeType": "application/octet-stream",
            "buffer": (ROOT / "samples" / "gongkao" / "bank.docx").read_bytes(),
        },
        {"name": "script.txt", "mimeType": "text/plain", "buffer": script.encode()},
    ]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_text("script.txt").wait_for()
    page.get_by_role("button", name="构建数据集").click()
    page.get_by_role("tab", name="题目 61").wait_for()
    page.screenshot(path=shots / "data.png")
    work = room.work / "gongkao" / "sets" / "网页试用"
    assert {path.name for path in (work / "uploads").iterdir()} == {"evil.docx", "script.txt"}
    assert not list(room.work.glob("**/evil.docx"))[1:]
    page.get_by_role("tab", name="处理记录 6").click()
    page.get_by_text("公考常识示例题库").first.wait_for()
    page.get_by_role("button", name="建立索引").click()
    page.get_by_role("button", name="建立索引").wait_for(state="detached")
    page.get_by_role("tab", name="题目 61").wait_for()
    assert (work / "index" / "index.json").is_file()
    page.get_by_role("tab", name="题目 61").click()
    page.get_by_text("新增一题").first.click()
    page.get_by_role("textbox", name="问题").fill("新增的题是？")
    page.get_by_role("textbox", name="答案", exact=True).fill("新答案")
    page.get_by_role("button", name="新增一题").click()
    page.get_by_role("tab", name="题目 62").wait_for()
    page.get_by_text("检索索引比数据旧").wait_for()
    rows = [*read_jsonl(work / "data/train.jsonl"), *read_jsonl(work / "data/eval.jsonl")]
    assert "新增的题是？" in {row["conversation"][0]["input"] for row in rows}
    page.get_by_role("tab", name="下载").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="下载 train.jsonl").click()
    assert Path(started.value.path()).read_bytes() == (work / "data/train.jsonl").read_bytes()


def test_a_quiz_with_its_notebook(
    page: Any, bank: Path, served: Room, address: str, shots: Path
) -> None:
    go(page, address, "quiz")
    page.locator(".exact.stem").wait_for()
    if page.get_by_role("combobox", name="题库").count():
        pick(page, "题库", "公考知识问答助手")
    page.get_by_text("单选", exact=True).click()
    page.get_by_text("第 1 题，共 1 题").wait_for()
    page.locator(".options .card").first.click()
    page.locator(".options .submit").click()
    page.get_by_text("回答错误").wait_for()
    page.get_by_text("在江西").first.wait_for()
    page.get_by_text("出处：").first.click()
    page.locator(".passage.here").wait_for()
    page.get_by_role("button", name="请模型讲解").click()
    page.get_by_text("讲解由模型生成").wait_for()
    page.screenshot(path=shots / "quiz.png")
    page.reload()
    page.get_by_text("错题本 1 题").wait_for()
    page.get_by_role("tab", name="错题本").click()
    page.get_by_text("错过 1 次").wait_for()
    page.get_by_role("button", name="移出错题本").click()
    page.get_by_text("错题本是空的").wait_for()
    page.get_by_role("tab", name="练习").click()
    pills = page.get_by_test_id("stButtonGroup").filter(has_text="单选")
    pills.get_by_text("问答", exact=True).click()
    page.get_by_text("第 1 题，共 76 题").wait_for()
    page.wait_for_function(  # the question before is gone
        "document.querySelectorAll('input[placeholder=你的答案]').length === 1"
    )
    page.get_by_placeholder("你的答案").fill("别的说法")
    page.get_by_role("button", name="提交").click()
    assert "别的说法" in page.locator(".exact.answer").first.inner_text()  # beside the bank's
    page.get_by_role("button", name="我答对了").click()
    page.get_by_text("回答正确").wait_for()


def test_blind_votes_reach_the_file_of_the_card(
    page: Any, served: Room, address: str, shots: Path
) -> None:
    folder = served.run / "eval"
    folder.mkdir(exist_ok=True)
    pairs = [
        {
            "suite": "heldout",
            "id": f"q{number}",
            "question": f"第{number}题？",
            "expected": "对",
            "answers": {"base": "基座的话", "tuned": same},
            "source": {},
        }
        for number, same in ((1, "微调的话"), (2, "基座的话"))
    ]
    lines = [json.dumps(pair, ensure_ascii=False) for pair in pairs]
    (folder / "side_by_side.jsonl").write_text("\n".join(lines))
    go(page, address, "compare")
    page.get_by_role("tab", name="评测盲投").click()
    page.get_by_text("第1题？").wait_for()
    page.screenshot(path=shots / "vote.png")
    panel = page.get_by_role("tabpanel").filter(has_text="第1题？")
    left = panel.get_by_test_id("stColumn").first.inner_text()
    panel.get_by_role("button", name="甲更好").click()
    page.get_by_text("都投完了").wait_for()
    votes = list(read_jsonl(folder / "votes.jsonl"))
    winner = "tuned" if "微调的话" in left else "base"
    assert votes == [{"suite": "heldout", "id": "q1", "winner": winner}]


def test_two_servers_side_by_side(page: Any, served: Room, address: str, shots: Path) -> None:
    port = helper.free_port()
    done = served.start("--model", served.run / "gguf" / "merged-q8_0.gguf", port=port)
    assert done.returncode == 0, done.stderr
    try:
        go(page, address, "compare")
        page.get_by_role("textbox", name="问题").fill(QUESTION)
        page.get_by_role("button", name="同时提问").click()
        page.get_by_role("button", name="一样").wait_for()
        assert page.get_by_text(ANSWER[:40]).count() == 2
        assert page.get_by_text(f"({port})").count() <= 1  # the box above; not the answers
        page.get_by_role("button", name="一样").click()
        page.get_by_text("已记下：一样").wait_for()
        (cast,) = read_jsonl(served.work / "gongkao" / "live-votes.jsonl")
        assert cast["question"] == QUESTION and cast["winner"] == "tie"
        assert [ANSWER[:40] in text for text in cast["answers"].values()] == [True, True]
        page.screenshot(path=shots / "compare.png")
    finally:
        served.stop(port)


def test_a_correction_comes_back_as_data(
    page: Any, served: Room, address: str, shots: Path
) -> None:
    page.goto(address)
    ask(page, QUESTION)
    finished(page, 1)
    press(page, 1, "up")
    page.get_by_text("谢谢，已记下").wait_for()
    press(page, 1, "correct")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="正确答案").fill("北京故宫")
    dialog.get_by_role("button", name="发送").click()
    page.get_by_text("等待审核").wait_for()
    go(page, address, "feedback")
    page.get_by_role("tab", name="待审核 1").wait_for()
    page.screenshot(path=shots / "feedback.png")
    page.get_by_role("button", name="接受").click()
    page.get_by_text("没有等待审核的纠错").wait_for()
    page.get_by_role("tab", name="已接受").click()
    page.get_by_text("北京故宫").first.wait_for()
    accepted = list(read_jsonl(served.work / "gongkao" / "corrections.jsonl"))
    assert accepted == [{"question": QUESTION, "answer": "北京故宫"}]
    said = list(read_jsonl(served.work / "gongkao" / "feedback.jsonl"))
    assert [one["verdict"] for one in said] == ["up", "correction"]


@pytest.mark.skipif(not SPEECH.exists(), reason="python3 requirements/install.py speech")
def test_what_is_read_aloud_is_heard_again() -> None:
    from web.speech import Worker

    worker = Worker()
    sound = worker.ask({"speak": "我国最大的淡水湖是鄱阳湖，位于江西省。"})["wav"]
    heard = worker.ask({"listen": sound})["text"]
    assert worker.process and worker.process.stdin
    worker.process.stdin.close()
    worker.process.wait(20)
    assert "最大的淡水湖" in heard and "江西" in heard


@pytest.mark.parametrize("name", ["quiz", "compare", "data", "card", "feedback"])
def test_every_page_is_chinese_and_fits_a_telephone(
    page: Any, served: Room, bank: Path, address: str, name: str
) -> None:
    go(page, address, name)
    page.get_by_text("模型服务运行中").wait_for()
    page.wait_for_timeout(1500)
    assert english(page) == []
    page.set_viewport_size({"width": 390, "height": 780})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_beyond_this_machine_nobody_is_served(browser: Any, room: Room) -> None:
    port = helper.free_port()
    command = [sys.executable, "-m", "streamlit", "run", "web/app.py", "--server.port", str(port)]
    process = subprocess.Popen(
        [*command, "--server.address", "0.0.0.0"],
        cwd=ROOT,
        env={**os.environ, "TIKUFORGE_WORK_DIRS": str(room.work)},
        stdout=subprocess.DEVNULL,
    )
    page = visitor(browser)
    try:
        for _ in range(60):
            try:
                page.goto(f"http://127.0.0.1:{port}/data")
                break
            except Exception:
                page.wait_for_timeout(500)
        page.get_by_text("却没有设置登录").wait_for()
        assert page.get_by_role("heading", name="数据").count() == 0
    finally:
        page.context.close()
        process.terminate()
        process.wait(20)
