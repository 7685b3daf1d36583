"""The readers beside the obvious script: CPU seconds, peak memory, and how much is read right.

    python benchmarks/data.py [--bank real.docx] [--banks 100]

Each way runs in a process of its own, on the same document, in the same run; CPU seconds are those
of the process with its start, memory its peak. Prints one table, then JSON as the last line.
Without ``--bank`` the real bank is used where it is (REAL_DATA), else one of its size is written.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PARAGRAPHS = 41_696


def ours(bank: Path, out: Path) -> int:
    """Our readers to JSON lines."""
    from core.files import write_jsonl
    from data_tools.ledger import Ledger
    from data_tools.readers import read

    return write_jsonl(out / "ours.jsonl", (row.json("") for row in read(bank, Ledger())))


def bare_scan(bank: Path, out: Path) -> int:
    """What any reader must at least do: inflate and parse the XML, and do nothing with it."""
    import zipfile

    from lxml import etree

    tag = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}p"
    count = 0
    with zipfile.ZipFile(bank).open("word/document.xml") as part:
        for _, element in etree.iterparse(part, tag=tag):
            count += bool("".join(element.itertext()))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return count


def obvious(bank: Path, out: Path) -> int:
    """python-docx and a split, as the earlier project did, to JSON lines."""
    import pandas
    from docx import Document

    pairs = []
    for paragraph in Document(str(bank)).paragraphs:
        stem, arrow, answer = paragraph.text.partition("->")
        if arrow and answer.strip():
            pairs.append((stem.strip(), answer.strip()))
    frame = pandas.DataFrame(pairs, columns=["Column1", "Column2"])
    with (out / "obvious.jsonl").open("w", encoding="utf-8") as file:
        for stem, answer in frame.itertuples(index=False):
            turn = {"system": "", "input": stem, "output": answer}
            file.write(json.dumps({"conversation": [turn]}, ensure_ascii=False) + "\n")
    return len(frame)


def obvious_workbook(bank: Path, out: Path) -> int:
    """The obvious script with its detour through a workbook (pandas and openpyxl, both ways)."""
    import pandas

    count = obvious(bank, out)
    frame = pandas.read_json(out / "obvious.jsonl", lines=True)["conversation"]
    table = pandas.DataFrame([(c[0]["input"], c[0]["output"]) for c in frame])
    table.to_excel(out / "obvious.xlsx", index=False, engine="openpyxl")
    pandas.read_excel(out / "obvious.xlsx", engine="openpyxl")
    return count


WAYS: dict[str, Callable[[Path, Path], int]] = {
    "ours": ours,
    "bare lxml scan": bare_scan,
    "python-docx + pandas": obvious,
    "the same, through xlsx": obvious_workbook,
}


def measured(way: str, bank: Path, out: Path) -> dict[str, float]:
    """Run one way in a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, __file__, "--way", way, "--bank", str(bank), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    result["wall_s"] = round(time.perf_counter() - started, 2)
    return result


def child(way: str, bank: Path, out: Path) -> None:
    """What the process of one way does: work, then tell what it used."""
    rows = WAYS[way](bank, out)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"rows": rows, "cpu_s": round(cpu, 2), "peak_mb": used.ru_maxrss >> 10}))


def write_bank(path: Path) -> None:
    """A document of the real bank's size and make."""
    from docx import Document

    document = Document()
    for number in range(PARAGRAPHS):
        paragraph = document.add_paragraph(f"第{number}个问题的")
        paragraph.add_run("答案是什么？->")
        paragraph.add_run(f"第{number * 7 % 1000}个答案")
    document.save(str(path))


def layouts(banks: int, folder: Path) -> dict[str, dict[str, float]]:
    """Recall and precision of whole questions over ``banks`` unseen documents a layout."""
    from tests.data import bankgen_docs, bankgen_sheets
    from tests.data.test_readers_banks import measure

    found = {}
    for name in (*bankgen_docs.LAYOUTS, *bankgen_sheets.LAYOUTS):
        total = measure(name, folder, banks, first=50_000)
        found[name] = {
            "questions": total.truth,
            "recall": round(total.recall, 4),
            "precision": round(total.precision, 4),
        }
        print(f"{name:32}{total.truth:8}{total.recall:9.2%}{total.precision:11.2%}", flush=True)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bank", type=Path, help="a one-line Word bank (default: the real one)")
    parser.add_argument("--banks", type=int, default=100, help="generated documents a layout")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        child(args.way, args.bank, args.out)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")
        bank = args.bank or data / "gongkao" / "src.docx"
        if not bank.is_file():
            bank = folder / "made.docx"
            write_bank(bank)
        print(f"{'way':26}{'rows':>8}{'CPU s':>8}{'per CPU s':>11}{'peak MB':>9}")
        speed = {}
        for way in WAYS:
            used = speed[way] = measured(way, bank, folder)
            rate = used["rows"] / used["cpu_s"]
            print(f"{way:26}{used['rows']:8}{used['cpu_s']:8.2f}{rate:11,.0f}{used['peak_mb']:9}")
        print(f"\n{'layout':32}{'truth':>8}{'recall':>9}{'precision':>11}")
        found = layouts(args.banks, folder)
    print(json.dumps({"bank": bank.name, "speed": speed, "layouts": found}, ensure_ascii=False))


if __name__ == "__main__":
    main()
