"""From what was typed to a verb and its options: tiku's words, or make's variables."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator

from commands.options import SEVERAL, Given, Option, plain, read, settings, several
from commands.places import NAMES, Places, hint
from commands.run import Ended, Runner
from commands.verbs import OPTIONS, VERBS, Verb
from core import language
from core.errors import UserError, marked
from core.files import ROOT
from core.hints import nearest
from core.language import words
from core.terminal import JSON

Pairs = list[tuple[str, str]]
# csh exports HOST, with the machine's own name: a server would listen to everyone.
NEVER_FROM_ENVIRONMENT = ("HOST", "JSON")
MAKES = re.compile(r"[A-Z][A-Z0-9_]+")  # a variable of make's
GOAL_IS_A_FILE = (
    "这是文件，不是命令，请写成 BANK=… 或 CONFIG=…:",
    "this is a file, no command; give it as BANK=… or CONFIG=…:",
)


def known_to(verb: Verb) -> dict[str, Option]:
    """The options of a verb, the places that every verb knows among them."""
    names = (*NAMES, *verb.words, *verb.options)
    return {name: OPTIONS[name] for name in names if name not in verb.without}


def usage(verb: Verb) -> str:
    """``./tiku VERB --help``."""
    lines = [words(verb.chinese, verb.english), ""]
    lines += [f"  make {verb.name} {' '.join(f'[{name}=]' for name in known_to(verb))}", ""]
    for option in known_to(verb).values():
        choices = getattr(option.kind, "choices", ())
        among = f" ({', '.join(choices)})" if choices else ""
        lines.append(f"  {option.line:18} {words(option.chinese, option.english)}{among}")
    return "\n".join(lines)


def overview() -> str:
    """``./tiku help`` and ``make``."""
    rows = [f"  {verb.name:12} {words(verb.chinese, verb.english)}" for verb in VERBS.values()]
    after = (
        f"./tiku VERB --help: {words('它的选项', 'its options')};  "
        "make VERB NAME=…  =  ./tiku VERB --name …\n"
        f"./tiku --lang zh|en|both, TIKU_LANG=…: {words('消息的语言', 'the language of messages')}"
    )
    return "\n".join([*rows, "", after])


def stages() -> list[str]:
    """The Makefile's targets that make an environment."""
    return [f"env-{path.stem}" for path in (ROOT / "requirements").glob("*.txt")] + ["env-core"]


def verb_of(name: str) -> Verb:
    """The verb of a name; raises :class:`UserError` naming the nearest."""
    if name in OPTIONS:  # make data BANK
        raise UserError(f"{name}: {words('请写成', 'write')} {name}=…")
    if name not in VERBS:
        near = nearest(name, [*VERBS, *stages()])
        lists = words("make help 列出全部", "make help lists all")
        raise UserError(f"{words('没有命令', 'no command')} {name}{near} ({lists})")
    return VERBS[name]


def typed(verb: Verb, line: list[str]) -> Pairs:
    """tiku's words as pairs of option and text."""
    pairs: Pairs = []
    places = list(verb.words)
    known = {option.line: option.name for option in known_to(verb).values()}
    loose: list[str] = []
    rest = iter(line)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":  # what follows is words, whatever they begin with
            loose += rest
        elif word.startswith("--"):
            option = known.get(name, name)
            switch = option in OPTIONS and OPTIONS[option].kind.__name__ == "flag"
            if switch:
                value = value if equals else "1"
            elif not equals:  # an unknown one's value goes with it: it is refused, not its value
                value = needs(name, rest, known) if name in known else next(rest, "")
            pairs.append((option, value))
        elif equals and (MAKES.fullmatch(name) or (name.istitle() and plain(name) in OPTIONS)):
            pairs.append((name, value))  # as make has it; Bank= is refused by its nearest
        elif word in OPTIONS or f"-{name}" in known:  # BANK = a.docx, -bank a.docx
            way = f"{OPTIONS[plain(name)].line} …"
            raise UserError(f"{verb.name}: {words('请写成', 'write')} {plain(name)}=… / {way}")
        else:
            loose.append(word)
    for word in loose:
        if not places:
            raise UserError(f"{verb.name}: {words('多出的词', 'a word too many')}: {word}")
        takes_all = OPTIONS[places[0]].kind in SEVERAL or places[0] == "Q"
        pairs.append((places[0] if len(places) == 1 and takes_all else places.pop(0), word))
    return [(name, quoted(name, value)) for name, value in pairs]


def needs(option: str, rest: Iterator[str], known: dict[str, str]) -> str:
    """The value after an option; raises :class:`UserError` where there is none."""
    value = next(rest, "")
    if not value or value in known:
        raise UserError(f"{option}: {words('缺少值', 'needs a value')}")
    return value


def quoted(option: str, value: str) -> str:
    """The shell has taken a word's quotes off: one that is several to us gets them back."""
    takes_all = option in OPTIONS and OPTIONS[option].kind in (several, settings)
    return shlex.quote(value) if takes_all and " " not in value else value


def from_make(flags: str) -> tuple[Pairs, bool]:
    """The variables of make's command line exactly as they were typed, and whether ``-n`` was.

    ``MAKEFLAGS`` holds them behind `` -- ``, with a backslash before blanks and backslashes and
    ``$$`` for ``$``; make's own values would be expanded. Its single-letter options come first, in
    one word without a dash.
    """
    found = re.findall(r"(?:\\.|[^ \\])+", flags, re.S)
    parts = [re.sub(r"\\(.)", r"\1", word, flags=re.S) for word in found]
    at = parts.index("--") if "--" in parts else len(parts)
    letters = parts[0] if at and not parts[0].startswith("-") else ""
    dry = "n" in letters or "--dry-run" in parts[:at] or "--just-print" in parts[:at]
    pairs = [part.replace("$$", "$").partition("=")[::2] for part in parts[at + 1 :]]
    return [(name.rstrip(":?+"), value) for name, value in pairs if "$(" not in name], dry


def environment(verb: Verb) -> Given:
    """What stands in the environment, as make takes it from there (BANK=a.docx make data)."""
    names = [name for name in known_to(verb) if name not in NEVER_FROM_ENVIRONMENT]
    pairs = [(name, os.environ[name]) for name in names if os.environ.get(name)]
    try:
        return read(verb.name, known_to(verb), pairs)
    except UserError as error:
        raise UserError(f"{error} ({words('来自环境变量', 'from the environment')})") from None


def perform(verb: Verb, given: Given, dry: bool) -> int:
    """Run the verb; its exit status."""
    places = Places(given)
    places.known()
    run = Runner.of(places, hint(given), dry)
    run.environment |= {JSON: "1"} if given["JSON"] else {}
    try:
        verb.flow(run, given, places)
    except Ended as ended:
        return ended.status
    return 0


def settle(given: Iterable[str]) -> None:
    """Choose the language that the command line names last, else the environment's."""
    language.settle([os.environ.get(language.VARIABLE, ""), *given][-1])


def spoken(line: list[str]) -> list[str]:
    """tiku's words without ``--lang zh``, which is settled before anything is said."""
    kept: list[str] = []
    given: list[str] = []
    rest = iter(line)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            kept += [word, *rest]
        elif name in ("--lang", language.VARIABLE) and (equals or name == "--lang"):
            given.append(value if equals else needs(name, rest, {}))
        else:
            kept.append(word)
    settle(given)
    return kept


def taken(verb: Verb, pairs: Pairs) -> Given:
    """``pairs`` as the verb's options; raises :class:`UserError` for one that is another verb's,
    naming those, and for what :func:`commands.options.read` refuses."""
    for name in (plain(name) for name, _ in pairs):
        owners = [one.name for one in VERBS.values() if name in (*one.words, *one.options)]
        if name not in known_to(verb) and owners:
            whose = words(f"这是 {', '.join(owners)} 的选项", f"an option of {', '.join(owners)}")
            raise UserError(
                f"{verb.name}: {words('没有选项', 'no option')} {name} ({whose})", "option.other"
            )
    return read(verb.name, known_to(verb), pairs)


def by_make() -> int:
    """``make GOAL…``: every goal must be a verb, and a variable known to one of them."""
    pairs, dry = from_make(os.environ.get("MAKEFLAGS", ""))
    settle(value for name, value in pairs if name == language.VARIABLE)
    pairs = [pair for pair in pairs if pair[0] != language.VARIABLE]
    typed_goals = os.environ.get("TIKU_GOALS", "").split()
    environments = [goal for goal in typed_goals if goal.startswith("env-")]
    goals = [verb_of(goal) for goal in typed_goals if goal not in ("help", "lock", *environments)]
    unknown = [goal for goal in environments if goal not in stages()]
    name = os.environ.get("TIKU_GOAL") or (unknown[0] if unknown else "help")
    if name == "help" and pairs and not typed_goals:
        alone = words("没有命令，请写成", "no command; write")
        raise UserError(f"{pairs[0][0]}=: {alone} make VERB {pairs[0][0]}=…")
    if name == "help":
        print("\n\n".join(map(usage, goals)) if goals else overview())
        return 0
    if "help" in typed_goals:
        return 0  # make help data: what data takes, and nothing is done
    verb = verb_of(name)
    for pair in pairs:
        if not any(pair[0] in known_to(one) for one in goals or [verb]):
            taken(verb, [pair])
    own = taken(verb, [pair for pair in pairs if pair[0] in known_to(verb)])
    return perform(verb, Given({**environment(verb), **own}), dry)


def main() -> int:
    """``tiku VERB …``; ``tiku --make`` from the Makefile."""
    line = sys.argv[1:]
    if line[:1] == ["--make"]:
        return by_make()
    if line == ["--goal-is-a-file"]:  # the Makefile adds its name
        print(marked(words(*GOAL_IS_A_FILE)))
        return 0
    line = spoken(line)
    if not line or line[0] in ("help", "-h", "--help"):
        print("\n\n".join(usage(verb_of(name)) for name in line[1:]) or overview())
        return 0
    verb = verb_of(line[0])
    options = line[1 : line.index("--")] if "--" in line else line[1:]
    if "--help" in options or "-h" in options:
        print(usage(verb))
        return 0
    dry = "--dry-run" in options
    if dry:
        line.remove("--dry-run")
    return perform(verb, taken(verb, typed(verb, line[1:])), dry)
