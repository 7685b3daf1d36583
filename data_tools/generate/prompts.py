"""Every word that generation says to a model. Other words here, other requests: all is asked anew.

The text comes first and the task last, so that a server with a prefix cache reads a chunk once.
"""

from __future__ import annotations

from collections.abc import Sequence

from data_tools.generate.chunks import Chunk

Messages = list[dict[str, str]]

SYSTEM = "你是严谨的出题人，只依据给出的原文出题和作答，只输出 JSON。"
TYPES = ("情节", "关系", "人物", "原因", "细节")
# Shows the form only. Models repeat examples (a third of one earlier project's duplicates was the
# example of its prompt), so these names stand in no book and whatever resembles them is dropped.
EXAMPLES = (
    ("关系", "薛青禾为什么不肯认阿芜做徒弟？"),
    ("情节", "阿芜在乌桕渡丢了铜铃之后做了什么？"),
)
NAMES = ("薛青禾", "阿芜", "乌桕渡")
EXAMPLE_ANSWER = "她下水摸了一夜，天亮前在桥墩下找到了铜铃。"
EXAMPLE_EVIDENCE = "摸了一夜，天亮前才在桥墩下碰到那只铜铃"

_TEXT = """【原文】{title}
{text}
【原文完】

"""

_ASK = """请根据以上原文提出 {count} 个问题，用与原文相同的语言。
1. 类型从 {types} 中选；情节题（谁做了什么、结果怎样）和关系题（人物之间是什么关系、态度怎样变化）
   各至少一个，原文确实没有的类型可以不出。
2. 每个问题单独拿出来也看得懂：写出人物姓名、地点或物件，不用“他”“这里”“当时”代替；
   不出现“这段”“本章”“文中”“原文”“作者”。
3. 每个问题只问一件具体的事，原文里有明确答案；不问感想、主题、写法。
4. 问题之间不重复。
只输出 JSON，格式如下（内容仅示意，不要照抄）：
{{"questions": [{example}]}}"""

_ANSWER = """请只依据以上原文回答下列问题，用与问题相同的语言。
1. evidence 逐字抄录原文中支持答案的一句话；
   answer 用自己的话完整、直接地回答，不超过 {longest} 个字，不写“根据原文”“文中提到”。
2. 原文答不出的，answerable 写 false，answer 留空。
3. n 是问题的编号（从 1 起），question 照抄问题，每题都要有。
问题：
{questions}
只输出 JSON，格式如下（内容仅示意，不要照抄）：
{{"answers": [{{"n": 1, "question": "{question}",
"answerable": true, "evidence": "{evidence}", "answer": "{answer}"}}]}}"""

AGAIN = "上一次的输出不是完整合法的 JSON。请重新输出，只输出 JSON，不要任何说明。"


def _about(chunk: Chunk, task: str) -> Messages:
    text = _TEXT.format(title=chunk.title, text=chunk.text.strip())
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text + task}]


def ask(chunk: Chunk, count: int) -> Messages:
    """The request for ``count`` questions about a chunk."""
    example = ", ".join(f'{{"type": "{kind}", "question": "{text}"}}' for kind, text in EXAMPLES)
    return _about(chunk, _ASK.format(count=count, types="、".join(TYPES), example=example))


def answer(chunk: Chunk, questions: Sequence[str], longest: int) -> Messages:
    """The request for the answers to ``questions``, numbered from 1."""
    task = _ANSWER.format(
        longest=longest,
        questions="\n".join(f"{number}. {text}" for number, text in enumerate(questions, 1)),
        evidence=EXAMPLE_EVIDENCE,
        question=EXAMPLES[1][1],
        answer=EXAMPLE_ANSWER,
    )
    return _about(chunk, task)


def again(messages: Messages, attempt: int) -> Messages:
    """The same request once more, after a reply that could not be read."""
    return [*messages, {"role": "user", "content": AGAIN + "！" * (attempt - 1)}]
