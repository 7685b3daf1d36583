"""``python -m rag VERB …``: what ``make index``, ``make evidence`` and ``make ask`` call."""

from __future__ import annotations

from pathlib import Path

from core import chat
from core import domain as domains
from core.command import main
from core.errors import UserError
from core.files import sha256, shown
from core.hints import then
from rag import answer, cases, evidence_rows
from rag.build import build
from rag.query import Index, check, prepare, refusal


def index(
    data: Path, domain: str = "gongkao", out: Path | None = None, embedding: str = ""
) -> None:
    """Bring the index up to ``kb.jsonl`` (default: DATA/../index)."""
    kb, folder = data / "kb.jsonl", out or data.parent / "index"
    if not kb.is_file():
        raise UserError(f"{shown(kb)} 不存在 does not exist: 请先运行 make data")
    chosen = answer.settings(domains.load(domain))
    done = build(kb, folder, embedding or chosen["embedding"], chosen["store"])
    if not done.changed:
        print(f"索引已是最新 nothing changed: {shown(folder)} ({done.size} 条 passages)")
        return
    print(
        f"写入 wrote {shown(folder)}: {done.size} 条 passages, +{done.added} -{done.removed}, "
        f"嵌入 embedded {done.embedded} ({done.seconds:.1f} s)"
    )
    print(f"""下一步 next: {then('make ask Q="…"')}""")


def evidence(
    data: Path, domain: str = "gongkao", index: Path | None = None, most: int = evidence_rows.MOST
) -> None:
    """Write training rows with evidence in front of the question, of ``most`` questions."""
    place = index or data.parent / "index"
    made = evidence_rows.write(data, place, domains.load(domain), most)
    done = "写入 wrote" if made["new"] else "已是最新 nothing changed:"
    about = f"{made['found']} 行依据里有答案 hold the answer; {made['weak']} 题依据太弱 too weak"
    where = shown(data / evidence_rows.FILE)
    print(f"{done} {where}: {made['rows']} 行带依据的训练题 rows with evidence ({about})")


def ask(
    question: str,
    /,
    data: Path,
    domain: str = "gongkao",
    index: Path | None = None,
    port: int = chat.DEFAULT_PORT,
    k: int | None = None,
    max_tokens: int = 256,
    after: tuple[str, ...] = (),
) -> None:
    """Answer one question with its evidence; evidence alone where no server runs.

    after: questions asked before it.
    """
    chosen = domains.load(domain)
    opened = Index.open(index or data.parent / "index")
    kb = data / "kb.jsonl"
    if kb.is_file() and sha256(kb) != opened.note["kb"]["sha256"]:
        print(f"提示 note: {shown(kb)} 已有改动 has changed since: make index")
    target, count = None, None
    try:
        target = chat.endpoint(port)
        count = answer.counter(target)
    except UserError as error:
        print(f"模型未作答 no answer from a model: {error}")
    history = [{"role": "user", "content": one} for one in after]
    rewrite = answer.rewriter(chosen, target)
    ready = prepare(opened, chosen, question, history, k=k, count=count, rewrite=rewrite)
    print(f"问 {question}")
    if ready.query != question:
        print(f"理解为 understood as: {ready.query}")
    said = "" if ready.enough else refusal(chosen, ready.missing)
    if target and ready.enough:
        try:
            said = chat.ask(target, ready.messages, temperature=0, max_tokens=max_tokens)
        except UserError as error:
            print(f"模型未作答 no answer from a model: {error}")
    used = check(said, ready.passages, ready.question) if said and ready.enough else []
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


def followups(file: Path, /, json: bool = False) -> None:
    """Which questions lean on the one before, JSON lines: right, total, each wrong one."""
    cases.followups(file, json)


if __name__ == "__main__":
    main("rag", index, evidence, ask, followups)
