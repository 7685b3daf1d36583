"""``python -m eval run|serve|retrieve|report|judge|compare|score|cases|exams``: docs/eval.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.errors import run_cli


def _serve_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--work-dir", type=Path, required=True)
    one.add_argument("--domain", required=True)
    one.add_argument("--data", type=Path, required=True)
    one.add_argument("--suite", default="domain", help="domain, general, all")
    one.add_argument("--serve", type=Path, required=True, help="python of the deploy room")
    one.add_argument("--backend", default="auto", help="auto, turbomind, pytorch, cpu")
    one.add_argument("--ports", type=int, nargs=3, required=True, help="tuned, base, int4")
    one.add_argument("--deployed", type=int, default=23333, help="a server to use if it fits")
    one.add_argument("--int4", default="0", help="shipped, a model file or folder, or 0")
    one.add_argument("--most", action="append", default=[], help="NAME=N, as of run")
    one.add_argument("--modes", nargs="*", default=[], help="open, closed: with evidence")
    one.add_argument("--workers", type=int, default=4, help="并发请求数 requests at a time")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)

    run = commands.add_parser("run", help="评测 ask the servers, judge, write the card")
    run.add_argument("--work-dir", type=Path, required=True)
    run.add_argument("--domain", required=True)
    run.add_argument("--data", type=Path, required=True)
    run.add_argument("--suite", default="domain", help="domain, general, all")
    run.add_argument(
        "--column", action="append", required=True, help="NAME=PORT 或 or NAME=URL#MODEL"
    )
    run.add_argument(
        "--most",
        action="append",
        default=[],
        help="NAME=N: 该列每个评测集最多 N 题 at most N a suite",
    )
    run.add_argument("--workers", type=int, default=4, help="并发请求数 requests at a time")
    run.add_argument("--runner", default="", help="slurm, dlc, local 或 or a config file")

    _serve_options(commands.add_parser("serve", help="make eval: start, ask, stop, judge"))

    exams = commands.add_parser("exams", help="C-Eval, CMMLU, CMB (需要数据 need their data)")
    exams.add_argument("--work-dir", type=Path, required=True)
    exams.add_argument("--column", required=True, help="NAME=PORT 或 or NAME=URL#MODEL")
    exams.add_argument("--only", default="", help="ceval,cmmlu,cmb 或 or single ones, by comma")
    exams.add_argument("--workers", type=int, default=4)

    retrieve = commands.add_parser("retrieve", help="检索，写出带资料的提示 prompts with evidence")
    retrieve.add_argument("--work-dir", type=Path, required=True)
    retrieve.add_argument("--domain", required=True)
    retrieve.add_argument("--data", type=Path, required=True)
    retrieve.add_argument("--suite", default="domain", help="domain, general, all")
    retrieve.add_argument("--index", type=Path, help="default: DATA/../index")
    retrieve.add_argument("--mode", choices=("open", "closed"), default="open")

    report = commands.add_parser("report", help="重写报告 write the card again")
    report.add_argument("--work-dir", type=Path, required=True)

    judge = commands.add_parser("judge", help="大模型评判 an LLM prefers base or tuned")
    judge.add_argument("--work-dir", type=Path, required=True)
    judge.add_argument("--judge", required=True, help="NAME=PORT 或 or NAME=URL#MODEL")
    judge.add_argument("--most", type=int, default=200, help="至多几题 questions at most")
    judge.add_argument("--workers", type=int, default=4)

    compare = commands.add_parser("compare", help="比较两次评测 two runs side by side")
    compare.add_argument("first", type=Path, metavar="A")
    compare.add_argument("second", type=Path, metavar="B")
    compare.add_argument("--json", action="store_true", help="只输出 JSON only")

    score = commands.add_parser("score", help="三档命中率 the three-standard hit rate of a file")
    score.add_argument("predictions", type=Path, help='{"instruction", "prediction"} a line')
    score.add_argument("labels", type=Path, help="CSV: 药品, 医学专家标注的适应病症, instruction")
    score.add_argument("--json", action="store_true", help="只输出 JSON only")
    score.add_argument("--aliases", default="medical", help="eval/aliases/NAME.txt, none: 不用别名")
    score.add_argument("--strict", action="store_true", help="没答的题算错 no answer is a miss")

    cases = commands.add_parser("cases", help="评分器对已知判断 the scorer on judged answers")
    cases.add_argument("file", type=Path, help="JSON lines, docs/scoring.md")
    cases.add_argument("--json", action="store_true", help="只输出一行 JSON one line of JSON only")

    check = commands.add_parser("selfcheck", help="评分器自检 the scorer on texts of known score")
    check.add_argument("labels", type=Path)
    return top


def exams(args: argparse.Namespace) -> int:
    """Ask one column C-Eval, CMMLU and CMB."""
    from eval import columns, report
    from eval import exams as room

    chosen = columns.column(args.column)
    only = [name for name in args.only.split(",") if name]
    for name, cell in room.evaluate(args.work_dir, chosen, only, args.workers).items():
        print(
            f"{name:8}{report.percent(cell['value']):>7} {report.interval(cell):16} n={cell['n']}"
        )
    return 0


def retrieve(args: argparse.Namespace) -> int:
    """Write the prompts of the +RAG columns."""
    from core import domain
    from core.files import shown
    from eval import retrieval, suites

    sets = suites.build(domain.load(args.domain), args.data, args.suite)
    index = args.index or args.data.parent / "index"
    if retrieval.write(args.work_dir, args.domain, sets, index, args.mode):
        found = retrieval.note(args.work_dir, args.mode)
        asked = sum(one["n"] for one in found["suites"].values())
        print(
            f"写入 wrote {shown(retrieval.folder(args.work_dir))}: {asked} 题有资料 with evidence"
        )
    return 0


def score(args: argparse.Namespace) -> int:
    """Print the three standards of a file of predictions."""
    import json
    import sys

    from eval import report, standards

    found = standards.score_files(args.predictions, args.labels, args.aliases, args.strict)
    if found["missing"] and not args.strict:
        print(
            f"注意 mind: {found['missing']} 题没有回答, 不计入 n (--strict 计为未命中) unanswered "
            "questions are not counted",
            file=sys.stderr,
        )
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for name in (*standards.STANDARDS, *(f"{key}_weighted" for key in standards.STANDARDS)):
        cell = found[name]
        print(
            f"{name:20}{report.percent(cell['value']):>7} {report.interval(cell):16} n={cell['n']}"
        )
    print(f"{'precision':20}{report.percent(found['precision']['value']):>7}", end=" ")
    print(f"每答标签数 labels per answer {found['labels_per_answer']}")
    return 0


def selfcheck(args: argparse.Namespace) -> int:
    """Print what the scorer makes of leaflets, beside a plain substring."""
    from eval import standards

    print(f"{'':14}{'ours 1 / 2 / 3':26}plain substring 1 / 2 / 3")
    for name, rates in standards.self_check(args.labels).items():
        ours, plain = (" / ".join(f"{v:5.2f}" for v in rates[key]) for key in ("ours", "plain"))
        print(f"{name:14}{ours:26}{plain}")
    return 0


def main() -> int:
    """Run one command; 1 when a gate of the card fails."""
    args = parser().parse_args()
    plain = {"score": score, "selfcheck": selfcheck, "retrieve": retrieve, "exams": exams}
    if args.command in plain:
        return plain[args.command](args)
    if args.command == "cases":
        from eval import cases

        return cases.show(args.file, args.json)
    if args.command == "compare":
        from eval import compare

        return compare.show(args.first, args.second, args.json)
    from eval import report

    if args.command == "judge":
        from eval import columns, preference

        endpoint = columns.column(args.judge).endpoint
        judged = preference.run_judge(args.work_dir, endpoint, args.most, args.workers)
        print(f"已评判 judged {judged} 题 by {endpoint.model}")
    if args.command == "serve":
        from eval import serving

        if not serving.evaluate(args):
            print("没有变化，未重新提问 nothing changed: nothing was asked again")
    if args.command == "run":
        from eval import columns, run

        chosen = [columns.column(spec) for spec in args.column]
        most = dict(columns.most(spec) for spec in args.most)
        if not run.evaluate(
            args.work_dir,
            args.domain,
            args.data,
            args.suite,
            chosen,
            args.workers,
            args.runner,
            most,
        ):
            print("没有变化，未重新提问 nothing changed: nothing was asked again")
    return report.write(args.work_dir)


if __name__ == "__main__":
    run_cli(main)
