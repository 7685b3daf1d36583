"""``python -m data_tools generate``: a text, or another project's pairs, to ``generated.jsonl``."""

from __future__ import annotations

from pathlib import Path

from core import domain as domains
from core.errors import UserError
from core.files import shown
from core.findings import told
from core.language import words
from data_tools.generate import rows
from data_tools.generate.settings import Settings


def generate(
    out: Path,
    novel: tuple[Path, ...] = (),
    pairs: Path | None = None,
    domain: str = "novel",
    base_url: str = "",
    model: str = "",
    workers: int = 4,
    timeout: float = 600,
    retries: int = 5,
    price: tuple[float, ...] = (),
    size: int | None = None,
    questions: int | None = None,
    longest: int | None = None,
    at_once: int | None = None,
    alike: int | None = None,
    again: int | None = None,
) -> None:
    """A text's questions by a model, or the screening of a list of {question, answer} (pairs).

    base-url: …/v1, by default the deployed model (its key: TIKUFORGE_API_KEY); workers: requests in
    flight; timeout: seconds for one answer; price: of a million tokens in and out; the rest:
    :class:`Settings`, over the domain's.
    """
    given = {"size": size, "questions": questions, "longest": longest}
    given |= {"at_once": at_once, "alike": alike, "again": again}
    set_ = domains.load(domain).settings.get("generate", {})
    settings = Settings.of({**set_, **{name: v for name, v in given.items() if v is not None}})
    if bool(novel) == bool(pairs):
        raise UserError(
            words("请给出 --novel FILE 或 --pairs FILE", "give --novel FILE or --pairs FILE")
        )
    if pairs:
        from data_tools.generate.imported import screened  # numpy, which a build need not load

        card = screened(pairs, settings, out)
    else:
        from data_tools.generate import run  # openai, the same
        from data_tools.generate.client import Patience, server

        texts = run.read_texts(list(novel), settings.size)
        target = server(base_url, model)
        patience = Patience(max(1, workers), timeout, retries)
        card = run.start(texts, target, patience, settings, out, prices(price))
        said, cost = card["requests"], card["tokens"]
        tokens = f"{cost['in']:,} + {cost['out']:,} tokens, {card['seconds']} s"
        asked = words(
            f"{card['chunks']} 块，{said['now']} 次请求（另有 {said['before']} 次早已答过）",
            f"{card['chunks']} chunks, {said['now']} requests ({said['before']} answered before)",
        )
        price_ = f", {words('费用', 'cost')} {card['cost']}" if "cost" in card else ""
        print(f"  {asked}, {tokens}{price_}")
    print(f"  {card['pairs']:>7,}  {words('对问答', 'pairs')}")
    for code, count in card["reasons"].items():
        print(f"  {count:>7,}  {words('弃', 'dropped')}: {code} ({told(code)})")
    if refused := card["reasons"].get("refused", 0):
        print(
            words(
                f"服务拒绝了 {refused} 次：再运行一次只补这些",
                f"the server refused {refused}: run again for those only",
            )
        )
    names = f"{rows.ROWS}, {rows.DROPPED}, {rows.CARD}"
    print(f"{words('写入', 'wrote')} {shown(out)}/: {names}")


def explain(
    out: Path,
    base_url: str = "",
    model: str = "",
    workers: int = 4,
    timeout: float = 600,
    retries: int = 5,
) -> None:
    """Explanations that the training rows lack, by a teacher model, where its answer is the key.

    base-url: …/v1, by default the deployed model (its key: TIKUFORGE_API_KEY); workers: requests in
    flight; timeout: seconds for one answer. The next build fills them in.
    """
    from data_tools import taught
    from data_tools.generate import explain as teacher  # openai, which a build need not load
    from data_tools.generate.client import Patience, server

    patience = Patience(max(1, workers), timeout, retries)
    done = teacher.write(out, server(base_url, model), patience)
    asked, kept = done["asked"], done["kept"]
    told_of(
        words(
            f"{asked} 题没有解析，模型写出可用的 {kept} 条",
            f"{asked} questions without an explanation, {kept} explained by the model",
        ),
        done["dropped"],
        out / taught.FILE,
    )


def reword(
    out: Path,
    wordings: int = 3,
    base_url: str = "",
    model: str = "",
    workers: int = 4,
    timeout: float = 600,
    retries: int = 5,
) -> None:
    """Training questions in other words by a model, where they still ask for the key.

    wordings: how many of each; the rest as of explain. The next build takes them in.
    """
    from data_tools import taught
    from data_tools.generate import reword as writer  # openai, which a build need not load
    from data_tools.generate.client import Patience, server

    patience = Patience(max(1, workers), timeout, retries)
    done = writer.write(out, server(base_url, model), patience, wordings)
    asked, kept = done["asked"], done["kept"]
    told_of(
        words(
            f"{asked} 题请模型换问法，可用的 {kept} 种",
            f"{asked} questions put to the model, {kept} wordings of theirs to be used",
        ),
        done["dropped"],
        out / taught.REWORDED,
    )


def told_of(done: str, dropped: dict[str, int], path: Path) -> None:
    """Say what a teacher wrote, what of it was dropped, and where it is."""
    print(f"  {done}")
    for code, count in dropped.items():
        print(f"  {count:>7,}  {words('弃', 'dropped')}: {code} ({told(code)})")
    print(f"{words('写入', 'wrote')} {shown(path)}")


def prices(given: tuple[float, ...]) -> tuple[float, float]:
    """What a million tokens cost, in and out; 0 and 0 where nothing is said."""
    if len(given) not in (0, 2):
        raise UserError(
            "--price: "
            + words(
                "两个数：每百万 token 的输入价和输出价",
                "two numbers: what a million tokens cost, in and out",
            )
        )
    return (given[0], given[1]) if given else (0.0, 0.0)
