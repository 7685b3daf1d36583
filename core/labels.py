"""What the codes and keys of a data set are called, in Chinese and English.

The files that are kept (``review.xlsx``, ``card.md``) bear both names side by side
(:func:`both`), and whoever reads them back goes by the key; the terminal and the page say one
(``core.language``).
"""

from __future__ import annotations

import re

Pair = tuple[str, str]

SHEETS: dict[str, Pair] = {
    "all": ("题目", "questions"),
    "doubts": ("存疑", "doubts"),
    "ledger": ("台账", "ledger"),
}
# The columns of review.xlsx; those of the options are ``option_A`` and so on.
COLUMNS: dict[str, Pair] = {
    "id": ("编号", "id"),
    "decision": ("处理", "decision"),
    "kind": ("题型", "kind"),
    "question": ("题干", "question"),
    "answer": ("答案", "answer"),
    "explanation": ("解析", "explanation"),
    "doubts": ("存疑", "doubts"),
    "source": ("来源", "source"),
    "text": ("原文", "text"),
    "key": ("key", "key"),
}
KINDS: dict[str, Pair] = {
    "qa": ("问答", "qa"),
    "single": ("单选", "single"),
    "multiple": ("多选", "multiple"),
    "judge": ("判断", "judge"),
    "case": ("案例", "case"),
    "template": ("模板", "template"),
    "generated": ("生成", "generated"),
    "general": ("通用", "general"),
}
DECISIONS: dict[str, Pair] = {"keep": ("保留", "keep"), "drop": ("删除", "drop")}
# What card.json counts.
COUNTS: dict[str, Pair] = {
    "parsed": ("读到的题", "rows read"),
    "rows": ("题目（训练 + 评测 + 暂不入训）", "rows (train + eval + held)"),
    "train": ("训练", "train"),
    "wordings": ("换一种问法（只供训练）", "other wordings, for training only"),
    "reworded": ("其中由模型写", "of them by a model"),
    "explained": ("连解析一起作答", "rows that answer with their explanation"),
    "taught": ("其中解析由模型写", "of them explained by a teacher model"),
    "eval": ("评测", "eval"),
    "groups": ("同义题组", "paraphrase groups"),
    "duplicates": ("重复", "exact duplicates"),
    "conflicts": ("答案矛盾的题", "questions with contradicting answers"),
    "held": ("暂不入训", "rows held back"),
    "deleted": ("人工删除", "deleted by hand"),
    "edited": ("人工修改", "edited by hand"),
    "added": ("人工添加", "added by hand"),
    "flagged": ("存疑", "rows with a doubt"),
    "dropped": ("未成题的文本", "units that became no row"),
}
# The other headings and table heads of card.md.
CARD: dict[str, Pair] = {
    "system": ("系统提示", "system prompt"),
    "counts": ("数量", "Counts"),
    "sources": ("来源", "Sources"),
    "kinds": ("题型与长度", "Kinds and lengths"),
    "examples": ("样例", "Examples"),
    "contamination": ("评测集是否泄漏", "Contamination"),
    "doubts": ("已知疑点", "Known doubts"),
    "licence": ("请填写来源的使用许可", "fill in: the licence under which the sources may be used"),
    "all_in": ("每一条都在 `ledger.csv`。", "Every line is in `ledger.csv`."),
    "item": ("项", "item"),
    "count": ("数", "count"),
    "source": ("来源", "source"),
    "questions": ("题数", "questions"),
    "declared": ("自述", "declared"),
    "lost": ("未读", "lost"),
    "kind": ("题型", "kind"),
    "rows": ("数", "rows"),
    "length": ("长度", "length"),
    "characters": ("字符", "characters"),
    "tokens": ("词元", "tokens"),
    "question": ("题", "question"),
    "answer": ("答", "answer"),
    "place": ("出处", "source"),
    "found_in": ("评测题出现于", "eval questions found in"),
    "exact": ("原样", "exact"),
    "near": ("近似", "near (≥ 90%)"),
    "reason": ("原因", "reason"),
}
# What the codes of findings say (:mod:`core.findings`); ledger.csv keeps the codes.
FINDINGS: dict[str, Pair] = {
    "duplicate": ("重复", "a repeat"),
    "conflict": ("答案矛盾", "contradicting answers"),
    "overruled": ("已选另一答案", "another answer was kept"),
    "deleted": ("人工删除", "deleted by hand"),
    "edited": ("人工修改", "edited by hand"),
    "source-gone": ("来源已无", "no longer in the source"),
    "contaminated": ("与他集重复", "also in another set"),
    "later-turn": ("后续轮次", "a later turn"),
    "no-entity": ("缺实体", "its name is missing"),
    "no-column": ("表中无此列", "no such column in the table"),
    "invisible": ("不可见字符", "invisible characters"),
    "pii-phone": ("手机号", "a phone number"),
    "pii-id": ("身份证号", "an identity number"),
    "pii-mail": ("邮箱", "an e-mail address"),
    "heading": ("标题", "a heading"),
    "no-question": ("不是题", "not a question"),
    "no-answer": ("缺答案", "no answer"),
    "no-options": ("缺选项", "no options"),
    "page-furniture": ("页眉页脚", "header or footer of a page"),
    "kind-mismatch": ("题型不符", "the kind does not fit"),
    "excel-time": ("疑被改成时间", "perhaps turned into a time"),
    "excel-date": ("疑被改成日期", "perhaps turned into a date"),
    "excel-error": ("公式错误", "an error of a formula"),
    "answer-conflict": ("文中答案不一", "the text holds two answers"),
    "answer-not-an-option": ("答案不在选项中", "the answer is no option"),
    "answer-from-explanation": ("答案取自解析", "answer taken from the explanation"),
    "tracked-changes": ("含修订", "has tracked changes"),
    "hidden-text": ("含隐藏文字", "has hidden text"),
    "white-text": ("白色的字", "white text on the page"),
    "symbol-font": ("符号字体里的字认不出", "a sign of a symbol font that is not known"),
    "ruby": ("注音未读入", "the reading above it was left out"),
    "footnote": ("脚注未读入", "its footnote was left out"),
    "endnote": ("尾注未读入", "its endnote was left out"),
    "comment": ("有批注", "has a comment"),
    "hidden-sheet": ("隐藏工作表", "a hidden sheet"),
    "option-relettered": ("选项字母已改", "an option's letter was changed"),
    "empty-option": ("空选项", "an empty option"),
    "key-without-question": ("答案无题", "an answer without a question"),
    "key-file": ("答案文件未配上", "the file of answers fits no questions"),
    "missing-type": ("缺题型", "a type is missing"),
    "formula": ("含公式", "has a formula"),
    "ocr-doubt": ("识别存疑", "recognised with doubt"),
    "handwriting": ("手写不读", "handwriting is not read"),
    "image": ("含图片", "has a picture"),
    "struck-text": ("有删除线", "has struck-out text"),
    "hidden-row": ("隐藏行", "a hidden row"),
    "hidden-column": ("隐藏列", "a hidden column"),
    "formula-no-value": ("公式没有值", "a formula without a value"),
    "long-number": ("数超过15位", "a number of more than 15 digits"),
    "csv-quote": ("引号不成对", "a quote without its pair"),
    "extra-cells": ("格数多于表头", "more cells than the header"),
    "answer-index": ("序号起点不明", "counted from 0 or from 1"),
    "thinking": ("含思考过程", "held the model's thinking"),
    "turns-left-out": ("后续轮次无答案", "later turns have no answer"),
    "about-text": ("问文本本身", "asks about the text itself"),
    "echo": ("照抄示例", "copies the example"),
    "generic": ("过于笼统", "too general"),
    "unsupported": ("原文无据", "not in the text"),
    "unanswered": ("答不出", "not answered"),
    "ambiguous": ("同问异答", "one question, several answers"),
    "near-duplicate": ("近似重复", "nearly a repeat"),
    "restates": ("只重复问题", "only repeats the question"),
    "shortened": ("答案截短", "the answer was cut"),
    "too-long": ("答案过长", "the answer is too long"),
    "teacher-disagrees": ("模型的答案与题库不同", "the teacher's own answer is another"),
    "asks-otherwise": ("换了说法，问的不是同一件事", "in these words it asks something else"),
    "no-explanation": ("没有可用的解析", "no explanation to be used"),
    "unread": ("输出读不出", "the reply cannot be read"),
    "refused": ("服务拒绝", "refused by the server"),
    "no-prose": ("正文太短", "hardly any prose"),
    "not-a-question": ("不是问句", "does not ask"),
    "declared-count": ("题数不符", "another number of questions"),
    "judge-letter": ("判断用字母", "judged by a letter"),
    "number-in-stem": ("题干里留着题号", "its number is left in the stem"),
    "holds-question": ("里面像有另一题", "seems to hold another question"),
    "two-columns": ("像把两栏读成一栏", "two columns read as one"),
    "header": ("像是表头", "looks like a header"),
    "answer-shifted": ("答案可能错位", "the answers may be shifted"),
    "answer-unfinished": ("答案像没有完", "the answer seems to go on"),
    "option-mark": ("选项里又写着序号", "an option holds a mark"),
    "learned": ("按人工修改类推", "mended like an edited one"),
    "line-too-long": ("一行过长", "a line is too long"),
    "much-longer": ("比别的长得多", "much longer than the others"),
    "answer-is-mark": ("答案只是序号", "the answer is only a mark"),
    "answer-in-stem": ("答案在题干里", "the answer stands in the stem"),
    "answer-is-options": ("答案像选项", "the answer looks like options"),
    "answer-holds-question": ("答案里有另一题", "the answer holds another question"),
    "answer-wrapped": ("答案带括号引号", "brackets or quotes around the answer"),
    "answer-label": ("残留“答案：”", "an answer's label is left"),
    "coded-answer": ("答案像代号", "the answer looks like a code"),
    "explanation-holds-question": ("解析里有另一题", "the explanation holds another question"),
    "fewer-options": ("选项偏少", "fewer options than the others"),
    "lines-left-out": ("题后有文字未读入", "text after it was left out"),
    "no-options-here": ("唯独此题无选项", "only this one has no options"),
    "number-missing": ("题号不连续", "a number is missing"),
    "one-option": ("只有一个选项", "a single option"),
    "one-sided": ("判断一边倒", "nearly all judged the same"),
    "option-gap": ("选项不连续", "a gap in the options"),
    "option-holds-question": ("选项里有另一题", "an option holds another question"),
    "option-in-option": ("选项里有另一项", "an option holds another"),
    "options-in-stem": ("题干里有选项", "options in the stem"),
    "same-beginning": ("题干开头雷同", "stems begin alike"),
    "same-options": ("选项相同", "two options are the same"),
    "same-stem": ("题干相同", "several share this stem"),
    "short-stem": ("题干过短", "hardly a stem"),
    "stem-residue": ("题干有残留", "something is left in the stem"),
    "two-answers": ("不止一处答案", "more than one answer"),
    "two-questions": ("像有两题", "seems to be two questions"),
    "cut-off": ("回复没有写完", "the reply was cut off"),
    "page-refused": ("这一页没有读出", "this page was not read"),
    "no-text-layer": ("没有文字层", "no text layer"),
    "answer-in-option": ("选项是答案行", "an option is the answer's line"),
}


def both(pair: Pair) -> str:
    """A name for a file that is kept: both languages side by side."""
    zh, en = pair
    return zh if zh == en else f"{zh} {en}"


def column(key: str) -> str:
    """The title of a column of ``review.xlsx``."""
    letter = key.removeprefix("option_")
    return f"选项 {letter}" if letter != key else both(COLUMNS[key])


def column_key(title: str) -> str:
    """The key of a column of ``review.xlsx`` by its title, "" for a person's own."""
    option = _OPTION.match(title)
    return f"option_{option[1]}" if option else _COLUMN_KEYS.get(title, "")


def key_in(table: dict[str, Pair], text: str) -> str:
    """The key that a cell says in either language or in both ("" where none fits)."""
    said = set(text.casefold().split())
    return next((key for key, pair in table.items() if said & {key, *pair}), "")


_OPTION = re.compile(r"选项\s*([A-Z])$")
_COLUMN_KEYS = {column(key): key for key in COLUMNS}
