"""From texts to ``generated.jsonl``: ask for each chunk, screen, write."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.errors import UserError
from core.files import sha256, shown
from core.findings import Finding
from core.language import words
from data_tools import books
from data_tools.generate import parse, prompts, rows, screen
from data_tools.generate.chunks import Chunk, chunks
from data_tools.generate.client import Asker, Patience, Refused, Server, Tally
from data_tools.generate.journal import Reply, opened
from data_tools.generate.screen import Pair
from data_tools.generate.settings import Settings
from data_tools.generate.support import Commonness, passage

JOURNAL = "generated-journal.jsonl"
LEAST = 40  # characters of prose below which a chunk is not worth a question
BAR = "{desc} {n_fmt}/{total_fmt} [{elapsed}, ETA {remaining}, {rate_fmt}]{postfix}"
UNREAD = Finding("unread", "模型的输出读不出来", "the model's reply cannot be read")
CUT = Finding("cut-off", "回复在 tokens 上限处断了", "the reply ended at the limit of tokens")
CUT_THOUGHT = Finding(
    "cut-off", "还在思考就到了 tokens 上限", "the limit of tokens came while the model thought"
)
ADVICE = {  # what to do about the commonest reason where not one pair stood
    "cut-off": (
        "加大 --thinking（或关闭思考，或加大服务的上下文）",
        "raise --thinking (or have the model not think, or raise the server's context)",
    ),
    "refused": ("看上面服务的说明", "see what the server says"),
    "unread": ("换会输出 JSON 的模型", "try a model that writes JSON"),
}
STRONGER = ("换更强的模型", "try a stronger model")


@dataclass(slots=True)
class Text:
    """One text file with its chunks."""

    name: str
    sha256: str
    book: books.Book
    chunks: list[Chunk]

    @property
    def text(self) -> str:
        """The whole text."""
        return self.book.text


@dataclass(slots=True)
class Outcome:
    """What one chunk gave: pairs, and (start, end, reason, text) of what was dropped."""

    pairs: list[Pair] = field(default_factory=list)
    dropped: list[tuple[int, int, str, str]] = field(default_factory=list)


def read_texts(paths: Sequence[Path], size: int) -> list[Text]:
    """The texts, decoded (UTF-8, GB18030, UTF-16) and cut. Raises :class:`UserError` where one is
    missing, binary, or holds no prose."""
    found = []
    for path in paths:
        if not path.is_file():
            raise UserError(f"{shown(path)}: {words('没有这个文件', 'no such file')}")
        book = books.read(path)
        cut = chunks(book.text, size, size + size // 5, book.heads)
        if not any(len(chunk.prose) >= LEAST for chunk in cut):
            raise UserError(f"{shown(path)}: {words('没有可出题的正文', 'no prose to ask about')}")
        found.append(Text(path.name, sha256(path), book, cut))
    return found


Price = tuple[float, float]  # of a million tokens in and out, in any currency


def spent(tally: Tally, price: Price) -> str:
    """What the tokens of a run cost."""
    return f"{(tally.tokens_in * price[0] + tally.tokens_out * price[1]) / 1e6:.4f}"


class Live:
    """One line on a terminal (a line every half minute elsewhere): chunks, pairs, tokens, ETA."""

    def __init__(self, total: int, tally: Tally, price: Price = (0.0, 0.0)) -> None:
        self.tally, self.start, self.pairs, self.dropped = tally, time.monotonic(), 0, 0
        self.price = price
        quiet = not sys.stderr.isatty()
        self.bar = tqdm(
            total=total,
            desc=words("生成", "generate"),
            unit="chunk",
            file=sys.stderr,
            dynamic_ncols=not quiet,
            mininterval=30 if quiet else 0.2,
            bar_format=BAR,
        )

    def add(self, outcome: Outcome) -> None:
        """Count one chunk."""
        self.pairs += len(outcome.pairs)
        self.dropped += len(outcome.dropped)
        self.tell(1)

    def tell(self, chunks: int = 0) -> None:
        """Show how far it is and what it cost so far; called after each reply."""
        tally = self.tally
        rate = tally.tokens_out / max(time.monotonic() - self.start, 0.01)
        cost = f"{tally.tokens_in:,} + {tally.tokens_out:,} tokens"
        cost += f" = {spent(tally, self.price)}" if any(self.price) else ""
        self.bar.set_postfix_str(
            words(
                f"{self.pairs} 对，弃 {self.dropped}，{tally.asked} 次请求",
                f"{self.pairs} pairs, {self.dropped} dropped, {tally.asked} requests",
            )
            + f", {cost}, {rate:.0f}/s",
            refresh=False,
        )
        self.bar.update(chunks)


class Maker:
    """Makes the pairs of a chunk with ``asker``."""

    def __init__(self, asker: Asker, settings: Settings, common: Commonness) -> None:
        self.asker, self.settings, self.common = asker, settings, common

    async def chunk(self, number: int, chunk: Chunk) -> Outcome:
        """Questions, then answers, of one chunk; what the server refuses is dropped."""
        out = Outcome()
        if len(chunk.prose) < LEAST:
            self._drop(out, chunk, Finding("no-prose"), chunk.text.strip())
            return out
        try:
            asked, unread = await self._questions(chunk)
        except Refused as error:
            self._drop(out, chunk, error.finding, "")
            return out
        if not asked:
            self._drop(out, chunk, unread, "")
        good: list[parse.Question] = []
        for question in asked:
            reason = screen.of_question(question.question, self.common)
            if not reason and question.question in {each.question for each in good}:
                reason = Finding("duplicate", chunk.locator)
            if reason:
                self._drop(out, chunk, reason, question.question)
            else:
                good.append(question)
        size = self.settings.at_once
        for start in range(0, len(good), size):
            await self._answered(number, chunk, good[start : start + size], out)
        return out

    async def _questions(self, chunk: Chunk) -> tuple[list[parse.Question], str]:
        """The questions about a chunk; why there is none."""
        count = self.settings.questions
        messages = prompts.ask(chunk, count)
        for attempt in range(self.settings.again + 1):
            reply = await self.asker.ask(
                prompts.again(messages, attempt) if attempt else messages,
                parse.schema(parse.Questions),
                lambda reply: bool(parse.questions(reply.text)),
                temperature=0.7,
                max_tokens=200 + 80 * count,
            )
            found = parse.questions(reply.text, reply.cut_off)
            if found:
                return found[: 2 * count], ""
        return [], why(reply)

    async def _answers(
        self, chunk: Chunk, asked: Sequence[str]
    ) -> tuple[dict[int, parse.Answer], str]:
        """Answers by number; those that a reply left out are asked for once more, by themselves.
        With it why the rest could not be read."""
        found: dict[int, parse.Answer] = {}
        open_ = list(range(1, len(asked) + 1))
        for attempt in range(self.settings.again + 1):
            still = [asked[number - 1] for number in open_]
            messages = prompts.answer(chunk, still, self.settings.longest)
            reply = await self.asker.ask(
                prompts.again(messages, attempt) if attempt else messages,
                parse.schema(parse.Answers),
                partial(_answered_any, still),
                temperature=0.2,
                max_tokens=200 + len(open_) * (200 + 3 * self.settings.longest // 2),
            )
            said = parse.answers(reply.text, still, reply.cut_off)
            found |= {open_[number - 1]: answer for number, answer in said.items()}
            open_ = [number for number in open_ if number not in found]
            if not open_:
                break
        return found, why(reply)

    async def _answered(
        self, number: int, chunk: Chunk, asked: Sequence[parse.Question], out: Outcome
    ) -> None:
        """Ask for the answers to a few questions and screen them into ``out``."""
        try:
            said, unread = await self._answers(chunk, [each.question for each in asked])
        except Refused as error:
            for each in asked:
                self._drop(out, chunk, error.finding, each.question)
            return
        for place, each in enumerate(asked, 1):
            answer = said.get(place)
            if answer is None:
                self._drop(out, chunk, unread, each.question)
                continue
            pair, reason = judged(number, chunk, each, answer, self.settings.longest)
            if reason:
                self._drop(out, chunk, reason, f"{each.question} -> {answer.answer}")
            else:
                out.pairs.append(pair)

    @staticmethod
    def _drop(out: Outcome, chunk: Chunk, reason: str, text: str) -> None:
        out.dropped.append((chunk.start, chunk.end, reason, text))


def _answered_any(asked: Sequence[str], reply: Reply) -> bool:
    return bool(parse.answers(reply.text, asked))


def why(reply: Reply) -> str:
    """Why a reply could not be read: cut off in thought or in its answer, or no JSON."""
    if not reply.cut_off:
        return UNREAD
    return CUT_THOUGHT if reply.thought and not parse.body(reply.text) else CUT


def judged(
    number: int, chunk: Chunk, question: parse.Question, answer: parse.Answer, longest: int
) -> tuple[Pair, str]:
    """A pair with its place in the text, and why it is dropped ("" where it stays)."""
    known = passage(chunk.text)
    found = known.find(answer.evidence)
    start, end = sentences(chunk.text, *found) if found else (0, len(chunk.text))
    pair = Pair(
        question=question.question,
        answer=answer.answer,
        start=chunk.start + start,
        end=chunk.start + end,
        text=chunk.text[start:end],
        chunk=number,
        kind=question.type,
        title=chunk.title,
        evidence=answer.evidence,
    )
    if not answer.answerable:
        return pair, Finding(
            "unanswered", "模型说原文答不出", "the model says that the text has no answer"
        )
    reason = screen.of_answer(pair, longest) or screen.of_support(pair, known, found)
    return pair, reason


_BREAK = "。！？!?\n"


def sentences(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole sentences around a span, without outer space: what a reader is shown."""
    while start > 0 and text[start - 1] not in _BREAK:
        start -= 1
    while end < len(text) and text[end - 1] not in _BREAK:
        end += 1
    while end < len(text) and text[end] in "”’」』）)":
        end += 1
    while start < end and (text[start].isspace() or text[start] in "”’」』"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


async def collect(
    texts: Sequence[Text], asker: Asker, settings: Settings, live: Live
) -> list[list[Outcome]]:
    """The outcomes of all chunks of all texts, in order, several chunks at a time."""
    found = [[Outcome() for _ in text.chunks] for text in texts]
    todo = [(a, b, chunk) for a, text in enumerate(texts) for b, chunk in enumerate(text.chunks)]
    makers = [Maker(asker, settings, Commonness(c.text for c in text.chunks)) for text in texts]

    async def one(job: tuple[int, int, Chunk]) -> None:
        a, b, chunk = job
        found[a][b] = await makers[a].chunk(b, chunk)
        live.add(found[a][b])

    try:
        await asker.each(todo, one)
    finally:
        live.bar.close()
    return found


def _dropped(text: Text, start: int, end: int, reason: str, said: str) -> dict[str, Any]:
    place = {"file": text.name, "locator": text.book.locator(start, end)}
    return {**place, "reason": Finding.of(reason).json(), "text": said}


def _row(text: Text, pair: Pair) -> dict[str, Any]:
    source = {
        "file": text.name,
        "sha256": text.sha256,
        "locator": text.book.locator(pair.start, pair.end),
        "text": pair.text,
    }
    record = {"question": pair.question, "answer": pair.answer, "kind": "generated"}
    extra = {
        "type": pair.kind,
        "chapter": pair.title,
        "flags": [Finding.of(flag).json() for flag in pair.flags],
    }
    return {**record, **{key: value for key, value in extra.items() if value}, "source": source}


def settle(
    texts: Sequence[Text], outcomes: Sequence[Sequence[Outcome]], settings: Settings
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows and drops in the text's order, after the repeats over all chunks were taken out."""
    kept: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    for text, outs in zip(texts, outcomes, strict=True):
        pairs = [pair for out in outs for pair in out.pairs]
        again = screen.repeats(pairs, settings.alike)
        lost = [
            (pairs[i].start, pairs[i].end, reason, f"{pairs[i].question} -> {pairs[i].answer}")
            for i, reason in again.items()
        ]
        lost.extend(each for out in outs for each in out.dropped)
        kept.extend(_row(text, pair) for i, pair in enumerate(pairs) if i not in again)
        dropped.extend(_dropped(text, *each) for each in sorted(lost))
    return kept, dropped


def codes(dropped: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many were dropped for each reason."""
    return dict(Counter(each["reason"]["code"] for each in dropped).most_common())


async def generate(
    texts: Sequence[Text], asker: Asker, settings: Settings, out: Path, price: Price = (0.0, 0.0)
) -> dict[str, Any]:
    """Ask, screen and write ``out``; returns the card. Raises :class:`UserError` where not one pair
    came of it; nothing but the journal is written then."""
    start = time.monotonic()
    live = Live(sum(len(text.chunks) for text in texts), asker.tally, price)
    asker.told = live.tell
    outcomes = await collect(texts, asker, settings, live)
    kept, dropped = settle(texts, outcomes, settings)
    tally = asker.tally
    card: dict[str, Any] = {
        "model": asker.server.model,
        "chunks": sum(len(text.chunks) for text in texts),
        "pairs": len(kept),
        "dropped": len(dropped),
        "reasons": codes(dropped),
        "types": dict.fromkeys(prompts.TYPES, 0) | Counter(row.get("type", "") for row in kept),
        "requests": {"now": tally.asked, "before": tally.kept},
        "tokens": {"in": tally.tokens_in, "out": tally.tokens_out},
        "cut_off": tally.cut,
        "thinking": asker.extra,
        "seconds": round(time.monotonic() - start, 1),
        "settings": settings.__dict__,
        "sources": [{"file": text.name, "sha256": text.sha256} for text in texts],
    }
    if not kept:
        reasons = ", ".join(f"{code} {count}" for code, count in card["reasons"].items())
        most = next(iter(card["reasons"]), "")
        first: dict[str, str] = next(
            (each["reason"] for each in dropped if each["reason"]["code"] == most), {}
        )
        detail = words(first["zh"], first["en"]) if most in ADVICE else ""
        raise UserError(
            f"{words('一对问答也没有留下', 'no pair stood the screen')}: {reasons}"
            f"{f' ({detail})' if detail else ''}: {words(*ADVICE.get(most, STRONGER))}"
        )
    rows.write(out, kept, dropped, card)
    return card


def start(
    texts: Sequence[Text],
    server: Server,
    patience: Patience,
    settings: Settings,
    out: Path,
    price: Price = (0.0, 0.0),
) -> dict[str, Any]:
    """:func:`generate` with the journal of ``out``: what was answered there before is not asked,
    but for what was cut off or could not be read."""

    async def main() -> dict[str, Any]:
        asker = Asker(server, journal, patience, thinking=settings.thinking)
        made = await generate(texts, asker, settings, out, price)
        return made | ({"cost": spent(asker.tally, price)} if any(price) else {})

    with opened(out / JOURNAL) as journal:
        return asyncio.run(main())
