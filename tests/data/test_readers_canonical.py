"""Documents that count, letter or label in a way of their own: each layout was read wrongly before
the readers looked at what most of a document's questions show."""

from __future__ import annotations

from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook

from core.rows import Row, Source
from core.text import bare
from data_tools.ledger import Ledger
from data_tools.readers import invariants, read
from data_tools.readers.patterns import JUDGE_RIGHT

ASKED = [
    ("世界上最高的山是哪座", ("珠穆朗玛峰", "乔戈里峰", "泰山", "富士山"), "A"),
    ("我国最长的河是哪条", ("黄河", "长江", "珠江", "淮河"), "B"),
    ("面积最大的洋是哪个", ("大西洋", "印度洋", "太平洋", "北冰洋"), "C"),
    ("太阳系最大的行星是哪颗", ("地球", "火星", "金星", "木星"), "D"),
    ("人体最大的器官是哪个", ("肝", "皮肤", "肺", "心"), "B"),
    ("最轻的气体是哪种", ("氧气", "氮气", "氢气", "氯气"), "C"),
]
# fmt: off
SAID = [
    ("声音在真空中不能传播", True), ("鲸是鱼类", False), ("蝙蝠是哺乳动物", True),
    ("地球是平的", False), ("水由氢和氧组成", True), ("蜘蛛有六条腿", False),
]
FILLED = [
    ("我国的首都是{}", "北京"), ("水的沸点是{}度", "100"), ("火警电话是{}", "119"),
    ("三角形的内角和是{}度", "180"), ("地球的卫星是{}", "月球"), ("一年有{}个季节", "四"),
]
TOLD = [
    ("什么是商品？", "用于交换的劳动产品。"), ("什么是死锁？", "进程互相等待对方的资源。"),
    ("什么是折射？", "光在两种介质间改变方向。"),
    ("什么是边际效用？", "多消费一件所增加的满足。"),
    ("什么是生态系统？", "生物与环境的统一整体。"), ("什么是通货膨胀？", "物价持续上涨的现象。"),
]
# fmt: on
ENCLOSED, STEMS, HAN = "⑴⑵⑶⑷⑸⑹", "甲乙丙丁", "一二三四"


def choices(question: str, option: str, answer: str, joint: str = "\n") -> str:
    """Six questions: ``{n}`` the number, ``{e}`` it enclosed, ``{q}`` the stem, ``{t}`` an option's
    text, ``{A}``, ``{a}``, ``{s}``, ``{d}``, ``{h}`` its sign: A, a, 甲, 1, 一."""
    made = []
    for n, (stem, texts, right) in enumerate(ASKED, 1):
        k = "ABCD".index(right)
        names = {"n": n, "e": ENCLOSED[n - 1], "q": stem}

        def signs(j: int) -> dict[str, object]:
            return {"A": "ABCD"[j], "a": "abcd"[j], "s": STEMS[j], "d": j + 1, "h": HAN[j]}

        options = [option.format(t=t, **signs(j)) for j, t in enumerate(texts)]
        parts = [question.format(**names), joint.join(options)]
        parts += [answer.format(t=texts[k], **signs(k))] if answer else []
        made.append("\n".join(parts))
    return "\n\n".join(made)


LAYOUTS = {
    "enclosed numbers": choices("{e}{q}？", "({a}){t}", "〖正解〗{a}", "   "),
    "No. 3": choices("No.{n}  {q}？", "   ({A})  {t}", "   Ans: ({A})\n   Reason - 见第一章"),
    "stems as marks": choices("{n}．{q}（  ）", "{s}、{t}", "答案：{s}"),
    "digits as marks": choices("第{n}题  {q}？", "  {d}) {t}", "答案：{d}"),
    "options by word": choices("第 {n} 题 | 单选 | 难度：易\n{q}", "选项{h}：{t}", "正确：选项{h}"),
    "an unlisted label": choices("Q{n} (2 pts)  {q}?", "   {a}) {t}", "Correct answer is {a}) {t}"),
    "a dash behind the letter": choices("{n}) {q}?", "{A} - {t}", "[Answer] {A} - {t}"),
    "answers behind the last option": "\n".join(
        f"{n}.{q}：A.{a} B.{b} C.{c} D.{d}（{r}）"
        for n, (q, (a, b, c, d), r) in enumerate(ASKED, 1)
    ),
    "options in a bracket": "\n".join(
        f"{n}. {q}? (A. {a} | B. {b} | C. {c} | D. {d}) -> {r}"
        for n, (q, (a, b, c, d), r) in enumerate(ASKED, 1)
    ),
    "named fields": "\n".join(
        f"题干={q} | 选项=A.{a} / B.{b} / C.{c} / D.{d} | 答案={r}" for q, (a, b, c, d), r in ASKED
    ),
    "an answer behind a star": choices("{n:03d} {q}", "    {A} {t}", "    ★{A}"),
    "a solution": choices("【例{n}】{q}（  ）", "{A}．{t}", "解：选{A}。由教材可知。", "　"),
    "fields with signs": "\n".join(
        f"Question: {q}? | Choices: A={a}; B={b}; C={c}; D={d} | Correct: {r}"
        for q, (a, b, c, d), r in ASKED
    ),
    "options by name": choices("题目{n}：{q}（　）", "选项{A} {t}", "正确选项是 {A} 项"),
    "angle brackets": choices("【0{n}】{q}（　）", "<{A}>{t}", "<答案>{A}", " "),
    "a number behind the stem": "\n".join(
        f"{q}（　） [{n}]\nA. {a}  B. {b}  C. {c}  D. {d}\n({r})"
        for n, (q, (a, b, c, d), r) in enumerate(ASKED, 1)
    ),
    "facts beside the answer": choices("(单选题 2分) {q}（　）", "{A}：{t}", "标答：{A}｜难度：易"),
    "the answer in a blank before": "\n".join(
        f"__{r}__ {n}. {q}？\n  a. {a}\n  b. {b}\n  c. {c}\n  d. {d}"
        for n, (q, (a, b, c, d), r) in enumerate(ASKED, 1)
    ),
    "the answer above": "\n".join(
        f"答案：{r}\n{n}. {q}（　）\nA. {a}\nB. {b}\nC. {c}\nD. {d}\n"
        for n, (q, (a, b, c, d), r) in enumerate(ASKED, 1)
    ),
    "a key in prose": choices("{n}、{q}（　）", "{A}、{t}", "")
    + "\n答案：\n" + "，".join(f"第{n}题选{right}" for n, (*_, right) in enumerate(ASKED, 1)),
    "a key by kind": "一、单选\n" + choices("{n}. {q}（　）", "{A}. {t}", "", "  ")
    + "\n参考答案：\n单选：" + " ".join(right for *_, right in ASKED),
    "a head on each page": "\n".join(
        f"{n}、{q}\nA、{a}\nB、{b}\n\n安全知识竞赛　第 {n} 页 共 6 页\n\nC、{c}\nD、{d}\n答案：{r}"
        for n, (q, (a, b, c, d), r) in enumerate(ASKED, 1)
    ),
    "grouped key": choices("{n}、{q}（　）", "{A}．{t}", "", "　")
    + "\n答案\n【1-6】" + "".join(right for *_, right in ASKED),
}  # fmt: skip


def rows_of(folder: Path, text: str, name: str = "a.txt") -> list[Row]:
    (folder / name).write_text(text, encoding="utf-8")
    return list(read(folder / name, Ledger()))


def check_choices(rows: list[Row]) -> None:
    assert [(bare(r.question), tuple(r.options.values()), r.letters) for r in rows] == [
        (bare(stem), texts, right) for stem, texts, right in ASKED
    ]
    assert {row.kind for row in rows} == {"single"} and not any(row.flags for row in rows)


@pytest.mark.parametrize("name", LAYOUTS)
def test_choices(name: str, tmp_path: Path) -> None:
    check_choices(rows_of(tmp_path, LAYOUTS[name]))


def test_the_locator_opens_what_is_stored(tmp_path: Path) -> None:
    text = LAYOUTS["stems as marks"]
    for row in rows_of(tmp_path, text):
        start, _, end = row.source.locator[2:].partition("-")
        assert row.source.text.startswith(text[int(start) : int(end)])


def test_boxes_in_markdown(tmp_path: Path) -> None:
    lines = ["# 入职检查", ""]
    for stem, texts, right in ASKED:
        ticks = ["x" if "ABCD"[k] == right else " " for k in range(4)]
        options = [f"- ({tick}) {text}" for tick, text in zip(ticks, texts, strict=True)]
        lines += [f"### {stem}？", "", *options, "", "> 见第一单元。", ""]
    check_choices(rows_of(tmp_path, "\n".join(lines), "a.md"))


def test_two_columns_on_one_line(tmp_path: Path) -> None:
    def block(n: int) -> list[str]:
        stem, texts, right = ASKED[n]
        return [
            f"{n + 1}. {stem}（{right}）",
            *(f"  {a}. {t}" for a, t in zip("ABCD", texts, strict=True)),
        ]

    pairs = [(block(n), block(n + 3)) for n in range(3)]
    lines = [f"{a:<40}{b}" for left, right in pairs for a, b in zip(left, right, strict=True)]
    check_choices(rows_of(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize("shape", ["（{v}）{n}. {q}。", "{n}、{q}。（{v}）", "{w}：{q}。"])
@pytest.mark.parametrize("signs", ["○╳", "YN", "√×"])
def test_judgements(shape: str, signs: str, tmp_path: Path) -> None:
    lines = [
        shape.format(n=n, q=q, v=signs[not right], w="正确" if right else "错误")
        for n, (q, right) in enumerate(SAID, 1)
    ]
    rows = rows_of(tmp_path, "判断题\n" + "\n".join(lines))
    assert [(bare(r.question), r.answer.lower() in JUDGE_RIGHT) for r in rows] == [
        (bare(q), v) for q, v in SAID
    ]
    assert {row.kind for row in rows} == {"judge"}


@pytest.mark.parametrize("pair", ["对 {}　错 {}", "{} True  {} False"])
def test_a_judgement_ticked_behind_its_statement(pair: str, tmp_path: Path) -> None:
    boxes = {True: ("☑", "□"), False: ("□", "☑")}
    lines = [f"{n}）{q}。　　{pair.format(*boxes[v])}" for n, (q, v) in enumerate(SAID, 1)]
    rows = rows_of(tmp_path, "\n".join(lines))
    assert [(r.question, r.answer) for r in rows] == [
        (f"{q}。", "正确" if v else "错误") for q, v in SAID
    ]


def test_a_key_names_its_chapters(tmp_path: Path) -> None:
    """第一单元：1～3 ABC: each chapter counts from 1."""
    text = ""
    for chapter, part in (("一", ASKED[:3]), ("二", ASKED[3:])):
        text += f"第{chapter}单元\n"
        for n, (q, (a, b, c, d), _) in enumerate(part, 1):
            text += f"{n}．{q}（　）\nA．{a}\tB．{b}\tC．{c}\tD．{d}\n"
    text += "练习题答案\n第一单元：1～3 ABC\n第二单元：1～3 DBC\n"
    check_choices(rows_of(tmp_path, text))


def test_one_list_of_options_for_the_questions_below(tmp_path: Path) -> None:
    text = "配伍题\n【备选答案】\nA.电流表  B.温度计  C.天平\n"
    text += "1.测电流用（A）\n2.测温度用（B）\n3.称质量用（C）"
    rows = rows_of(tmp_path, text)
    assert [(r.question, r.letters) for r in rows] == [
        ("测电流用（ ）", "A"), ("测温度用（ ）", "B"), ("称质量用（ ）", "C")
    ]  # fmt: skip
    assert all(len(row.options) == 3 for row in rows)


def test_a_key_of_blanks_may_begin_with_figures(tmp_path: Path) -> None:
    stems = "".join(f"{n}、{stem.format('____')}。\n" for n, (stem, _) in enumerate(FILLED, 1))
    key = "；".join(f"{n}、{said}" for n, (_, said) in enumerate(FILLED, 1))
    rows = rows_of(tmp_path, f"一、填空题\n{stems}\n填空题答案：\n{key}。\n")
    assert [row.answer.rstrip("。") for row in rows] == [said for _, said in FILLED]


@pytest.mark.parametrize("bracket", ["【{}】", "{{{}}}", "[{}]"])
def test_blanks_filled_in_brackets(bracket: str, tmp_path: Path) -> None:
    lines = [
        f"{n}. {stem.format(bracket.format(said))}。" for n, (stem, said) in enumerate(FILLED, 1)
    ]
    rows = rows_of(tmp_path, "填空题\n" + "\n".join(lines))
    assert [row.answer for row in rows] == [said for _, said in FILLED]
    assert not any(said in row.question for row, (_, said) in zip(rows, FILLED, strict=True))


@pytest.mark.parametrize(
    "shape",
    ["▲问题{n}　{q}\n◎回复　{a}\n", "题目{n}：{q} 答案{n}：{a}", "{n}、{q}\n要点说明：{a}\n"],
)
def test_questions_and_answers(shape: str, tmp_path: Path) -> None:
    lines = [shape.format(n=n, q=q, a=a) for n, (q, a) in enumerate(TOLD, 1)]
    rows = rows_of(tmp_path, "\n".join(lines))
    assert [(row.question, row.answer) for row in rows] == TOLD


def test_essays_below_one_heading_again_and_again(tmp_path: Path) -> None:
    document = Document()
    for n, (question, _) in enumerate(TOLD[:4]):
        for text in (f"{HAN[n]}、{question}", "【参考答案要点】", "1. 其一。", "2. 其二。"):
            document.add_paragraph(text)
    document.save(str(tmp_path / "a.docx"))
    rows = list(read(tmp_path / "a.docx", Ledger()))
    assert [row.question for row in rows] == [question for question, _ in TOLD[:4]]
    assert {bare(row.answer) for row in rows} == {bare("1. 其一。2. 其二。")}


def test_a_sheet_of_unknown_titles(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["题目", "备选", "答案"])
    for stem, texts, right in ASKED:
        book.active.append([stem, "；".join(texts), "ABCD".index(right) + 1])
    book.save(tmp_path / "a.xlsx")
    check_choices(list(read(tmp_path / "a.xlsx", Ledger())))


def test_answers_by_number_below_a_title_or_none(tmp_path: Path) -> None:
    head = '"问题","选项1","选项2","选项3","选项4","正确答案序号"'
    lines = [",".join(f'"{x}"' for x in [f"{q}？", *t, "ABCD".index(r) + 1]) for q, t, r in ASKED]
    check_choices(rows_of(tmp_path, "\n".join([head, *lines]), "a.csv"))
    check_choices(rows_of(tmp_path, "\n".join(lines), "b.csv"))


def test_a_table_for_each_question(tmp_path: Path) -> None:
    document = Document()
    told = []
    for stem, texts, right in [*ASKED, (SAID[0][0], (), "正确")]:
        options = [(f"选项{letter}", text) for letter, text in zip("ABCD", texts, strict=False)]
        kind = ("题型", "单选题" if texts else "判断题")
        told.append([kind, ("题干", stem), *options, ("正确答案", right), ("解析", "")])
    for fields in told:
        table = document.add_table(0, 2)
        for name, text in fields:
            cells = table.add_row().cells
            cells[0].text, cells[1].text = name, text
        document.add_paragraph("")
    document.save(str(tmp_path / "a.docx"))
    rows = list(read(tmp_path / "a.docx", Ledger()))
    check_choices(rows[:-1])
    assert (rows[-1].question, rows[-1].answer, rows[-1].kind) == (SAID[0][0], "正确", "judge")


def test_a_section_of_judgements_that_are_all_no(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["章", "编号", "题   目", "A", "B", "C", "D", "答 案"])
    book.active.append(["一、单项选择题"])
    for n, (stem, texts, right) in enumerate(ASKED, 1):
        book.active.append([None, n, stem, *texts, right])
    book.active.append(["二、判断题（Y对N错）"])
    for n, (stem, right) in enumerate(SAID, 1):
        if not right:
            book.active.append([None, n, stem, None, None, None, None, "N"])
    book.save(tmp_path / "a.xlsx")
    rows = list(read(tmp_path / "a.xlsx", Ledger()))
    check_choices(rows[:6])
    assert {(row.kind, row.answer) for row in rows[6:]} == {("judge", "错误")}


def test_an_option_behind_a_missing_one_is_doubted(tmp_path: Path) -> None:
    lines = [
        f"{n}、{q}（ ）。\nA、{t[0]}\nB、{t[1]}\nC、{t[2]}\nD、{t[3]}\n答案：A"
        for n, (q, t, _) in enumerate(ASKED, 1)
    ]
    rows = rows_of(tmp_path, "\n\n".join(lines).replace("\nC、珠江", ""))
    invariants.examine(rows, [])
    assert [bool(row.flags) for row in rows] == [n == 2 for n in range(1, 7)]


def test_an_answer_that_names_its_column(tmp_path: Path) -> None:
    lines = ["Prompt;Choice1;Choice2;Choice3;Choice4;Correct"]
    lines += [";".join([q, *t, f"Choice{'ABCD'.index(r) + 1}"]) for q, t, r in ASKED]
    check_choices(rows_of(tmp_path, "\n".join(lines), "a.csv"))


def wrong(rows: list[Row]) -> set[str]:
    return {flag.partition(":")[0] for row in rows for flag in row.flags}


def test_doubts_know_no_layout() -> None:
    """What the rows of a misread bank look like, whatever the reader that made them."""
    from core.rows import Source

    def row(question: str, answer: str, kind: str = "qa", text: str = "", **more: object) -> Row:
        source = Source("a.txt", "", "c:0-1", text or question)
        return Row(question, answer, source, kind, **more)  # type: ignore[arg-type]

    four = {"A": "甲", "B": "乙", "C": "丙", "D": "丁"}
    counted = [row(ENCLOSED[n] + f"{q}？", "B", "single", options=four, letters="B")
               for n, (q, _, _) in enumerate(ASKED)]  # fmt: skip
    listed = [row(f"{q}\n甲、{t[0]}\n乙、{t[1]}\n丙、{t[2]}", "乙") for q, t, _ in ASKED]
    marked = [row(q, "A", "single", options={a: f"{a}. {t}" for a, t in four.items()}, letters="A")
              for q, _, _ in ASKED]  # fmt: skip
    columns = [row(q, "A", "single", options={a: f"{t}        {a}. 别的" for a, t in four.items()},
                   letters="A") for q, _, _ in ASKED]  # fmt: skip
    swallowed = [row(q, "√", "judge", text=f"（√）{2 * n}. {q}\n（×）{2 * n + 1}. 另一题")
                 for n, (q, _) in enumerate(SAID)]  # fmt: skip
    for rows, code in (
        (counted, "number-in-stem"), (listed, "options-in-stem"), (marked, "option-mark"),
        (columns, "two-columns"), (swallowed, "holds-question"),
        ([row(q, "组织学习；") for q, _ in TOLD], "answer-unfinished"),
        ([row(q, f"◎回复　{a}") for q, a in TOLD], "answer-label"),
        ([row(f"{q}。　对 □　错", "√", "judge") for q, _ in SAID], "stem-residue"),
        ([row(q, "疑是地上霜；5、3.14；6、北京；7、天") for q, _ in TOLD], "answer-holds-question"),
        ([row(q, f"Ⅰ. {a}\nⅡ. 别的\n正确：Ⅱ") for q, a in TOLD], "answer-is-options"),
        ([row(q, "1-D, 2-E, 3-A, 4-B") for q, _ in TOLD], "answer-is-mark"),
        ([row(t[0], "×", "judge", explanation=f"下题\n{q}？") for q, t, _ in ASKED],
         "explanation-holds-question"),
        ([row(f"6\n{q}", "A", "single", options=four, letters="A") for q, _, _ in ASKED],
         "same-beginning"),
        ([row(f"{q} [{n}]", "A", "single", options=four, letters="A")
          for n, (q, _, _) in enumerate(ASKED)], "number-in-stem"),
    ):  # fmt: skip
        invariants.examine(rows)
        assert code in wrong(rows) and all(each.flags for each in rows), code


def test_answers_one_off_are_doubted() -> None:
    """An answer before the first question: each may belong to the one below it."""
    from core.findings import Finding
    from core.rows import Source
    from data_tools.ledger import Entry

    rows = [Row(q, t[1], Source("a.txt", "", f"p:{9 * n + 2}", q), "single", options={"A": t[0],
            "B": t[1]}, letters="B") for n, (q, t, _) in enumerate(ASKED)]  # fmt: skip
    invariants.examine(rows, [Entry("a.txt", "p:1", Finding("no-question"), "答案：B")])
    assert all("answer-shifted" in {flag.partition(":")[0] for flag in row.flags} for row in rows)


def test_a_doubt_is_whole_in_either_language() -> None:
    """A doubt is kept as one string; its code, facts and texts stand beside."""
    import pickle

    from data_tools.readers.doubt import TEXTS, doubt

    made = pickle.loads(pickle.dumps(doubt("fewer-options", count=2, usual=4)))
    assert made == "fewer-options: 选项比别的题少：2 项，通常 4 项 2 of the usual 4 options"
    assert made.code == "fewer-options" and made.facts == {"count": 2, "usual": 4}
    assert made.detail == ("选项比别的题少：2 项，通常 4 项", "2 of the usual 4 options")
    assert all(not any("一" <= c <= "鿿" for c in en) for _, en in TEXTS.values())


def _plain(name: str, fmt: str, head: str = "", tail: str = "") -> tuple[str, str]:
    made = []
    for k, (asked, options, letter) in enumerate(ASKED, 1):
        ticks = {f"t{x}": " √" if x == letter else "" for x in "ABCD"}
        boxes = {f"b{x}": "x" if x == letter else " " for x in "ABCD"}
        signs = {f"s{x}": "√" if x == letter else "×" for x in "ABCD"}
        given = dict(zip("ABCD", options, strict=True))
        words = {"n": k, "han": "一二三四五六"[k - 1], "asked": asked, "letter": letter}
        words |= {"low": letter.lower(), "figure": ord(letter) - 64} | given
        made.append(fmt.format(**words, **ticks, **boxes, **signs))
    return name, head + "\n".join(made) + tail


@pytest.mark.parametrize(
    ("name", "text"),
    [
        _plain("circled.txt", "{n}. ({figure}) {asked}　　①{A}②{B}③{C}④{D}。"),
        _plain("behind.txt", "（{n}）{asked}＿＿＿。\na) {A}{tA}   b) {B}{tB}\n"
               "c) {C}{tC}   d) {D}{tD}"),
        _plain("crossed.txt", "{n}. {asked}（ ）\n{sA} A. {A}\n"
               "{sB} B. {B}\n{sC} C. {C}\n{sD} D. {D}"),
        _plain("check.md", "### {n}. {asked}\n\n- [{bA}] {A}\n"
               "- [{bB}] {B}\n- [{bC}] {C}\n- [{bD}] {D}\n"),
        _plain("han.txt", "{han}、{asked}？\n（A）{A}（B）{B}（C）{C}（D）{D}\n答：{letter}"),
        _plain(
            "part.md",
            "{n}) {asked}?\n\n    (a) {A}\n    (b) {B}\n    (c) {C}\n    (d) {D}\n",
            "## Part I. Multiple choice\n\n",
            "\n## Answer key\n\n**Part I:** 1. a, 2. b, 3. c, 4. d, 5. b, 6. c\n",
        ),
        _plain(
            "chapter.txt",
            "{n}.{asked}（  ）\nA.{A}\nB.{B}\nC.{C}\nD.{D}",
            "第一章  常识\n",
            "\n【本章答案】1-5 ABCDB  6 C\n",
        ),
        _plain("figure.txt", "問{n}　{n}0人に聞く。{asked}か。\n"
               "ア．{A}　イ．{B}　ウ．{C}　エ．{D}\n正解：{low}"),
    ],
    ids=lambda value: value if value.endswith((".txt", ".md")) else "",
)  # fmt: skip
def test_marks_and_ticks_of_a_documents_own(name: str, text: str, tmp_path: Path) -> None:
    if name == "figure.txt":
        text = text.translate({ord(x): y for x, y in zip("abcd", "アイウエ", strict=True)})
    (tmp_path / name).write_text(text, encoding="utf-8")
    rows = list(read(tmp_path / name, Ledger()))
    told = [(list(row.options.values()), "".join(row.letters), row.flags) for row in rows]
    assert told == [(list(options), letter, []) for _, options, letter in ASKED]
    assert all(asked in row.question for row, (asked, _, _) in zip(rows, ASKED, strict=True))


def _ticked() -> list[list[object]]:
    heads = [x for k in "ABCD" for x in (f"选项{k}", "是否正确")]
    rows = [
        [a, *(x for k, o in zip("ABCD", opts, strict=True) for x in (o, "√" if k == c else None))]
        for a, opts, c in ASKED
    ]
    return [["题目", *heads], *rows]


SHEETS: dict[str, list[list[object]]] = {
    "ticks": _ticked(),
    "text": [["问题", "选项①", "选项②", "选项③", "选项④", "正确选项内容"]]
    + [[a, *options, options[ord(c) - 65]] for a, options, c in ASKED],
    "from 0": [["question", "option_0", "option_1", "option_2", "option_3", "correct_index"]]
    + [[a, *options, ord(c) - 65] for a, options, c in ASKED],
    "letters": [["题号", "题目", "选项", "选项内容", "是否答案"]]
    + [
        [n if k == "A" else None, a if k == "A" else None, k, o, "是" if k == c else "否"]
        for n, (a, options, c) in enumerate(ASKED, 1)
        for k, o in zip("ABCD", options, strict=True)
    ],
    "odd titles": [["题面", "甲选", "乙选", "丙选", "丁选", "正答"]]
    + [[a, *options, c] for a, options, c in ASKED],
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_says_the_right_option_in_its_own_way(name: str, tmp_path: Path) -> None:
    book = Workbook()
    for row in SHEETS[name]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    rows = list(read(tmp_path / "a.xlsx", Ledger()))
    told = [(r.question, list(r.options.values()), "".join(r.letters), r.flags) for r in rows]
    assert told == [(asked, list(options), letter, []) for asked, options, letter in ASKED]


def test_figures_count_options_that_are_figures_too(tmp_path: Path) -> None:
    told = [("最小的质数", "2 0 3 1", 1)] + [(f"{k} 的两倍", "9 8 7 6", 3) for k in range(4)]
    book = Workbook()
    book.active.append(["题目", "选项1", "选项2", "选项3", "选项4", "答案"])
    for asked, options, figure in told:
        book.active.append([asked, *options.split(), str(figure)])
    book.save(tmp_path / "a.xlsx")
    letters = ["".join(row.letters) for row in read(tmp_path / "a.xlsx", Ledger())]
    assert letters == ["A", "C", "C", "C", "C"]


def test_a_right_and_several_wrong_columns(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["问题", "正确答案", "错误答案1", "错误答案2", "错误答案3"])
    for asked, options, letter in ASKED:
        right = options[ord(letter) - 65]
        book.active.append([asked, right, *(text for text in options if text != right)])
    book.save(tmp_path / "a.xlsx")
    rows = list(read(tmp_path / "a.xlsx", Ledger()))
    assert [row.options[row.letters[0]] for row in rows] == [o[ord(c) - 65] for _, o, c in ASKED]


def test_two_lists_to_match_are_one_question(tmp_path: Path) -> None:
    lists = "1）{}甲\t\tA）子\n2）{}乙\t\tB）丑\n3）{}丙\t\tC）寅\n答案：1-C  2-A  3-B\n"
    text = "".join(f"{k}．将第{k}组连线。\n" + lists.format(k, k, k) for k in range(1, 5))
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    rows = list(read(tmp_path / "a.txt", Ledger()))
    assert [row.question.split("\n")[0] for row in rows] == [
        f"将第{k}组连线。" for k in range(1, 5)
    ]
    assert {row.answer for row in rows} == {"1-C  2-A  3-B"} and not any(r.flags for r in rows)


def test_what_one_question_left_before_another_is_doubted(tmp_path: Path) -> None:
    asked = [f"{a}（）。\nA {o[0]}\nB {o[1]}\nC {o[2]}\nD {o[3]}\n{c}" for a, o, c in ASKED * 2]
    asked[7] = "提高存款准备金率的结果\n\n" + asked[7]
    (tmp_path / "a.txt").write_text("\n\n".join(asked), encoding="utf-8")
    rows = list(read(tmp_path / "a.txt", Ledger()))
    assert [bool(row.flags) for row in rows] == [k == 7 for k in range(12)]


def test_signs_are_doubted_that_were_taken_for_ticks() -> None:
    rows = [
        Row(
            asked, "；".join(options), Source("a", "0" * 64, f"p:{k}", asked), "multiple",
            options=dict(zip("ABCD", options, strict=True)), letters="ABCD",
        )
        for k, (asked, options, _) in enumerate(ASKED)
    ]  # fmt: skip
    invariants.examine(rows)
    assert all(row.flags for row in rows)


def test_escaped_rules_in_markdown_are_rules(tmp_path: Path) -> None:
    cards = "".join(f"**Q：** {k}的一半是\\_\\_\\_\\_。\n\n**A：** 半{k}\n\n" for k in range(5))
    (tmp_path / "a.md").write_text(cards, encoding="utf-8")
    assert [row.question for row in read(tmp_path / "a.md", Ledger())] == [
        f"{k}的一半是____。" for k in range(5)
    ]
