"""What may follow a verb, and what it means: ``NAME=value`` for make, ``--name value`` for tiku."""

from __future__ import annotations

import difflib
import glob
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.hints import nearest
from core.language import words

OFF = ("", "0", "no", "off", "false")
ON = ("1", "yes", "on", "true")
ZERO = ("zero1", "zero2", "zero3")


def text(name: str, given: str) -> str:
    """Anything, as it was typed."""
    return given


def flag(name: str, given: str) -> bool:
    """1 or 0."""
    if given.lower() not in (*OFF, *ON):
        raise UserError(f"{name}={given}: {words('应为 1 或 0', 'should be 1 or 0')}")
    return given.lower() in ON


def count(name: str, given: str) -> str:
    """A whole number from 1 on (kept as typed)."""
    if not (given.isascii() and given.isdigit() and int(given)):
        raise UserError(
            f"{name}={given}: {words('应为 1 或更大的整数', 'should be a whole number from 1 on')}"
        )
    return given


def whole(name: str, given: str) -> str:
    """A whole number from 0 on."""
    if not (given.isascii() and given.isdigit()):
        raise UserError(
            f"{name}={given}: {words('应为 0 或更大的整数', 'should be a whole number')}"
        )
    return given


def number(name: str, given: str) -> str:
    """A number from 0 on."""
    try:
        right = float(given) >= 0
    except ValueError:
        right = False
    if not right:
        raise UserError(
            f"{name}={given}: {words('应为不小于 0 的数', 'should be a number from 0 on')}"
        )
    return given


def share(name: str, given: str) -> str:
    """A part of a whole, above 0 and below 1."""
    if not 0 < float(number(name, given)) < 1:
        between = words("应大于 0、小于 1", "should be above 0 and below 1")
        raise UserError(f"{name}={given}: {between}")
    return given


def counts(name: str, given: str) -> str:
    """Whole numbers from 1 on, with commas between them."""
    for part in given.split(","):
        count(name, part)
    return given


def folder(name: str, given: str) -> str:
    """A folder, which need not be there yet."""
    if Path(given).is_file():
        raise UserError(f"{name}={given}: {words('是文件，应为目录', 'is a file, not a folder')}")
    return given


def port(name: str, given: str) -> str:
    """A port."""
    if not (given.isascii() and given.isdigit() and 0 < int(given) < 65536):
        raise UserError(f"{name}={given}: {words('端口应在 1-65535 之间', 'a port is 1 to 65535')}")
    return given


def several(name: str, given: str) -> list[str]:
    """Several, by spaces; quotes hold one together."""
    try:
        return shlex.split(given)
    except ValueError:
        raise UserError(f"{name}={given}: {words('引号不成对', 'a quote is not closed')}") from None


def settings(name: str, given: str) -> list[str]:
    """Several ``option=value``."""
    for part in several(name, given):
        if not re.match(r"\w+=.", part):
            form = words("应写成 选项=值", "should be option=value")
            recipe = f" ({words('配方请写成', 'a recipe is')} CONFIG={part})"
            raise UserError(f"{name}: {part}: {form}{recipe if part.endswith('.py') else ''}")
    return several(name, given)


def files(name: str, given: str) -> list[str]:
    """Files: one path that is there (spaces and all), else several by spaces or quotes, and globs.

    Raises :class:`UserError` for one that is not there, and for a folder."""
    if Path(given).exists():
        paths = [given]
    else:
        paths = []
        for part in several(name, given):
            here = [part] if Path(part).exists() else sorted(glob.glob(part))  # noqa: PTH207  (absolute patterns too)
            if not here:
                how = words(
                    '几个文件用空格分开，名字里有空格时加引号 "a b.docx"',
                    'several files by spaces, a name with spaces in quotes "a b.docx"',
                )
                missing = words("没有这个文件", "no such file")
                raise UserError(f"{name}: {missing}: {part}{_near_file(part)} ({how})")
            paths += here
    for path in paths:
        if Path(path).is_dir():
            folder = words(f"是文件夹: 请给出 {path}/*", f"is a folder: give {path}/*")
            raise UserError(f"{name}: {path} {folder}")
    return paths


SEVERAL = (several, settings, files)


def _near_file(path: str) -> str:
    path = path.strip("“”‘’＂")
    folder = Path(path).parent
    names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    near = difflib.get_close_matches(Path(path).name, names, 1, cutoff=0.75)
    return nearest(path, [str(folder / near[0])]) if near else ""


def one_of(*choices: str) -> Callable[[str, str], str]:
    """One of ``choices``."""

    def chosen(name: str, given: str) -> str:
        if given not in choices:
            known = [choice for choice in choices if choice]
            raise UserError(
                f"{name}={given}: {words('可选', 'choose from')} {', '.join(known)}"
                f"{nearest(given, known)}"
            )
        return given

    chosen.choices = choices  # type: ignore[attr-defined]
    return chosen


def deepspeed(name: str, given: str) -> str:
    """One of DeepSpeed's stages that XTuner knows, or a settings file that is there."""
    return given if Path(given).is_file() else one_of(*ZERO)(name, given)


def four_bit(name: str, given: str) -> str:
    """0, ``shipped`` (what make quantize made), or a .gguf file or model folder that is there."""
    path = Path(given)
    if given in ("0", "shipped") or (path.suffix == ".gguf" and path.is_file()):
        return given
    if not (path / "config.json").is_file():
        what = words("不是模型目录或 .gguf 文件", "is no model folder or .gguf file")
        raise UserError(f"{name}={given}: {what}{_near_file(given)}")
    return given


def plain(name: str) -> str:
    """An option as make spells it: ``--base-url`` is BASE_URL."""
    return name.lstrip("-").replace("-", "_").upper()


@dataclass(frozen=True)
class Option:
    """One option: ``kind`` makes the value of the text, or says in one line why it cannot."""

    name: str
    kind: Callable[[str, str], Any]
    chinese: str
    english: str

    @property
    def line(self) -> str:
        """How tiku spells it."""
        return "--" + self.name.lower().replace("_", "-")


class Given(dict[str, Any]):
    """The options that a user gave, by name; what was not given is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def read(verb: str, known: dict[str, Option], pairs: Iterable[tuple[str, str]]) -> Given:
    """``pairs`` as the values of ``known`` options; a repeated one of several values adds up.

    Raises :class:`UserError` for an unknown name, naming the nearest, and for a wrong value.
    """
    given = Given()
    for name, typed in pairs:
        if name not in known:
            raise UserError(
                f"{verb}: {words('没有选项', 'no option')} {name}{nearest(plain(name), known)} "
                f"(./tiku {verb} --help)"
            )
        kind = known[name].kind
        if kind is files and not typed.strip():  # a shell's variable that was not set
            raise UserError(f"{name}= {words('是空的: 请给出文件', 'is empty: give a file')}")
        if typed == "":
            continue
        value = kind(name, typed)
        if name in given and kind in SEVERAL:
            value = given[name] + value
        elif name in given and name == "Q":  # ./tiku ask two words
            value = f"{given[name]} {value}"
        given[name] = value
    return given
