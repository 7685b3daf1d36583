"""Our OpenCompass classes. Importing this module registers them; it needs the eval environment."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import torch
from datasets import Dataset
from opencompass.datasets.base import BaseDataset
from opencompass.models.huggingface_above_v4_33 import HuggingFacewithChatTemplate
from opencompass.models.openai_api import OpenAISDK
from opencompass.openicl.icl_evaluator import BaseEvaluator
from opencompass.registry import ICL_EVALUATORS, LOAD_DATASET, MODELS, RUNNERS, TASKS
from opencompass.runners.base import BaseRunner
from tqdm import tqdm
from transformers import AutoTokenizer

from core import chat, precision, trust
from core.errors import UserError
from core.files import read_jsonl
from core.language import words
from eval import metrics
from eval.journal import Journal, Messages, key

ROLES = {"system": "SYSTEM", "user": "HUMAN", "assistant": "BOT"}  # OpenCompass's names for them


@LOAD_DATASET.register_module()
class Questions(BaseDataset):
    """A question file of :mod:`eval.suites`."""

    @staticmethod
    def load(path: str, **_: Any) -> Dataset:
        """Rows with the columns ``number`` (place in the file), ``messages`` and ``answer``."""
        return Dataset.from_list(
            [
                {"number": number, "messages": row["messages"], "answer": row["answer"]}
                for number, row in enumerate(read_jsonl(path))
            ]
        )


@ICL_EVALUATORS.register_module()
class Judge(BaseEvaluator):
    """Scores a suite with :func:`eval.metrics.judge`. OpenCompass's convention: per cent, and one
    detail per question (``id``, ``given``, and every metric as 0 to 1)."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.questions = list(read_jsonl(path))

    def score(self, predictions: list[str], references: list[str]) -> dict[str, Any]:
        """Judge ``predictions`` in the order of the question file."""
        if len(predictions) != len(self.questions):
            raise ValueError(f"{len(predictions)} predictions, {len(self.questions)} questions")
        details = []
        sums: dict[str, list[float]] = {}
        labels = {label for question in self.questions for label in question.get("labels", ())}
        for question, given in zip(self.questions, predictions, strict=True):
            scores = metrics.judge(question, given, tuple(sorted(labels)))
            details.append({"id": question["id"], "given": given, **scores})
            for name, value in scores.items():
                sums.setdefault(name, []).append(value)
        means = {name: 100 * sum(values) / len(values) for name, values in sums.items()}
        return {**means, "details": details}


def said_already(messages: Messages) -> bool:
    """Whether the messages end with the answer: retrieval declined, and no model is asked."""
    return bool(messages) and messages[-1].get("role") == "assistant"


def answer(journal: Journal, request: str, messages: Messages) -> str:
    """What was said, from the messages themselves or from the journal."""
    if said_already(messages):
        return messages[-1]["content"]
    return str((journal.get(request) or {})["answer"])


def unanswered(
    journal: Journal, requests: list[str], inputs: list[Messages]
) -> dict[str, Messages]:
    """What a model must still be asked, once each."""
    return {
        request: messages
        for request, messages in zip(requests, inputs, strict=True)
        if not said_already(messages) and not journal.get(request)
    }


@MODELS.register_module()
class Endpoint(OpenAISDK):
    """Any OpenAI-compatible server. Unlike its parent it needs no tokenizer from a hub, has no
    limit of one query a second, keeps a journal so that nothing is asked twice, and stops at the
    first question that the server will not answer, with the reason.

    ``journal`` is the journal's path, ``label`` the column's name for the progress bar.
    """

    def __init__(self, journal: str, label: str = "", max_workers: int = 4, **kwargs: Any) -> None:
        # The key is read here, not from the config: configs are dumped into the work dir.
        kwargs.setdefault("key", chat.key_for(str(kwargs.get("openai_api_base", ""))))
        super().__init__(query_per_second=1_000_000, max_workers=max_workers, **kwargs)
        self.journal = Journal(Path(journal))
        self.label = label
        self.stop = Event()
        target = chat.Endpoint(url=self.openai_api_base, model=self.path)
        # The client backs off by itself (0.5 s doubling, or what Retry-After says) on 429 and 5xx.
        self.client = chat.client(target, timeout=self.timeout, retries=self.retry)

    def _init_tokenizer(self) -> None:
        """No tokenizer: the server counts."""

    def get_token_len(self, prompt: str) -> int:
        """Characters; only compared with ``max_seq_len``, which the server enforces itself."""
        return 0 * len(prompt)

    def generate(self, inputs: list[Messages], max_out_len: int = 512, **_: Any) -> list[str]:
        """The answers to ``inputs``, in order, from the journal where they stand there."""
        inputs = [self._messages(item, max_out_len) for item in inputs]
        requests = [key(messages, max_out_len, self.temperature or 0.0) for messages in inputs]
        fresh = unanswered(self.journal, requests, inputs)
        if fresh:
            every = 1 if sys.stderr.isatty() else 15  # seconds: a log is no terminal
            unit = words("题", "q")
            bar = tqdm(total=len(fresh), desc=self.label, unit=unit, mininterval=every)
            with bar, ThreadPoolExecutor(self.max_workers) as pool:
                for _done in pool.map(self._answer, fresh.items(), [max_out_len] * len(fresh)):
                    bar.update()
        return [answer(self.journal, r, m) for r, m in zip(requests, inputs, strict=True)]

    def _messages(self, item: Any, max_out_len: int) -> Messages:
        """Ours go out as they are; OpenCompass's own data sets (C-Eval …) come as its templates."""
        if isinstance(item, list) and all("content" in message for message in item):
            return item
        arguments = (max_out_len, self.max_seq_len, self.mode, self.get_token_len)
        return self._preprocess_messages(item, *arguments)[0]

    def _answer(self, item: tuple[str, Messages], max_tokens: int) -> None:
        """Ask one question and write it down; after a failure the questions in the queue are let
        be."""
        if self.stop.is_set():
            return
        request, messages = item
        start = time.monotonic()
        try:
            reply = self.client.chat.completions.create(
                model=self.path,
                messages=messages,
                max_tokens=max_tokens,
                temperature=self.temperature or 0.0,
            )
            choice = reply.choices[0]
        except Exception as error:
            self.stop.set()
            reason = " ".join(str(error).split())[:200]
            n = len(self.journal)
            said = words(
                f"没有回答 ({reason}); 已答的 {n} 题已保存, 修好后重跑即可",
                f"did not answer ({reason}); {n} answers are kept: mend it and run again",
            )
            raise UserError(f"{self.label}: {self.openai_api_base} {said}") from None
        self.journal.add(
            request,
            {
                "answer": choice.message.content or "",
                "finish": choice.finish_reason,
                "seconds": round(time.monotonic() - start, 4),
                "tokens": reply.usage.completion_tokens if reply.usage else None,
                "asked": messages[-1]["content"],
            },
        )


@MODELS.register_module()
class Folder(HuggingFacewithChatTemplate):
    """A Hugging Face folder run by transformers in this process, where no server is wanted. It
    reads the same messages as :class:`Endpoint` and keeps the same journal (without seconds)."""

    def __init__(self, journal: str, label: str = "", step: int = 8, **kwargs: Any) -> None:
        # Left alone, OpenCompass takes float16 where the folder names no format.
        dtype = "auto" if torch.cuda.is_available() else precision.computing(kwargs["path"])
        super().__init__(
            generation_kwargs={"do_sample": False}, model_kwargs={"torch_dtype": dtype}, **kwargs
        )
        # Some tokenizers add token_type_ids, which generate() refuses.
        self.tokenizer.model_input_names = ["input_ids", "attention_mask"]
        self.journal = Journal(Path(journal))
        self.label, self.step = label, step

    def _load_tokenizer(self, path: str, kwargs: Any, pad_token_id: int | None = None) -> None:
        """Where a tokenizer names no padding the parent asks for a generation_config.json, which
        not every folder has; what is padding is masked, so that the end of text serves."""
        if pad_token_id is None:
            known = AutoTokenizer.from_pretrained(path, trust_remote_code=trust.remote_code(path))
            pad_token_id = known.eos_token_id if known.pad_token_id is None else known.pad_token_id
        super()._load_tokenizer(path, kwargs, pad_token_id)

    def generate(self, inputs: list[Messages], max_out_len: int = 512, **_: Any) -> list[str]:
        """The answers to ``inputs``, ``step`` at a time, from the journal where they stand
        there."""
        requests = [key(messages, max_out_len) for messages in inputs]
        fresh = list(unanswered(self.journal, requests, inputs).items())
        for start in tqdm(range(0, len(fresh), self.step), desc=self.label):
            part = fresh[start : start + self.step]
            talks = [
                [{"role": ROLES[m["role"]], "prompt": m["content"]} for m in messages]
                for _, messages in part
            ]
            texts = super().generate(talks, max_out_len)
            for (request, messages), text in zip(part, texts, strict=True):
                known = {"finish": None, "seconds": None, "tokens": None}
                self.journal.add(
                    request, {"answer": text, **known, "asked": messages[-1]["content"]}
                )
        return [answer(self.journal, r, m) for r, m in zip(requests, inputs, strict=True)]


@RUNNERS.register_module()
class HereRunner(BaseRunner):
    """Runs every task in this process: OpenCompass imports once (about 6 s), and an error is an
    error (its own runners log it and exit 0). Tasks of one server run one after another, servers
    beside each other: each has its own thread or GPU."""

    def launch(self, tasks: list[dict[str, Any]]) -> list[tuple[str, int]]:
        """Run ``tasks``; the first exception ends them all."""
        by_server: dict[str, list[dict[str, Any]]] = {}
        for task in tasks:
            by_server.setdefault(task["models"][0].get("openai_api_base", ""), []).append(task)
        with ThreadPoolExecutor(len(by_server) or 1) as pool:
            return [name for names in pool.map(self._queue, by_server.values()) for name in names]

    def _queue(self, tasks: list[dict[str, Any]]) -> list[tuple[str, int]]:
        built = [TASKS.build({"cfg": task, "type": self.task_cfg["type"]}) for task in tasks]
        for task in built:
            task.run()
        return [(task.name, 0) for task in built]
