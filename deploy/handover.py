"""Proof that the served model is the trained one: same prompt tokens, same greedy answer.

The usual accident between a trained folder and its server is silent: another chat template, a
second bos, a changed ``rope_theta``, a lost dtype. So at the first deployment of a converted model
a few prompts are answered by the server and checked against transformers on the original folder.
"""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from core import chat, precision
from core.errors import UserError
from core.files import read_json, read_jsonl, shown, write_json

QUESTIONS = ("世界上最大的宫殿是？", "我国的根本政治制度是什么？", "1949年10月1日发生了什么？")
TOKENS = 24  # length of the compared answers
NEAR = 0.5  # nats: a token may differ where transformers itself holds the two this close
LIKELY = 10  # tokens whose log-probabilities are compared at one place of each answer
RARE = -10.0  # below this log-probability the engine's rounding counts for more than the model
GREEDY = {"temperature": 0, "cache_prompt": False}
LOSS = 1.0  # nats: allowed difference of one of them (Q8_0 measured: 0.1)


def path(served: Path) -> Path:
    """Where the proof of ``served`` lies: beside it."""
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
            rows.append(row["conversation"][0]["input"])
            if len(rows) == len(QUESTIONS):
                break
    asked = rows or list(QUESTIONS)
    return [
        [{"role": "system", "content": system}, {"role": "user", "content": text}] for text in asked
    ]


def call(target: chat.Endpoint, route: str, body: dict[str, Any]) -> Any:
    """POST ``body`` to the server's own ``route`` (not all of it is in OpenAI's protocol)."""
    request = urllib.request.Request(
        target.root + route,
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {chat.api_key()}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


def prompt_ids(target: chat.Endpoint, messages: list[dict[str, str]]) -> list[int]:
    """The token ids that the CPU engine makes of ``messages``, with template and special tokens."""
    text = call(target, "/apply-template", {"messages": messages})["prompt"]
    ids = call(target, "/tokenize", {"content": text, "add_special": True, "parse_special": True})
    return list(ids["tokens"])


def served_answer(
    target: chat.Endpoint, messages: list[dict[str, str]], ids: list[int]
) -> dict[str, Any]:
    """The server's greedy answer to ``messages``, whose tokens are ``ids``.

    ``text`` and ``prompt`` (how many tokens it read) come from the chat route that users call. The
    chat route reports no token ids inside a split character, so ``tokens`` come from the engine's
    own route on ``ids``.
    """
    said = call(
        target,
        "/v1/chat/completions",
        {"model": target.model, "messages": messages, "max_tokens": TOKENS, **GREEDY},
    )
    raw = {"prompt": ids, "n_predict": TOKENS, "return_tokens": True, **GREEDY}
    whole = call(target, "/completion", raw)
    choice = said["choices"][0]
    return {
        "text": choice["message"]["content"],
        "prompt": said["usage"]["prompt_tokens"],
        # the raw route shows a character that was cut off at the end, the chat route does not
        "same": whole["content"].rstrip("\ufffd").strip() == choice["message"]["content"].strip(),
        "tokens": whole["tokens"],
    }


def served_likely(target: chat.Endpoint, ids: list[int]) -> dict[int, float]:
    """Log-probabilities that the engine gives the likeliest tokens after ``ids``.

    Empty where the next token is but a part of a character: the engine reports none there.
    """
    raw = {"prompt": ids, "n_predict": 1, "n_probs": LIKELY, **GREEDY}
    places = call(target, "/completion", raw).get("completion_probabilities") or [{}]
    listed = places[0].get("top_logprobs", ())
    return {one["id"]: one["logprob"] for one in listed if one["logprob"] > RARE}


class Unproved(Exception):
    """transformers cannot run the folder here, so nothing could be compared; says why."""


def reference(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model of ``folder`` as transformers runs them; raises :class:`Unproved`."""
    precision.share_cores()
    import psutil
    from transformers import AutoModelForCausalLM, AutoTokenizer

    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    dtype = "float32" if weights < 2e9 else precision.computing(folder)
    wider = 3 if dtype == "float32" else 1.2
    needed, there = weights * wider, psutil.virtual_memory().available
    if needed > there:
        raise Unproved(f"需要内存 needs {needed / 1e9:.0f} GB of memory, {there / 1e9:.0f} there")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, trust_remote_code=True)
    except Exception as error:  # a model's own code may raise anything
        raise Unproved(f"transformers: {error}") from error
    return tokenizer, model.eval()


def prove(
    target: chat.Endpoint, folder: Path, served: Path, asked: list[list[dict[str, str]]]
) -> None:
    """Compare ``target`` with transformers on ``folder`` and write the result beside ``served``.

    One forward pass per prompt over prompt + served answer: where the best token of every position
    is the served one, the greedy answers are equal. Raises :class:`UserError` at a prompt that
    differs by more than :data:`NEAR` or :data:`LOSS`.
    """
    import torch

    tokenizer, model = reference(folder)
    results = []
    with torch.inference_mode():
        for messages in asked:
            question = messages[-1]["content"]
            ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
            answer = served_answer(target, messages, ids)
            if (
                ids != prompt_ids(target, messages)
                or answer["prompt"] != len(ids)
                or not answer["same"]
            ):
                raise UserError(
                    f"{shown(folder)}: 服务端读到的提示词与训练时不同 the server reads other "
                    f"prompt tokens than the tokenizer writes, at the prompt '{question[:40]}'"
                )
            whole = torch.tensor([ids + answer["tokens"]])
            table = (
                model(whole, use_cache=False).logits[0, len(ids) - 1 : -1].float().log_softmax(-1)
            )
            place, likely = _place(target, tokenizer, ids, answer["tokens"])
            results.append({"prompt": question, **_compare(table, answer, place, likely)})
    _write(target, folder, served, results)


def _place(
    target: chat.Endpoint, tokenizer: Any, ids: list[int], tokens: list[int]
) -> tuple[int, dict[int, float]]:
    """The first place of the answer whose probabilities the engine reports, and those."""
    for place in range(len(tokens)):
        texts = [tokenizer.decode(tokens[:end]) for end in (place, place + 1)]
        if not any(text.endswith("\ufffd") for text in texts):
            likely = served_likely(target, ids + tokens[:place])
            if likely:
                return place, likely
    return 0, {}


def _compare(
    table: Any, answer: dict[str, Any], place: int, likely: dict[int, float]
) -> dict[str, Any]:
    """``table``: transformers' log-probabilities, one row per served token."""
    import torch

    own = table.gather(1, torch.tensor(answer["tokens"])[:, None])[:, 0]
    behind = float((table.max(-1).values - own).max())
    apart = [abs(table[place, token].item() - given) for token, given in likely.items()]
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
            raise UserError(
                f"{shown(served)}: 服务的回答与原模型不一致 answers differ from the model's own, "
                f"at the prompt '{one['prompt'][:40]}' (behind {one['largest_step_behind']}, "
                f"logprob {one['largest_logprob_difference']})"
            )
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
