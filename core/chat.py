"""The deployed model over HTTP: where it listens, with which key, and one answer from it.

``make deploy`` writes ``work_dirs/servers/<port>.json`` and the key beside it; every other room
finds the server through this module and speaks OpenAI's protocol to it, whatever the engine.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.errors import UserError
from core.files import WORK_DIRS, read_json, write_json
from core.language import words

SERVERS = WORK_DIRS / "servers"
KEY_FILE = SERVERS / "api_key"
DEFAULT_PORT = 23333


@dataclass(frozen=True)
class Endpoint:
    """One OpenAI-compatible server. ``url`` ends in ``/v1``; ``model`` is the name it answers to;
    ``model_dir`` the folder or file it serves, ``pid`` its process on this machine (0: not ours)
    and ``born`` when that began (seconds since 1970; a pid alone may come to be another's).
    ``version`` is the hash of the model's content: another one means that it was trained again."""

    url: str
    model: str
    backend: str = "remote"
    domain: str = ""
    model_dir: str = ""
    pid: int = 0
    started_for: str = ""
    born: float = 0.0
    version: str = ""

    @property
    def root(self) -> str:
        """The server's address without ``/v1`` (``/health``, ``/metrics``)."""
        return self.url.removesuffix("/v1")


def record(port: int) -> Path:
    """Where ``make deploy`` notes the server on ``port``."""
    return SERVERS / f"{port}.json"


def remember(port: int, endpoint: Endpoint) -> None:
    """Write the note that :func:`endpoint` reads."""
    write_json(record(port), asdict(endpoint))


def endpoint(port: int = DEFAULT_PORT) -> Endpoint:
    """The server on ``port``, or the one that TIKUFORGE_BASE_URL and TIKUFORGE_MODEL name.

    Raises :class:`UserError` when no server was deployed there.
    """
    url = os.environ.get("TIKUFORGE_BASE_URL")
    if url and port == DEFAULT_PORT:
        return Endpoint(url=url.rstrip("/"), model=os.environ.get("TIKUFORGE_MODEL", "default"))
    return endpoint_note(port)


def ports() -> list[int]:
    """The ports for which ``make deploy`` left a note (a server may have died since)."""
    return sorted(int(file.stem) for file in SERVERS.glob("*.json") if file.stem.isdigit())


def endpoint_note(port: int) -> Endpoint:
    """What ``make deploy`` noted for ``port`` on this machine."""
    if not record(port).is_file():
        raise UserError(
            words(
                f"端口 {port} 上没有部署的服务: 请先运行 make deploy",
                f"no server is deployed on port {port}: run make deploy first",
            ),
            "chat.not_deployed",
        )
    note = read_json(record(port))
    return Endpoint(**{key: note[key] for key in Endpoint.__dataclass_fields__ if key in note})


def api_key() -> str:
    """The key of the deployed server (TIKUFORGE_API_KEY first, then the key file), or ``EMPTY``."""
    key = os.environ.get("TIKUFORGE_API_KEY", "")
    if not key and KEY_FILE.is_file():
        key = KEY_FILE.read_text(encoding="utf-8").strip()
    return key or "EMPTY"


def key_for(url: str) -> str:
    """The key that was given for the server at ``url``, or ``EMPTY``: a key for one server is no
    other's business.

    ``TIKUFORGE_KEYS`` is ``URL=KEY`` pairs, blanks between them; TIKUFORGE_API_KEY is for
    TIKUFORGE_BASE_URL and, as the key file, for the servers that were deployed here."""
    place = _origin(url)
    for pair in os.environ.get("TIKUFORGE_KEYS", "").split():
        named, _, key = pair.partition("=")  # a key may end in one
        if _origin(named) == place:
            return key
    if place in {_origin(endpoint_note(port).url) for port in ports()}:
        return api_key()
    named = os.environ.get("TIKUFORGE_BASE_URL", "")
    own = os.environ.get("TIKUFORGE_API_KEY") if place == _origin(named) else None
    return own or "EMPTY"


def _origin(url: str) -> tuple[str, str]:
    """Scheme and host with port: who gets what is sent there."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def ensure_key() -> None:
    """Make the API key on first use, readable by its owner alone."""
    if os.environ.get("TIKUFORGE_API_KEY"):
        return
    KEY_FILE.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(KEY_FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        KEY_FILE.chmod(0o600)
        if KEY_FILE.read_text().strip():
            return
        handle = os.open(KEY_FILE, os.O_WRONLY | os.O_TRUNC)  # cut off before it was written
    with os.fdopen(handle, "w") as file:
        file.write("tk-" + secrets.token_urlsafe(32) + "\n")


def client(target: Endpoint, timeout: float = 300.0, retries: int = 2) -> Any:
    """An ``openai.OpenAI`` client for ``target``; ``timeout`` in seconds for the whole answer."""
    from openai import OpenAI

    key = key_for(target.url)
    return OpenAI(base_url=target.url, api_key=key, timeout=timeout, max_retries=retries)


def stream(
    target: Endpoint,
    messages: list[dict[str, str]],
    timeout: float = 300.0,
    usage: dict[str, int] | None = None,
    **parameters: Any,
) -> Iterator[str]:
    """Yield the answer piece by piece; ``parameters`` are OpenAI's (temperature, max_tokens, …).
    Into ``usage`` go the tokens that the server says it took, by OpenAI's names.

    Raises :class:`UserError` when the server is away, refuses the key, or breaks off.
    """
    import httpx2
    import openai

    if usage is not None:
        parameters["stream_options"] = {"include_usage": True}
    try:
        pieces = client(target, timeout).chat.completions.create(
            model=target.model, messages=messages, stream=True, **parameters
        )
        for piece in pieces:
            if usage is not None and piece.usage:
                for name in usage:
                    usage[name] = getattr(piece.usage, name) or 0
            if piece.choices and piece.choices[0].delta.content:
                yield piece.choices[0].delta.content
    except openai.AuthenticationError:
        refused = words("不接受这个密钥", "rejects the API key")
        raise UserError(f"{target.root} {refused}", "chat.key") from None
    except openai.APITimeoutError:
        late = words(f"{timeout:.0f} 秒没有回答", f"gave no answer in {timeout:.0f} s")
        raise UserError(f"{target.root} {late}", "chat.timeout") from None
    except (openai.APIConnectionError, httpx2.TransportError):  # the second: it broke off midway
        raise UserError(
            words(
                f"连不上模型服务 {target.root}: 请先运行 make deploy",
                f"cannot reach the model's server {target.root}: run make deploy first",
            ),
            "chat.unreachable",
        ) from None
    except openai.APIError as error:
        raise UserError(
            f"{target.root} {words('出错', 'failed')}: {error.message}", "chat.failed"
        ) from None


def ask(target: Endpoint, messages: list[dict[str, str]], **parameters: Any) -> str:
    """The whole answer of :func:`stream`."""
    return "".join(stream(target, messages, **parameters))
