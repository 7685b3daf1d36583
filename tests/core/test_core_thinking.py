"""Thinking is cut in one place, whatever the family's marks."""

from __future__ import annotations

import pytest

from core.thinking import parted, settled, without_thinking


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>甲？</think>乙", "乙"),
        ("甲？乙！\n</think>\n\n乙", "乙"),
        ("<think>甲，还是", ""),
        ("<think>甲<think>丙</think>丁</think>乙", "乙"),
        ("<THINKING>甲</THINKING>乙", "乙"),
        ("<think>\n\n</think>\n\n乙", "乙"),
        ("[THINK]甲[/THINK]乙", "乙"),
        ("◁think▷甲◁/think▷乙", "乙"),
        ("<seed:think>甲</seed:think>乙", "乙"),
        ("<unused94>thought甲<unused95>乙", "乙"),
        (
            "<|begin_of_thought|>甲<|end_of_thought|><|begin_of_solution|>乙<|end_of_solution|>",
            "乙",
        ),
        (
            "<|channel|>analysis<|message|>甲<|end|><|start|>assistant<|channel|>final<|message|>乙<|return|>",
            "乙",
        ),
        ("analysis甲？assistantfinal乙", "乙"),
        ("<think>甲</think><answer>乙</answer>", "乙"),
        ("<think>甲</think>乙<think>丙</think>丁", "乙丁"),
        ("乙<|im_end|>", "乙"),
        (" 乙 ", " 乙 "),
        ("analysis of data", "analysis of data"),
        ("x<3 且 y>2", "x<3 且 y>2"),
        ("", ""),
    ],
)
def test_what_is_left_is_the_answer(text, answer):
    assert without_thinking(text) == answer


def test_what_was_thought_is_kept_apart() -> None:
    assert parted("<think>甲</think>\n乙") == ("甲", "乙")
    assert parted("甲</think>乙") == ("甲", "乙")  # the template opened it
    assert parted("<think>还在想") == ("还在想", "")
    assert parted("没有 <b> 想") == ("", "没有 <b> 想")
    channels = "<|channel|>analysis<|message|>甲<|end|><|channel|>final<|message|>乙<|return|>"
    assert parted(channels) == ("甲", "乙")
    assert parted("◁think▷甲◁/think▷乙◁think▷丙") == ("甲\n\n丙", "乙")


@pytest.mark.parametrize(
    ("growing", "shown"),
    [
        ("答<thi", "答"),
        ("<", ""),
        ("a<b 且", "a<b 且"),
        ("答[TH", "答"),
        ("见[1] ", "见[1] "),
        ("答", "答"),
    ],
)
def test_what_may_become_a_mark_waits(growing: str, shown: str) -> None:
    assert settled(growing) == shown
