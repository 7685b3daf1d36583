"""Requests to an OpenAI-compatible server: many at once, each at most once, each kept.

openai's own client retries what may pass (connection, timeout, 408, 409, 429, 5xx) with a growing
pause and the server's Retry-After; what it gives up on is told apart here: the server as a whole
(:class:`UserError`, the run ends and can go on later) or this one request (:class:`Refused`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import openai
from openai import AsyncOpenAI

from core import chat
from core.errors import UserError
from core.findings import Finding
from core.language import words
from core.thinking import without_thinking
from data_tools.generate.journal import Journal, Reply, key_of

THINKING = (4096, 16_384)  # tokens added to an answer's, one after the other, where it is cut off
APART = ("reasoning_content", "reasoning", "thinking")  # fields in which servers put thoughts
Job = TypeVar("Job")
IN_A_ROW = 8  # requests refused one after the other: the server is not well, or the setup is wrong


class Refused(Exception):
    """This request gets no reply; others may. Why is a ``finding``."""

    def __init__(self, *why: str) -> None:
        self.finding = Finding("refused", *why)
        super().__init__(self.finding)


@dataclass(frozen=True)
class Server:
    """Where to ask: ``url`` ends in ``/v1``; ``version`` tells two trainings of a model apart."""

    url: str
    model: str
    key: str
    version: str = ""


def server(base_url: str = "", model: str = "") -> Server:
    """The server at ``base_url``, or the deployed one.

    The deployed server's key is not sent elsewhere: with ``base_url`` the key is the one that
    TIKUFORGE_KEYS has for it, else TIKUFORGE_API_KEY or OPENAI_API_KEY. Raises :class:`UserError`
    where none is deployed or no model is named."""
    if base_url:
        if not model:
            raise UserError(words("给了 --base-url 还要给 --model", "give --model with --base-url"))
        key = chat.key_for(base_url)
        if key == "EMPTY":
            key = os.environ.get("TIKUFORGE_API_KEY") or os.environ.get("OPENAI_API_KEY") or key
        return Server(base_url.rstrip("/"), model, key)
    target = chat.endpoint()
    return Server(target.url, model or target.model, chat.api_key(), target.version)


@dataclass
class Tally:
    """What this run asked: requests answered now and from the journal, tokens counted now, and how
    many replies ended at the limit of tokens, in thought or in the answer."""

    asked: int = 0
    kept: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cut: int = 0


@dataclass(frozen=True)
class Patience:
    """Requests in flight, seconds for one answer, and retries of what may pass."""

    at_once: int = 4
    timeout: float = 600.0
    retries: int = 5


@dataclass
class Asker:
    """Asks ``server`` through ``journal``; ``thinking``: tokens that the model may think for (0:
    found out)."""

    server: Server
    journal: Journal
    patience: Patience = field(default_factory=Patience)
    tally: Tally = field(default_factory=Tally)
    thinking: int = 0
    told: Callable[[], None] = lambda: None  # called after each reply
    extra: int = 0  # tokens that thinking was found to need
    settled: set[str] = field(default_factory=set)  # requests answered in this run

    def __post_init__(self) -> None:
        self.client = AsyncOpenAI(
            base_url=self.server.url,
            api_key=self.server.key,
            timeout=self.patience.timeout,
            max_retries=self.patience.retries,
        )
        self.places = asyncio.Semaphore(self.patience.at_once)
        self.flying: dict[str, asyncio.Future[Reply]] = {}
        self.refused = 0
        self.with_schema = True
        self.extra = self.thinking

    async def each(self, jobs: Iterable[Job], do: Callable[[Job], Awaitable[None]]) -> None:
        """``do`` every job, as many at a time as may be in flight, and close the connection. Raises
        :class:`UserError` where the server gave up; what was answered is kept."""
        todo = iter(jobs)

        async def work() -> None:
            for job in todo:
                await do(job)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.patience.at_once):
                    group.create_task(work())
        except* UserError as errors:
            raise errors.exceptions[0] from None
        finally:
            await self.client.close()

    async def ask(
        self,
        messages: list[dict[str, str]],
        shape: dict[str, Any],
        readable: Callable[[Reply], bool] = lambda _: True,
        **parameters: Any,
    ) -> Reply:
        """The reply to ``messages``. ``shape`` (a JSON schema as ``response_format``) helps where
        the server knows it, and is left out where it does not; ``parameters`` are OpenAI's.

        ``max_tokens`` is what the answer needs: a model that thinks gets :attr:`extra` more, and a
        reply that was cut off is asked for again with more still. A reply of an earlier run that
        was cut off or is not ``readable`` is asked for again: what made it so may be mended."""
        name = f"{self.server.model}\0{self.server.version}"
        key = key_of(name, messages, parameters)
        known = self.journal.get(key)
        if known is not None and (key in self.settled or (not known.cut_off and readable(known))):
            self.tally.kept += 1
            return known
        if key in self.flying:  # the same text twice: one request serves both
            return await asyncio.shield(self.flying[key])
        self.flying[key] = future = asyncio.get_running_loop().create_future()
        try:
            async with self.places:
                reply = await self._whole(messages, shape, parameters)
            self.journal.add(key, reply)
            self.settled.add(key)
            future.set_result(reply)
            return reply
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else Refused("cancelled"))
            future.exception()  # nobody may be waiting: that is no error
            raise
        finally:
            del self.flying[key]

    async def _whole(
        self, messages: list[dict[str, str]], shape: dict[str, Any], parameters: dict[str, Any]
    ) -> Reply:
        """A reply that was not cut off, where more tokens can bring that about."""
        given, reply = -1, Reply("")
        while True:
            extra = next((one for one in self._rooms() if one > given), None)
            if extra is None:
                return reply
            more = {**parameters, "max_tokens": parameters["max_tokens"] + extra}
            try:
                reply = await self._send(messages, shape, more if extra else parameters)
            except Refused as error:
                if given < 0:
                    raise
                most = f" (max_tokens {more['max_tokens']})"
                why = error.finding
                raise Refused(why.zh + most, why.en + most) from None
            given = extra
            if reply.thought or reply.cut_off:
                self.extra = max(self.extra, extra if not reply.cut_off else 0)
            if not reply.cut_off:
                return reply

    def _rooms(self) -> Iterator[int]:
        """What may be added to an answer's tokens, growing: first what was enough before."""
        yield self.extra
        yield from (one for one in (self.thinking, *THINKING) if one > self.extra)

    async def _send(
        self, messages: list[dict[str, str]], shape: dict[str, Any], parameters: dict[str, Any]
    ) -> Reply:
        """One request, with what went wrong sorted."""
        root = self.server.url.removesuffix("/v1")
        try:
            reply = await self._complete(messages, shape, parameters)
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            raise UserError(
                words(
                    f"{root} 不接受这个密钥：设置 TIKUFORGE_API_KEY",
                    f"{root} rejects the API key: set TIKUFORGE_API_KEY",
                )
            ) from None
        except openai.NotFoundError as error:
            model = self.server.model
            missing = words(f"{root} 没有 {model}", f"{root} has no {model}")
            raise UserError(f"{missing}: {error.message}") from None
        except openai.APITimeoutError:
            late = f"{self.patience.timeout:.0f}"
            self._refuse(f"{late} 秒内未答", f"no answer in {late} s")
        except openai.APIConnectionError:
            raise UserError(
                words(
                    f"连不上模型服务 {root}：已答的都已保存，服务恢复后再运行一次即可继续",
                    f"cannot reach {root}: what was answered is kept, run again to go on",
                )
            ) from None
        except (openai.APIError, ValueError) as error:  # the second: a body that is no JSON
            self._refuse(str(error))
        self.refused = 0
        self.tally.asked += 1
        self.tally.tokens_in += reply.tokens_in
        self.tally.tokens_out += reply.tokens_out
        self.tally.cut += reply.cut_off
        self.told()
        return reply

    def _refuse(self, *why: str) -> NoReturn:
        """Give up this request (``why`` in both languages, or in the server's words), or the run
        where too many in a row went wrong."""
        self.refused += 1
        refused = Refused(*(" ".join(text.split())[:300] for text in why))
        if self.refused >= IN_A_ROW:
            url, why_ = self.server.url, refused.finding
            raise UserError(
                words(
                    f"{url} 接连拒绝了 {self.refused} 个请求：{why_.zh}：已得到的回答都已保存",
                    f"{url} refused {self.refused} requests in a row: {why_.en}: "
                    "what was answered is kept",
                )
            )
        raise refused

    async def _complete(
        self, messages: list[dict[str, str]], shape: dict[str, Any], parameters: dict[str, Any]
    ) -> Reply:
        """One call; a server that does not know JSON schemas is asked without."""
        extra = {"response_format": shape} if self.with_schema else {}
        try:
            create: Any = self.client.chat.completions.create  # its overloads want literals
            made = await create(
                model=self.server.model,
                messages=messages,
                **extra,
                **parameters,
            )
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            named = any(word in str(error) for word in ("response_format", "schema", "grammar"))
            if not (self.with_schema and named):
                raise
            self.with_schema = False
            return await self._complete(messages, shape, parameters)
        if not getattr(made, "choices", None):  # a body of another kind, a web page say
            self._refuse("回复不是对话格式", "the reply is no chat completion")
        usage, choice = made.usage, made.choices[0]
        text = choice.message.content or ""
        apart = any(getattr(choice.message, name, None) for name in APART)
        return Reply(
            text=text,
            thought=apart or without_thinking(text) != text,
            cut_off=choice.finish_reason == "length",
            tokens_in=usage.prompt_tokens if usage else 0,
            tokens_out=usage.completion_tokens if usage else 0,
        )
