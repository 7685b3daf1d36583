"""Layouts of workbooks as systems export them and offices keep them."""

from __future__ import annotations

from typing import Any

from tests.data.bankgen import Maker, Truth
from tests.data.bankgen_exams import WHY, ask
from tests.data.bankgen_sheets import Made, layout


def made(m: Maker, multiple: float = 0.3, low: int = 6, high: int = 14) -> list[Truth]:
    """Choices in the words of examinations."""
    return [ask(m, m.rng.random() < multiple) for _ in range(m.rng.randint(low, high))]


NAMES = {"single": "单选题", "multiple": "多选题", "judge": "判断题"}


@layout()
def header_in_two_rows(m: Maker) -> Made:
    """选项 over the columns A to D, the letters in the row below."""
    truths = made(m)
    rows: list[list[Any]] = [
        ["序号", "题型", "题干", "选项", "", "", "", "正确答案"],
        ["", "", "", "A", "B", "C", "D", ""],
    ]
    for n, t in enumerate(truths, 1):
        rows.append([n, NAMES[t.kind], t.stem, *t.options.values(), t.answer])
    merges = [(1, 4, 1, 7), *((1, c, 2, c) for c in (1, 2, 3, 8))]
    return [("题库", rows, merges)], truths


@layout()
def kinds_below_each_other(m: Maker) -> Made:
    """One sheet, the kinds below each other, each under its title with a header of its own."""
    r = m.rng
    rows: list[list[Any]] = []
    truths: list[Truth] = []
    for ordinal, kind in zip("一二三", ("single", "multiple", "judge"), strict=True):
        part = [m.judge() if kind == "judge" else ask(m, kind == "multiple")
                for _ in range(r.randint(3, 6))]  # fmt: skip
        rows.append([f"{ordinal}、{NAMES[kind]}（共{len(part)}题）"])
        head = ["序号", "题目", "A", "B", "C", "D", "答案"]
        rows.append(head if kind != "judge" else ["序号", "题目", "答案"])
        for n, t in enumerate(part, 1):
            rows.append([n, t.stem, *t.options.values(), t.answer])
        truths += part
    return [("Sheet1", rows, [])], truths


@layout(flat=True)
def quoted_lines(m: Maker) -> Made:
    """Stems and options with line breaks, quotes and commas in their cells."""
    r = m.rng
    truths = made(m)
    rows: list[list[Any]] = [["题目", "选项", "答案", "解析"]]
    for t in truths:
        t.stem = f'阅读："{m.fill("{topic},{who}")}"\n{t.stem}'
        shown = "\n".join(f"{a}. {b}" for a, b in t.options.items())
        rows.append([t.stem, shown, t.answer, m.fill(r.choice(WHY)) + '\n见"附录",第2页'])
    return [("Sheet1", rows, [])], truths


@layout(flat=True)
def right_or_wrong_a_row(m: Maker) -> Made:
    """One option a row with a column that says whether it is right."""
    r = m.rng
    yes, no = r.choice([("是", "否"), ("1", "0"), ("√", ""), ("正确", "错误"), ("TRUE", "FALSE")])
    title = r.choice(["是否正确", "是否答案", "是否正确答案", "正确"])
    rows: list[list[Any]] = [["题号", "题干", "选项", title]]
    truths = made(m)
    for n, t in enumerate(truths, 1):
        for c, text in t.options.items():
            rows.append([str(n), t.stem, text, yes if c in t.answer else no])
    return [("Sheet1", rows, [])], truths


@layout(flat=True)
def answer_in_words(m: Maker) -> Made:
    """The answer column repeats the text of the option."""
    truths = made(m, 0)
    rows: list[list[Any]] = [["题目", "选项A", "选项B", "选项C", "选项D", "答案"]]
    for t in truths:
        rows.append([t.stem, *t.options.values(), t.options[t.answer]])
    return [("Sheet1", rows, [])], truths


@layout(flat=True)
def quiz_template(m: Maker) -> Made:
    """The import sheet of an online quiz: numbered options, the right one by its number."""
    truths = made(m, 0.2)
    rows: list[list[Any]] = [
        ["Question Text", "Question Type", "Option 1", "Option 2", "Option 3", "Option 4",
         "Correct Answer", "Time in seconds"],
    ]  # fmt: skip
    for t in truths:
        said = ",".join(str(ord(c) - 64) for c in t.answer)
        name = "Multiple Choice" if t.kind == "single" else "Checkbox"
        rows.append([t.stem, name, *t.options.values(), said, "30"])
    return [("Sheet1", rows, [])], truths


@layout()
def kind_merged_down(m: Maker) -> Made:
    """The kind and the chapter stand once, merged over their rows; a signature below the table."""
    r = m.rng
    truths: list[Truth] = []
    rows: list[list[Any]] = [["题型", "章节", "题目内容", "备选答案", "标准答案"]]
    merges = []
    for kind in ("single", "multiple"):
        part = [ask(m, kind == "multiple") for _ in range(r.randint(3, 6))]
        first = len(rows) + 1
        for k, t in enumerate(part):
            shown = "\n".join(f"{a}、{b}" for a, b in t.options.items())
            rows.append([NAMES[kind] if not k else "", "第一章" if not k else "", t.stem, shown,
                         t.answer])  # fmt: skip
        merges += [(first, 1, len(rows), 1), (first, 2, len(rows), 2)]
        truths += part
    rows.append(["制表人：张三", "", "", "", ""])
    return [("Sheet1", rows, merges)], truths
