"""Speech on this machine: a worker in an environment of its own reads aloud and listens.

The page's environment holds no speech package; ``.venvs/speech`` is made by
``python3 requirements/install.py speech``. The worker speaks JSON lines over its pipes, loads each
model when it is first needed, and opens no network connection.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import UserError
from core.files import ROOT
from core.language import words
from web.i18n import say

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
PYTHON = VENVS / "speech" / "bin" / "python"
WORKER = Path(__file__).with_name("speech_worker.py")
INSTALL = "python3 requirements/install.py speech"
LONGEST = 400  # characters read aloud at once, about a minute
SOUND = 10 * 2**20  # bytes of a recording


def ready() -> bool:
    """Whether the speech environment is installed."""
    return (VENVS / "speech" / ".installed").is_file()


class Worker:
    """The process that speaks and listens, one request at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send ``request``; raises :class:`UserError` where the worker fails: it says
        why in both languages, for it knows no reader."""
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                self.process = subprocess.Popen(
                    [str(PYTHON), str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            assert self.process.stdin and self.process.stdout
            try:
                self.process.stdin.write(json.dumps(request).encode() + b"\n")
                self.process.stdin.flush()
                line = self.process.stdout.readline()
            except BrokenPipeError:
                line = b""
        if not line:
            raise UserError(words("语音进程退出了", "the speech process ended"))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise UserError(f"{words('语音', 'speech')}: {words(*answer['error'])}")
        return answer


@st.cache_resource
def worker() -> Worker:
    """The one worker of this page server."""
    return Worker()


def speak(text: str) -> bytes:
    """``text`` read aloud, as a WAV file."""
    return base64.b64decode(worker().ask({"speak": text[:LONGEST]})["wav"])


def listen(sound: bytes) -> str:
    """What is said in a recording (WAV), in simplified characters."""
    heard = str(worker().ask({"listen": base64.b64encode(sound).decode()})["text"])
    return simplified().convert(heard)


@st.cache_resource
def simplified() -> Any:
    """Whisper writes traditional characters when it likes to."""
    import opencc

    return opencc.OpenCC("t2s")


def play(text: str) -> None:
    """Read ``text`` aloud with this machine's voice, or say what that needs."""
    if not ready():
        st.info(f"{say('speech_missing')} `{INSTALL}`", icon=":material/volume_off:")
        return
    try:
        with st.spinner(say("speaking")):
            sound = speak(text)
    except UserError as error:
        st.error(str(error), icon=":material/volume_off:")
        return
    st.audio(sound, format="audio/wav", autoplay=True)


def heard() -> str:
    """A question by microphone: recorded, turned into text on this machine, mended, sent."""
    if not ready():
        return ""
    with st.popover(say("dictate"), icon=":material/mic:"):
        sound = st.audio_input(say("record"), key="recording")
        if sound is None:
            return ""
        mark = (sound.file_id, sound.size)
        if st.session_state.get("heard_of") != mark:
            try:
                with st.spinner(say("listening")):
                    st.session_state.heard_text = listen(sound.getvalue()[:SOUND])
            except UserError as error:
                st.error(str(error))
                return ""
            st.session_state.heard_of = mark
        text = st.text_area(say("heard"), key="heard_text", max_chars=4000)
        return text if st.button(say("send"), type="primary", key="heard_send") else ""
