"""Kinds of layout met in other people's banks, each with a bank of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from docx import Document
from docx.oxml import parse_xml

from core.rows import Row
from data_tools import tables
from data_tools.interchange import reader
from data_tools.ledger import Ledger
from data_tools.readers import read
from data_tools.readers.doubt import code_of
from data_tools.readers.how import USUAL
from tests.data.inputs import papers

FRUITS = ["苹果", "香蕉", "樱桃", "葡萄"]


def written(folder: Path, text: str, name: str = "a.txt", encoding: str = "utf-8") -> list[Row]:
    (folder / name).write_text(text, encoding=encoding)
    return list(read(folder / name, Ledger()))


def told(rows: list[Row]) -> list[tuple[str, int, str]]:
    return [(row.question, len(row.options), row.letters or row.answer) for row in rows]


@pytest.mark.parametrize("sign", ["&", "#", "|||"])
def test_stem_and_options_in_one_cell(sign: str, tmp_path: Path) -> None:
    lines = ["题目,题目类型,答案,分数"]
    lines += [f"红色的水果{k}有（）{sign}{sign.join(FRUITS)},1,苹果{sign}樱桃,5" for k in range(4)]
    lines += [f"黄色的水果{k}是（）{sign}{sign.join(FRUITS)},0,香蕉,5" for k in range(4)]
    lines += [f"水果{k}长在树上,2,{k % 2},5" for k in range(6)]
    rows = written(tmp_path, "\n".join(lines), "a.csv")
    assert told(rows[:8]) == [(f"红色的水果{k}有（）", 4, "AC") for k in range(4)] + [
        (f"黄色的水果{k}是（）", 4, "B") for k in range(4)
    ]
    assert [row.kind for row in rows] == ["multiple"] * 4 + ["single"] * 4 + ["judge"] * 6
    codes = [[code_of(flag) for flag in row.flags] for row in rows]
    assert codes == [[]] * 8 + [["judge-letter"]] * 6  # nothing says whether 0 or 1 is right


def test_figures_among_the_options_are_no_titles(tmp_path: Path) -> None:
    """GBK without a header; one row's options are 1, 5, 4, which could title options A, E, D."""
    lines = [f"{k},第{k}种水果叫做(　)。,{','.join(FRUITS)},{'ABCD'[k % 4]}" for k in range(1, 9)]
    lines[5] = "6,一只手有(　)根手指。,1,5,4,2~3,B"
    rows = written(tmp_path, "\n".join(lines), "a.csv", "gbk")
    assert [row.letters for row in rows] == list("BCDABBDA")
    assert rows[5].options == {"A": "1", "B": "5", "C": "4", "D": "2~3"}


def test_a_table_of_one_column_is_lines_in_boxes(tmp_path: Path) -> None:
    document = Document()
    lines = []
    for k in range(1, 7):
        lines += [f"QuestionID  :  {900 + k}   Subject  Fruit", f"Q{k}. Which fruit is number {k}"]
        options = [f"     {n}.  fruit {k}{n}" for n in range(1, 5)] if k < 4 else []
        said = str(k) if k < 4 else "TFT"[k - 4]
        lines += [*options, f"     Correct Answer : {said}", "     Your Answer : 0"]
    table = document.add_table(len(lines), 1)
    for row, line in zip(table.rows, lines, strict=True):
        row.cells[0].text = line
    document.save(str(tmp_path / "a.docx"))
    rows = list(read(tmp_path / "a.docx", Ledger()))
    assert told(rows) == [
        (f"Which fruit is number {k}", 4 if k < 4 else 0, "ABCTFT"[k - 1]) for k in range(1, 7)
    ]
    assert [row.kind for row in rows] == ["single"] * 3 + ["judge"] * 3
    assert rows[1].source.locator == "t:1:r:10:c:1"
    assert not any(row.flags for row in rows)


def asked(head: str, text: str = "哪一种水果是红色的（ ）。") -> str:
    options = "\n".join(f"{letter}. {x}" for letter, x in zip("ABCD", FRUITS, strict=True))
    return f"{head}{text}\n{options}\n正确答案：A\n"


def test_a_number_without_a_sign_goes_on_with_the_count(tmp_path: Path) -> None:
    heads = ["1、", "2、[2分]", "3", "4[2分]", "5、", "6"]
    texts = [
        "甲是（ ）。",
        "乙是（ ）。",
        "（ ）年是丙。",
        "丁是（ ）。",
        "戊是（ ）。",
        "己是（ ）。",
    ]
    pairs = zip(heads, texts, strict=True)
    rows = written(tmp_path, "\n\n".join(asked(*pair) for pair in pairs))
    assert told(rows) == [(text, 4, "A") for text in texts]


def test_a_type_word_before_a_quotation(tmp_path: Path) -> None:
    stems = ["“红色”的水果是（）", "《水果》说的是（）", "（）是红色的水果", "红色的水果是（）"]
    heads = [f"{k}、单选题" for k in range(1, 5)]
    rows = written(tmp_path, "\n".join(map(asked, heads, stems)))
    assert [row.question for row in rows] == stems
    assert not any(row.flags for row in rows)


def test_markup_that_is_asked_about_stays(tmp_path: Path) -> None:
    text = (
        "1.（ A ）表示表头跨两列。\nA．<th colspan=2>名</th>\nB. <th rowspan=2>名</th>\n"
        "C. <td colspan=2>名</td>\nD. <td rowspan=2>名</td>\n"
        "2.关于<a>标签，错误的是（ B ）。\nA. 必须有href\nB. 没有内容\nC. 可以嵌套\nD. 可以换行\n"
    )
    rows = written(tmp_path, text)
    assert rows[0].options["B"] == "<th rowspan=2>名</th>"
    assert [row.flags for row in rows] == [[], []]


def test_a_heading_that_breaks_is_one_question(tmp_path: Path) -> None:
    """``<h3>第2题：…<br>…</h3>``: its second line heads nothing."""
    parts = [
        f"<h3>第{k}题：下列各种常见的水果之中第{k}种水果"
        f"{'<br>' if k % 2 else ''}是哪一个：</h3><ul>"
        + "".join(f"<li>{x}: {text}{k}</li>" for x, text in zip("ABCD", FRUITS, strict=True))
        + "</ul><p>答案：AC</p>"
        for k in range(1, 7)
    ]
    rows = written(tmp_path, f"<html><body>{''.join(parts)}</body></html>", "a.html")
    assert told(rows) == [
        (f"下列各种常见的水果之中第{k}种水果是哪一个：", 4, "AC") for k in range(1, 7)
    ]


def test_a_ruler_is_no_picture_and_a_heading_no_stem(tmp_path: Path) -> None:
    document = Document()
    namespaces = (
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    )
    options = "\nA. Rain\nB. Sun\nC. Snow\n→ Answer: B"
    titles = ["Weather in Public and Private Administration", "Clouds"]
    for at, title in enumerate(titles):
        document.add_paragraph(f"Section {'I' * (at + 1)} – {title}")
        for word in ("lasts longest", "comes first", "is rare"):
            paragraph = document.add_paragraph(f"Which of these {word} ({at})?{options}")
            paragraph.style = document.styles["List Number"]
        document.add_paragraph()._p.append(
            parse_xml(f'<w:r {namespaces}><w:pict><v:rect o:hr="t"/></w:pict></w:r>')
        )
    for number, title in enumerate(titles, 1):
        document.add_paragraph(f"{number}. {title}")
        document.add_paragraph(f"An officer measures {number}. What does he find?{options}")
    document.save(str(tmp_path / "a.docx"))
    rows = list(read(tmp_path / "a.docx", Ledger()))
    assert [row.question for row in rows[-2:]] == [
        f"An officer measures {n}. What does he find?" for n in (1, 2)
    ]
    assert len(rows) == 8
    assert not any(row.flags or row.explanation for row in rows)


def test_y_and_n_as_printed_options(tmp_path: Path) -> None:
    parts = [f"[判断]{k}.第{k}种水果是红的\nA.Y\nB.N\n答案:{'AB'[k % 2]}" for k in range(1, 5)]
    rows = written(tmp_path, "\n".join(parts))
    assert [row.answer for row in rows] == ["错误", "正确", "错误", "正确"]


def test_questions_in_sections_of_chapters(tmp_path: Path) -> None:
    """Nested JSON: questions with content and answer are no options with a mark."""
    choice = [{"label": x, "text": text} for x, text in zip("ABCD", FRUITS, strict=True)]
    judged = [
        {"type": "判断题", "content": f"第{k}种水果是甜的。", "answer": "×√"[k]} for k in (0, 1)
    ]
    asked = [
        {"type": "单选题", "content": "红色的水果是", "options": choice, "answer": "C"},
        {"type": "单选题", "content": "黄色的水果是", "options": choice[1:], "answer": "B"},
        {"type": "单选题", "content": "绿色的水果是", "options": choice},
    ]
    terms = [{"type": "名词解释", "content": x, "answer": f"{x}是水果。"} for x in FRUITS[:2]]
    parts = [{"type": "题", "questions": x} for x in (asked, judged, terms)]
    (tmp_path / "a.json").write_text(json.dumps([{"chapter": "水果", "sections": parts}]), "utf-8")
    ledger = Ledger()
    rows = list(reader(tmp_path / "a.json")(tmp_path / "a.json", ledger, "a.json", USUAL))
    assert [row.kind for row in rows] == ["single", "single", "judge", "judge", "qa", "qa"]
    assert [row.answer for row in rows[:3]] == ["C. 樱桃", "A. 香蕉", "×"]
    assert [[code_of(flag) for flag in row.flags] for row in rows[:2]] == [[], ["option-gap"]]
    assert [entry.reason for entry in ledger.entries] == ["no-answer"]


def test_how_many_to_choose_is_a_type_word(tmp_path: Path) -> None:
    heads = [
        "红色的水果是（选一项）", "甜的水果有（选两项）", "(选择2项)酸的水果有",
        "圆的水果有[选3项]（ ）", "下列代码输出（多选）\nprint(1)\nprint(2)",
    ]  # fmt: skip
    said = ["A", "AC", "BD", "AB", "AB"]
    options = "\n".join(f"{x}. {text}" for x, text in zip("ABCD", FRUITS, strict=True))
    pairs = zip(heads, said, strict=True)
    text = "\n\n".join(f"{k}、{head}\n{options}\n答案：{x}" for k, (head, x) in enumerate(pairs, 1))
    rows = written(tmp_path, text)
    assert [row.question for row in rows] == [
        "红色的水果是", "甜的水果有", "酸的水果有", "圆的水果有（ ）",
        "下列代码输出\nprint(1)\nprint(2)",
    ]  # fmt: skip
    assert [row.kind for row in rows] == ["single", *["multiple"] * 4]
    codes = [[code_of(flag) for flag in row.flags] for row in rows]
    assert codes == [[], [], [], ["kind-mismatch"], []]


def test_the_numbers_of_blanks_are_no_answers(tmp_path: Path) -> None:
    text = "1.(填空题)红色的水果是____。我的答案：\n正确答案：\n(1) 苹果\n"
    text += "2.(填空题)黄色的水果是____和____。\n正确答案：\n(1) 香蕉\n(2) 芒果\n"
    text += "3.(填空题)紫色的水果是____。\n正确答案：\n(1)\n葡萄\n"
    text += "4.(简答题)水果有什么好处？\n正确答案：\n(1) 好吃\n(2) 好看\n"
    rows = written(tmp_path, text)
    assert [row.answer for row in rows] == ["苹果", "香蕉；芒果", "葡萄", "(1) 好吃\n(2) 好看"]
    assert rows[0].question == "红色的水果是____。"


def test_options_by_number_below_a_number_in_words(tmp_path: Path) -> None:
    """``Q. No. 1`` with options 1. to 4., as a PDF prints it."""
    parts = [
        f"Q. No. {k}\nWhich of the following fruits is number {k}?\ns2.eat(5);\n"
        + "\n".join(f"{n}. fruit {n}{k}" for n in range(1, 5))
        + f"\nCorrect Answer: {k % 4 + 1}"
        for k in range(1, 9)
    ]
    rows = written(tmp_path, "\n\n".join(parts))
    assert told(rows) == [
        (f"Which of the following fruits is number {k}?\ns2.eat(5);", 4, "ABCD"[k % 4])
        for k in range(1, 9)
    ]


def test_letters_of_a_pdf_have_the_size_they_are_drawn_at(tmp_path: Path) -> None:
    """``1 Tf`` drawn nine times as large: the gaps between letters are no spaces."""
    lines = [f"{k}. Which little fruit is {k}?\nA. lilac\nB. lily\nAnswer: B" for k in range(1, 5)]
    drawn = papers.pdf(papers.column("\n".join(lines).split("\n"), size=9))
    scaled = drawn.replace(b"/F1 9 Tf 1 0 0 1 ", b"/F1 1 Tf 9 0 0 9 ")
    assert scaled != drawn
    (tmp_path / "a.pdf").write_bytes(scaled)
    rows = list(read(tmp_path / "a.pdf", Ledger()))
    assert told(rows) == [(f"Which little fruit is {k}?", 2, "B") for k in range(1, 5)]


def test_signs_of_arithmetic_are_no_markup(tmp_path: Path) -> None:
    """``3*4*5`` lost its signs in Markdown, ``a<b 且 b>c`` what stood between them elsewhere."""
    text = "1. 3*4*5 等于（ ）\n\nA. 60\n\n**B. 2**3**2**\n\nC. $a*b*c$\n\n答案：A\n\n"
    rows = written(
        tmp_path, text + "2. 2**3**2 是*几*（ ）\n\nA. 512\n\nB. (2)*(3)*4\n\n答案：A\n", "a.md"
    )
    assert [row.question for row in rows] == ["3*4*5 等于（ ）", "2**3**2 是几（ ）"]
    assert rows[0].options["C"] == "$a*b*c$" and rows[1].options["B"] == "(2)*(3)*4"
    stem, options = (
        "若 a<b 且 b>c，则（ ）",
        ["x<y>z", "<b>粗</b>", "vector<int> v", "10<sup>8</sup>"],
    )
    bank = [{"question": f"{k}{stem}", "options": options, "answer": "D"} for k in "甲乙"]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(bank, ensure_ascii=False), encoding="utf-8")
    rows = list(reader(path)(path, Ledger(), "a.json", USUAL))
    assert [row.question for row in rows] == [f"{k}{stem}" for k in "甲乙"]
    assert list(rows[0].options.values()) == ["x<y>z", "粗", "vector<int> v", "10⁸"]
    assert tables.plain("a<b 且 b>c") == "a<b 且 b>c"
