"""Proof that the served model is the trained one: same prompt tokens, same greedy answer.

The usual accident between a trained folder and its server is silent: another chat template, a
second bos, a changed ``rope_theta``, a lost dtype. So at the first deployment of a converted model
a few prompts are answered by the server and checked against transformers on the original folder:
against what ``make merge`` noted of it where the server says just that, else by a run of its own.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from core import chat, precision, trust
from core.errors import UserError
from core.files import read_json, read_jsonl, sha256, shown, write_json
from core.language import words
from deploy import api, engines
from deploy.engines import Routes

QUESTIONS = ("世界上最大的宫殿是？", "我国的根本政治制度是什么？", "1949年10月1日发生了什么？")
TOKENS = 24  # length of the compared answers
NEAR = 0.5  # nats: a token may differ where transformers itself holds the two this close
LOSS = 1.0  # nats: allowed difference of a token that is likely (Q8_0 measured: 0.1)
# What either side must hold of a token for its difference to tell anything: of a tuned model, sure
# of its answer, Q8_0 alone moved the fifth-likeliest token by 1.35 nats.
LIKELY = math.log(0.01)


def path(served: Path) -> Path:
    """Where the proof of ``served`` lies: beside it."""
    if served.is_dir():  # its own handover.json is the merge's
        return served.with_name(f"{served.name}.served.json")
    if served.stem.startswith("merged"):
        return served.parent / "handover.json"
    return served.with_suffix(".handover.json")


def proved(served: Path, version: str) -> bool:
    """Whether this very content passed before."""
    file = path(served)
    return file.is_file() and read_json(file).get("version") == version


def prompts(system: str, data: Path | None = None) -> list[list[dict[str, str]]]:
    """Three real prompts: the first rows of the run's data where it is known, else our own."""
    rows = []
    if data and (data / "train.jsonl").is_file():
        for row in read_jsonl(data / "train.jsonl"):
            turn = row["conversation"][0]
            rows.append((turn.get("system") or system, turn["input"]))
            if len(rows) == len(QUESTIONS):
                break
    asked = rows or [(system, text) for text in QUESTIONS]
    return [
        [{"role": "system", "content": told}, {"role": "user", "content": text}]
        for told, text in asked
    ]


def served_answer(
    target: chat.Endpoint, routes: Routes, messages: list[dict[str, str]], ids: list[int]
) -> dict[str, Any]:
    """The server's greedy answer to ``messages``, whose tokens are ``ids``.

    ``text`` and ``prompt`` (how many tokens it read) come from the chat route that users call. The
    chat route reports no token ids inside a split character, so ``tokens`` come from the engine's
    own route on ``ids``.
    """
    body = {"model": target.model, "messages": messages, "max_tokens": TOKENS}
    said = api.call(target, "/v1/chat/completions", {**body, **routes.greedy})
    text, tokens = routes.answer(ids, TOKENS)
    choice = said["choices"][0]
    return {
        "text": choice["message"]["content"],
        "prompt": said["usage"]["prompt_tokens"],
        # the raw route shows a character that was cut off at the end, the chat route does not
        "same": begin_alike(text.rstrip("\ufffd").strip(), choice["message"]["content"]),
        "tokens": tokens,
    }


def begin_alike(raw: str, said: str) -> bool:
    """Whether two greedy answers to one prompt begin alike.

    No more is asked: on a GPU a prompt that stands in the prefix cache is computed by other
    kernels, and where two tokens are next to each other either may follow. The tokens are proved
    by themselves.
    """
    return raw[:1] == said.strip("\ufffd \n")[:1]


class Unproved(Exception):
    """transformers cannot run the folder here, so nothing could be compared; says why."""


def tokenizer_of(folder: Path) -> Any:
    """The folder's tokenizer as transformers reads it here; raises :class:`Unproved`."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=trust.remote_code(folder))
    except Exception as error:  # a model's own code may raise anything
        raise Unproved(f"transformers: {error}") from error


def reference(folder: Path) -> Any:
    """The model of ``folder`` as transformers runs it on the CPU; raises :class:`Unproved`."""
    precision.share_cores()
    import psutil
    from transformers import AutoModelForCausalLM

    if read_json(folder / "config.json").get("quantization_config"):
        raise Unproved(
            words("量化模型已由 make quantize 测过", "make quantize measured the quantised model")
        )
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    dtype = "float32" if weights < 2e9 else precision.computing(folder)
    wider = 3 if dtype == "float32" else 1.2
    needed, there = weights * wider, psutil.virtual_memory().available
    if needed > there:
        need, have = f"{needed / 1e9:.0f}", f"{there / 1e9:.0f}"
        raise Unproved(
            words(
                f"需要 {need} GB 内存，只有 {have}", f"needs {need} GB of memory, {have} are there"
            )
        )
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, trust_remote_code=trust.remote_code(folder)
        )
    except Exception as error:  # a model's own code may raise anything
        raise Unproved(f"transformers: {error}") from error
    return model.eval()


def merge_note(folder: Path, data: Path | None) -> list[dict[str, Any]]:
    """What ``make merge`` noted of the first prompts in the environment that trained the model:
    their ``ids``, the folder's own greedy ``tokens`` and how ``likely`` it held the best few at
    each; empty for a folder that is not ours, and where ``data`` changed since."""
    note, rows = folder / "handover.json", (data or folder) / "train.jsonl"
    if not (note.is_file() and rows.is_file()):
        return []
    noted = read_json(note)
    if noted.get("data_sha256") != sha256(rows):
        return []
    return list(noted["prompts"])


def prompt_equal(
    target: chat.Endpoint,
    routes: Routes,
    folder: Path,
    tokenizer: Any,
    messages: list[dict[str, str]],
    known: Any,
) -> tuple[list[int], dict[str, Any]]:
    """The prompt's ids and the server's answer to it; :class:`UserError` where server, folder and
    training do not read the same tokens."""
    question = messages[-1]["content"][:40]
    ids = list(tokenizer.apply_chat_template(messages, add_generation_prompt=True))
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    if known is not None and ids != known:
        other = words(
            f"分词与训练时不同（问题“{question}”），请重新 make merge",
            f"the tokenizer makes other ids here than in training, at the prompt '{question}': "
            "make merge again",
        )
        raise UserError(f"{shown(folder)}: {other}")
    answer = served_answer(target, routes, messages, ids)
    read = routes.prompt_ids(messages, text)
    if ids != read or answer["prompt"] != len(ids) or not answer["same"]:
        other = words(
            f"服务端读到的提示词与训练时不同（问题“{question}”）",
            "the server reads other prompt tokens than the tokenizer writes, "
            f"at the prompt '{question}'",
        )
        raise UserError(f"{shown(folder)}: {other}")
    return ids, answer


def prove(
    target: chat.Endpoint,
    folder: Path,
    served: Path,
    asked: list[list[dict[str, str]]],
    data: Path | None = None,
) -> None:
    """Compare ``target`` with transformers on ``folder`` and write the result beside ``served``.

    First the prompts: server, folder and the training environment (where ``make merge`` noted its
    ids) read the same tokens. Then the answers: equal to the noted ones, or else one forward pass
    per prompt over prompt + served answer: where the best token of every position is the served
    one, the greedy answers are equal. Raises :class:`UserError` at a prompt that differs by more
    than :data:`NEAR` or :data:`LOSS`, :class:`Unproved` where the model does not run here (the
    prompts were compared).
    """
    tokenizer, routes = tokenizer_of(folder), engines.of(target.backend).routes(target)
    notes: list[dict[str, Any]] = merge_note(folder, data) or [{}] * len(asked)
    results: list[dict[str, Any]] = []
    model = None  # some seconds, and the memory, which a note may save
    for messages, note in zip(asked, notes, strict=False):
        ids, answer = prompt_equal(target, routes, folder, tokenizer, messages, note.get("ids"))
        place, likely = _place(routes, tokenizer, ids, answer["tokens"])
        compared = _as_noted(note, answer, place, likely)
        if compared is None:
            model = model or reference(folder)
            compared = _compare(_table(model, ids, answer["tokens"]), answer, place, likely)
        results.append({"prompt": messages[-1]["content"], **compared})
    _write(target, folder, served, results)


def _place(
    routes: Routes, tokenizer: Any, ids: list[int], tokens: list[int]
) -> tuple[int, dict[int, float]]:
    """The first place of the answer whose probabilities the engine reports, and those."""
    for place in range(len(tokens)):
        texts = [tokenizer.decode(tokens[:end]) for end in (place, place + 1)]
        if not any(text.endswith("\ufffd") for text in texts):
            likely = routes.likely(ids + tokens[:place])
            if likely:
                return place, likely
    return 0, {}


def _as_noted(
    note: dict[str, Any], answer: dict[str, Any], place: int, likely: dict[int, float]
) -> dict[str, Any] | None:
    """The comparison with a ``note`` of the same answer; None where the server's is another one:
    how near the two were only the model can tell."""
    served, own = answer["tokens"], note.get("tokens", [])
    # An engine may leave out the token that ends the answer.
    if not note.get("likely") or own[: len(served)] != served or len(own) > len(served) + 1:
        return None
    there = dict(map(tuple, note["likely"][place])) if place < len(own) else {}
    return _result(answer, 0.0, [(there[t], likely[t]) for t in likely.keys() & there.keys()])


def _table(model: Any, ids: list[int], tokens: list[int]) -> Any:
    """The ``model``'s log-probabilities of what follows ``ids``, one row per served token."""
    import torch

    with torch.inference_mode():
        logits = model(torch.tensor([ids + tokens]), use_cache=False).logits
    return logits[0, len(ids) - 1 : -1].float().log_softmax(-1)


def _compare(
    table: Any, answer: dict[str, Any], place: int, likely: dict[int, float]
) -> dict[str, Any]:
    """``table``: as :func:`_table` gives it."""
    import torch

    own = table.gather(1, torch.tensor(answer["tokens"])[:, None])[:, 0]
    behind = float((table.max(-1).values - own).max())
    return _result(
        answer, behind, [(table[place, token].item(), given) for token, given in likely.items()]
    )


def _result(
    answer: dict[str, Any], behind: float, held: list[tuple[float, float]]
) -> dict[str, Any]:
    """``held``: the log-probabilities of the same tokens on either side."""
    apart = [abs(own - served) for own, served in held if max(own, served) >= LIKELY]
    return {
        "answer": answer["text"],
        "prompt_ids_equal": True,
        "greedy_equal": behind == 0.0,
        "largest_step_behind": round(behind, 4),
        "largest_logprob_difference": round(max(apart), 4) if apart else None,
    }


def _write(
    target: chat.Endpoint, folder: Path, served: Path, results: list[dict[str, Any]]
) -> None:
    for one in results:
        if one["largest_step_behind"] > NEAR or (one["largest_logprob_difference"] or 0.0) > LOSS:
            question = one["prompt"][:40]
            apart = f"{one['largest_step_behind']}, {one['largest_logprob_difference']} nat"
            differ = words(
                f"服务的回答与原模型不一致（问题“{question}”，相差 {apart}）",
                f"the answers differ from the model's own, at the prompt '{question}' ({apart})",
            )
            raise UserError(f"{shown(served)}: {differ}")
    write_json(
        path(served),
        {
            "step": "served over HTTP = Hugging Face folder",
            "from": shown(folder),
            "to": shown(served),
            "engine": target.backend,
            "version": target.version,
            "prompt_ids_equal": all(one["prompt_ids_equal"] for one in results),
            "greedy_equal": sum(one["greedy_equal"] for one in results),
            "prompts": results,
            "largest_logprob_difference": max(
                one["largest_logprob_difference"] or 0.0 for one in results
            ),
            "allowed": {"logprob": LOSS, "near_tie": NEAR},
        },
    )
