"""The spoken dialogue: what counts as right, and the page with a real voice at the microphone."""

from __future__ import annotations

import math
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


VOICE = """#!{python}
import base64, json, sys
for line in sys.stdin:
    asked = json.loads(line)
    wav = base64.b64encode(open({tone!r}, "rb").read()).decode()
    print(json.dumps({{"wav": wav}} if "speak" in asked else {{"text": "我选第一个"}}), flush=True)
"""


def tone(file: Path, *parts: tuple[float, bool]) -> Path:
    """A WAV file of seconds with a sound and seconds without."""
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        for seconds, loud in parts:
            wide = 12000 if loud else 0
            beat = (int(wide * math.sin(at / 12)) for at in range(int(seconds * RATE)))
            out.writeframes(b"".join(one.to_bytes(2, "little", signed=True) for one in beat))
    return file


RATE = 16000


@pytest.mark.slow
def test_a_dialogue_without_hands(house: House, tmp_path: Path) -> None:
    """Who speaks at the microphone is heard, answered aloud with a moving mouth, and stops the
    voice; it is filmed and kept. The voice is a stand-in, tones: the real one is in test_flows."""
    api = pytest.importorskip("playwright.sync_api")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.skip("no Chromium")
    microphone = tone(tmp_path / "microphone.wav", (6, False), (1.5, True), (4, False))
    python = tmp_path / "venvs" / "speech" / "bin" / "python"
    python.parent.mkdir(parents=True)
    voice = tone(tmp_path / "voice.wav", (30, True))
    python.write_text(VOICE.format(python=sys.executable, tone=str(voice)))
    python.chmod(0o755)
    (python.parents[1] / ".installed").touch()
    port = helper.free_port()
    command = [sys.executable, "-m", "streamlit", "run", "web/app.py", "--server.port", str(port)]
    environment = {**house.environment(), "TIKUFORGE_VENVS": str(tmp_path / "venvs")}
    process = subprocess.Popen(command, cwd=helper.ROOT, env=environment, stdout=subprocess.DEVNULL)
    given = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    given += [f"--use-file-for-fake-audio-capture={microphone}"]  # again and again
    try:
        up(f"http://127.0.0.1:{port}", process)
        with api.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=given)
            page = visitor(browser)
            page.goto(f"http://127.0.0.1:{port}/talk?bank=gongkao/sets/乙/data")
            page.locator("[data-do=start]").click()
            page.locator("[data-do=record]").click()
            page.locator(".talk[data-state=speaking]").wait_for()
            assert wide(page) > 0.2  # the mouth follows the voice
            page.locator(".talk[data-interrupted]").wait_for(state="attached")
            page.get_by_text("参考答案是").first.wait_for()  # heard, and held against the bank
            page.locator("[data-do=record]").click()
            page.locator("[data-do=face]").click()
            assert not page.locator(".talk canvas").is_visible()
            with page.expect_download() as film:
                page.locator(".talk a.file").click()
            assert Path(film.value.path()).read_bytes()[:4] == b"\x1aE\xdf\xa3"  # WebM
            page.locator("[data-do=start]").click()
            page.locator(".talk[data-state=idle]").wait_for()
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
