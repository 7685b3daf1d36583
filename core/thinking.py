"""What a model thought before it answered is no part of its answer: cut in this one place.

Used by the scorer, the grounding check and the page. A family's marks stand in :data:`MARKS`, from
the chat templates that the families publish.
"""

from __future__ import annotations

import re

# Opening and closing mark of a thinking block.
MARKS = (
    (r"<(?:seed:|longcat_|mm:)?(?:think|thinking|thought|thoughts|reasoning|reflection)>",
     r"</(?:seed:|longcat_|mm:)?(?:think|thinking|thought|thoughts|reasoning|reflection)>"),
    (r"◁think▷", r"◁/think▷"),  # Kimi
    (r"\[THINK\]", r"\[/THINK\]"),  # Magistral
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),  # OpenThinker
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command A
    (r"<\|think(?:_start)?\|>", r"<\|/think\|>|<\|think_end\|>"),
    (r"<unused94>", r"<unused95>"),  # MedGemma
    (r"<\|channel>(?:thought|analysis)", r"<channel\|>"),
)  # fmt: skip
_OPEN = "|".join(start for start, _ in MARKS)
_CLOSE = "|".join(end for _, end in MARKS)
_MARK = re.compile(rf"(?P<open>{_OPEN})|(?P<close>{_CLOSE})", re.IGNORECASE)

_BEGUN = re.compile(r"[<◁\[][^\s>▷\]]{0,30}\Z")  # the longest mark has 22 signs

# gpt-oss speaks in channels; only the final one is for the reader.
_CHANNEL = re.compile(
    r"(?:<\|start\|>\s*assistant[^<]{0,40})?<\|channel\|>\s*(\w+)[^<]{0,80}"
    r"(?:<\|constrain\|>[^<]{0,40})?<\|message\|>"
)
_END = re.compile(r"<\|(?:end|return|call|start)\|>")
# The same with the special tokens already taken out by a server.
_FLAT = re.compile(r"\Aanalysis(?=[A-Z\W\u3400-\u9fff]).*?assistant\s*final", re.DOTALL)

# What a family wraps its answer in, where it does.
_FRAME = re.compile(
    r"</?answer>|<\|(?:begin|end)_of_(?:solution|box)\|>|<\|(?:START|END)_RESPONSE\|>"
    r"|<\|(?:im_end|endoftext|end_of_text|eot_id|return)\|>|<｜end▁of▁sentence｜>"
)


def parted(text: str) -> tuple[str, str]:
    """What a model thought (its blocks with a blank line between), and what it said: ``text``
    without its thinking blocks and without the marks around the answer.

    A lone closing mark ends thinking that a chat template had opened: all before it is thought. An
    opening mark that is never closed was cut off in the middle: all after it is thought (an answer
    that is nothing but thinking is empty). Reads the text once.
    """
    thoughts, text = _channels(text)
    if flat := _FLAT.match(text):
        thoughts.append(flat[0])
        text = text[flat.end() :]
    kept: list[str] = []
    inside, at = False, 0
    for mark in _MARK.finditer(text):
        before = text[at : mark.start()]
        if inside or mark["open"]:
            (thoughts if inside else kept).append(before)
        else:
            thoughts += [*kept, before]
            kept = []
        inside, at = bool(mark["open"]), mark.end()
    (thoughts if inside else kept).append(text[at:])
    said = _FRAME.sub("", "".join(kept))
    return "\n\n".join(filter(None, map(str.strip, thoughts))), said.strip() if at else said


def settled(text: str) -> str:
    """As much of an answer that is still growing as its next words cannot make a mark of."""
    begun = _BEGUN.search(text)
    return text[: begun.start()] if begun else text


def without_thinking(text: str) -> str:
    """What a model said, without what it thought."""
    return parted(text)[1]


def _channels(text: str) -> tuple[list[str], str]:
    """The other channels and the final one of a text that has channels, else none and the text."""
    thoughts: list[str] = []
    said: list[str] = []
    starts = list(_CHANNEL.finditer(text))
    for start in starts:
        (said if start[1] == "final" else thoughts).append(
            _END.split(text[start.end() :], maxsplit=1)[0]
        )
    return thoughts, "".join(said) if starts else text


def ends(text: str, most: int = 3000) -> str:
    """A runaway text's beginning and end (half of ``most`` characters each), where answers and
    conclusions stand; a shorter text as it is. Keeps what reads it in bounded time."""
    return text if len(text) <= most else f"{text[: most // 2]}\n{text[-most // 2 :]}"
