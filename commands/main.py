"""From what was typed to a verb and its options: tiku's words, or make's variables."""

from __future__ import annotations

import os
import re
import shlex
import sys

from commands.options import Given, Option, read
from commands.places import NAMES, Places, hint
from commands.run import Ended, Runner
from commands.verbs import OPTIONS, VERBS, Verb
from core.errors import UserError, run_cli
from core.hints import nearest

Pairs = list[tuple[str, str]]
# csh exports it, with the machine's own name: a server would listen to everyone.
NEVER_FROM_ENVIRONMENT = ("HOST",)


def known_to(verb: Verb) -> dict[str, Option]:
    """The options of a verb, the places that every verb knows among them."""
    return {name: OPTIONS[name] for name in (*NAMES, *verb.words, *verb.options)}


def usage(verb: Verb) -> str:
    """``./tiku VERB --help``."""
    lines = [f"{verb.chinese} {verb.english}", ""]
    lines += [f"  make {verb.name} {' '.join(f'[{name}=]' for name in known_to(verb))}", ""]
    for option in known_to(verb).values():
        choices = getattr(option.kind, "choices", ())
        among = f" ({', '.join(choices)})" if choices else ""
        lines.append(f"  {option.line:18} {option.chinese} {option.english}{among}")
    return "\n".join(lines)


def overview() -> str:
    """``./tiku help`` and ``make``."""
    rows = [f"  {verb.name:12} {verb.chinese} {verb.english}" for verb in VERBS.values()]
    after = "./tiku VERB --help: 选项 its options;  make VERB NAME=…  =  ./tiku VERB --name …"
    return "\n".join([*rows, "", after])


def verb_of(name: str) -> Verb:
    """The verb of a name; raises :class:`UserError` naming the nearest."""
    if name not in VERBS:
        raise UserError(
            f"没有命令 no command {name}{nearest(name, VERBS)} (make help 列出全部 lists all)"
        )
    return VERBS[name]


def typed(verb: Verb, line: list[str]) -> Pairs:
    """tiku's words as pairs of option and text."""
    pairs: Pairs = []
    places = list(verb.words)
    known = {option.line: option.name for option in known_to(verb).values()}
    rest = iter(line)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":  # what follows is words, whatever they begin with
            pairs += [(places[0] if places else "--", after) for after in rest]
        elif word.startswith("--"):
            option = known.get(name, name)
            switch = option in OPTIONS and OPTIONS[option].kind.__name__ == "flag"
            pairs.append((option, value if equals else "1" if switch else next(rest, "")))
        elif re.fullmatch(r"[A-Z][A-Z0-9_]*", name) and equals:
            pairs.append((name, value))  # as make has it
        elif places:
            pairs.append((places.pop(0) if len(places) > 1 else places[0], word))
        else:
            raise UserError(f"{verb.name}: 多出的词 a word too many: {word}")
    return [(name, quoted(name, value)) for name, value in pairs]


def quoted(option: str, value: str) -> str:
    """The shell has taken a word's quotes off: one that is several to us gets them back."""
    kind = OPTIONS[option].kind.__name__ if option in OPTIONS else ""
    several = kind == "words" and " " not in value
    return shlex.quote(value) if several else value


def from_make(flags: str) -> tuple[Pairs, bool]:
    """The variables of make's command line exactly as they were typed, and whether ``-n`` was.

    ``MAKEFLAGS`` holds them behind `` -- ``, with a backslash before what is special and ``$$`` for
    ``$``; make's own values would be expanded.
    """
    parts = [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r"(?:\\.|[^\s\\])+", flags, re.S)]
    if "--" not in parts:
        return [], _dry(parts)
    at = parts.index("--")
    pairs = [part.replace("$$", "$").partition("=")[::2] for part in parts[at + 1 :]]
    return [(name.rstrip(":?+"), value) for name, value in pairs], _dry(parts[:at])


def _dry(flags: list[str]) -> bool:
    short = flags[0] if flags and not flags[0].startswith("--") else ""
    return "n" in short.lstrip("-") or "--dry-run" in flags or "--just-print" in flags


def environment(verb: Verb) -> Pairs:
    """What stands in the environment, as make takes it from there (BANK=a.docx make data)."""
    names = [name for name in known_to(verb) if name not in NEVER_FROM_ENVIRONMENT]
    return [(name, os.environ[name]) for name in names if os.environ.get(name)]


def perform(verb: Verb, given: Given, dry: bool) -> int:
    """Run the verb; its exit status."""
    places = Places(given)
    places.known()
    try:
        verb.flow(Runner.of(places, hint(given), dry), given, places)
    except Ended as ended:
        return ended.status
    return 0


def by_make(goal: str, goals: list[str]) -> int:
    """``make GOAL``: a variable must be known to one of the goals of the line."""
    pairs, dry = from_make(os.environ.get("MAKEFLAGS", ""))
    for name, value in pairs:
        if not any(name in known_to(verb_of(one)) for one in goals):
            read(goal, known_to(verb_of(goal)), [(name, value)])
    verb = verb_of(goal)
    own = [pair for pair in pairs if pair[0] in known_to(verb)]
    named = {name for name, _ in own}
    outside = [pair for pair in environment(verb) if pair[0] not in named]
    return perform(verb, read(goal, known_to(verb), [*outside, *own]), dry)


def main() -> int:
    """``tiku VERB …``; ``tiku --make GOAL GOALS…`` from the Makefile."""
    line = sys.argv[1:]
    if not line or line[0] in ("help", "-h", "--help") or line[:2] == ["--make", "help"]:
        print(overview())
        return 0
    if line[0] == "--make":
        return by_make(line[1], line[2:] or line[1:2])
    verb = verb_of(line[0])
    if "--help" in line or "-h" in line:
        print(usage(verb))
        return 0
    dry = "--dry-run" in line
    pairs = typed(verb, [word for word in line[1:] if word != "--dry-run"])
    return perform(verb, read(verb.name, known_to(verb), pairs), dry)


if __name__ == "__main__":
    run_cli(main)
