"""Where things are: what a user said, and where it is by default."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

from commands.options import Given
from core.errors import UserError
from core.files import ROOT, read_json
from core.hints import nearest
from core.language import words

# What a user may say of where things are: every verb takes it, every "next" line repeats it.
NAMES = ("DOMAIN", "CONFIG", "OUT", "DATA", "INDEX", "RUN", "WORK_DIRS", "PORT", "EVIDENCE")


class Places:
    """The folders and names of one command line, as strings for the rooms' command lines."""

    def __init__(self, given: Given) -> None:
        self.domain = given["DOMAIN"] or "gongkao"
        self.config = given["CONFIG"] or "internlm2_qlora.py"
        here = Path.cwd() == ROOT
        self.work_dirs = given["WORK_DIRS"] or ("work_dirs" if here else str(ROOT / "work_dirs"))
        self.out = given["OUT"] or f"{self.work_dirs}/{self.domain}/data"
        self.data = given["DATA"] or self.out
        name = re.sub(r"\.py$", "", Path(self.config).name)
        self.run = given["RUN"] or f"{self.work_dirs}/{self.domain}/{name}"
        self.index = given["INDEX"] or f"{self.data}/../index"
        self.port = given["PORT"] or "23333"
        self.planned = False  # an earlier step of the same, only printed, line makes the run

    def known(self) -> None:
        """Raise :class:`UserError` for a domain or recipe that there is not, or that is broken."""
        domains = sorted(path.stem for path in (ROOT / "configs/domains").glob("[!_]*.py"))
        if self.domain not in domains:
            near, there = nearest(self.domain, domains), ", ".join(domains)
            raise UserError(
                f"DOMAIN={self.domain}: {words('没有这个领域', 'no such domain')}{near} "
                f"({words('有', 'there are')}: {there})"
            )
        recipe = self.recipe()
        if not recipe:
            recipes = sorted(path.name for path in (ROOT / "configs").glob("[!_]*.py"))
            raise UserError(
                f"CONFIG={self.config}: {words('没有这个配方', 'no such recipe')}"
                f"{nearest(self.config, recipes)} "
                f"({words('make recipes 列出全部', 'make recipes lists all')})"
            )

        try:
            ast.parse(recipe.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            wrong = words("不是 UTF-8", "is not UTF-8")
        except (SyntaxError, ValueError) as error:  # ValueError: a NUL byte
            line = getattr(error, "lineno", None) or "?"
            wrong = words(f"第{line}行不是 Python", f"line {line} is no Python")
            wrong = f"{wrong}: {getattr(error, 'msg', error)}"
        else:
            return
        raise UserError(f"CONFIG={self.config}: {wrong}")

    def recipe(self) -> Path | None:
        """The recipe's file: a path, or a name in ``configs/`` with or without ``.py``."""
        folder = ROOT / "configs"
        paths = (Path(self.config), folder / self.config, folder / f"{self.config}.py")
        return next((path for path in paths if path.is_file()), None)

    def train_stage(self) -> str:
        """The environment of the recipe's base (its option ``environment``): read from the text,
        since nothing that could load the recipe is installed yet."""
        recipe = self.recipe()
        text = recipe.read_text(encoding="utf-8", errors="replace") if recipe else ""
        named = re.search(r'^ *environment="([a-z0-9-]+)"', text, re.MULTILINE)
        return named[1] if named else "train"

    def run_stage(self) -> str:
        """The environment that the run was trained in, whatever CONFIG says now."""
        note = Path(self.run) / "run.json"
        made = read_json(note).get("settings", {}) if note.is_file() else {}
        return str(made.get("environment") or self.train_stage())

    def trained(self) -> None:
        """Raise :class:`UserError` where the run's folder is not there."""
        run = Path(self.run)
        if not self.planned and not any(
            (run / name).exists() for name in ("run.json", "adapter", "whole", "merged")
        ):
            beside = run.parent.iterdir() if run.parent.is_dir() else ()
            runs = [path.name for path in beside if path != run]
            raise UserError(
                f"RUN={self.run}: {words('没有这次训练', 'no such run')}{nearest(run.name, runs)}: "
                f"{words('请先 make train', 'run make train first')}"
            )


def hint(given: Given) -> str:
    """What the "next" lines repeat: what the user said about where things are."""
    said = {name: given[name] for name in NAMES if name in given}
    text = {name: str(int(v)) if isinstance(v, bool) else str(v) for name, v in said.items()}
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in text.items())
