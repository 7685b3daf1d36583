"""Layouts of workbooks and CSV files: each makes sheets and the truth that they state.

A layout takes a Maker and returns ``(sheets, truths)``; a sheet is (title, rows of cells, merges),
a cell is a text or a (value, number format) pair, a merge (top, left, bottom, right), 1-based.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlwt
from openpyxl import Workbook

from tests.data.bankgen import JUDGES, Maker, Truth

Sheet = tuple[str, list[list[Any]], list[tuple[int, int, int, int]]]
Made = tuple[list[Sheet], list[Truth]]
LAYOUTS: dict[str, Callable[[Maker], Made]] = {}
FLAT: set[str] = set()  # layouts that one CSV file can show too
KINDS = {
    "single": ["单选题", "单选", "单项选择题"],
    "multiple": ["多选题", "多选", "多项选择题"],
    "judge": ["判断题", "判断", "是非题"],
    "qa": ["简答题", "填空题"],
}
STEMS = [
    "题干",
    "题目",
    "试题内容",
    "题目内容",
    "问题",
    "试题题干",
    "题干（必填）",
    "试题",
    "Question",
]
ANSWERS = ["答案", "正确答案", "参考答案", "标准答案", "答案（必填）", "Answer", "正确选项"]


def layout(flat: bool = False) -> Callable[[Callable[[Maker], Made]], Callable[[Maker], Made]]:
    def keep(make: Callable[[Maker], Made]) -> Callable[[Maker], Made]:
        LAYOUTS[make.__name__] = make
        if flat:
            FLAT.add(make.__name__)
        return make

    return keep


def some(m: Maker, judge: bool = True, low: int = 5, high: int = 15) -> list[Truth]:
    made = []
    for _ in range(m.rng.randint(low, high)):
        t = m.any()
        while t.kind == "judge" and not judge:
            t = m.any()
        made.append(t)
    return made


@layout(flat=True)
def two_columns(m: Maker) -> Made:
    r = m.rng
    head = r.choice(
        [
            ["题干", "答案"],
            ["Column1", "Column2"],
            ["问题", "答案"],
            ["question", "answer"],
            ["Q", "A"],
            [],
        ]
    )
    truths = [r.choice([m.blank, m.essay, m.judge])() for _ in range(r.randint(5, 15))]
    for t in truths:
        t.answer = t.answer.replace("\n", " ")
    return [("Sheet1", ([head] if head else []) + [[t.stem, t.answer] for t in truths], [])], truths


@layout(flat=True)
def option_columns(m: Maker) -> Made:
    r = m.rng
    truths = some(m)
    names = r.choice(
        [
            list("ABCDEF"),
            [f"选项{c}" for c in "ABCDEF"],
            [f"{c}选项" for c in "ABCDEF"],
            [f"选项{k}" for k in range(1, 7)],
            [f"Option {c}" for c in "ABCDEF"],
            [f"答案{c}" for c in "ABCDEF"],
            [f"选项{c}（选填）" for c in "ABCDEF"],
        ]
    )
    kind, explain, level = r.random() < 0.7, r.random() < 0.5, r.random() < 0.4
    head = ["序号"] * (r.random() < 0.5) + ["题型"] * kind + ["难度"] * level + [r.choice(STEMS)]
    last = r.random() < 0.5
    head += [*names, r.choice(ANSWERS)] if last else [r.choice(ANSWERS), *names]
    head += [r.choice(["解析", "答案解析", "试题解析", "依据"])] * explain
    lettered = r.random() < 0.2
    rows = []
    for n, t in enumerate(truths, 1):
        if t.kind == "judge" and not kind:
            t.answer = r.choice(JUDGES[bool(t.verdict)][:3])
        if t.kind == "multiple" and r.random() < 0.3:
            said = r.choice([",", "、", "|", ";"]).join(t.answer)
        else:
            said = t.answer
        options = [
            (f"{c}. {t.options[c]}" if lettered else t.options[c]) if c in t.options else ""
            for c in "ABCDEF"
        ]
        row: list[Any] = [str(n)] if head[0] == "序号" else []
        row += [r.choice(KINDS[t.kind])] * kind + ["易"] * level + [t.stem]
        row += [*options, said] if last else [said, *options]
        row += [t.explanation or "略"] * explain
        rows.append(row)
    top = (
        []
        if r.random() < 0.6
        else [["XX公司安全培训题库"]] * r.randint(1, 2) + [[""]] * r.randint(0, 1)
    )
    return [
        (r.choice(["Sheet1", "题库"]), [*top, head, *rows], [(1, 1, 1, len(head))] if top else [])
    ], truths


@layout(flat=True)
def options_in_one_cell(m: Maker) -> Made:
    r = m.rng
    truths = some(m, judge=False)
    shape = r.choice(["{}.{}", "{}、{}", "{}. {}", "{}"])
    gap = (
        r.choice(["\n", "|", " | ", "$;$", "\n"])
        if shape == "{}"
        else r.choice(["\n", "  ", "|", "；", "\n"])
    )
    rows = []
    for t in truths:
        for c in t.options:
            t.options[c] = t.options[c].replace("；", "，").replace("|", "、")
        made = gap.join(shape.format(c, x) if shape != "{}" else x for c, x in t.options.items())
        rows.append([r.choice(KINDS[t.kind]), t.stem, made, t.answer])
    return [
        (
            "题库",
            [
                [
                    "题型",
                    r.choice(STEMS),
                    r.choice(["选项", "备选答案", "选项内容", "备选项"]),
                    r.choice(ANSWERS),
                ],
                *rows,
            ],
            [],
        )
    ], truths


@layout(flat=True)
def everything_in_one_cell(m: Maker) -> Made:
    r = m.rng
    truths = some(m, judge=False)
    number = r.random() < 0.4
    rows = []
    for n, t in enumerate(truths, 1):
        text = (
            (f"{n}、" if number else "")
            + t.stem
            + "\n"
            + "\n".join(f"{c}. {x}" for c, x in t.options.items())
        )
        rows.append([str(n), text, t.answer])
    return [("Sheet1", [["序号", "题目", "答案"], *rows], [])], truths


@layout(flat=True)
def no_header(m: Maker) -> Made:
    r = m.rng
    truths = [m.choice(r.random() < 0.3, 4) for _ in range(r.randint(6, 15))]
    number = r.random() < 0.5
    rows = [
        [str(n)] * number + [t.stem, *t.options.values(), t.answer] for n, t in enumerate(truths, 1)
    ]
    return [("Sheet1", rows, [])], truths


@layout()
def sheet_by_kind(m: Maker) -> Made:
    r = m.rng
    sheets: list[Sheet] = []
    truths: list[Truth] = []
    for title, kind in (("单选题", "single"), ("多选题", "multiple"), ("判断题", "judge")):
        part = [
            {"single": m.choice, "multiple": lambda: m.choice(True), "judge": m.judge}[kind]()
            for _ in range(r.randint(3, 8))
        ]
        letters = list("ABCDEF") if kind != "judge" else []
        head = ["序号", "题干", *[f"选项{c}" for c in letters], "答案"]
        rows = [
            [n, t.stem, *[t.options.get(c, "") for c in letters], t.answer]
            for n, t in enumerate(part, 1)
        ]
        sheets.append((title, [head, *rows], []))
        truths += part
    return sheets, truths


@layout()
def answers_on_another_sheet(m: Maker) -> Made:
    r = m.rng
    truths = some(m, judge=False)
    one = [
        ["题号", "题干", *"ABCDEF"],
        *[[n, t.stem, *[t.options.get(c, "") for c in "ABCDEF"]] for n, t in enumerate(truths, 1)],
    ]
    two = [["题号", "答案"], *[[n, t.answer] for n, t in enumerate(truths, 1)]]
    if r.random() < 0.3:
        r.shuffle(two[1:])
    return [("试题", one, []), ("答案", two, [])], truths


@layout()
def options_on_another_sheet(m: Maker) -> Made:
    truths = some(m, judge=False)
    one = [["题号", "题干", "答案"], *[[n, t.stem, t.answer] for n, t in enumerate(truths, 1)]]
    two = [
        ["题号", *[f"选项{c}" for c in "ABCDEF"]],
        *[[n, *[t.options.get(c, "") for c in "ABCDEF"]] for n, t in enumerate(truths, 1)],
    ]
    return [("题目", one, []), ("选项", two, [])], truths


@layout()
def option_a_row(m: Maker) -> Made:
    r = m.rng
    truths = some(m, judge=False)
    rows: list[list[Any]] = [["序号", "题干", "选项", "答案"]]
    merges = []
    lettered = r.random() < 0.6
    for n, t in enumerate(truths, 1):
        top = len(rows) + 1
        for k, (c, x) in enumerate(t.options.items()):
            text = f"{c}. {x}" if lettered else x
            rows.append([n, t.stem, text, t.answer] if not k else ["", "", text, ""])
        if r.random() < 0.7:
            merges += [(top, c, len(rows), c) for c in (1, 2, 4)]
    return [("Sheet1", rows, merges)], truths


@layout()
def typed_answers(m: Maker) -> Made:
    r = m.rng
    rows: list[list[Any]] = [["题干", "答案"]]
    truths = []
    for _ in range(r.randint(6, 15)):
        cell, text = r.choice([
            ((45545, 'm"月"d"日"'), "9月10日"), ((0.05, "0%"), "5%"), ((0.125, "0.0%"), "12.5%"),
            ((dt.time(1, 3), "h:mm"), "1:03"),
            ((dt.datetime(1949, 10, 1), 'yyyy"年"m"月"d"日"'), "1949年10月1日"), ((1 / 6,
            "# ?/?"), "1/6"), ((1949, "General"), "1949"),
            ((3.14, "General"), "3.14"), ((1200, "#,##0"), "1,200"), ((8613800100500, "General"),
            "8613800100500"), ((0.618, "0.000"), "0.618"),
            ((dt.datetime(2024, 9, 10), "yyyy-mm-dd"), "2024-09-10"), (("1/6", "@"), "1/6"),
            ((100, "General"), "100"), ((2.5, "0.00"), "2.50"),
        ])  # fmt: skip
        t = Truth(m.blank().stem, text, "qa")
        truths.append(t)
        rows.append([t.stem, cell])
    return [("Sheet1", rows, [])], truths


def write_xlsx(sheets: list[Sheet], path: Path) -> None:
    book = Workbook()
    book.remove(book.active)
    for title, rows, merges in sheets:
        sheet = book.create_sheet(title)
        for r, row in enumerate(rows, 1):
            for c, value in enumerate(row, 1):
                if isinstance(value, tuple):
                    sheet.cell(r, c, value[0]).number_format = value[1]
                elif value != "":
                    sheet.cell(r, c).value = value
                    if isinstance(value, str):
                        sheet.cell(r, c).data_type = "s"  # never a formula
        for top, left, bottom, right in merges:
            sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    book.save(path)


def write_xls(sheets: list[Sheet], path: Path) -> None:
    book = xlwt.Workbook()
    for title, rows, merges in sheets:
        sheet = book.add_sheet(title)
        covered = {
            (r, c) for t, le, b, ri in merges for r in range(t, b + 1) for c in range(le, ri + 1)
        }
        for r, row in enumerate(rows, 1):
            for c, value in enumerate(row, 1):
                if (r, c) in covered and value == "":
                    continue
                if isinstance(value, tuple):
                    sheet.write(r - 1, c - 1, value[0], xlwt.easyxf(num_format_str=value[1]))
                elif value != "":
                    sheet.write(r - 1, c - 1, value)
        for top, left, bottom, right in merges:
            if top != bottom or left != right:
                sheet.merge(top - 1, bottom - 1, left - 1, right - 1)
    book.save(str(path))


def write_csv(
    sheets: list[Sheet], path: Path, encoding: str = "utf-8", delimiter: str = ","
) -> None:
    with path.open("w", encoding=encoding, newline="") as out:
        csv.writer(out, delimiter=delimiter).writerows(sheets[0][1])
