"""What a person sees in a file and a reader easily passes over: notes, symbol fonts, fields."""

from __future__ import annotations

from tests.data.inputs.build import NS, case, docx, p, r

WEEK = p("1. 一周有几天？")


def field(code: str) -> str:
    """A field without a stored result."""
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    told = f"<w:r><w:instrText>{code}</w:instrText></w:r>"
    return mark.format("begin") + told + mark.format("end")


def drawn(font: str, text: str) -> str:
    """A run in another font."""
    return r(text, f'rFonts w:ascii="{font}" w:hAnsi="{font}"')


def gone(text: str) -> str:
    """Text that a person deleted while changes were tracked."""
    return f'<w:del w:id="1"><w:r><w:delText>{text}</w:delText></w:r></w:del>'


def note(kind: str, text: str) -> dict[str, str | bytes]:
    """A part with one note."""
    return {f"word/{kind}s.xml": f'<w:{kind}s {NS}><w:{kind} w:id="2">{p(text)}</w:{kind}>'
            f"</w:{kind}s>"}  # fmt: skip


for kind in ("footnote", "endnote", "comment"):
    case(
        f"{kind}.docx",
        docx(
            p("1. 一周有几天", f'<w:r><w:{kind}Reference w:id="2"/></w:r>', "？"),
            p("答案：七天"),
            parts=note(kind, "公历"),
        ),
        [("一周有几天？", "七天")],
        flags={0: kind},
    )
case(
    "symbol_runs.docx",
    docx(
        p("1. 地球是圆的。（", drawn("Wingdings", "\uf0fc"), "）"),
        p("2. 地球是方的。（", drawn("Wingdings 2", "\uf04f"), "）"),
        p("3. 夹角是多少？"),
        p("答案：", drawn("Symbol", "a"), "=30度"),
        p("4. 这是什么？"),
        p("答案：", '<w:r><w:sym w:font="Symbol" w:char="F070"/></w:r>'),
        p("5. 那是什么？"),
        p("答案：", drawn("Wingdings", "\uf028"), "机"),
    ),
    [
        ("地球是圆的。（ ）", "√"),
        ("地球是方的。（ ）", "×"),
        ("夹角是多少？", "α=30度"),
        ("这是什么？", "π"),
        ("那是什么？", "\uf028机"),
    ],
    flags={2: "", 3: "", 4: "symbol-font"},
)
case(
    "fields.docx",
    docx(
        p("1. 一半怎么写？"),
        p("答案：", field(r" EQ \f(1,2) ")),
        p("2. 八的立方根怎么写？"),
        p("答案：", field(r" EQ \r(3,8) ")),
        p("3. 羌字在第几行？"),
        p("答案：第", field(r" eq \o\ac(○,3) "), "行"),
        p(
            "4. 谁的“",
            field(r' EQ \* jc2 \* "Font:宋体" \* hps10 \o\ad(\s\up 9(qiāng),羌) '),
            "”？",
        ),
        p("答案：四川"),
        p("5. 对号怎么写？"),
        p("答案：写作", field(r" SYMBOL 252 \f Wingdings \s 10 ")),
        p("6. 矩阵是什么？"),
        p("答案：", field(r" EQ \a\al(1,2) ")),
    ),
    [
        ("一半怎么写？", r"$\frac{1}{2}$"),
        ("八的立方根怎么写？", r"$\sqrt[3]{8}$"),
        ("羌字在第几行？", "第③行"),
        ("谁的“羌”？", "四川"),
        ("对号怎么写？", "写作√"),
        ("矩阵是什么？", r"[公式:\a\al(1,2)]"),
    ],
    flags={0: "", 5: "formula"},
)
case(
    "placeholder.docx",
    docx(
        WEEK,
        p(
            "答案：",
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>单击此处输入文字。"
            "</w:t></w:r></w:sdtContent></w:sdt>",
        ),
        p("2. 一年有几季？"),
        p("答案：四季"),
    ),
    [("一年有几季？", "四季")],
    ledger=("no-answer",),
)
case(
    "deleted_line.docx",
    docx(WEEK, f"<w:p>{gone('答案：八天')}</w:p>", p("答案：七天")),
    [("一周有几天？", "七天")],
    ledger=("tracked-changes",),
)
case(
    "ruby.docx",
    docx(
        p(
            "1. ",
            "<w:r><w:ruby><w:rt><w:r><w:t>qiāng</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>羌</w:t></w:r>"
            "</w:rubyBase></w:ruby></w:r>",
            "族在哪里？",
        ),
        p("答案：四川"),
    ),
    [("羌族在哪里？", "四川")],
    flags={0: "ruby"},
)
case(
    "raised_by_hand.docx",
    docx(
        p("1. 面积的单位是什么？"),
        p("答案：m", r("2", 'position w:val="8"', 'sz w:val="14"')),
        p("2. 缩写怎么写？"),
        p("答案：写作", r("dna", "caps"), r("，一行抬高的长句", 'position w:val="6"')),
    ),
    [("面积的单位是什么？", "m²"), ("缩写怎么写？", "写作DNA，一行抬高的长句")],
)
case(
    "white.docx",
    docx(WEEK, p("答案：七天", r("不对", 'color w:val="FFFFFF"'))),
    [("一周有几天？", "七天不对")],
    flags={0: "white-text"},
)
