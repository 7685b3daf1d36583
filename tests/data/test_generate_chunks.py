"""Chunks: every character once, at its offset, cut where a reader would."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.files import ROOT
from data_tools.generate.chunks import Chunk, chunks, is_heading, quoted, sections
from data_tools.passages import of_texts

HEADINGS = (
    "第一章 停住的钟", "第一章停住的钟", "第1001章 你是谁？", "第十二回 风雪山神庙",
    "　　第三节　雨夜", "第二卷 远行", "卷一 少年", "楔子", "番外 三年后", "Chapter 12",
    "CHAPTER IV. The Letter", "## 第五章 归来", "【第六章】 归来",
    "正文 第七章 开始", "第五卷：风起",
    "Prologue",
)  # fmt: skip
PROSE = (
    "第三节课开始了。", "第二部手机响了", "第三章里他写道，", "第一章他读了三遍，第二章没有读。",
    "序列号是多少", "Part of the deal was this.", "卷三不见了", "第二话题", "他翻到第一章。", "",
)  # fmt: skip


@pytest.mark.parametrize("line", HEADINGS)
def test_a_heading_is_seen(line: str) -> None:
    assert is_heading(line)


@pytest.mark.parametrize("line", PROSE)
def test_prose_is_no_heading(line: str) -> None:
    assert not is_heading(line)


def whole(text: str, found: list[Chunk]) -> None:
    """The chunks are the text."""
    assert "".join(chunk.text for chunk in found) == text
    at = 0
    for chunk in found:
        assert chunk.start == at and text[chunk.start : chunk.end] == chunk.text
        at = chunk.end
    assert at == len(text)


ANY = st.text(st.sampled_from('天地人。！？，“”「」"\n\r …第一章Chapter 1\u3000x.'), max_size=900)


@settings(max_examples=150, deadline=None)
@given(ANY, st.integers(20, 200))
def test_chunks_cover_any_text_exactly(text: str, aim: int) -> None:
    most = aim + aim // 5
    found = chunks(text, aim, most)
    whole(text, found)
    assert all(0 < len(chunk.text) <= most for chunk in found)


sentence = st.tuples(st.integers(4, 34), st.sampled_from("。！？")).map(
    lambda made: ("他走过长街又走过小桥看见河水向东流去" * 2)[: made[0]] + made[1]
)
speech = st.lists(sentence, min_size=1, max_size=3).map(lambda s: f"“{''.join(s)}”")
paragraph = st.one_of(
    st.lists(sentence, min_size=1, max_size=4).map("".join),
    speech,
    st.tuples(speech, sentence).map("".join),
)
chapter = st.lists(paragraph, min_size=3, max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.lists(chapter, min_size=1, max_size=3))
def test_no_cut_in_a_chapter_a_speech_or_a_sentence(chapters: list[list[str]]) -> None:
    text = ""
    for number, paragraphs in enumerate(chapters, 1):
        text += f"第{number}章 夜行\n\n" + "\n\n".join(paragraphs) + "\n\n"
    found = chunks(text, 500, 600)
    whole(text, found)
    spans = quoted(text)
    for chunk in found[1:]:
        cut = chunk.start
        assert not any(a < cut < b for a, b in spans)
        assert text[:cut].rstrip()[-1] in "。！？”"
    for begin, end, title in sections(text):
        inside = [chunk for chunk in found if begin <= chunk.start < end]
        assert inside[0].start == begin and inside[-1].end == end
        assert {chunk.title for chunk in inside} == {title}


def test_no_heading_means_pieces_of_the_usual_length() -> None:
    text = "".join(f"第{n}天，他记下了河水的高度和船的数目。\n" for n in range(1000, 2000))
    found = chunks(text)
    whole(text, found)
    assert len(found) > 5
    assert all(2000 <= len(chunk.text) <= 3000 for chunk in found)
    assert all(chunk.text.endswith("。\n") for chunk in found)


def test_a_speech_left_open_does_not_swallow_the_chapter() -> None:
    text = "“他说了半句就走了。\n" + "河水向东流去，船都停在岸边。\n" * 60 + "“走吧。”她说。\n"
    assert quoted(text) == [(text.rindex("“"), text.rindex("”") + 1)]
    whole(text, chunks(text, 200, 240))


def test_a_speech_of_several_paragraphs_is_one() -> None:
    text = "他说：“第一段。\n“第二段。\n“第三段。”\n她走了。\n"
    assert quoted(text) == [(3, text.index("”") + 1)]


def test_contents_and_volume_titles_stay_with_what_follows() -> None:
    head = "目录\n第一章 来\n第二章 去\n\n第一卷 远行\n\n第一章 来\n"
    text = head + "他来了。" * 80 + "\n第二章 去\n" + "他走了。" * 80
    assert [title for _, _, title in sections(text)] == [
        "第一卷 远行 第一章 来",
        "第一卷 远行 第二章 去",
    ]


def test_the_sample_novel_is_cut_by_chapter() -> None:
    text = (ROOT / "samples/novel/novel.txt").read_text(encoding="utf-8")
    assert [chunk.title[:3] for chunk in chunks(text)] == ["第一章", "第二章", "第三章", "第四章"]


def test_passages_are_found_at_their_locators() -> None:
    text = (ROOT / "samples/novel/novel.txt").read_text(encoding="utf-8")
    found = list(of_texts(["samples/novel/novel.txt"], "novel"))
    assert len({each["id"] for each in found}) == len(found) > 4
    for each in found:
        start, end = map(int, re.findall(r"\d+", each["source"]["locator"]))
        assert text[start:end] == each["text"] == each["source"]["text"]
    told = "".join(each["text"] for each in found)
    assert all(line in told for line in text.split("\n") if line.strip())
