"""``make index``, ``make evidence``, ``make ask``, and ``followups``: ``python -m rag …``."""

from __future__ import annotations

import argparse
from pathlib import Path

from core import chat, domain
from core.errors import UserError, run_cli
from core.files import sha256, shown
from core.hints import then
from rag import answer, cases, rows
from rag.build import build
from rag.query import Index, check, prepare, refusal


def index(args: argparse.Namespace) -> None:
    """Bring the index up to ``kb.jsonl``."""
    kb, folder = args.data / "kb.jsonl", args.out or args.data.parent / "index"
    if not kb.is_file():
        raise UserError(f"{shown(kb)} 不存在 does not exist: 请先运行 make data")
    chosen = answer.settings(domain.load(args.domain))
    done = build(kb, folder, args.embedding or chosen["embedding"], chosen["store"])
    if not done.changed:
        print(f"索引已是最新 nothing changed: {shown(folder)} ({done.size} 条 passages)")
        return
    print(
        f"写入 wrote {shown(folder)}: {done.size} 条 passages, +{done.added} -{done.removed}, "
        f"嵌入 embedded {done.embedded} ({done.seconds:.1f} s)"
    )
    print(f"""下一步 next: {then('make ask Q="…"')}""")


def evidence(args: argparse.Namespace) -> None:
    """Write training rows with evidence in front of the question."""
    place = args.index or args.data.parent / "index"
    made = rows.write(args.data, place, domain.load(args.domain), args.most)
    done = "写入 wrote" if made["new"] else "已是最新 nothing changed:"
    about = f"{made['found']} 行依据里有答案 hold the answer; {made['weak']} 题依据太弱 too weak"
    where = shown(args.data / rows.FILE)
    print(f"{done} {where}: {made['rows']} 行带依据的训练题 rows with evidence ({about})")


def ask(args: argparse.Namespace) -> None:
    """Answer one question with its evidence; evidence alone where no server runs."""
    chosen = domain.load(args.domain)
    opened = Index.open(args.index or args.data.parent / "index")
    kb = args.data / "kb.jsonl"
    if kb.is_file() and sha256(kb) != opened.note["kb"]["sha256"]:
        print(f"提示 note: {shown(kb)} 已有改动 has changed since: make index")
    target, count = None, None
    try:
        target = chat.endpoint(args.port)
        count = answer.counter(target)
    except UserError as error:
        print(f"模型未作答 no answer from a model: {error}")
    history = [{"role": "user", "content": one} for one in args.after]
    rewrite = answer.rewriter(chosen, target)
    ready = prepare(opened, chosen, args.question, history, k=args.k, count=count, rewrite=rewrite)
    print(f"问 {args.question}")
    if ready.query != args.question:
        print(f"理解为 understood as: {ready.query}")
    said = "" if ready.enough else refusal(chosen, ready.missing)
    if target and ready.enough:
        try:
            said = chat.ask(target, ready.messages, temperature=0, max_tokens=args.max_tokens)
        except UserError as error:
            print(f"模型未作答 no answer from a model: {error}")
    used = check(said, ready.passages) if said and ready.enough else []
    for one in used:
        mark = "" if one.supported else "  ⚠ 资料不支持 not in the evidence"
        own = "" if one.given else "".join(f" [{number}]" for number in one.numbers)
        print(f"答 {one.text}{own}{mark}")
    if said and not used:
        print(f"答 {said}")
    print("资料 evidence" + ("" if ready.enough else " (相关度不足 too weak)"))
    for number, passage in enumerate(ready.passages, 1):
        text = " ".join(passage.text.split())
        source = passage.source
        print(f"  [{number}] {passage.score:.2f} {source['file']} {source['locator']}  {text}")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="rag", description=__doc__)
    verbs = top.add_subparsers(required=True)
    for name, run in (("index", index), ("evidence", evidence), ("ask", ask)):
        verb = verbs.add_parser(name, help=run.__doc__)
        verb.set_defaults(run=run)
        verb.add_argument("--domain", default="gongkao")
        verb.add_argument("--data", type=Path, required=True, help="the folder of make data")
        if name == "index":
            verb.add_argument("--out", type=Path, help="index folder (default: DATA/../index)")
            verb.add_argument("--embedding", help="instead of the domain's settings.rag.embedding")
            continue
        verb.add_argument("--index", type=Path, help="index folder (default: DATA/../index)")
        if name == "evidence":
            verb.add_argument("--most", type=int, default=rows.MOST, help="questions at most")
        else:
            verb.add_argument("question")
            verb.add_argument("--after", action="append", default=[], help="a question before it")
            verb.add_argument("--port", type=int, default=chat.DEFAULT_PORT)
            verb.add_argument("--k", type=int)
            verb.add_argument("--max-tokens", type=int, default=256)
    verb = verbs.add_parser("followups", help=cases.followups.__doc__)
    verb.set_defaults(run=lambda args: cases.followups(args.file, args.json))
    verb.add_argument("file", type=Path, metavar="FILE.jsonl")
    verb.add_argument("--json", action="store_true", help="JSON lines")
    return top


def main() -> None:
    """Run the verb."""
    args = parser().parse_args()
    args.run(args)


if __name__ == "__main__":
    run_cli(main)
