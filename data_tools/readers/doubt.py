"""A doubt about a row, or the reason why a unit became none: a code, its facts, a text in each
language.

It is kept (ledger.csv, review.xlsx, JSON) as one string, ``code: 中文 English``, whatever language
the person at the terminal reads; ``detail`` holds the two texts apart.
"""

from __future__ import annotations

from typing import Any

# By code; where one code has several texts, which one stands behind a slash.
TEXTS = {
    "answer-conflict": ("另有答案 {other}", "another answer is given: {other}"),
    "answer-conflict/bracket": (
        "括号内 {inside}，答案 {named}", "{inside} in the bracket, {named} as the answer"
    ),
    "answer-holds-question": ("答案里像有另一题", "the answer seems to hold another question"),
    "answer-in-option": ("一个选项是答案行", "an option is the line of the answer"),
    "answer-in-stem/itself": ("答案就是题干", "the answer is the stem itself"),
    "answer-in-stem/line": ("答案是题干的一行", "the answer is a line of the stem"),
    "answer-is-mark": ("答案只是一个序号 {answer}", "the answer is a mark only: {answer}"),
    "answer-is-options": ("答案像几个选项", "the answer looks like options"),
    "answer-label/answer": ("答案里有“答案：”", "an answer's label is left in the answer"),
    "answer-label/begin": ("多数答案都以“{head}”开头", "most answers begin with “{head}”"),
    "answer-label/option": ("选项里有“答案：”", "an answer's label is left in an option"),
    "answer-label/stem": ("题干里有“答案：”", "an answer's label is left in the stem"),
    "answer-shifted": (
        "第一题之前多出一个答案，各题答案可能错位",
        "an answer stands before the first question: all may be shifted",
    ),
    "answer-unfinished": ("答案像没有完", "the answer seems to go on"),
    "answer-wrapped": ("答案带着程序的括号或引号", "it has the brackets or quotes of a program"),
    "coded-answer": ("答案像代号 {answer}", "the answer looks like a code: {answer}"),
    "declared-count": (
        "标题称 {declared} 题，读到 {read} 题", "the heading says {declared}, {read} were read"
    ),
    "excel-date": (
        "存为日期 {day:%Y-%m-%d}，也可能是分数或比 {day.month}/{day.day}",
        "stored as the date {day:%Y-%m-%d}, perhaps a fraction or ratio {day.month}/{day.day}",
    ),
    "excel-date/number": (
        "{value:g} 像日期序列号：{day.month}月{day.day}日（{day:%Y-%m-%d}）？",
        "{value:g} looks like the number of a date: {day:%Y-%m-%d}?",
    ),
    "excel-time": ("存为时间，也可能是比例 {ratio}", "stored as a time, perhaps a ratio {ratio}"),
    "excel-time/number": (
        "{value:.10g} 像时间或比例 {ratio}？", "{value:.10g} looks like a time or a ratio {ratio}?"
    ),
    "explanation-holds-question": (
        "解析里像有另一题", "the explanation seems to hold another question"
    ),
    "extra-cells": (
        "第{line}行有 {cells} 格，表头 {titles} 格", "line {line}: {cells} cells, {titles} titles"
    ),
    "csv-quote": ("第{line}行引号不成对", "line {line}: unbalanced quotation marks"),
    "fewer-options": (
        "选项比别的题少：{count} 项，通常 {usual} 项", "{count} of the usual {usual} options"
    ),
    "formula-no-value": (
        "公式没有存下值 ={formula}：请在 Excel 中打开并保存",
        "the formula ={formula} has no stored value: open the file in Excel and save it",
    ),
    "header/first": ("像是表头", "this looks like a header"),
    "header/stem": ("题干里像有表头", "a header seems to be left in the stem"),
    "hidden": ("按 HIDDEN=skip 不读", "left out, as HIDDEN=skip says"),
    "holds-question": ("里面像有另一题：{line}", "it seems to hold another question: {line}"),
    "judge-letter": ("答案写作 {answer}", "the answer is written {answer}"),
    "key-file/none": (
        "题数、题号或选项对不上：{files}", "counts, numbers or options do not fit: {files}"
    ),
    "key-file/several": ("不止一个题库对得上：{files}", "several banks fit: {files}"),
    "kind-mismatch/judge": ("判断题的答案不是对错", "a judgement whose answer is no judgement"),
    "kind-mismatch/many": (
        "要选 {many} 项，答案是 {said}", "{many} are asked for, {said} are given"
    ),
    "kind-mismatch/single": ("单选题有多个答案", "a single choice with several answers"),
    "lines-left-out": ("此题后有文字未读入：{text}", "text behind it was left out: {text}"),
    "long-number": (
        "超过 15 位的数，后面的数字已丢失，应存为文本",
        "a number of more than 15 digits: the last ones are lost, store it as text",
    ),
    "much-longer/any": (
        "{length} 字：比见过的任何题都长",
        "{length} characters: longer than any question seen",
    ),
    "much-longer/answer": (
        "答案比别的长得多：{length} 字，通常 {usual:.0f} 字",
        "the answer is much longer than others: {length} characters, usually {usual:.0f}",
    ),
    "much-longer/explanation": (
        "解析比别的长得多：{length} 字，通常 {usual:.0f} 字",
        "the explanation is much longer than others: {length} characters, usually {usual:.0f}",
    ),
    "much-longer/option": (
        "选项比别的长得多：{length} 字，通常 {usual:.0f} 字",
        "an option is much longer than others: {length} characters, usually {usual:.0f}",
    ),
    "much-longer/stem": (
        "题干比别的长得多：{length} 字，通常 {usual:.0f} 字",
        "the stem is much longer than others: {length} characters, usually {usual:.0f}",
    ),
    "no-options-here": ("别的题都有选项", "the other questions have options"),
    "no-text-layer": ("这一页没有文字", "this page has no text"),
    "number-in-stem": ("题干里留着题号", "the question's own number is left in the stem"),
    "number-missing": ("{here} 的下一题号是 {there}", "{there} comes after {here}"),
    "one-option": ("只有一个选项", "a single option"),
    "one-sided": ("判断题几乎全是同一答案", "nearly all judgements are the same"),
    "one-sided/options": ("多数题的选项全对", "all options of most questions are right"),
    "option-gap": ("选项不连续：{letters}", "the options are {letters}"),
    "option-holds-question": ("选项里像有另一题", "an option seems to hold another question"),
    "option-holds-question/asks": ("一个选项是问句", "one option asks a question"),
    "option-in-option": ("选项 {letter} 里像有 {next}", "option {letter} seems to hold {next}"),
    "option-mark": ("选项里又写着序号", "the options' marks are left in their texts"),
    "option-relettered": ("第二个 {letter} 读作 {read}", "the second {letter} is read as {read}"),
    "options-in-stem": ("题干里像有选项", "options are left in the stem"),
    "options-in-stem/end": ("题干末尾像选项", "the stem ends in lines like options"),
    "options-in-stem/mark": ("题干以选项的序号开头", "the stem begins with an option's mark"),
    "page-furniture": ("里面有重复出现的行", "it holds a line that comes again"),
    "same-beginning": ("多数题干都以“{head}”开头", "most stems begin with “{head}”"),
    "same-options": ("有相同的选项", "two options are the same"),
    "same-stem": ("{count} 题同一题干", "{count} questions share this stem"),
    "short-stem": ("题干几乎是空的", "there is hardly a stem"),
    "stem-residue": ("题干带着题型、分数或符号", "a type, score or sign is left in the stem"),
    "two-answers": ("原文里有不止一处答案", "its text holds more than one answer"),
    "two-columns": ("选项里像有并排的另一题", "two columns seem to be read as one"),
    "two-questions": ("题干里像有两题", "the stem seems to hold two questions"),
}  # fmt: skip


class Doubt(str):
    """``code: 中文 English`` (the bare code where nothing more is to say), with its parts."""

    code: str
    facts: dict[str, Any]
    detail: tuple[str, str]


def doubt(name: str, code: str = "", **facts: Any) -> Doubt:
    """The doubt ``name`` of :data:`TEXTS` about these facts; ``code`` where it is not the part of
    ``name`` before the slash."""
    zh, en = (text.format(**facts) for text in TEXTS[name])
    code = code or name.partition("/")[0]
    made = Doubt(f"{code}: {zh} {en}")
    made.code, made.facts, made.detail = code, facts, (zh, en)
    return made


def code_of(flag: str) -> str:
    """The code of a flag, whether made here or read back."""
    return flag.partition(":")[0].strip()
