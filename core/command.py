"""A room's command line, read off its functions: ``python -m ROOM VERB …``.

A positional-only parameter is a word of the line, every other one an option: ``work_dir: Path``
becomes ``--work-dir``. Annotations say what is taken: ``str``, ``int``, ``float``, ``Path``,
``bool`` (a flag), ``Literal`` (one of), ``list[…]`` and ``tuple[…, ...]`` (several, and
repeatable), ``Annotated[T, f]`` (``f`` makes the value of the text). What has no default must be
given. The function's docstring is its help. People use ``./tiku`` and ``make`` (``commands/``);
these lines are what those call.
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import UserError, run_cli
from core.hints import nearest
from core.language import words
from core.terminal import JSON

Command = Callable[..., int | None]
JSON_FLAG = "--json"  # what is found as JSON, of commands that find something


class Line(argparse.ArgumentParser):
    """argparse whose complaints are ours: one line, exit status 2."""

    def error(self, message: str) -> typing.NoReturn:
        """Raise :class:`UserError` instead of printing the usage."""
        raise UserError(f"{self.prog}: {message} ({words('用法', 'usage')}: --help)")


def _stripped(hint: Any) -> Any:
    """``T`` of ``T | None``."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return next(part for part in typing.get_args(hint) if part is not type(None))
    return hint


def _taken(hint: Any) -> dict[str, Any]:
    """argparse's words for one annotation."""
    hint = _stripped(hint)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return {"type": inner[1]}
    if origin is typing.Literal:
        return {"choices": inner, "type": type(inner[0])}
    if hint is bool:
        return {"action": "store_true"}
    return {"type": hint if hint in (int, float, Path) else str}


def _add(line: argparse.ArgumentParser, parameter: inspect.Parameter, hint: Any) -> None:
    """Declare one parameter of a function to its line."""
    word = parameter.kind is parameter.POSITIONAL_ONLY
    required = parameter.default is parameter.empty
    hint = _stripped(hint)
    several = typing.get_origin(hint) in (list, tuple)
    taken = _taken(typing.get_args(hint)[0] if several else hint)
    if word:
        if several:
            taken["nargs"] = "+"
        line.add_argument(parameter.name, **taken)
        return
    if several:  # given is added to nothing, so that a default is what stands where none is given
        taken |= {"action": "extend", "nargs": "*"}
    if not required:
        taken["default"] = None if several else parameter.default
    line.add_argument("--" + spelt(parameter.name), dest=parameter.name, required=required, **taken)


def spelt(name: str) -> str:
    """A Python name on the line; what would be a keyword there ends with an underscore here."""
    return name.rstrip("_").replace("_", "-")


def name_of(command: Command) -> str:
    """What a function is called on the line."""
    return spelt(command.__name__)


def parse(room: str, commands: list[Command], line: list[str]) -> Callable[[], int | None]:
    """The call that ``line`` mean, ready to be made.

    Raises :class:`UserError` for anything misspelt or missing, naming what is near.
    """
    named = {name_of(command): command for command in commands}
    if not line or line[0] in ("-h", "--help"):
        for name, command in named.items():
            print(f"  {name:12} {inspect.cleandoc(command.__doc__ or '').splitlines()[0]}")
        raise SystemExit(0 if line else 2)
    if line[0] not in named:
        raise UserError(
            f"{room}: {words('没有命令', 'no command')} {line[0]}{nearest(line[0], named)} "
            f"({words('有', 'there are')}: {', '.join(named)})"
        )
    command = named[line[0]]
    reader = Line(prog=f"{room} {line[0]}", description=command.__doc__, allow_abbrev=False)
    hints = typing.get_type_hints(command, include_extras=True)
    parameters = inspect.signature(command).parameters
    for parameter in parameters.values():
        _add(reader, parameter, hints[parameter.name])
    given, unknown = reader.parse_known_args(line[1:])
    if unknown:
        options = [option for action in reader._actions for option in action.option_strings]
        word = unknown[0].partition("=")[0]
        raise UserError(
            f"{reader.prog}: {words('没有', 'no')} {unknown[0]}{nearest(word, options)}"
        )
    values = {name: value for name, value in vars(given).items() if value is not None}
    first = [values.pop(p.name) for p in parameters.values() if p.kind is p.POSITIONAL_ONLY]
    return lambda: command(*first, **values)


def main(room: str, *commands: Command) -> None:
    """Run the command that the process was started with; ``--json`` is any command's."""
    line = sys.argv[1:]
    if JSON_FLAG in line[: line.index("--") if "--" in line else None]:
        line.remove(JSON_FLAG)
        os.environ[JSON] = "1"
    run_cli(lambda: parse(room, list(commands), line)())
