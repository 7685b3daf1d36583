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


def without_thinking(text: str) -> str:
    """``text`` without its thinking blocks and without the marks around the answer.

    A lone closing mark ends thinking that a chat template had opened: all before it goes. An
    opening mark that is never closed was cut off in the middle: all after it goes (an answer that
    is nothing but thinking becomes empty). Reads the text once.
    """
    text = _FLAT.sub("", _channels(text), count=1)
    kept: list[str] = []
    inside, at = False, 0
    for mark in _MARK.finditer(text):
        if mark["open"]:
            kept += [] if inside else [text[at : mark.start()]]
            inside = True
        else:
            kept = kept if inside else []
            inside = False
        at = mark.end()
    kept += [] if inside else [text[at:]]
    text = _FRAME.sub("", "".join(kept))
    return text.strip() if at else text


def _channels(text: str) -> str:
    """The final channel of a text that has channels, the whole text otherwise."""
    found = list(_CHANNEL.finditer(text))
    if not found:
        return text
    said = [_END.split(text[one.end() :], maxsplit=1)[0] for one in found if one[1] == "final"]
    return "".join(said)


def ends(text: str, most: int = 3000) -> str:
    """A runaway text's beginning and end (half of ``most`` characters each), where answers and
    conclusions stand; a shorter text as it is. Keeps what reads it in bounded time."""
    return text if len(text) <= most else f"{text[: most // 2]}\n{text[-most // 2 :]}"
