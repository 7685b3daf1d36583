"""The models side by side: which server answers for each column, and which weights stand behind
it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import chat
from core.errors import UserError
from core.files import digest

WHOLE = 2 * 1024**3
BLOCK = 1 << 20


@dataclass(frozen=True)
class Column:
    """One column of the card. ``weights`` identifies the model file or folder behind the server;
    ``abbr`` names the column's files, so other weights never meet old answers."""

    name: str
    endpoint: chat.Endpoint
    weights: str

    @property
    def abbr(self) -> str:
        """OpenCompass's name for the model."""
        return f"{self.name}-{self.weights[:8]}"

    def json(self) -> dict[str, Any]:
        """As the report shows it."""
        place = self.endpoint
        return {
            "model": place.model,
            "url": place.url,
            "backend": place.backend,
            "weights": self.weights[:16],
            "abbr": self.abbr,
        }


def _blocks(path: Path) -> Iterator[bytes]:
    """All of a file up to 2 GiB; of a larger one 256 blocks spread over it (training changes
    tensors everywhere, and reading 15 GB before every evaluation is not worth the rest)."""
    size = path.stat().st_size
    step = BLOCK if size <= WHOLE else size // 256
    with path.open("rb") as file:
        for offset in range(0, size, step):
            file.seek(offset)
            yield file.read(BLOCK)


def weights(endpoint: chat.Endpoint) -> str:
    """A hash of what the server serves: its model file, or the files of its folder. For a server
    that is not ours only address and name are known; a change behind them is invisible from
    here."""
    place = Path(endpoint.model_dir) if endpoint.model_dir else None
    if place is None or not place.exists():
        return digest(endpoint.url, endpoint.model)
    paths = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
    key = hashlib.sha256(endpoint.backend.encode())
    for path in paths:
        key.update(f"{path.relative_to(place)}:{path.stat().st_size}".encode())
        for block in _blocks(path):
            key.update(block)
    return key.hexdigest()


def check(name: str, endpoint: chat.Endpoint) -> None:
    """The server is there, takes our key, and knows the model; :class:`UserError` otherwise."""
    import openai

    try:
        models = [m.id for m in chat.client(endpoint, timeout=30, retries=0).models.list().data]
    except openai.AuthenticationError:
        raise UserError(f"{name}: {endpoint.root} 不接受这个密钥 rejects the API key") from None
    except openai.APIError as error:
        raise UserError(
            f"{name}: 连不上模型服务 cannot reach {endpoint.root} ({error.message}): 请 make deploy"
        ) from None
    if models and endpoint.model not in models:
        raise UserError(
            f"{name}: {endpoint.root} 上是另一个模型 serves {', '.join(models)}, "
            f"不是 not {endpoint.model}: 请 make stop 后重新 make deploy"
        )


def column(spec: str) -> Column:
    """``NAME=PORT`` (a server of ``make deploy``) or ``NAME=URL#MODEL`` (any OpenAI-compatible
    one)."""
    name, equals, place = spec.partition("=")
    if not equals or not name.isidentifier():
        raise UserError(f"--column '{spec}': 应为 should be NAME=PORT 或 or NAME=URL#MODEL")
    if place.isdigit():
        endpoint = chat.endpoint(int(place))
    else:
        url, hash_mark, model = place.partition("#")
        if not hash_mark or not url.startswith(("http://", "https://")):
            raise UserError(f"--column '{spec}': 应为 should be NAME=PORT 或 or NAME=URL#MODEL")
        endpoint = chat.Endpoint(url=url.rstrip("/"), model=model)
    check(name, endpoint)
    return Column(name, endpoint, weights(endpoint))
