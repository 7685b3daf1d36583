"""The house rules: who may import whom (how complex a function may be: ruff, C901)."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.files import ROOT

ROOMS = ("core", "data_tools", "train", "deploy", "rag", "eval", "web", "commands", "custody")
ALLOWED = {room: {"core", room} for room in ROOMS}
ALLOWED["web"] |= {"rag"}
ALLOWED["eval"] |= {"rag"}


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def imported(path: Path) -> set[str]:
    """Top-level names that ``path`` imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_one_way_only(room: str) -> None:
    for path in tracked(f"{room}/*.py"):
        wrong = (imported(path) & set(ROOMS)) - ALLOWED[room]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_no_machine_paths() -> None:
    for pattern in ("*.py", "*.md", "Makefile", "*.txt", "*.toml", ".ci/run"):
        for path in tracked(pattern):
            text = path.read_text(encoding="utf-8")
            for mark in ("/" + "root/", "/" + "home/", "/" + "work/"):
                assert mark not in text, f"{path.relative_to(ROOT)} holds {mark}"


# Who starts another room's process outside commands/, and why that is data handed over: options
# in, files or JSON out.
STARTS = {
    ("deploy/conversation.py", "rag"): "/evidence in the terminal chat shows what make ask shows",
    ("web/views/card.py", "eval"): "the page compares two runs: eval compare, as JSON",
    ("web/views/data.py", "data_tools"): "the page's builds are jobs, as make data starts them",
    ("web/views/data.py", "rag"): "the page's index is a job, as make index starts it",
    ("web/training.py", "train"): "which recipes run here: train recipes, as JSON",
    ("web/exports.py", "data_tools"): "the page's downloads are written as make export does",
    ("web/editor.py", "data_tools"): "the page's edits are read back as make review does",
}


@cache
def parsed(room: str) -> dict[str, ast.Module]:
    """A room's files, by their path in the repository."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for path in tracked(f"{room}/*.py")
    }


@cache
def verbs(room: str) -> set[str]:
    """The verbs of a room's command line: the functions that its ``main(…)`` is given."""
    tree = parsed(room).get(f"{room}/__main__.py", ast.Module([], []))
    return {
        argument.id.rstrip("_").replace("_", "-")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "main"
        for argument in node.args
        if isinstance(argument, ast.Name)
    }


def started(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines that hold another process's words (``-m ROOM``, or ``ROOM VERB``), and its room."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.List | ast.Tuple):
            continue
        words = [part.value if isinstance(part, ast.Constant) else None for part in node.elts]
        for flag, word, after in zip(["", *words], words, [*words[1:], None], strict=False):
            room = word.partition(".")[0] if isinstance(word, str) else ""
            if room in ROOMS and (flag == "-m" or (flag == "" and after in verbs(room))):
                yield node.lineno, room


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_starts_another_s_process(room: str) -> None:
    if room == "commands":
        return
    for path, tree in parsed(room).items():
        for line, other in started(tree):
            known = other == room or (path, other) in STARTS
            assert known, f"{path}:{line} starts {other}: let commands/ do it, or ./tiku as a job"


def test_those_who_start_another_s_process_still_do() -> None:
    for path, other in STARTS:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert other in {room for _, room in started(tree)}, f"{path} no longer starts {other}"


# Whose printed text is looked into: programs that are not ours.
LOOKS = {
    "deploy/proxy.py": "nginx -V, for its folder of modules",
}


def texts_of_others(tree: ast.Module) -> Iterator[int]:
    """Lines that look into a process's output, or into the message of a :class:`UserError`:
    ``x in done.stderr``, ``re.search(…, done.stdout)``, ``str(error).startswith(…)``."""
    messages = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and node.name
        and "UserError" in ast.unparse(node.type or ast.Constant(""))
    }

    def printed(node: ast.AST) -> bool:
        output = isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr")
        message = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "str"
        named = message and isinstance(node.args[0] if node.args else None, ast.Name)
        return output or bool(named and node.args[0].id in messages)  # type: ignore[attr-defined]

    kept: set[str] = set()  # variables that such a text was put in

    def holds(node: ast.AST) -> bool:
        return any(
            printed(inner) or (isinstance(inner, ast.Name) and inner.id in kept)
            for inner in ast.walk(node)
        )

    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and holds(node.value):
            kept |= {target.id for target in node.targets if isinstance(target, ast.Name)}

    looking = {"startswith", "endswith", "find", "index", "count", "partition", "rpartition"}
    matching = {"search", "match", "fullmatch", "findall", "finditer", "split", "sub"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            wanted = any(isinstance(sign, ast.In | ast.NotIn) for sign in node.ops)
            if wanted and any(holds(side) for side in node.comparators):
                yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, owner = node.func.attr, node.func.value
            if (name in looking and holds(owner)) or (
                name in matching and any(holds(argument) for argument in node.args)
            ):
                yield node.lineno


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_looks_into_another_s_text(room: str) -> None:
    """What one room tells another is a file, JSON, a code (``UserError.code``) or a status."""
    for path, tree in parsed(room).items():
        lines = list(texts_of_others(tree))
        assert bool(lines) == (path in LOOKS), (
            f"{path}:{lines} looks into printed text: ask for a code or JSON"
        )


@pytest.mark.parametrize(
    "code, starts, looks",
    [
        ("run([sys.executable, '-m', 'rag', 'ask'])", ["rag"], 0),
        ("start(out, [['rag', 'index', '--domain', name]])", ["rag"], 0),
        ("run([python, '-m', 'deploy.lite', spec])", ["deploy"], 0),
        ("names = ('train', 'eval')", [], 0),
        ("ok = 'no such file' in done.stderr", [], 1),
        ("found = re.search('total (.*)', done.stdout.strip())", [], 1),
        ("try: f()\nexcept UserError as error: ok = str(error).startswith('x')", [], 1),
        ("try: f()\nexcept UserError as error: print(str(error), error.code == 'x')", [], 0),
        ("rows = json.loads(done.stdout)['rows']", [], 0),
        ("text = done.stdout.strip()\nok = 'total' in text", [], 1),
    ],
)
def test_the_rules_see_what_they_should(code: str, starts: list[str], looks: int) -> None:
    tree = ast.parse(code)
    assert [room for _, room in started(tree)] == starts
    assert len(list(texts_of_others(tree))) == looks
