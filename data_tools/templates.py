"""Templated knowledge: every row of a table times the phrasings of a template file.

A template file is YAML (packs of them lie in ``data_tools/packs/``)::

    entity: 药品                  # the column that names the thing; a row without it is ledgered
    lists: {适应症: "|"}           # columns that hold several values, and what separates them
    attributes:
      适应症:
        take: 2                   # phrasings drawn for each thing; all of them by default
        when: 适应症 != "不详"      # a condition; a column that is used and empty skips in any case
        ask: ["{药品}的适应病症是什么？", "{药品}能治什么病？"]
        answer: "{药品}用于治疗{适应症}。"
      哪些药:
        each: 适应症               # one question for each value; {药品} is then all that have it
        ask: "哪些药物能治疗{适应症}？"
        answer: "{药品}。"

Columns stand in braces; the rest is Jinja (``{% if … %}``, filters): ``{栏|cut(200)}`` ends at the
last sentence within 200 characters, ``{栏|first}`` is the first value of a list, and
``{row["a column with spaces"]}`` names any column.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2 import meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from core.errors import UserError
from core.files import ROOT, shown
from core.language import words
from core.rows import Row, Source
from data_tools.tables import Record, plain

PACKS = ROOT / "data_tools" / "packs"
JOIN = "、"
_ENDS = re.compile(r"[。！？!?；;\n]")


class Listed(list[str]):
    """Several values of one cell; as text they stand one after the other."""

    def __str__(self) -> str:
        return JOIN.join(self)


def cut(value: object, most: int = 300) -> str:
    """The first sentences of ``value`` within ``most`` characters; a longer one is cut hard."""
    text = str(value)
    if len(text) <= most:
        return text
    ends = [found.end() for found in _ENDS.finditer(text[:most])]
    return text[: ends[-1]] if ends else text[:most] + "…"


def _environment() -> SandboxedEnvironment:
    """Jinja with columns in single braces; unknown columns are errors, nothing is escaped."""
    made = SandboxedEnvironment(
        variable_start_string="{",
        variable_end_string="}",
        comment_start_string="{##",
        comment_end_string="##}",
        undefined=jinja2.StrictUndefined,
    )
    made.filters["cut"] = cut
    return made


@dataclass
class Attribute:
    """One kind of question about a thing. ``uses``: the columns that its texts name; ``needs``:
    those without which it is skipped (all but the ones that an ``{% if … %}`` asks for)."""

    name: str
    ask: list[jinja2.Template]
    answer: jinja2.Template
    uses: list[str]
    needs: list[str]
    when: Any = None
    take: int = 0
    each: str = ""


@dataclass
class Pack:
    """A template file, compiled. ``columns``: all that its texts and conditions name."""

    path: Path
    entity: str
    attributes: list[Attribute]
    lists: dict[str, str] = field(default_factory=dict)
    seed: int = 42

    def attribute(self, name: str) -> Attribute:
        """The attribute called ``name``."""
        return next(each for each in self.attributes if each.name == name)

    def values(self, record: Record) -> dict[str, Any]:
        """The record's columns as templates see them: without HTML, lists split."""
        found: dict[str, Any] = {}
        for name, text in record.values.items():
            text = plain(text)
            if name in self.lists:
                parts = re.split(f"[{re.escape(self.lists[name])}]", text)
                found[name] = Listed(dict.fromkeys(p.strip() for p in parts if p.strip()))
            else:
                found[name] = text
        for attribute in self.attributes:
            for name in attribute.uses:
                found.setdefault(name, "")
        return found


def _bad(path: Path, where: str, why: str) -> UserError:
    return UserError(f"{shown(path)} {where}: {why}")


def _tested(tree: nodes.Template) -> Iterator[str]:
    """The columns that a template's conditions ask for."""
    branches: list[nodes.If | nodes.CondExpr] = [
        *tree.find_all(nodes.If),
        *tree.find_all(nodes.CondExpr),
    ]
    for test in (branch.test for branch in branches):
        for node in (test, *test.find_all(nodes.Name)):
            if isinstance(node, nodes.Name):
                yield node.name


def _attribute(
    path: Path, name: str, spec: dict[str, Any], environment: SandboxedEnvironment
) -> Attribute:
    """Compile one attribute; raises :class:`UserError` naming what is wrong with it."""
    unknown = set(spec) - {"ask", "answer", "when", "take", "each"}
    if unknown or not {"ask", "answer"} <= set(spec):
        if unknown:
            raise _bad(path, name, words(f"未知键 {sorted(unknown)}", f"unknown {sorted(unknown)}"))
        raise _bad(path, name, words("缺少 ask 或 answer", "lacks ask or answer"))
    asks = [spec["ask"]] if isinstance(spec["ask"], str) else list(spec["ask"])
    try:
        texts = [*asks, str(spec["answer"])]
        trees = [environment.parse(text) for text in texts]
        used = {name for tree in trees for name in meta.find_undeclared_variables(tree)}
        asked = {name for tree in trees for name in _tested(tree)}
        when = str(spec["when"]) if "when" in spec else ""
        return Attribute(
            name=name,
            ask=[environment.from_string(text) for text in asks],
            answer=environment.from_string(str(spec["answer"])),
            uses=sorted(used - {"row"}),
            needs=sorted(used - asked - {"row"}),
            when=environment.compile_expression(when) if when else None,
            take=int(spec.get("take", 0)),
            each=str(spec.get("each", "")),
        )
    except jinja2.TemplateSyntaxError as error:
        raise _bad(path, name, f"{words('模板语法', 'template syntax')}: {error.message}") from None


def load(path: Path) -> Pack:
    """Read one template file; raises :class:`UserError` for what is wrong in it."""
    try:
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        missing = words("没有这个模板文件", "no such template file")
        raise UserError(f"{shown(path)}: {missing}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{shown(path)}: {words('不是合法 YAML', 'is no YAML')}: {reason}"
        ) from None
    if not isinstance(spec, dict) or not {"entity", "attributes"} <= set(spec):
        needs = words("需要 entity 与 attributes", "needs entity and attributes")
        raise UserError(f"{shown(path)}: {needs}")
    unknown = set(spec) - {"entity", "attributes", "lists", "seed"}
    if unknown:
        raise _bad(path, "", words(f"未知键 {sorted(unknown)}", f"unknown {sorted(unknown)}"))
    environment = _environment()
    attributes = [
        _attribute(path, str(name), each, environment) for name, each in spec["attributes"].items()
    ]
    return Pack(
        path, str(spec["entity"]), attributes, dict(spec.get("lists") or {}), spec.get("seed", 42)
    )


def find(names: Sequence[str]) -> list[Path]:
    """Template files by name: a file, a folder of them, or a pack shipped with us."""
    found: list[Path] = []
    for name in names:
        path = ROOT / name
        folder = path if path.is_dir() else PACKS / name
        if path.is_file():
            found.append(path)
        elif folder.is_dir():
            found.extend(sorted(folder.glob("*.yaml")))
        else:
            shipped = ", ".join(sorted(each.name for each in PACKS.iterdir() if each.is_dir()))
            raise UserError(
                words(
                    f"没有模板 '{name}'：给文件，或 {shipped} 之一",
                    f"no templates '{name}': give a file, or one of {shipped}",
                )
            )
    return found


def drawn(pack: Pack, attribute: Attribute, entity: str) -> Sequence[jinja2.Template]:
    """The phrasings for one thing: the same for the same seed, whatever else the table holds."""
    if not attribute.take or attribute.take >= len(attribute.ask):
        return attribute.ask
    draw = random.Random(f"{pack.seed}\n{attribute.name}\n{entity}")
    return draw.sample(attribute.ask, attribute.take)


def _rows(
    pack: Pack, attribute: Attribute, entity: str, values: dict[str, Any], source: Source
) -> Iterator[Row]:
    """The rows of one attribute of one thing: they ask the same, so they are one group."""
    try:
        answer = attribute.answer.render(values, row=values).strip()
        questions = [
            ask.render(values, row=values).strip() for ask in drawn(pack, attribute, entity)
        ]
    except jinja2.TemplateError as error:
        where = f"{attribute.name} ({source.file} {source.locator})"
        raise _bad(pack.path, where, f"{error}") from None
    if answer:
        for question in questions:
            group = f"{attribute.name}\n{entity}"
            yield Row(question, answer, source, kind="template", group=group)


def expand(
    pack: Pack, record: Record, values: dict[str, Any], file: str, sha: str
) -> Iterator[Row]:
    """The rows that one record gives (attributes with ``each`` wait for the whole table)."""
    entity = str(values.get(pack.entity, ""))
    for attribute in pack.attributes:
        if attribute.each or not all(values.get(c) for c in attribute.needs):
            continue
        if attribute.when is not None and not attribute.when(values, row=values):
            continue
        column = next((c for c in attribute.needs if c != pack.entity), pack.entity)
        source = Source(file, sha, record.places[column], record.values[column])
        yield from _rows(pack, attribute, entity, values, source)


def pairs(pack: Pack, record: Record, values: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(attribute, value, entity) for every attribute with ``each`` that the record answers."""
    entity = str(values.get(pack.entity, ""))
    for attribute in pack.attributes:
        held = values.get(attribute.each) if attribute.each else None
        if not held or (attribute.when is not None and not attribute.when(values, row=values)):
            continue
        for value in held if isinstance(held, Listed) else [held]:
            yield attribute.name, value, entity


def turned(
    pack: Pack, name: str, value: str, entities: Sequence[str], source: Source
) -> Iterator[Row]:
    """The rows of the attribute ``name``, which has ``each``, for one of its values."""
    attribute = pack.attribute(name)
    values = {attribute.each: value, pack.entity: Listed(dict.fromkeys(entities))}
    yield from _rows(pack, attribute, value, values, source)
