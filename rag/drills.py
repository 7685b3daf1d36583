"""Reading drills: questions about things that nobody knows, answered by the passage above them.

A model that is tuned on a bank answers from memory what it is asked with evidence, and goes on
doing so where it has never seen the question: of 8 held-out questions with their own passage in
front the demo's model copied the answer of 1 or 2 once its memory was good, and of 7 with as many
drills as rows with evidence (docs/rag.md). What stands in a drill is made up and says nothing about
the domain: a name of rare characters, what is asked of it, and a value that can only be read off.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from core.domain import Domain
from rag import prompts
from rag.answer import settings
from rag.grounding import cite
from rag.passages import Passage

MADE = "drill"  # in ``source.made``
_NAMES = "岚砚澜芷榆黛珩沅柘菱蔚峤琮荻泠烨茜槿汀溆"
_ABOUT = "别名|产地|颜色|编号|负责人|材料|口令|原名|创始人|首领|代称|用途|成立年份|主要成分|长度"
_VALUES = "赤橙青蓝紫金银铜松竹梅兰菊山川河海云风雷雨雪霜露东南西北"
_ASKED = (
    "{name}的{about}是：",
    "{name}的{about}是什么？",
    "“{name}”的{about}是？",
    "{name}的{about}是（ ）",
)


def fact(pick: random.Random, number: int) -> Passage:
    """A passage about a name that there is not."""
    name = "".join(pick.sample(_NAMES, pick.choice((2, 3))))
    about = pick.choice(_ABOUT.split("|"))
    letters = "".join(pick.sample(_VALUES, pick.choice((2, 2, 3))))
    answer = letters if pick.random() < 0.75 else str(pick.randrange(11, 9999))
    told, asked = (pick.choice(_ASKED).format(name=name, about=about) for _ in range(2))
    text = f"{told}\n答案：{answer}"
    return Passage(f"drill-{number}", "qa", text, asked, answer, {}, "train")


def rows(domain: Domain, count: int) -> Iterator[dict[str, Any]]:
    """``count`` drills in the domain's own frame, each with as many passages as the domain shows
    (``settings.rag.k``), one of which answers; in the form of ``train.jsonl``."""
    pick = random.Random(f"drill {domain.seed}")
    chosen = settings(domain)
    template, shown = chosen["template"], int(chosen["k"])
    cites = "[编号]" in prompts.template(template)
    for number in range(1, count + 1):
        passages = [fact(pick, each) for each in range(shown)]
        asked = pick.randrange(shown)
        passage = passages[asked]
        answer = cite(passage.answer, asked + 1) if cites else passage.answer
        content = prompts.render(template, passages, passage.question)
        yield {
            "id": f"{domain.name}-drill-{number:04d}",
            "kind": "qa",
            "group": f"drill-{number:04d}",
            "conversation": [{"system": domain.system, "input": content, "output": answer}],
            "source": {"file": "", "sha256": "", "locator": "", "text": "", "made": MADE},
            "found": asked + 1,
        }
