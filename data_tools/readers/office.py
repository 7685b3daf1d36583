"""Old and foreign office files by LibreOffice, where it is installed: .doc, .rtf, .odt, .wps, .et.

It runs without a window in a folder and with a profile of its own, for two minutes at most; the
file that it makes is read like any other, and the locators are those of that file.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UserError
from core.language import words

SECONDS = 120
# What a kind becomes, and LibreOffice's name for it.
TARGETS = {"doc": "docx", "rtf": "docx", "odt": "docx", "ppt": "pptx", "odp": "pptx", "ods": "xlsx",
           "xlsb": "xlsx"}  # fmt: skip
PLACES = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice")


def command() -> str:
    """The path of LibreOffice, "" where there is none."""
    return next((found for name in PLACES if (found := shutil.which(name))), "")


@contextmanager
def converted(path: Path, name: str, kind: str) -> Iterator[Path]:
    """``path`` as a docx, pptx or xlsx, in a folder that goes with it."""
    target = TARGETS[kind]
    program = command()
    if not program:
        why = words(
            f"要用 LibreOffice 转换，这台机器上没有：apt install libreoffice，或另存为 {target}",
            "LibreOffice is needed to convert it and is not installed: "
            f"apt install libreoffice, or save it as {target}",
        )
        raise UserError(f"{name}: {why}")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"in.{kind}"
        source.symlink_to(path.resolve())
        profile = f"-env:UserInstallation={Path(folder).as_uri()}/profile"
        line = [program, profile, "--headless", "--norestore", "--convert-to", target]
        line += ["--outdir", f"{folder}/out", str(source)]
        with subprocess.Popen(
            line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as running:
            try:
                running.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                why = words(
                    f"LibreOffice {SECONDS} 秒没有转换完，请另存为 {target}",
                    f"LibreOffice was not done after {SECONDS} s: save the file as {target}",
                )
                raise UserError(f"{name}: {why}") from None
        made = Path(folder) / "out" / f"in.{target}"
        if not made.is_file():
            why = words(
                f"LibreOffice 打不开（损坏或有密码？），请另存为 {target}",
                f"LibreOffice could not open it (damaged or locked?): save it as {target}",
            )
            raise UserError(f"{name}: {why}")
        yield made
