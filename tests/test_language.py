"""The reader's language: chosen at the edge, the same in every process, and whole in each."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest

from core import progress
from core.files import ROOT

CJK = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def run(*line: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line, cwd=ROOT, env={**CLEAN, **more}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("chosen", ["zh", "en", "both"])
def test_every_way_of_choosing(chosen: str) -> None:
    ways = [
        run("make", "-s", f"TIKU_LANG={chosen}", "dta"),
        run("make", "-s", "dta", TIKU_LANG=chosen),
        run("./tiku", "--lang", chosen, "dta", TIKU_LANG="en"),
        run("./tiku", "dta", f"--lang={chosen}", TIKU_LANG="zh"),
        run("make", f"TIKU_LANG={chosen}", "data", "samples/gongkao/bank.docx"),
        run("make", f"TIKU_LANG={chosen}", "env-cor"),
    ]
    marks = {"zh": ("错误: ", ""), "en": ("error: ", "错误"), "both": ("错误 error: ", "")}
    has, lacks = marks[chosen]
    for done in ways:
        line = done.stderr.splitlines()[0]
        assert done.returncode == 2 and has in line and not (lacks and lacks in line), line


@pytest.mark.parametrize("asked, near", [("English", "en?"), ("zh_CN", "zh?"), ("bth", "both?")])
def test_a_language_that_is_none_is_refused_by_its_nearest(asked: str, near: str) -> None:
    for done in (
        run("./tiku", "--lang", asked, "recipes"),
        run("./tiku", "recipes", TIKU_LANG=asked),
        run("make", "-s", "recipes", f"TIKU_LANG={asked}"),
    ):
        line = done.stderr.splitlines()[0]
        assert done.returncode == 2 and f"TIKU_LANG={asked}" in line and near in line
        assert not done.stdout
    assert run("./tiku", "recipes", "--lang").returncode == 2


def test_a_child_speaks_its_parent_s_language(tmp_path: Path) -> None:
    text = tmp_path / "empty.txt"
    text.write_text("")
    for chosen, mark in (("zh", "错误: "), ("en", "error: ")):
        done = run("./tiku", "--lang", chosen, "data", str(text), "--out", str(tmp_path / "out"))
        assert done.returncode == 2 and done.stderr.startswith(mark), done.stderr


FAILS = "from core.errors import UserError, run_cli\ndef main():\n    {}\nrun_cli(main)"


@pytest.mark.parametrize(
    "code, chosen, noted",
    [
        ("raise UserError('x', 'bank.empty')", "en", {"error": "x", "code": "bank.empty"}),
        ("raise UserError('x')", "en", {"error": "x"}),
        ("raise OSError(28, '', '/f')", "en", {"error": "/f: no space left", "code": "ENOSPC"}),
        ("raise OSError(28, '', '/f')", "zh", {"error": "/f: 磁盘已满", "code": "ENOSPC"}),
        ("raise MemoryError", "both", {"error": "内存不足 out of memory", "code": "ENOMEM"}),
    ],
)
def test_an_error_is_noted_with_its_code(
    tmp_path: Path, code: str, chosen: str, noted: dict[str, str]
) -> None:
    note = {progress.FILE: str(tmp_path / "note.json"), "TIKU_LANG": chosen}
    done = run(sys.executable, "-c", FAILS.format(code), **note)
    assert done.returncode == 2 and noted["error"] in done.stderr
    assert progress.read(tmp_path / "note.json") == noted


# What may stand in either language, and is taken out before a text is looked at: what was put in
# by a placeholder, quotations, commands, options, paths, file names, addresses, code.
NEUTRAL = re.compile(
    r"\{\w*\}|`[^`]*`|\"[^\"]*\"|“[^”]*”|'[^']*'|«[^»]*»"
    r"|(?:\bmake|\./tiku|\bpip|\bapt|\bstreamlit|\bpython3?)(?: -?[a-z][\w.-]*)+"
    r"|--?[a-z][\w-]*|\b[A-Z][A-Z_0-9]+=\S*"
    r"|[A-Za-z0-9_.*~\ufffc-]*[/\\][\w.*/\\\ufffc-]*|\b\w+\.[a-z][a-z0-9]{1,8}\b"
    r"|\b\w+=\S+|[A-Za-z0-9]*_[A-Za-z0-9_]*"
)
# Names and terms that Chinese technical prose writes in Latin letters.
TERMS = {
    *("nvidia", "smi", "ollama", "llama", "cpp", "nginx", "lmdeploy", "mmengine", "ruff", "ulimit"),
    *("torch", "tensorboard", "wandb", "mlflow", "swanlab", "gguf", "awq", "pip", "git"),
    *("token", "tokens", "logit", "logits", "packing", "attn", "flash", "false"),
}
# What makes a sentence English. Other Latin words that a text has in both languages are names: of a
# field, a column, a model (conversation, base, adapter).
GRAMMAR = {
    *(
        "the",
        "this",
        "that",
        "these",
        "those",
        "not",
        "none",
        "are",
        "was",
        "were",
        "been",
        "being",
    ),
    *("has", "have", "had", "does", "did", "for", "from", "with", "without", "into", "over", "and"),
    *("under", "than", "then", "but", "where", "when", "which", "what", "who", "how", "why", "its"),
    *("there", "here", "too", "very", "can", "cannot", "could", "should", "would", "will", "may"),
    *("must", "need", "needs", "made", "make", "takes", "take", "please", "first", "again", "two"),
}
WORD = re.compile(r"(?<![A-Za-z])[a-z]{3,}(?![A-Za-z0-9])")
ROOMS = (
    *("core", "commands", "custody", "requirements", "configs", "data_tools"),
    *("train", "deploy", "rag", "eval", "web"),
)
# Literals that still hold both languages, a room. It may only fall; 0 is a room that is done.
MIXED = {"data_tools": 70}  # what the readers look for
# Modules, or tables of one (MODULE:NAME), whose texts are matched against people's or are kept
# and read by anybody later: they may hold both.
BOTH = {
    "data_tools/exports/anki.py": "fields of cards that people keep",
    "rag/asked.py": "question words of either language",
    "web/chapters.py": "headings as banks write them",
    "core/units.py": "units as answers write them",
    "core/numerals.py": "numerals as answers write them",
    "core/quantities.py": "words around quantities in answers",
    "core/dates.py": "dates as answers write them",
    "core/signs.py": "signs as banks write them",
    "core/choices.py": "words of options",
    "data_tools/generate/explain.py": "prompts of models",
    "core/judgement.py": "words for true and false as banks write them",
    "core/labels.py": "columns, kinds and reasons of the files that are kept",
    "core/thinking.py": "the marks that models write",
    "data_tools/card.py:PAGE": "card.md, which is kept in both",
    "data_tools/generate/chunks.py": "headings of books",
    "data_tools/generate/prompts.py": "prompts of models",
    "data_tools/generate/screen.py": "words of questions and answers",
    "data_tools/interchange/records.py": "names of fields in other people's files",
    "web/i18n/zh.py": "the page's Chinese: tests/web/test_languages.py looks at it",
    "eval/choices.py": "how answers choose",
    "eval/short.py": "how short answers are said",
    "eval/metrics.py": "how models decline",
    "eval/negation.py": "negations in answers",
    "eval/verdicts.py": "verdicts in answers",
    "eval/terms.py": "terms in answers",
    "eval/preference.py": "the prompt of the judge",
    "eval/report.py": "report.md, which is kept in both",
    "rag/agree.py": "words that tell statements apart",
    "rag/claims.py": "words that claims are told apart by",
    "rag/fit.py": "words that tell questions apart",
    "rag/prompts.py": "prompts of models",
    "configs/families/deepseek_r1.py:template": "the marks that models write",
    "configs/domains/medical.py:settings": "templates of questions, with names of columns",
}


def literal(node: ast.AST) -> str | None:
    """The text of a string or f-string, with U+FFFC for what is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) or "\ufffc" for part in node.values)
    return None


def prose(text: str) -> set[str]:
    """The English words of a text."""
    return set(WORD.findall(NEUTRAL.sub(" ", text))) - TERMS


def docstrings(tree: ast.AST) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr)
    }


def excused(tree: ast.Module, path: str) -> set[int]:
    """The nodes of the tables of ``path`` that may hold both languages."""
    names = {name.partition(":")[2] for name in BOTH if name.partition(":")[0] == path}
    found: set[int] = set()
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if "" in names or any(isinstance(one, ast.Name) and one.id in names for one in targets):
            found |= {id(inner) for inner in ast.walk(node)}
    return found


def is_words(node: ast.AST) -> TypeGuard[ast.Call]:
    name = getattr(node, "func", None)
    called = getattr(name, "id", getattr(name, "attr", ""))
    return isinstance(node, ast.Call) and called == "words" and len(node.args) == 2


def texts(node: ast.expr) -> Iterator[str]:
    """What one side of a pair may say: a literal, or either of a conditional."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif (text := literal(node)) is not None:
        yield text


def pairs(tree: ast.AST) -> Iterator[tuple[int, Iterator[str], Iterator[str]]]:
    """Every message: line, what it says in Chinese, what in English."""
    for node in ast.walk(tree):
        if is_words(node):
            yield node.lineno, texts(node.args[0]), texts(node.args[1])


def mixed(tree: ast.Module, path: str) -> list[str]:
    """The literals, pairs of ``words`` aside, that hold both languages."""
    skip = docstrings(tree) | excused(tree, path)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skip |= {id(part) for part in node.values if isinstance(part, ast.Constant)}
        elif is_words(node):
            skip |= {id(side) for side in node.args}
    return [
        f"{path}:{node.lineno}: {text[:60]!r}"
        for node in ast.walk(tree)
        if id(node) not in skip and (text := literal(node)) and CJK.search(text) and prose(text)
    ]


@cache
def product(room: str) -> dict[str, ast.Module]:
    listed = run("git", "ls-files", "-co", "--exclude-standard", f"{room}/*.py").stdout.split()
    there = [name for name in listed if (ROOT / name).is_file()]
    return {name: ast.parse((ROOT / name).read_text(encoding="utf-8")) for name in there}


@pytest.mark.parametrize("room", ROOMS)
def test_each_half_of_a_message_is_whole_and_in_its_language(room: str) -> None:
    wrong = []
    for path, tree in product(room).items():
        for line, chinese, english in pairs(tree):
            chinese, english = list(chinese), list(english)
            names = set().union(*map(prose, english)) - GRAMMAR
            for text in chinese:
                letters = re.search(r"[A-Za-z]", NEUTRAL.sub("", text))
                if prose(text) - names or (letters and not CJK.search(text)):
                    wrong.append(f"{path}:{line}: zh {text!r}: {prose(text) - names}")
            wrong += [
                f"{path}:{line}: en {text!r}"
                for text in english
                if CJK.search(re.sub(r"“[^”]*”|'[^']*'|\"[^\"]*\"", "", text))
            ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_literal_holds_both_languages(room: str) -> None:
    found = [line for path, tree in product(room).items() for line in mixed(tree, path)]
    assert len(found) <= MIXED.get(room, 0), "\n".join(found)


def test_what_may_hold_both_is_there() -> None:
    for name in BOTH:
        path, _, table = name.partition(":")
        assert re.search(rf"^{table}\b", (ROOT / path).read_text(encoding="utf-8"), re.M), name
