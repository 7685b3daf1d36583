"""Scans and photographs: what the recogniser says becomes rows, doubts and their pictures.

What a page said is kept by the hash of its picture, so most tests put one there, as an earlier
build would have, and need no recogniser; those that need it are slow.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.errors import UserError
from core.files import ROOT, read_jsonl
from core.kept import read as entries
from data_tools.build import build
from data_tools.ledger import Ledger
from data_tools.ocr import engine, pages, pictures
from data_tools.readers import pdf, read
from data_tools.sources import Inputs
from tests.data import scans
from tests.data.bankgen import key

WIDE, HIGH = 1000, 1400
Placed = tuple[float, float, str, float]  # left, top, text, score


def png(wide: int = WIDE, high: int = HIGH, shade: int = 250) -> bytes:
    out = io.BytesIO()
    Image.new("L", (wide, high), shade).save(out, "PNG")
    return out.getvalue()


def answer(lines: list[Placed], size: float = 30) -> dict[str, Any]:
    """What the recogniser would say of lines on a page."""
    made = []
    for left, top, text, score in lines:
        at, chars = left, []
        for sign in text:
            wide = size if sign > "\u2e80" else 0.55 * size
            if sign != " ":
                chars.append([sign, at, at + wide, score])
            at += wide
        box = [left, top, at, top + size / pages.TYPE]
        made.append({"box": box, "text": text, "score": score, "chars": chars})
    return {"width": WIDE, "height": HIGH, "turned": 0, "lines": made}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what was recognised, of this test's own."""
    monkeypatch.setattr(engine, "KEPT", tmp_path / "ocr")
    (tmp_path / "ocr").mkdir()
    return tmp_path / "ocr"


def said(kept: Path, picture: bytes, lines: list[Placed]) -> None:
    """Let an earlier build have recognised ``picture``."""
    name = hashlib.sha256(engine.version().encode() + picture).hexdigest()
    (kept / f"{name}.json").write_text(json.dumps(answer(lines)))
    Image.open(io.BytesIO(picture)).convert("L").save(kept / f"{name}.jpg")


def column(texts: list[str], left: float = 80, top: float = 100) -> list[Placed]:
    return [(left, top + 50 * k, text, 0.99) for k, text in enumerate(texts)]


def asked(n: int) -> list[str]:
    return [f"{n}. 第{n}个盒子里有什么（ ）", "A. 石头", "B. 木头", "C. 泥土", "答案：B"]


def test_a_photograph_is_read_like_a_page(kept: Path, tmp_path: Path) -> None:
    path, ledger = tmp_path / "a.png", Ledger()
    path.write_bytes(png())
    said(kept, path.read_bytes(), column([*asked(1), *asked(2)]))
    rows = list(read(path, ledger))
    assert [(row.options, row.letters, row.flags) for row in rows] == [
        ({"A": "石头", "B": "木头", "C": "泥土"}, "B", [])
    ] * 2
    assert rows[0].source.locator == "page:1:63"  # 842 points high, whatever its pixels
    assert "handwriting" in ledger.counts()


def test_columns_are_read_one_after_the_other(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png())
    left, right = [*asked(1), *asked(2)], [*asked(3), *asked(4)]
    said(kept, path.read_bytes(), column(left, 60) + column(right, 540))
    rows = list(read(path, Ledger()))
    assert [row.question[:3] for row in rows] == ["第1个", "第2个", "第3个", "第4个"]


def test_options_beside_each_other_stay_apart(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png())
    options = [(80, 150, "A. 石头", 0.99), (520, 150, "B. 木头", 0.99)]
    lines = [*column(["1. 盒子里有什么（ ）"]), *options, *column(["答案：A"], top=200)]
    said(kept, path.read_bytes(), lines)
    (row,) = read(path, Ledger())
    assert row.options == {"A": "石头", "B": "木头"}


def test_a_doubt_names_its_place_and_words_and_its_picture_goes_along(
    kept: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png())
    lines = column([*asked(1), *asked(2)])
    left, top, text, _ = lines[7]
    lines[7] = (left, top, text, 0.5)
    said(kept, path.read_bytes(), lines)
    built = build(Inputs("gongkao", bank=(str(path),)), tmp_path / "out")
    assert built["flagged"] == 1
    rows = [x for name in ("train", "eval") for x in read_jsonl(tmp_path / f"out/{name}.jsonl")]
    (entry,) = [x for x in entries(tmp_path / "out/ledger.csv") if x.code == "ocr-doubt"]
    assert "B. 木头" in entry.reason
    (shown,) = (tmp_path / "out" / "pictures").iterdir()
    (place,) = pages.places([entry.reason])
    assert shown.name == pages.crop_name(rows[0]["source"]["sha256"], place)
    with Image.open(shown) as crop:
        assert crop.width > 4 * crop.height / 2 > 0


def scan_pdf(count: int) -> bytes:
    """A PDF whose pages are pictures, each of another grey."""
    images = [Image.new("L", (WIDE, HIGH), 250 - k % 2) for k in range(count)]
    out = io.BytesIO()
    images[0].save(out, "PDF", save_all=True, append_images=images[1:], resolution=120)
    return out.getvalue()


def page_pictures(path: Path) -> list[bytes]:
    """The pages of a PDF as the recogniser gets them."""
    import pypdfium2 as pdfium

    book = pdfium.PdfDocument(path)
    try:
        return [pdf.drawn(page, *page.get_size()) for page in book]
    finally:
        book.close()


def test_pages_of_a_pdf_that_are_pictures_are_recognised(kept: Path, tmp_path: Path) -> None:
    path, ledger = tmp_path / "a.pdf", Ledger()
    path.write_bytes(scan_pdf(2))
    first, second = page_pictures(path)
    said(kept, first, column(asked(1)[:3]))
    said(kept, second, column(asked(1)[3:] + asked(2)))
    rows = list(read(path, ledger))
    assert [(row.letters, len(row.options)) for row in rows] == [("B", 3)] * 2
    assert [row.source.locator.rpartition(":")[0] for row in rows] == ["page:1", "page:2"]


def test_a_page_that_is_refused_does_not_end_the_others(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, ledger = tmp_path / "a.pdf", Ledger()
    path.write_bytes(scan_pdf(2))
    first, _ = page_pictures(path)
    said(kept, first, column([*asked(1), *asked(2)]))
    worker = type("", (), {"ask": lambda self, asked: {"error": ["读不出", "not read"]}})()
    monkeypatch.setattr(engine, "WORKER_OF_THIS_PROCESS", worker)
    assert len(list(read(path, ledger))) == 2
    (told,) = [entry for entry in ledger if entry.code == "page-refused"]
    assert told.locator == "page:2:0" and "not read" in told.reason


def test_what_was_recognised_is_not_asked_again(
    kept: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png())
    said(kept, path.read_bytes(), column(asked(1)))
    list(read(path, Ledger()))
    assert engine.WORKER_OF_THIS_PROCESS.process is None
    assert capfd.readouterr().err == ""


def bomb() -> bytes:
    """A PNG that says it has 40,000 pixels a side, in some hundred bytes."""
    small = png(64, 64)
    header = b"IHDR" + struct.pack(">II", 40_000, 40_000) + small[24:29]
    return small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]


BAD = {
    "one.png": (lambda: png(1, 1), "1×1"),
    "line.png": (lambda: png(3000, 2), "3000×2"),
    "cut.png": (lambda: scan_png()[:-400], "truncated"),
    "cut.jpg": (lambda: b"\xff\xd8\xff\xe0junk", "truncated"),
    "bomb.png": (bomb, "40000×40000"),
    "a.heic": (lambda: b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
}


def scan_png() -> bytes:
    """A picture that does not compress to nothing."""
    out = io.BytesIO()
    Image.effect_noise((300, 300), 50).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_ends_in_one_line_and_status_2(name: str, tmp_path: Path) -> None:
    make, reason = BAD[name]
    path = tmp_path / name
    path.write_bytes(make())
    line = [sys.executable, "-m", "data_tools", "build", "--bank", path, "--out", tmp_path / "out"]
    done = subprocess.run(list(map(str, line)), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert reason in done.stderr and name in done.stderr
    assert {made.name for made in (tmp_path / "out").iterdir()} <= {".lock"}


def test_a_job_of_the_page_installs_nothing(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKUFORGE_VENVS", str(tmp_path))
    monkeypatch.setenv("TIKUFORGE_PROGRESS", str(tmp_path / "progress.json"))
    path = tmp_path / "a.png"
    path.write_bytes(png())
    with pytest.raises(UserError) as refused:
        list(read(path, Ledger()))
    assert refused.value.code == "ocr.missing"
    assert "requirements/install.py ocr" in str(refused.value)


def test_a_picture_as_large_as_a_scanner_makes_is_taken() -> None:
    assert pictures.check(png(5000, 7000), "a") == (5000, 7000)


# -- with the recogniser ---------------------------------------------------------------------------

real = [
    pytest.mark.slow,
    pytest.mark.skipif(not engine.ready(), reason="python3 requirements/install.py ocr"),
    pytest.mark.skipif(not scans.available(), reason="fonts-noto-cjk is not installed"),
]


@pytest.fixture
def recogniser(kept: Path) -> Any:
    yield engine.WORKER_OF_THIS_PROCESS
    engine.WORKER_OF_THIS_PROCESS.close()


class TestRecognised:
    pytestmark = real

    def test_one_of_each_kind_is_read_or_doubted(self, recogniser: Any, tmp_path: Path) -> None:
        right = total = sure = 0
        for paper in scans.papers(1, seed=3):
            path = tmp_path / f"{paper.name}.jpg"
            path.write_bytes(paper.jpeg())
            wanted = Counter(key(t.stem, t.options, t.letters, t.answer, t.kind)
                             for t in paper.truths)  # fmt: skip
            for row in read(path, Ledger()):
                got = key(row.question, row.options, row.letters, row.answer, row.kind)
                right += wanted[got] > 0
                sure += wanted[got] < 1 and not row.flags
            total += len(paper.truths)
        assert right >= 0.9 * total and sure <= 1, (right, total, sure)

    def test_killed_between_pages_it_goes_on_where_it_was(self, kept: Path, tmp_path: Path) -> None:
        sheets = [scans.drawn([f"{n}. 第{n}题问什么？", "答案：盒子"], scans.font(32))
                  for n in (1, 2, 3)]  # fmt: skip
        path = tmp_path / "a.pdf"
        sheets[0].save(path, "PDF", save_all=True, append_images=sheets[1:], resolution=200)
        line = [sys.executable, "-m", "data_tools", "read", str(path), "--json"]
        environment = {**os.environ, "TIKUFORGE_WORK_DIRS": str(tmp_path / "work")}
        first = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        assert first.stderr is not None and "1/3" in first.stderr.readline()
        first.kill()
        first.wait()
        done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, env=environment)
        assert "1/3" not in done.stderr and "3/3" in done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["rows"] == 3
