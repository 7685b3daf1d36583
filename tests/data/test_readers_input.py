"""Bad input: one clear line, never a traceback, and nothing read by half."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from core.errors import UserError
from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers import read
from data_tools.sources import read_bank

BODY = (
    '<?xml version="1.0"?>{dtd}<w:document xmlns:w="http://schemas.openxmlformats.org/'
    'wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
)


def rows(path: Path) -> list[Row]:
    return list(read(path, Ledger()))


def docx_bytes(lines: list[str]) -> bytes:
    document, out = Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def xlsx_bytes(table: list[list[str]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in table:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def xml_docx(body: str, dtd: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", BODY.format(dtd=dtd, body=body))
    return out.getvalue()


GOOD = docx_bytes(["中国最长的河流是：->长江", "世界最高峰是？->珠穆朗玛峰"])
SHEET = xlsx_bytes([["题干", "答案"], ["中国最长的河流是", "长江"]])
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
BILLION = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
EXTERNAL = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def bomb() -> bytes:
    out = io.BytesIO()
    package = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
    with package, package.open("word/document.xml", "w") as part:
        part.write(BODY.split("{dtd}")[0].encode() + b"<!-- ")
        for _ in range(200):
            part.write(b" " * (1 << 20))
    return out.getvalue()


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "not a docx": ("a.docx", lambda: b"PK\x03\x04" + b"hello" * 100, "损坏"),
    "truncated zip": ("a.docx", lambda: GOOD[: len(GOOD) // 2], "不完整"),
    "zip of something else": ("a.docx", lambda: _zip({"x.txt": b"1"}), "压缩包"),
    "zip bomb": ("a.docx", bomb, "压缩炸弹"),
    "encrypted docx": ("a.docx",
    lambda: OLE + "EncryptedPackage".encode("utf-16-le") + b"\0" * 99, "加密"),
    "old doc": ("a.docx", lambda: OLE + "WordDocument".encode("utf-16-le") + b"\0" * 99,
    "另存为 docx"),
    "broken xls": ("a.xls", lambda: OLE + "Workbook".encode("utf-16-le") + b"\0" * 99, "损坏"),
    "pdf": ("a.docx", lambda: b"%PDF-1.7\n", "PDF"),
    "external entity": ("a.docx", lambda: xml_docx("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>",
    EXTERNAL), "DTD"),
    "billion laughs": ("a.docx", lambda: xml_docx("<w:p><w:r><w:t>&c;</w:t></w:r></w:p>",
    BILLION), "DTD"),
    "broken xml": ("a.docx", lambda: xml_docx("<w:p><w:r></w:p>"), "XML"),
    "no document part": ("a.docx", lambda: _zip({"word/styles.xml": b"<a/>"}), "缺少"),
    "workbook without sheets": ("a.xlsx", lambda: _zip({"xl/workbook.xml": b"<a/>"}), "损坏"),
    "dtd in a workbook": ("a.xlsx", lambda: _zip({"xl/workbook.xml": EXTERNAL.encode()}), "DTD"),
    "NUL bytes": ("a.txt", lambda: "题干->答案\n题\0干->答案".encode(), "第2行"),
    "NUL in csv": ("a.csv", lambda: b"\xe9\xa2\x98,a\0b\n", "NUL"),
    "mixed encodings": ("a.txt",
    lambda: "一题->甲\n二题->乙\n".encode() + "三题->丙".encode("gbk"), "第3行"),
    "bad utf-8": ("a.txt", lambda: "一题->甲\n".encode() + b"\xff\xfe\xff", "第2行"),
    "truncated utf-16": ("a.txt", lambda: "一题->甲".encode("utf-16")[:-1], "utf-16"),
    "empty": ("a.docx", lambda: b"", "空文件"),
    "missing": ("", lambda: b"", "不存在"),
    "picture": ("a.docx", lambda: b"\x89PNG\r\n", "图片"),
}  # fmt: skip


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_line(case: str, tmp_path: Path) -> None:
    name, make, word = BAD[case]
    path = tmp_path / (name or "gone.docx")
    if name:
        path.write_bytes(make())
    with pytest.raises(UserError) as caught:
        rows(path)
    message = str(caught.value)
    assert word in message and "\n" not in message and len(message) < 200
    assert path.name in message


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", b"%PDF-1.7\n", "Data format error"),
        ("a.xml", b"<quiz><question type=essay></question></quiz>", "AttValue"),
    ],
)
def test_a_librarys_reason_is_said_once_in_both_languages(
    name: str, data: bytes, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKU_LANG", "both")
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError) as caught:
        list(read_bank(tmp_path / name, Ledger(), name))
    assert str(caught.value).count(reason) == 1


@pytest.mark.parametrize(("data", "name"), [(GOOD, "a.xlsx"), (GOOD, "a.txt"), (SHEET, "a.docx"),
(SHEET, "a.xls"), (SHEET, "a.csv")])  # fmt: skip
def test_the_suffix_may_lie(data: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert rows(tmp_path / name)[0].answer == "长江"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16",
"utf-16-le", "utf-16-be", "utf-32"])  # fmt: skip
@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_encodings(encoding: str, name: str, tmp_path: Path) -> None:
    text = "中国最长的河流是：->长江\n世界最高峰是？->珠穆朗玛峰\n"
    if name == "a.csv":
        text = "题干,答案\n中国最长的河流是：,长江\n世界最高峰是？,珠穆朗玛峰\n"
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert [row.answer for row in rows(tmp_path / name)] == ["长江", "珠穆朗玛峰"]


def test_a_file_without_questions_gives_none_and_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(docx_bytes(["关于开展安全月活动的通知", "请各单位认真组织。", ""]))
    ledger = Ledger()
    assert list(read(path, ledger)) == []
    assert len(ledger) == 2 and ledger.sources[0].questions == 0


def test_encrypted_zip_member(tmp_path: Path) -> None:
    data = bytearray(GOOD)
    at = data.index(b"PK\x01\x02", data.index(b"word/document.xml"))
    while b"word/document.xml" not in data[at : at + 80]:
        at = data.index(b"PK\x01\x02", at + 4)
    data[at + 8] |= 1  # the flag in the central directory
    (tmp_path / "a.docx").write_bytes(bytes(data))
    with pytest.raises(UserError, match=r"加密|损坏"):
        rows(tmp_path / "a.docx")


def test_a_csv_is_streamed(tmp_path: Path) -> None:
    """Rows come before the file is read to its end: a row past a broken place is not needed."""
    path = tmp_path / "big.csv"
    with path.open("w", encoding="utf-8") as out:
        out.write("题干,答案\n")
        for n in range(10_000):
            out.write(f"第{n}个自然数的平方是多少{'？' * 40},{n * n}\n")
        out.write("坏\0行,1\n")
    reader = read(path, Ledger())
    assert next(reader).answer == "0"
    with pytest.raises(UserError, match="10002"):
        list(reader)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(
        st.text(alphabet="1234.、AB（）() 答案：解析一二题->√×\t\n？。甲共~-【】*_|", max_size=40),
        max_size=12,
    )
)
def test_any_text_is_read_or_refused(lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    _read_or_refuse(path)


@example(data=b"\xef", name="a.txt")  # a part of a mark of byte order
@example(data=b"Z\x81@", name="a.txt")  # no letter follows Z
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.binary(max_size=300),
    name=st.sampled_from(["a.txt", "a.csv", "a.md", "a.docx", "a.xls"]),
)
def test_any_bytes_are_read_or_refused(data: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    _read_or_refuse(path)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    good=st.sampled_from([GOOD, SHEET]),
    hits=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_damaged_package_is_read_or_refused(
    good: bytes, hits: list[tuple[int, int]], tmp_path: Path
) -> None:
    data = bytearray(good)
    for at, value in hits:
        data[at % len(data)] = value
    path = tmp_path / "a.docx"
    path.write_bytes(bytes(data))
    _read_or_refuse(path)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=st.recursive(st.text(alphabet="1.A题（ ）答案：√", max_size=8),
lambda inner: st.tuples(st.sampled_from(["p", "r", "t", "tbl", "tr", "tc", "sdt", "sdtContent",
"ins", "del", "pPr", "numPr", "rPr", "b", "br", "fldChar", "instrText", "pict", "txbxContent",
"vMerge", "gridSpan"]), st.lists(inner, max_size=4)), max_leaves=25))  # fmt: skip
def test_any_word_xml_is_read_or_refused(tree: object, tmp_path: Path) -> None:
    def xml(node: object) -> str:
        if isinstance(node, str):
            return node
        tag, inner = node  # type: ignore[misc]
        return f"<w:{tag}>{''.join(map(xml, inner))}</w:{tag}>"

    path = tmp_path / "a.docx"
    path.write_bytes(xml_docx(xml(tree)))
    _read_or_refuse(path)


def _read_or_refuse(path: Path) -> None:
    ledger = Ledger()
    try:
        for row in read(path, ledger):
            assert row.question and row.answer and row.source.locator
            assert set(row.letters) <= set(row.options)
    except UserError as error:
        assert "\n" not in str(error)
