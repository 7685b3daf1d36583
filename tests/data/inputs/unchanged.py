"""What Word, Excel and CSV files change on the way, and must not."""

from __future__ import annotations

from openpyxl.cell.rich_text import TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from tests.data.inputs.build import (
    case,
    chunk,
    docx,
    down,
    inline,
    math,
    p,
    r,
    raw_xlsx,
    rich,
    t,
    table,
    up,
    xlsx,
)  # fmt: skip

HEAD = ("题干", "答案")
UP, LOW = InlineFont(vertAlign="superscript"), InlineFont(vertAlign="subscript")
GONE = InlineFont(strike=True)

# superscripts and subscripts
case(
    "up_negative.docx",
    docx(p("1. 阿米的数量级是多少？"), p("答案：10", up("-18"), "米")),
    [("阿米的数量级是多少？", "10⁻¹⁸米")],
)
case(
    "up_two_runs.docx",
    docx(p("1. x的n加1次方怎么写？"), p("答案：x", up("n"), up("+1"))),
    [("x的n加1次方怎么写？", "x^{n+1}")],
)
case(
    "up_ion.docx",
    docx(p("1. 硫酸根离子的符号是什么？"), p("答案：SO", down("4"), up("2-"))),
    [("硫酸根离子的符号是什么？", "SO₄²⁻")],
)
case(
    "up_question.docx",
    docx(
        p("1. 10", up("3"), "克等于多少千克？"),
        p("答案：1千克"),
        p("2. 103克等于多少千克？"),
        p("答案：0.103千克"),
    ),
    [("10³克等于多少千克？", "1千克"), ("103克等于多少千克？", "0.103千克")],
)
case(
    "down_word.docx",
    docx(p("1. 动能的符号写作什么？"), p("答案：E", down("k"))),
    [("动能的符号写作什么？", "E_{k}")],
)
case(
    "up_options.docx",
    docx(
        p("1. 下列哪个最大？（ ）"),
        p("A. 10", up("6")),
        p("B. 106"),
        p("C. 10", up("9")),
        p("答案：C"),
    ),
    [("下列哪个最大？（ ）", {"A": "10⁶", "B": "106", "C": "10⁹"}, "C")],
)
case(
    "up_style.docx",
    docx(
        p("1. 三的平方是多少？"),
        p("答案：3", "<w:r><w:rPr><w:rStyle w:val='S'/></w:rPr><w:t>2</w:t></w:r>", "，即九"),
        styles='<w:style w:type="character" w:styleId="S">'
        '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>',
    ),
    [("三的平方是多少？", "3²，即九")],
)
case(
    "up_in_table.docx",
    docx(
        table(HEAD, ("百万怎么写？", "@"), ("亿怎么写？", "一万万")).replace(
            r("@"), r("10") + up("6")
        )
    ),
    [("百万怎么写？", "10⁶"), ("亿怎么写？", "一万万")],
)
case(
    "up_rich.xlsx",
    xlsx(
        [
            HEAD,
            ("光年约多少米？", rich("9.46×10", TextBlock(UP, "15"), "米")),
            ("臭氧的化学式？", rich("O", TextBlock(LOW, "3"))),
        ]
    ),
    [("光年约多少米？", "9.46×10¹⁵米"), ("臭氧的化学式？", "O₃")],
)
case(
    "up_stem.xlsx",
    xlsx([HEAD, (rich("2", TextBlock(UP, "10"), "是多少？"), "1024"), ("210是多少？", "二百一十")]),
    [("2¹⁰是多少？", "1024"), ("210是多少？", "二百一十")],
)
case(
    "up_inline.xlsx",
    raw_xlsx(
        f'<row r="1">{inline("A1", "<t>题干</t>")}{inline("B1", "<t>答案</t>")}</row><row r="2">'
        f"{inline('A2', '<t>立方米的符号？</t>')}"
        + inline("B2", '<r><t>m</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>3</t></r>')
        + "</row>"
    ),
    [("立方米的符号？", "m³")],
)
case(
    "up_html.md",
    "1. 声速约为3.4×10<sup>2</sup>米每秒对吗？\n答案：对\n\n2. 水写作H<sub>2</sub>O吗？\n"
    "答案：是".encode(),
    [("声速约为3.4×10²米每秒对吗？", "对"), ("水写作H₂O吗？", "是")],
)

# struck-out text
case(
    "struck_stem.docx",
    docx(p("1. 太阳从", r("西", "strike"), "东边升起还是落下？"), p("答案：升起")),
    [("太阳从东边升起还是落下？", "升起")],
    flags={0: "struck-text"},
)
case(
    "struck_question.docx",
    docx(
        p("1. 糖是什么味道？"),
        p("答案：甜"),
        p(r("2. 盐是什么味道？", "strike")),
        p(r("答案：酸", "dstrike")),
    ),
    [("糖是什么味道？", "甜")],
    ledger=("struck-text",),
)
case(
    "struck_off.docx",
    docx(p("1. 醋是什么味道？"), p("答案：", r("酸", 'strike w:val="0"'))),
    [("醋是什么味道？", "酸")],
    flags={0: ""},
)
case(
    "struck_cell.xlsx",
    xlsx(
        [HEAD, ("一打是几个？", "十个"), ("一双是几个？", "两个")],
        lambda s: setattr(s["B2"], "font", Font(strike=True)),
    ),
    [("一双是几个？", "两个")],
    ledger=("no-answer",),
)
case(
    "struck_rich.xlsx",
    xlsx(
        [HEAD, ("一打是几个？", rich(TextBlock(GONE, "十个"), "十二个")), ("一双是几个？", "两个")]
    ),
    [("一打是几个？", "十二个"), ("一双是几个？", "两个")],
    flags={0: "struck-text", 1: ""},
)
case(
    "struck.md",
    "1. 一年有几季？\n答案：~~三季~~四季\n\n2. 一季有几月？\n答案：<del>两</del>三个月".encode(),
    [("一年有几季？", "四季"), ("一季有几月？", "三个月")],
    flags={0: "struck-text", 1: "struck-text"},
)

# formulas, pictures and numbers in cells
case(
    "picture_formula.xlsx",
    xlsx([HEAD, ("图中是什么花？", '=_xlfn.DISPIMG("ID_77",1)'), ("绿色的是？", "叶")]),
    [("图中是什么花？", "[图片:ID_77]"), ("绿色的是？", "叶")],
    flags={0: "image", 1: ""},
)
case(
    "picture_text.xlsx",
    xlsx(
        [HEAD, ('=DISPIMG("ID_9F",1)这是什么树？', "松树"), ("绿色的是？", "叶")],
        lambda s: setattr(s["A2"], "data_type", "s"),
    ),
    [("[图片:ID_9F]这是什么树？", "松树"), ("绿色的是？", "叶")],
    flags={0: "image", 1: ""},
)
case(
    "no_value.xlsx",
    xlsx(
        [("题干", "A", "B", "答案"), ("三加四？", "=3+4", "八", "A"), ("三加五？", "七", "八", "B")]
    ),
    [("三加五？", {"A": "七", "B": "八"}, "B")],
    ledger=("formula-no-value",),
)
case(
    "no_value_number.xlsx",
    xlsx(
        [("序号", "题干", "答案"), ("=ROW()-1", "三加四？", "七"), ("=ROW()-1", "三加五？", "八")]
    ),
    [("三加四？", "七"), ("三加五？", "八")],
)
case(
    "value.xlsx",
    raw_xlsx(
        f'<row r="1">{inline("A1", "<t>题干</t>")}{inline("B1", "<t>答案</t>")}</row><row r="2">'
        f'{inline("A2", "<t>六乘七是多少？</t>")}<c r="B2"><f>6*7</f><v>42</v></c></row>'
    ),
    [("六乘七是多少？", "42")],
    flags={0: ""},
)
case(
    "long_number.xlsx",
    xlsx(
        [
            HEAD,
            ("某卡的卡号是多少？", 6217001234567890),
            ("某表的编号是多少？", 1234567890123),
            ("某人的证件号是多少？", 110101200001011000),
        ]
    ),
    [
        ("某卡的卡号是多少？", "6217001234567890"),
        ("某表的编号是多少？", "1234567890123"),
        ("某人的证件号是多少？", "110101200001011000"),
    ],
    flags={0: "long-number", 1: "", 2: "long-number"},
)
case(
    "text_number.xlsx",
    xlsx([HEAD, ("某卡的卡号是多少？", "6217001234567891234")]),
    [("某卡的卡号是多少？", "6217001234567891234")],
)

# hidden and filtered
case(
    "hidden_row.xlsx",
    xlsx(
        [HEAD, ("苹果是什么颜色？", "红"), ("香蕉是什么颜色？", "黄")],
        lambda s: setattr(s.row_dimensions[2], "hidden", True),
    ),
    [("苹果是什么颜色？", "红"), ("香蕉是什么颜色？", "黄")],
    flags={0: "hidden-row", 1: ""},
)
case(
    "hidden_column.xlsx",
    xlsx(
        [("题干", "A", "B", "答案"), ("红的是？", "血", "叶", "A")],
        lambda s: setattr(s.column_dimensions["D"], "hidden", True),
    ),
    [("红的是？", {"A": "血", "B": "叶"}, "A")],
    flags={0: "hidden-column"},
)
case(
    "hidden_sheet.xlsx",
    xlsx(
        [HEAD, ("苹果是什么颜色？", "红")],
        more=lambda b: (
            b.create_sheet("旧").append(HEAD),
            b["旧"].append(("芒果是什么颜色？", "蓝")),
            setattr(b["旧"], "sheet_state", "hidden"),
        ),
    ),
    [("苹果是什么颜色？", "红"), ("芒果是什么颜色？", "蓝")],
    flags={0: "", 1: "hidden-sheet"},
)

# columns of one name
case(
    "same_names.xlsx",
    xlsx(
        [
            ("题干", "答案", "答案"),
            ("苹果是什么颜色？", "红", "青"),
            ("香蕉是什么颜色？", "黄", "绿"),
        ]
    ),
    [],
    error="B, C",
)
case(
    "same_names_alike.xlsx",
    xlsx([("题干", "答案", "备注", "备注"), ("苹果是什么颜色？", "红", "x", "y")]),
    [("苹果是什么颜色？", "红")],
)

# CSV
case(
    "quote_open.csv",
    '题干,答案\n"离骚的作者是谁？,屈原\n一旬有几天？,十天\n'.encode(),
    [("一旬有几天？", "十天")],
    ledger=("csv-quote",),
)
case(
    "quote_last.csv",
    '题干,答案\n一旬有几天？,十天\n离骚的作者是谁？,"屈原\n'.encode(),
    [("一旬有几天？", "十天")],
    ledger=("csv-quote",),
)
case(
    "quote_word.csv",
    '题干,答案\n"离骚"的作者是谁？,屈原\n一旬有几天？,十天\n'.encode(),
    [('"离骚"的作者是谁？', "屈原"), ("一旬有几天？", "十天")],
)
case(
    "quote_lines.csv",
    '题干,答案\n"离骚的作者\n是谁？",屈原\n一旬有几天？,"十天，""整"""\n'.encode(),
    [("离骚的作者\n是谁？", "屈原"), ("一旬有几天？", '十天，"整"')],
)
case(
    "quote_far.csv",
    '题干,答案\n"甲问什么？,甲答\n乙问什么？,乙答\n丙问什么？,丙答"\n丁问什么？,丁答\n'.encode(),
    [("乙问什么？", "乙答"), ("丙问什么？", '丙答"'), ("丁问什么？", "丁答")],
    ledger=("csv-quote",),
)
case(
    "more_cells.csv",
    "题干,答案,解析\n水是什么味？,无味,,\n糖是什么味？,甜,见书,第3页\n".encode(),
    [("水是什么味？", "无味")],
    ledger=("extra-cells",),
)
case(
    "more_tabs.tsv",
    "题干\t答案\n水是什么味？\t无味\n糖是什么味？\t甜\t腻\n".encode(),
    [("水是什么味？", "无味")],
    ledger=("extra-cells",),
)

# encodings
BIG5 = "題目,答案\n臺北在哪個島上？,臺灣\n彩虹有幾種顏色？,七種\n颱風的中心叫什麼？,颱風眼\n"
JIS = "問題,答え\n日本の首都はどこですか？,東京\n一年は何か月ですか？,十二か月\n"
case(
    "big5.txt",
    BIG5.replace(",答案", "").replace("？,", "？->").encode("big5"),
    [("臺北在哪個島上？", "臺灣"), ("彩虹有幾種顏色？", "七種"), ("颱風的中心叫什麼？", "颱風眼")],
    ledger=("no-question",),
)
case(
    "big5_titles.csv",
    BIG5.encode("big5"),
    [("臺北在哪個島上？", "臺灣"), ("彩虹有幾種顏色？", "七種"), ("颱風的中心叫什麼？", "颱風眼")],
)
case(
    "jis.csv",
    JIS.replace("問題,答え", "question,answer").encode("shift-jis"),
    [("日本の首都はどこですか？", "東京"), ("一年は何か月ですか？", "十二か月")],
)
case("gbk_short.csv", "题干,答案\n最轻的气体？,氢\n".encode("gbk"), [("最轻的气体？", "氢")])
case(
    "gbk_rare.txt",
    "1. 羌族的“羌”怎么读？\n答案：qiāng\n2. 邳州在哪个省？\n答案：江苏\n".encode("gbk"),
    [("羌族的“羌”怎么读？", "qiāng"), ("邳州在哪个省？", "江苏")],
)
case(
    "gb18030.txt", "1. “𠮷”字有几笔？\n答案：六笔\n".encode("gb18030"), [("“𠮷”字有几笔？", "六笔")]
)
case("utf16.csv", "题干\t答案\n一旬有几天？\t十天\n".encode("utf-16"), [("一旬有几天？", "十天")])
case(
    "latin.csv",
    "question,answer\nCafé ou thé à Noël, où ça, señor?,Déjà\n".encode("latin-1"),
    [],
    error="ENCODING=",
)

# tables that belong to a question
case(
    "table_options.docx",
    docx(
        p("1. 三人身高如下，谁最高？"),
        table(("姓名", "身高"), ("小张", "170"), ("小李", "175")),
        p("A. 小张"),
        p("B. 小李"),
        p("答案：B"),
    ),
    [
        (
            "三人身高如下，谁最高？\n| 姓名 | 身高 |\n| --- | --- |\n| 小张 | 170 |\n| 小李 | 175 |",
            {"A": "小张", "B": "小李"},
            "B",
        )
    ],
)
case(
    "table_answer_below.docx",
    docx(
        p("1. 计算三种商品的总价。"),
        table(("商品", "单价"), ("笔", "2"), ("本", "3")),
        p("答案：5元"),
        p("2. 一旬有几天？"),
        p("答案：十天"),
    ),
    [
        ("计算三种商品的总价。\n| 商品 | 单价 |\n| --- | --- |\n| 笔 | 2 |\n| 本 | 3 |", "5元"),
        ("一旬有几天？", "十天"),
    ],
)
case(
    "table_is_answer.docx",
    docx(
        p("1. 列出两种水果的单价。"),
        p("参考答案："),
        table(("水果", "单价"), ("桃", "4"), ("杏", "6")),
        p("2. 一旬有几天？"),
        p("答案：十天"),
    ),
    [
        ("列出两种水果的单价。", "| 水果 | 单价 |\n| --- | --- |\n| 桃 | 4 |\n| 杏 | 6 |"),
        ("一旬有几天？", "十天"),
    ],
)
case(
    "table_is_bank.docx",
    docx(p("练习题"), table(HEAD, ("一旬有几天？", "十天"), ("一打有几个？", "十二个"))),
    [("一旬有几天？", "十天"), ("一打有几个？", "十二个")],
)

# other formats inside Word
case(
    "chunk_html.docx",
    docx(
        p("1. 一打有几个？"),
        p("答案：十二个"),
        chunk("word/a.html"),
        parts={
            "word/a.html": "<html><body><p>2. 一旬有几天？</p><p>答案：10<sup>1</sup>天</p></body></html>"
        },
    ),
    [("一打有几个？", "十二个"), ("一旬有几天？", "10¹天")],
)
case(
    "chunk_table.docx",
    docx(
        chunk("word/a.htm"),
        parts={
            "word/a.htm": "<table><tr><td>题干</td><td>答案</td>"
            "</tr><tr><td>一旬有几天？</td><td>十天</td></tr><tr><td>一打有几个？</td><td>十二个</td></tr></table>"
        },
    ),
    [("一旬有几天？", "十天"), ("一打有几个？", "十二个")],
)
case(
    "chunk_mht.docx",
    docx(
        chunk("word/a.mht"),
        parts={
            "word/a.mht": "MIME-Version: 1.0\nContent-Type: "
            'multipart/related; boundary="b"\n\n--b\nContent-Type: text/html; charset="utf-8"\n'
            "Content-Transfer-Encoding: quoted-printable\n\n<p>1. =E4=B8=80=E6=97=AC?</p><p>=E7=AD=94=E6=A1=88"
            "=EF=BC=9A=E5=8D=81=E5=A4=A9</p>\n--b--\n"
        },
    ),
    [("一旬?", "十天")],
)
case(
    "chunk_docx.docx",
    docx(
        chunk("word/in.docx"), parts={"word/in.docx": docx(p("1. 一旬有几天？"), p("答案：十天"))}
    ),
    [("一旬有几天？", "十天")],
)
case(
    "chunk_text.docx",
    docx(chunk("word/a.txt"), parts={"word/a.txt": "1. 一旬有几天？\n答案：十天\n".encode("gbk")}),
    [("一旬有几天？", "十天")],
)

# formulas
SUP = "<m:sSup><m:e>{}</m:e><m:sup>{}</m:sup></m:sSup>"
for name, inner, said in (
    ("root", f"<m:rad><m:deg>{t('n')}</m:deg><m:e>{t('x')}</m:e></m:rad>", r"\sqrt[n]{x}"),
    ("square", f"<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/><m:e>{t('2')}</m:e></m:rad>",
     r"\sqrt{2}"),
    ("integral", f"<m:nary><m:naryPr><m:limLoc m:val='subSup'/></m:naryPr><m:sub>{t('0')}</m:sub><m:sup>"
     f"{t('1')}</m:sup><m:e>{t('xdx')}</m:e></m:nary>", r"\int_{0}^{1}xdx"),
    ("product", f"<m:nary><m:naryPr><m:chr m:val='∏'/></m:naryPr><m:sub>{t('k=1')}</m:sub><m:sup>{t('n')}"
     f"</m:sup><m:e>{t('k')}</m:e></m:nary>", r"\prod_{k=1}^{n}k"),
    ("norm", f"<m:d><m:dPr><m:begChr m:val='‖'/><m:endChr m:val='‖'/></m:dPr><m:e>{t('v')}</m:e></m:d>",
     r"\left\|v\right\|"),
    ("case_brace", f"<m:d><m:dPr><m:begChr m:val='{{'/><m:endChr m:val=''/></m:dPr><m:e><m:eqArr><m:e>{t('x=1')}"
     f"</m:e><m:e>{t('y=2')}</m:e></m:eqArr></m:e></m:d>",
     r"\left\{\begin{matrix}x=1\\y=2\end{matrix}\right."),
    ("matrix", f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e><m:m><m:mr><m:e>{t('a')}</m:e>"
     f"<m:e>{t('b')}</m:e></m:mr></m:m></m:e></m:d>", r"\left[\begin{matrix}a&b\end{matrix}\right]"),
    ("compound", SUP.format(f"<m:d><m:e>{t('a+b')}</m:e></m:d>", t("2")), r"\left(a+b\right)^{2}"),
    ("tower", SUP.format(t("e"), SUP.format(t("x"), t("2"))), r"e^{x^{2}}"),
    ("limit", "<m:func><m:fName><m:limLow><m:e>" + t("lim") + "</m:e><m:lim>" + t("n→∞") + "</m:lim></m:limLow>"
     f"</m:fName><m:e>{t('a')}</m:e></m:func>", r"\lim_{n\to \infty}a"),
    ("bar", f"<m:bar><m:barPr><m:pos m:val='top'/></m:barPr><m:e>{t('AB')}</m:e></m:bar>", r"\overline{AB}"),
    ("vector", f"<m:acc><m:accPr><m:chr m:val='⃗'/></m:accPr><m:e>{t('a')}</m:e></m:acc>", r"\vec{a}"),
    ("sine", f"<m:func><m:fName>{t('sin')}</m:fName><m:e>{t('α')}</m:e></m:func>", r"\sin \alpha"),
    ("isotope", f"<m:sPre><m:sub>{t('6')}</m:sub><m:sup>{t('12')}</m:sup><m:e>{t('C')}</m:e></m:sPre>",
     r"{}_{6}^{12}C"),
):  # fmt: skip
    case(
        f"math_{name}.docx",
        docx(p("1. 这个式子怎样写？"), p("答案：", math(inner))),
        [("这个式子怎样写？", f"${said}$")],
    )
case(
    "math_options.docx",
    docx(
        p("1. 哪个是二分之一？（ ）"),
        p("A. ", math(f"<m:f><m:num>{t('1')}</m:num><m:den>{t('2')}</m:den></m:f>")),
        p("B. 2"),
        p("答案：A"),
    ),
    [("哪个是二分之一？（ ）", {"A": r"$\frac{1}{2}$", "B": "2"}, "A")],
)
