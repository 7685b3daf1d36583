"""Papers in other formats than Word and Excel: PDF, HTML, saved pages, slides, books."""

# fmt: off
from __future__ import annotations

import io
import sqlite3
import tempfile
import zipfile
from pathlib import Path

from tests.data.inputs.build import NS, case, docx, p, zipped

Line = tuple[float, float, float, str]  # x, y above the foot, size, text


def pdf(*pages: list[Line], extra: str = "", turn: int = 0) -> bytes:
    """A PDF of lines in a Chinese font that every reader knows without its being there."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    font = ("<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts "
            "[<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /W [1 95 500] /CIDSystemInfo "
            "<< /Registry (Adobe) /Ordering (GB1) /Supplement 0 >> /FontDescriptor << /Type /FontDescriptor "
            "/FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 "
            "/Descent -120 /CapHeight 880 /StemV 93 >> >>] >>")
    objects.append(font)
    kids = []
    for lines in pages:
        text = "".join(f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm <{said.encode('utf-16-be').hex()}> Tj ET\n"
                       for x, y, size, said in lines)
        objects.append(f"<< /Length {len(text)} >>\nstream\n{text}endstream")
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {turn} /Contents {len(objects)} 0 R "
                       f"/Resources << /Font << /F1 3 0 R >> >> {extra} >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{at:010d} 00000 n \n".encode() for at in places)
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def column(texts: list[str], x: float = 60, top: float = 740, size: float = 12) -> list[Line]:
    """Lines below each other."""
    return [(x, top - 20 * k, size, text) for k, text in enumerate(texts)]


def asked(n: int) -> list[str]:
    """One question over six lines."""
    return [f"{n}. 第{n}个盒子里有什么（ ）", "A. 石头", "B. 木头", "C. 泥土", f"答案：{'ABC'[n % 3]}"]


BOX = {"A": "石头", "B": "木头", "C": "泥土"}


def row(n: int) -> tuple[str, dict[str, str], str]:
    """Its reading."""
    return (f"第{n}个盒子里有什么（ ）", BOX, "ABC"[n % 3])


case("plain.pdf", pdf(column(asked(1) + asked(2))), [row(1), row(2)])
case("columns.pdf", pdf(column([*asked(1), *asked(2), *asked(3)]) + column([*asked(4), *asked(5), *asked(6)], x=320)),
     [row(n) for n in range(1, 7)])
case("options_in_row.pdf", pdf([line for n in range(1, 5) for line in (
     (60, 800 - 80 * n, 12, f"{n}. 第{n}个盒子里有什么（ ）"), (60, 780 - 80 * n, 12, "A. 石头"), (320, 780 - 80 * n, 12, "B. 木头"),
     (60, 760 - 80 * n, 12, "C. 泥土"), (320, 760 - 80 * n, 12, "D. 沙子"), (60, 740 - 80 * n, 12, "答案：D"))]),
     [(f"第{n}个盒子里有什么（ ）", BOX | {"D": "沙子"}, "D") for n in range(1, 5)])
case("furniture.pdf", pdf(*[[(220, 810, 9, "某某学校题库"), (290, 30, 9, f"第{n}页 共4页"), *column(asked(n))] for n in range(1, 5)]),
     [row(n) for n in range(1, 5)], ledger=("page-furniture",))
case("wrapped.pdf", pdf(column(["1. 在下面列出的这些材料当中，既能够导电又能够导热，并且在常温下保持固", "态的是哪一种材料呢（ ）", "A. 铜",
     "B. 水", "C. 纸", "答案：A"])), [("在下面列出的这些材料当中，既能够导电又能够导热，并且在常温下保持固态的是哪一种材料呢（ ）",
     {"A": "铜", "B": "水", "C": "纸"}, "A")])
case("over_pages.pdf", pdf(column(asked(1) + asked(2)[:3]), column(asked(2)[3:] + asked(3))), [row(1), row(2), row(3)])
case("raised.pdf", pdf([*column(["1. 百万怎样写？"]), (60, 720, 12, "答案：10"), (108, 726, 7, "6"),
     *column(["2. 水怎样写？"], top=700), (60, 680, 12, "答案：H"), (102, 677, 7, "2"), (106, 680, 12, "O")]),
     [("百万怎样写？", "10⁶"), ("水怎样写？", "H₂O")])
case("no_text.pdf", pdf([]), [], error="文字层")
case("page_without_text.pdf", pdf(column(asked(1)), []), [row(1)], ledger=("no-text-layer",))
case("cut.pdf", pdf(column(asked(1)))[:300], [], error="PDF")

# HTML and saved pages
case("list.html", "<!DOCTYPE html><html><head><title>x</title></head><body><ol><li>哪种金属不生锈？<ol type=A><li>铜<li>铁<li>金</ol>"
     "<p>答案：C</p></li><li>一旬有几天？<p>答案：十天</p></li></ol></body></html>".encode(),
     [("哪种金属不生锈？", {"A": "铜", "B": "铁", "C": "金"}, "C"), ("一旬有几天？", "十天")])
case("gbk.html", '<html><meta charset="gb2312"><p>1. 最轻的气体是什么？<br>答案：氢<script>var a="答案：氧"</script></p></html>'.encode("gbk"),
     [("最轻的气体是什么？", "氢")])
case("table.htm", "<table border=1><tr><th>题干<th>A<th>B<th>答案<tr><td>红的是？<td>血<td>叶<td>A<tr><td>绿的是？<td>血<td>叶<td>B</table>".encode(),
     [("红的是？", {"A": "血", "B": "叶"}, "A"), ("绿的是？", {"A": "血", "B": "叶"}, "B")])
case("hidden.html", '<p>1. 一旬有几天？</p><p>答案：<s>七天</s><span style="display: none">八天</span>10<sup>1</sup>天</p>'.encode(),
     [("一旬有几天？", "10¹天")], flags={0: "struck-text"})
case("page.mht", b"From: <Saved by Blink>\nMIME-Version: 1.0\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"x\"\n\n--x\n"
     b"Content-Type: text/html; charset=gb2312\nContent-Transfer-Encoding: base64\n\n"
     + __import__("base64").encodebytes("<p>1. 一旬有几天？</p><p>答案：十天</p>".encode("gbk"))
     + b"--x\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0K\n--x--\n", [("一旬有几天？", "十天")])

# slides
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" ' \
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
REL = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


def slide(*shapes: tuple[int, str]) -> str:
    """A slide of shapes (how far down, their paragraphs)."""
    body = "".join(
        f'<p:sp><p:spPr><a:xfrm><a:off x="0" y="{y}"/></a:xfrm></p:spPr><p:txBody>'
        + "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("\n"))
        + "</p:txBody></p:sp>" for y, text in shapes)
    return f"<p:sld {A}><p:cSld><p:spTree>{body}</p:spTree></p:cSld></p:sld>"


def pptx(*slides: str) -> bytes:
    """A presentation."""
    ids = "".join(f'<p:sldId id="{k}" r:id="r{k}"/>' for k in range(len(slides)))
    relations = "".join(f'<Relationship Id="r{k}" Type="x/slide" Target="slides/s{9 - k}.xml"/>' for k in range(len(slides)))
    return zipped({"ppt/presentation.xml": f"<p:presentation {A}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
                   "ppt/_rels/presentation.xml.rels": f"<Relationships {REL}>{relations}</Relationships>",
                   **{f"ppt/slides/s{9 - k}.xml": one for k, one in enumerate(slides)}})


case("slides.pptx", pptx(slide((900, "A. 铜\nB. 铁\nC. 金\n答案：C"), (100, "1. 哪种金属不生锈？")), slide((1, "2. 一旬有几天？\n答案：十天"))),
     [("哪种金属不生锈？", {"A": "铜", "B": "铁", "C": "金"}, "C"), ("一旬有几天？", "十天")])

# books as banks, Anki, packages
case("bank.epub", zipped({"mimetype": "application/epub+zip", "META-INF/container.xml": '<container xmlns="u"><rootfiles><rootfile '
     'full-path="o/b.opf"/></rootfiles></container>', "o/b.opf": '<package xmlns="v"><manifest><item id="a" href="z.xhtml"/><item id="b" '
     'href="a.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
     "o/z.xhtml": "<!DOCTYPE html><html><body><p>1. 一旬有几天？</p><p>答案：十天</p></body></html>",
     "o/a.xhtml": "<html><body><p>2. 一打有几个？</p><p>答案：十二个</p></body></html>"}), [("一旬有几天？", "十天"), ("一打有几个？", "十二个")])


def collection(notes: list[str], models: str = "", tables: bool = False) -> bytes:
    """An Anki collection as Anki keeps it."""
    with tempfile.TemporaryDirectory() as folder:
        base = sqlite3.connect(Path(folder) / "c")
        base.execute("CREATE TABLE notes (id integer primary key, guid text, mid integer, mod integer, usn integer, tags text, flds text, sfld, csum, flags, data)")
        base.execute("CREATE TABLE col (id integer, models text)")
        base.execute("INSERT INTO col VALUES (1, ?)", (models,))
        if tables:
            base.execute("CREATE TABLE notetypes (id integer, name text)")
            base.execute("CREATE TABLE fields (ntid integer, ord integer, name text)")
            base.executemany("INSERT INTO fields VALUES (1, ?, ?)", [(1, "Back"), (0, "Front")])
        base.executemany("INSERT INTO notes VALUES (?, 'g', 1, 0, 0, '', ?, '', 0, 0, '')", list(enumerate(notes, 1)))
        base.commit()
        base.close()
        return (Path(folder) / "c").read_bytes()


def zstd(data: bytes) -> bytes:
    """``data`` as the newest Anki packs it."""
    import pyarrow as pa

    return pa.Codec("zstd").compress(data, asbytes=True)


MODELS = '{"1": {"name": "Basic", "flds": [{"name": "Front", "ord": 0}, {"name": "Back", "ord": 1}]}}'
CARDS = ["一旬有几天？\x1f<b>十天</b>", "{{c1::长江}}流入{{c2::东海}}\x1f"]
READ = [("一旬有几天？", "十天"), ("____流入东海", "长江"), ("长江流入____", "东海")]
case("deck.apkg", zipped({"collection.anki2": collection(CARDS, MODELS), "media": "{}"}), READ)
case("deck_new.apkg", zipped({"collection.anki2": collection(["Please update\x1fnow"], MODELS), "meta": b"\x08\x03",
     "collection.anki21b": zstd(collection(CARDS, tables=True))}), READ)
case("deck_named.apkg", zipped({"collection.anki21": collection(["哪种金属不生锈？\x1f铜\x1f铁\x1f金\x1fC"], '{"1": {"flds": [{"name": "题干"}, '
     '{"name": "A"}, {"name": "B"}, {"name": "C"}, {"name": "答案"}]}}')}), [("哪种金属不生锈？", {"A": "铜", "B": "铁", "C": "金"}, "C")])

# bad input: one line each
case("slip.zip", zipped({"../../etc/x.xml": "<quiz/>"}), [], error="越界")
case("slip.docx", zipped({"word/document.xml": f"<w:document {NS}/>", "../evil": "x"}), [], error="越界")
case("laughs.xml", b'<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><quiz><question type="essay">&b;</question></quiz>', [], error="实体")
case("broken.xml", b"<quiz><question type='essay'></quiz>", [], error="XML")
case("cut.apkg", zipped({"collection.anki21b": b"\x28\xb5\x2f\xfd\x00"}), [], error="损坏")
case("junk.apkg", zipped({"collection.anki2": b"SQLite format 3\0" + b"x" * 200}), [], error="Anki")
case("cut.json", '[{"question": "一旬有几天？", "answer": "十天"}, {"quest'.encode(), [], error="JSON")
case("deep.json", b"[" * 100_000, [], error="JSON")
case("no_bank.zip", zipped({"a.xml": "<x/>"}), [], error="压缩包")


def locked() -> bytes:
    """A zip whose one part is locked by a password."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("items/a.xml", "<assessmentItem/>")
    data = bytearray(out.getvalue())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


case("locked.zip", locked(), [], error="加密")
case("chunk_in_itself.docx", docx(p("1. 一旬有几天？"), p("答案：十天")), [("一旬有几天？", "十天")])
