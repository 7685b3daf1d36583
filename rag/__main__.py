"""``python -m rag VERB …``: what ``make index``, ``make evidence`` and ``make ask`` call."""

from __future__ import annotations

from pathlib import Path

from core import chat
from core import domain as domains
from core.command import main
from core.errors import UserError
from core.files import sha256, shown
from core.hints import then
from core.language import words
from core.terminal import as_json
from rag import answer, cases, evidence_rows, layout
from rag.build import build
from rag.query import Index, check, prepare, refusal

LISTEN = 23380  # beside the model server's 23333


def index(
    data: Path, domain: str = "gongkao", out: Path | None = None, embedding: str = ""
) -> None:
    """Bring the index up to ``kb.jsonl`` (default: DATA/../index)."""
    kb, folder = data / "kb.jsonl", out or data.parent / "index"
    if not kb.is_file():
        raise layout.no_data(kb)
    chosen = answer.settings(domains.load(domain))
    done = build(kb, folder, embedding or chosen["embedding"], chosen["store"])
    if not done.changed:
        size = words(f"{done.size} 条", f"{done.size} passages")
        print(f"{words('索引已是最新', 'the index is up to date')}: {shown(folder)} ({size})")
        return
    counts = words(
        f"{done.size} 条, +{done.added} -{done.removed}, 嵌入 {done.embedded} 条",
        f"{done.size} passages, +{done.added} -{done.removed}, {done.embedded} embedded",
    )
    print(f"{words('写入', 'wrote')} {shown(folder)}: {counts} ({done.seconds:.1f} s)")
    print(f"""{words("下一步", "next")}: {then('make ask Q="…"')}""")


def evidence(
    data: Path, domain: str = "gongkao", index: Path | None = None, most: int = evidence_rows.MOST
) -> None:
    """Write training rows with evidence in front of the question, of ``most`` questions."""
    place = index or data.parent / "index"
    made = evidence_rows.write(data, place, domains.load(domain), most)
    done = words("写入", "wrote") if made["new"] else words("已是最新", "up to date")
    rows, held, weak, drills = (made[name] for name in ("rows", "found", "weak", "drills"))
    about = words(
        f"{rows} 行带依据的训练题 (其中 {held} 行依据里有答案; "
        f"另有 {weak} 题依据太弱), {drills} 行阅读练习",
        f"{rows} training rows with evidence ({held} hold the answer; {weak} questions had too "
        f"weak evidence), {drills} reading drills",
    )
    print(f"{done} {shown(data / evidence_rows.FILE)}: {about}")


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
        stale = words("已有改动: 请 make index", "has changed since: make index")
        print(f"{words('提示', 'note')}: {shown(kb)} {stale}")
    silent = words("模型未作答", "no answer from a model")
    target, count = None, None
    try:
        target = chat.endpoint(port)
        count = answer.counter(target)
    except UserError as error:
        print(f"{silent}: {error}")
    history = [{"role": "user", "content": one} for one in after]
    rewrite = answer.rewriter(chosen, target)
    ready = prepare(opened, chosen, question, history, k=k, count=count, rewrite=rewrite)
    print(f"{words('问', 'Q')} {question}")
    if ready.query != question:
        print(f"{words('理解为', 'understood as')}: {ready.query}")
    said = "" if ready.enough else refusal(chosen, ready.missing)
    if target and ready.enough:
        try:
            said = chat.ask(target, ready.messages, temperature=0, max_tokens=max_tokens)
        except UserError as error:
            print(f"{silent}: {error}")
    used = check(said, ready.passages, ready.question) if said and ready.enough else []
    for one in used:
        mark = "" if one.supported else f"  ⚠ {words('资料不支持', 'not in the evidence')}"
        own = "" if one.given else "".join(f" [{number}]" for number in one.numbers)
        print(f"{words('答', 'A')} {one.text}{own}{mark}")
    if said and not used:
        print(f"{words('答', 'A')} {said}")
    weak = "" if ready.enough else f" ({words('相关度不足', 'too weak')})"
    print(f"{words('资料', 'evidence')}{weak}")
    for number, passage in enumerate(ready.passages, 1):
        text = " ".join(passage.text.split())
        source = passage.source
        print(f"  [{number}] {passage.score:.2f} {source['file']} {source['locator']}  {text}")


def serve(
    data: Path,
    domain: str = "gongkao",
    index: Path | None = None,
    port: int = chat.DEFAULT_PORT,
    listen: int = LISTEN,
) -> None:
    """Answers with evidence for programs on this machine (listen: the port): OpenAI's protocol, and
    MCP at /mcp."""
    from rag import service

    at = service.Desk(domains.load(domain), data, index or data.parent / "index", port)
    where, key = f"http://127.0.0.1:{listen}", shown(chat.KEY_FILE)
    at.index()  # says what is wrong with it before anything listens
    print(f"OpenAI  {where}/v1    MCP  {where}/mcp", flush=True)
    print(f"{words('密钥', 'key')}: {key} (Authorization: Bearer …)", flush=True)
    service.run(at, listen)


def mcp(
    data: Path,
    domain: str = "gongkao",
    index: Path | None = None,
    port: int = chat.DEFAULT_PORT,
) -> None:
    """The bank's tools over standard input and output, for MCP clients that start it."""
    from rag import desk, tools

    at = desk.Desk(domains.load(domain), data, index or data.parent / "index", port)
    tools.server(at).run("stdio")


def followups(file: Path, /) -> None:
    """Which questions lean on the one before, JSON lines: right, total, each wrong one."""
    cases.followups(file, as_json())


if __name__ == "__main__":
    main("rag", index, evidence, ask, serve, mcp, followups)
