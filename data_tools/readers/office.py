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

SECONDS = 120
# What a kind becomes, and LibreOffice's name for it.
TARGETS = {"doc": "docx", "rtf": "docx", "odt": "docx", "ppt": "pptx", "odp": "pptx", "ods": "xlsx",
           "xlsb": "xlsx"}  # fmt: skip
HELP = (
    "要用 LibreOffice 转换，这台机器上没有 LibreOffice is needed and is not installed："
    "apt install libreoffice，或另存为 {} or save it so"
)
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
        raise UserError(f"{name}: {HELP.format(target)}")
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
                raise UserError(
                    f"{name}: LibreOffice {SECONDS} 秒没有转换完 took too long，请另存为 {target}"
                ) from None
        made = Path(folder) / "out" / f"in.{target}"
        if not made.is_file():
            raise UserError(
                f"{name}: LibreOffice 打不开 could not open it (损坏或有密码 damaged or locked?)，"
                f"请另存为 save it as {target}"
            )
        yield made
