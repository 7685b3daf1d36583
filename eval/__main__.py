"""``python -m eval VERB …``; see docs/eval.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from core.command import main
from core.language import words
from core.terminal import as_json, padded


def run(
    work_dir: Path,
    domain: str,
    data: Path,
    column: tuple[str, ...],
    suite: str = "domain",
    most: tuple[str, ...] = (),
    workers: int = 4,
    runner: str = "",
    standby: bool = False,
) -> int:
    """Ask the servers, judge, write the card; exit status 1 where a gate fails.

    column: NAME=PORT or NAME=URL#MODEL; suite: domain, general, all; most: NAME=N, at most N
    questions a suite of that column; workers: requests at a time; runner: slurm, dlc, local or a
    config file; standby: get ready, and begin at a line on the standard input.
    """
    from eval import report, targets
    from eval import run as room

    if standby:
        room.imports()
        if not sys.stdin.readline():
            return 2  # who would have started the servers has ended
    chosen = [targets.column(spec) for spec in column]
    limits = dict(targets.most(spec) for spec in most)
    if not room.evaluate(work_dir, domain, data, suite, chosen, workers, runner, limits):
        print(words("没有变化，未重新提问", "nothing changed: nothing was asked again"))
    return report.write(work_dir)


def ask(
    work_dir: Path,
    domain: str,
    data: Path,
    column: tuple[str, ...],
    suite: str = "domain",
    most: tuple[str, ...] = (),
    workers: int = 4,
) -> None:
    """Only ask, as of run: where servers run one after another, each is asked in its turn.

    The last line is JSON: the columns, as run takes them when their servers are gone.
    """
    from eval import run as room
    from eval import targets

    limits = dict(targets.most(spec) for spec in most)
    chosen = [targets.column(spec) for spec in column]
    room.ask(work_dir, domain, data, suite, chosen, workers, limits)
    print(json.dumps([targets.noted(one) for one in chosen], ensure_ascii=False))


def sample(
    data: Path,
    column: str,
    k: int = 4,
    temperature: float = 0.8,
    most: int = 0,
    workers: int = 4,
) -> None:
    """Several answers to each training question, each judged: DATA/samples.jsonl.

    column: NAME=PORT or NAME=URL#MODEL; k: answers a question; most: questions at most (0: all);
    workers: requests at a time.
    """
    from core.files import shown
    from core.language import words
    from eval import sample as room
    from eval import targets

    made = room.write(data, targets.column(column), k, temperature, most, workers)
    questions, said, right, now = (made[key] for key in ("questions", "answers", "right", "asked"))
    print(
        words(
            f"  {questions} 题，{said} 个回答（这次问了 {now} 个），其中 {right} 个正确",
            f"  {questions} questions, {said} answers ({now} asked now), {right} of them right",
        )
    )
    print(f"{words('写入', 'wrote')} {shown(data / room.FILE)}")


def exams(work_dir: Path, column: str, only: str = "", workers: int = 4) -> None:
    """Ask one column C-Eval, CMMLU and CMB (their data are needed); only: names, by comma."""
    from eval import exams as room
    from eval import report, targets

    chosen = targets.column(column)
    names = [name for name in only.split(",") if name]
    for name, cell in room.evaluate(work_dir, chosen, names, workers).items():
        print(
            f"{name:8}{report.percent(cell['value']):>7} {report.interval(cell):16} n={cell['n']}"
        )


def retrieve(
    work_dir: Path,
    domain: str,
    data: Path,
    suite: str = "domain",
    index: Path | None = None,
    mode: Literal["open", "closed"] = "open",
) -> None:
    """Write the prompts of the +RAG columns (index: default DATA/../index)."""
    from core import domain as domains
    from core.files import shown
    from eval import retrieval, suites

    sets = suites.build(domains.load(domain), data, suite)
    if retrieval.write(work_dir, domain, sets, index or data.parent / "index", mode):
        prepared = retrieval.note(work_dir, mode)
        asked = sum(one["n"] for one in prepared["suites"].values())
        said = words(f"{asked} 题有资料", f"{asked} questions with evidence")
        print(f"{words('写入', 'wrote')} {shown(retrieval.folder(work_dir))}: {said}")


def report(work_dir: Path) -> int:
    """Write the card again; exit status 1 where a gate fails."""
    from eval import report

    return report.write(work_dir)


def judge(work_dir: Path, judge: str, most: int = 200, workers: int = 4) -> int:
    """A large model prefers base or tuned: judge NAME=PORT or NAME=URL#MODEL, most questions."""
    from eval import preference, report, targets

    endpoint = targets.column(judge).endpoint
    judged = preference.run_judge(work_dir, endpoint, most, workers)
    print(
        words(f"{endpoint.model} 评判了 {judged} 题", f"{endpoint.model} judged {judged} questions")
    )
    return report.write(work_dir)


def compare(runs: list[Path], /) -> int:
    """Two runs side by side; of more, one line each with what it brought over the one before."""
    from core.errors import UserError
    from eval import compare

    if len(runs) < 2:
        raise UserError(words("请给出两次或更多训练", "give two runs or more"))
    if len(runs) > 2:
        return compare.show_steps(runs, as_json())
    return compare.show(runs[0], runs[1], as_json())


def score(
    predictions: Path,
    labels: Path,
    /,
    aliases: str = "medical",
    strict: bool = False,
) -> None:
    """The three-standard hit rate of a file.

    predictions: {"instruction", "prediction"} a line; labels: CSV with 药品, instruction and
    医学专家标注的适应病症; aliases: eval/aliases/NAME.txt, or none; strict: no answer is a miss.
    """
    from eval import report, standards

    made = standards.score_files(predictions, labels, aliases, strict)
    if made["missing"] and not strict:
        n = made["missing"]
        said = words(
            f"注意: {n} 题没有回答, 不计入 n (--strict 计为未命中)",
            f"note: {n} questions without an answer are not counted (--strict: as misses)",
        )
        print(said, file=sys.stderr)
    if as_json():
        print(json.dumps(made, ensure_ascii=False, indent=1))
        return
    for name in (*standards.STANDARDS, *(f"{key}_weighted" for key in standards.STANDARDS)):
        cell = made[name]
        print(
            f"{name:20}{report.percent(cell['value']):>7} {report.interval(cell):16} n={cell['n']}"
        )
    print(f"{'precision':20}{report.percent(made['precision']['value']):>7}", end=" ")
    print(f"{words('每答标签数', 'labels per answer')} {made['labels_per_answer']}")


def cases(file: Path, /) -> int:
    """The scorer on judged answers, JSON lines (docs/scoring.md): right, total, each wrong one."""
    from eval import cases

    return cases.show(file, as_json())


def selfcheck(labels: Path, /) -> None:
    """What the scorer makes of leaflets of known score, beside a plain substring."""
    from eval import standards

    ours, plain = words("本评分", "ours"), words("子串", "plain substring")
    print(f"{'':14}{padded(f'{ours} 1 / 2 / 3', 26)}{plain} 1 / 2 / 3")
    for name, rates in standards.self_check(labels).items():
        ours, plain = (" / ".join(f"{v:5.2f}" for v in rates[key]) for key in ("ours", "plain"))
        print(f"{name:14}{ours:26}{plain}")


if __name__ == "__main__":
    main("eval", run, ask, sample, exams, retrieve, report, judge, compare, score, cases, selfcheck)
