"""``make answers``: the page's answers for programs, by OpenAI's protocol, and MCP beside it.

``POST /v1/chat/completions`` (streaming too), ``POST /v1/search``, ``GET /v1/source/ID``,
``GET /v1/models``; MCP at ``/mcp``. All but ``/health`` ask for the key of ``make deploy``. It
listens on this machine alone. The domain's system prompt and the evidence make the prompt: an
asker's own system message is not sent on.
"""

from __future__ import annotations

import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, Strict
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from core import chat
from core.errors import UserError
from rag import desk, tools
from rag.answer import Prepared
from rag.desk import Desk

# What goes on to the model as it is; everything else of OpenAI's that changes answers is refused.
PASSED = (
    "temperature", "top_p", "max_tokens", "seed", "stop", "presence_penalty", "frequency_penalty",
)  # fmt: skip
REFUSED = ("tools", "tool_choice", "functions", "response_format", "logprobs", "audio")
STATUS = {"chat.not_deployed": 503, "chat.unreachable": 503, "chat.timeout": 504}
BODY = 4 << 20  # bytes of a request: a long conversation's, many times over
TOO_LONG = f"a request has {BODY} bytes at most"
Whole = Annotated[int, Strict()]
Number = Whole | Annotated[float, Strict()]
Word = Annotated[str, Field(max_length=200)]


class Message(BaseModel):
    """One message; ``content`` is a text, or parts of which the texts count."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]] | None = ""

    def text(self) -> str:
        """What it says."""
        if isinstance(self.content, list):
            return "".join(str(part["text"]) for part in self.content)
        return self.content or ""


class Asked(BaseModel):
    """A request for a completion. ``citations``: ``text`` puts the evidence under the answer, too
    (a chat front end shows nothing else), ``fields`` leaves the answer alone."""

    model_config = ConfigDict(extra="allow")
    messages: list[Message] = Field(min_length=1, max_length=200)
    model: str = ""
    temperature: Annotated[Number, Field(ge=0, le=10)] | None = None
    top_p: Annotated[Number, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[Whole, Field(ge=1, le=2**20)] | None = None
    max_completion_tokens: Annotated[Whole, Field(ge=1, le=2**20)] | None = None
    seed: Annotated[Whole, Field(ge=-1, lt=2**32)] | None = None
    stop: Word | Annotated[list[Word], Field(max_length=16)] | None = None
    presence_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    stream: bool = False
    citations: Literal["text", "fields"] = "text"


class Sought(BaseModel):
    """A search."""

    query: str = Field(min_length=1, max_length=desk.WORDS)
    k: int = Field(default=5, ge=1, le=desk.MOST)


class Wrong(Exception):
    """A request that is refused: what is said, and with which status."""

    def __init__(self, said: str, status: int = 400, code: str = "invalid_request_error") -> None:
        super().__init__(said)
        self.status, self.code = status, code


def failed(said: str, status: int, code: str) -> JSONResponse:
    """An error in OpenAI's form."""
    return JSONResponse({"error": {"message": said, "type": code, "code": code}}, status)


def parameters(asked: Asked) -> dict[str, Any]:
    """What goes on to the model; :class:`Wrong` names what cannot."""
    more = dict(asked.model_extra or {})
    if bad := [name for name in REFUSED if more.get(name)]:
        raise Wrong(f"{bad[0]}: not supported, answers rest on the bank's evidence")
    if more.get("n") not in (None, 1):
        raise Wrong("n: 1 alone")
    given = {name: getattr(asked, name) for name in PASSED}
    given["max_tokens"] = given["max_tokens"] or asked.max_completion_tokens
    return {name: value for name, value in given.items() if value is not None}


def talk(messages: Sequence[Message]) -> tuple[str, list[dict[str, str]]]:
    """The question and the turns before it."""
    for one in messages:
        if isinstance(one.content, list):
            for part in one.content:
                if part.get("type") != "text" or not isinstance(part.get("text"), str):
                    raise Wrong(f"content: {part.get('type')}: text alone")
    said = [one for one in messages if one.role in ("user", "assistant")]
    if not said or said[-1].role != "user" or not said[-1].text().strip():
        raise Wrong("messages: the last must be a question of the user")
    question = said[-1].text().strip()
    if len(question) > desk.WORDS:
        raise Wrong(f"messages: a question has {desk.WORDS} characters at most")
    return question, [{"role": one.role, "content": one.text()} for one in said[:-1]]


class Completion:
    """One answer on its way, in OpenAI's form."""

    def __init__(
        self, at: Desk, ready: Prepared, model: str, asked: Asked, given: dict[str, Any]
    ) -> None:
        self.desk, self.ready, self.asked, self.given = at, ready, asked, given
        self.head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time())}
        self.head |= {"model": model}
        # Chat front ends read it without asking whether it is there; a refusal takes no tokens.
        self.usage = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)

    def _end(self, said: str) -> tuple[str, dict[str, Any]]:
        """What follows the answer as text, and as fields."""
        about = self.desk.evidence(self.ready, said)
        below = desk.listed(about) if self.asked.citations == "text" else ""
        return f"\n\n{below}" if below else "", about

    def whole(self) -> dict[str, Any]:
        """The answer at once."""
        said = "".join(self.desk.pieces(self.ready, self.usage, **self.given)).strip()
        below, about = self._end(said)
        message = {"role": "assistant", "content": said + below}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        about["usage"] = self.usage
        return {**self.head, "object": "chat.completion", "choices": [choice], **about}

    def stream(self) -> Iterator[str]:
        """The answer as server-sent events; the evidence stands in the last."""
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            said = ""
            for piece in self.desk.pieces(self.ready, self.usage, **self.given):
                said += piece
                yield self._chunk({"content": piece})
            below, about = self._end(said)
            if below:
                yield self._chunk({"content": below})
            yield self._chunk({}, "stop", about)
            wanted = (self.asked.model_extra or {}).get("stream_options")
            if isinstance(wanted, dict) and wanted.get("include_usage"):
                last = {"object": "chat.completion.chunk", "choices": [], "usage": self.usage}
                yield event({**self.head, **last})
            yield "data: [DONE]\n\n"
        except UserError as error:
            yield event({"error": {"message": str(error), "type": error.code, "code": error.code}})

    def _chunk(
        self, delta: dict[str, Any], finish: str | None = None, about: dict[str, Any] | None = None
    ) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        more = about or {}
        return event({**self.head, "object": "chat.completion.chunk", "choices": [choice], **more})


def event(value: dict[str, Any]) -> str:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


class Guard:
    """Lets in who brings the key, with a body of :data:`BODY` at most; ``/health`` tells everybody
    that it is there."""

    def __init__(self, app: Any, key: str) -> None:
        self.app, self.key = app, key.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass one request on, or answer that it brings no key."""
        if scope["type"] == "http" and scope["path"] != "/health":
            sent = Headers(scope=scope).get("authorization", "").removeprefix("Bearer ").strip()
            if not hmac.compare_digest(sent.encode(), self.key):
                await failed("wrong or missing key", 401, "invalid_api_key")(scope, receive, send)
                return
            length = Headers(scope=scope).get("content-length", "")
            if length.isdigit() and int(length[:20]) > BODY:
                await failed(TOO_LONG, 413, "invalid_request_error")(scope, receive, send)
                return
            receive = bounded(receive)
        await self.app(scope, receive, send)


def bounded(receive: Any) -> Any:
    """``receive`` of a request that is broken off where its body is longer than :data:`BODY`."""
    left = BODY

    async def counted() -> Any:
        nonlocal left
        piece = await receive()
        left -= len(piece.get("body", b""))
        if left < 0:
            raise HTTPException(413, TOO_LONG)
        return piece

    return counted


def app(at: Desk, key: str) -> FastAPI:
    """The service in front of ``at``; whoever brings ``key`` is served."""
    served = tools.server(at)
    inner = tools.address(served)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    made = FastAPI(title="TikuForge answers", lifespan=lifespan, openapi_url=None)

    made.add_middleware(Guard, key=key)

    @made.exception_handler(Wrong)
    async def wrong(_: Request, error: Wrong) -> Response:
        return failed(str(error), error.status, error.code)

    @made.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return failed(str(error.detail), error.status_code, "invalid_request_error")

    @made.exception_handler(UnicodeEncodeError)
    async def halved(_: Request, __: UnicodeEncodeError) -> Response:
        return failed("the text holds half a surrogate pair", 400, "invalid_request_error")

    @made.exception_handler(UserError)
    async def unable(_: Request, error: UserError) -> Response:
        return failed(str(error), STATUS.get(error.code, 502), error.code)

    @made.exception_handler(RequestValidationError)
    async def misshapen(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        return failed(f"{place}: {first['msg']}", 400, "invalid_request_error")

    routes(made, at)
    made.mount("/", inner)
    return made


def routes(made: FastAPI, at: Desk) -> None:
    """What is answered under which address."""

    def model() -> str:
        try:
            return at.server().model
        except UserError:
            return at.domain.name

    @made.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @made.get("/v1/models")
    def models() -> dict[str, Any]:
        about = {"id": model(), "object": "model", "created": 0, "owned_by": "tikuforge"}
        return {"object": "list", "data": [about]}

    @made.post("/v1/chat/completions")
    def complete(asked: Asked) -> Any:
        name = model()
        if asked.model not in ("", name, at.domain.name):
            raise Wrong(f"model: no {asked.model}, there is {name}", 404, "model_not_found")
        given = parameters(asked)
        question, before = talk(asked.messages)
        at.server()  # says that nothing is deployed before anything is sent
        one = Completion(at, at.prepare(question, before), name, asked, given)
        if asked.stream:
            return StreamingResponse(one.stream(), media_type="text/event-stream")
        return one.whole()

    @made.post("/v1/search")
    def search(sought: Sought) -> dict[str, Any]:
        return at.search(sought.query, sought.k)

    @made.get("/v1/source/{id}")
    def source(id: str) -> dict[str, Any]:
        found = at.source(id)
        if found is None:
            raise Wrong(f"no passage {id}", 404, "not_found")
        return found


def run(at: Desk, port: int) -> None:
    """Serve until the process is ended."""
    import uvicorn

    chat.ensure_key()
    uvicorn.run(app(at, chat.api_key()), host="127.0.0.1", port=port, log_level="warning")
