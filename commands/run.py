"""Make a stage's environment and start a room's command in it."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.places import Places
from core import cores
from core.files import ROOT

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
INTERRUPTED = 130
INSTALL = ROOT / "requirements" / "install.py"


class Ended(Exception):
    """A command ended with a status that is not 0; it has said why itself."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status if status > 0 else 128 - status  # a signal, as the shell has it


@dataclass
class Runner:
    """Starts commands; ``dry`` (``make -n``, ``--dry-run``) only prints them, and makes nothing.

    ``environment`` is what every command finds in its variables, over our own.
    """

    dry: bool
    environment: dict[str, str]

    @classmethod
    def of(cls, places: Places, hint: str, dry: bool = False) -> Runner:
        """With what every command of this project finds in its environment."""
        made = cls(dry, {})
        made.environment = {
            "TIKUFORGE_WORK_DIRS": str(Path(places.work_dirs).absolute()),
            "PYTHONPATH": str(ROOT),
            # An earlier project's setting (two OpenMP runtimes in one process).
            "MKL_SERVICE_FORCE_INTEL": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONUNBUFFERED": "1",
            "TIKUFORGE_GIVEN": hint,
            **cores.unasked(),
        }
        return made

    def hint(self, text: str) -> None:
        """What the "next" lines repeat from here on."""
        self.environment["TIKUFORGE_GIVEN"] = text

    def stage(self, *names: str) -> None:
        """Make the environments of these stages, where they are not made."""
        missing = [name for name in names if not (VENVS / name / ".installed").is_file()]
        if self.dry:
            if missing:
                print(f"python3 {shown(INSTALL)} {' '.join(missing)}")
            return
        spec = importlib.util.spec_from_file_location("tikuforge_install", INSTALL)
        assert spec and spec.loader
        install = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(install)
        install.make(list(names))

    @contextmanager
    def ahead(self, *lines: list[str]) -> Iterator[None]:
        """Run command lines in turn beside the block's work. Whoever needs what they make waits for
        it, or (where a line failed, which ends them) makes it and says why that cannot be. They go
        on no longer than the block."""
        if self.dry:
            yield
            return
        waiting, turn = list(lines), threading.Lock()  # the lock: none begins once we leave
        begun: list[subprocess.Popen[bytes]] = []

        def work() -> None:
            while True:
                with turn:
                    if not waiting:
                        return
                    begun.append(self.begin(waiting.pop(0)))
                if begun[-1].wait():
                    return

        worker = threading.Thread(target=work)
        worker.start()
        try:
            yield
        finally:
            with turn:
                waiting.clear()
                for process in begun:
                    process.terminate()
            worker.join()

    @staticmethod
    def making(*stages: str) -> list[str]:
        """The command line that makes environments, for :meth:`ahead`."""
        return [sys.executable, str(INSTALL), *stages]

    def python(self, stage: str) -> str:
        """The interpreter of a stage."""
        return str(VENVS / stage / "bin" / "python")

    def room(self, stage: str, room: str, verb: str, *words: object, **options: Any) -> None:
        """``python -m ROOM VERB WORDS --options`` in ``stage``; :class:`Ended` where it fails."""
        self.stage(stage)
        self.start(self.line(stage, room, verb, *words, **options))

    def line(self, stage: str, room: str, verb: str, *words: object, **options: Any) -> list[str]:
        """The command: empty and false options left out, lists as several values."""
        texts = [str(word) for word in words]
        odd = any(text.startswith("-") for text in texts)  # a question may begin as an option does
        line = [self.python(stage), "-m", room, verb, *([] if odd else texts)]
        for name, value in options.items():
            option = "--" + name.rstrip("_").replace("_", "-")
            if value is True:
                line.append(option)
            elif isinstance(value, (list, tuple)):
                line += [f"{option}={one}" for one in value]
            elif value not in ("", None, False):
                line.append(f"{option}={value}")
        return line + (["--", *texts] if odd else [])

    def start(self, line: list[str], **more: str) -> None:
        """Run ``line`` to its end, with ``more`` in its environment."""
        if self.dry:
            print(shlex.join([shown(line[0]), *line[1:]]))
            return
        process = self.begin(line, **more)
        try:
            status = process.wait()
        except KeyboardInterrupt:  # it was interrupted too, and says so
            status = process.wait() or INTERRUPTED
        if status:
            raise Ended(status)

    def begin(self, line: list[str], **more: str) -> subprocess.Popen[bytes]:
        """Start ``line``; the caller waits for it."""
        sys.stdout.flush()
        return subprocess.Popen(line, env={**os.environ, **self.environment, **more})

    @contextmanager
    def standby(self, line: list[str]) -> Iterator[Callable[[], None]]:
        """``line --standby`` gets ready beside the block's work; what is yielded lets it begin and
        waits for its end (:class:`Ended` where it fails). It goes on no longer than the block."""
        environment = {**os.environ, **self.environment}
        process = subprocess.Popen([*line, "--standby"], env=environment, stdin=subprocess.PIPE)

        def begin() -> None:
            process.communicate(b"\n")
            if process.returncode:
                raise Ended(process.returncode)

        try:
            yield begin
        finally:
            process.kill()
            process.wait()

    def answer(self, stage: str, room: str, verb: str, **options: Any) -> Any:
        """The JSON that a command prints on its last line; the lines before it are shown."""
        self.stage(stage)
        sys.stdout.flush()
        done = subprocess.run(
            self.line(stage, room, verb, **options),
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise Ended(done.returncode)
        *shown_lines, last = done.stdout.splitlines()
        print(*shown_lines, sep="\n", end="\n" if shown_lines else "", flush=True)
        return json.loads(last)


def shown(path: str | Path) -> str:
    """``path`` relative to the folder that the user is in, where it lies in it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)
