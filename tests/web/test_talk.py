"""The spoken dialogue: what counts as right, and the page with a real voice at the microphone."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import helper
from tests.web.conftest import House
from tests.web.steps import up, visitor
from web import talk
from web.quiz import Question


def asked(answer: str, letters: str = "", **options: str) -> Question:
    kind = "single" if options else "short"
    return Question("k", kind, "最大的宫殿是（ ）。", options, letters, answer, "", {})


@pytest.mark.parametrize(
    ("question", "heard", "right"),
    [
        (asked("北京故宫"), "我觉得是，北京故宫。", True),
        (asked("北京故宫"), "北京", False),
        (asked("B. 故宫", "B", A="白宫", B="故宫"), "选b吧", True),
        (asked("B. 故宫", "B", A="白宫", B="故宫"), "应该是故宫。", True),
        (asked("B. 故宫", "B", A="白宫", B="故宫"), "白宫或者故宫", False),
        (asked("AB", "AB", A="白宫", B="故宫"), "B和A", True),
        (asked("AB", "AB", A="白宫", B="故宫"), "A", False),
        (asked("B. 故宫", "B", A="白宫", B="故宫"), "", False),
    ],
)
def test_what_was_said_is_held_against_the_bank(
    question: Question, heard: str, right: bool
) -> None:
    assert talk.right(question, heard) is right


def test_a_question_is_read_to_who_does_not_see_it() -> None:
    read = talk.aloud(asked("B", "B", A="白宫", B="故宫"))
    assert read == "最大的宫殿是什么。A，白宫；B，故宫"


SPEECH = helper.VENVS / "speech"


@pytest.mark.slow
@pytest.mark.skipif(not (SPEECH / ".installed").is_file(), reason="no environment 'speech'")
def test_a_dialogue_without_hands(house: House, tmp_path: Path) -> None:
    """A voice at the microphone is heard, answered aloud with a moving mouth, filmed, kept."""
    from web.speech import Worker

    api = pytest.importorskip("playwright.sync_api")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.skip("no Chromium")
    worker, file = Worker(), tmp_path / "microphone.wav"
    file.write_bytes(base64.b64decode(worker.ask({"speak": "我选第一个，谢谢你。"})["wav"]))
    assert worker.process and worker.process.stdin
    worker.process.stdin.close()
    with wave.open(str(file)) as sound:
        about, words = sound.getparams(), sound.readframes(sound.getnframes())
    with wave.open(str(file), "wb") as sound:
        sound.setparams(about)
        sound.writeframes(bytes(2 * about.framerate) + words + bytes(8 * about.framerate))
    port = helper.free_port()
    command = [sys.executable, "-m", "streamlit", "run", "web/app.py", "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=helper.ROOT, env=house.environment(), stdout=subprocess.DEVNULL
    )
    given = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    given += [f"--use-file-for-fake-audio-capture={file}%noloop"]
    try:
        up(f"http://127.0.0.1:{port}", process)
        with api.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=given)
            page = visitor(browser)
            page.goto(f"http://127.0.0.1:{port}/talk?bank=gongkao/sets/乙/data")
            box = page.locator(".talk")
            page.locator("[data-do=start]").click()
            page.locator("[data-do=record]").click()
            box.and_(page.locator("[data-state=speaking]")).wait_for()
            assert wide(page) > 0.2  # the mouth follows the voice
            page.get_by_text("参考答案是").first.wait_for()  # heard, and held against the bank
            page.locator("[data-do=record]").click()
            page.locator("[data-do=face]").click()
            assert not page.locator(".talk canvas").is_visible()
            with page.expect_download() as film:
                page.locator(".talk a.file").click()
            assert Path(film.value.path()).read_bytes()[:4] == b"\x1aE\xdf\xa3"  # WebM
            page.locator("[data-do=start]").click()
            assert box.get_attribute("data-state") == "idle"
            page.reload()
            page.get_by_text("参考答案是").first.wait_for()  # the transcript is kept
            browser.close()
    finally:
        process.terminate()
        process.wait(20)


def wide(page: Any) -> float:
    """How wide the mouth gets within two seconds."""
    most = 0.0
    for _ in range(20):
        most = max(most, float(page.locator(".talk").get_attribute("data-mouth")))
        page.wait_for_timeout(100)
    return most
