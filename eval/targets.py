"""The models side by side: which server answers for each column, and which weights stand behind
it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import chat
from core.errors import UserError
from core.files import digest
from core.language import words
from eval import retrieval

FOLDER = "transformers"  # the backend of a column that is a folder


@dataclass(frozen=True)
class Column:
    """One column of the card. ``weights`` identifies what the server serves (:func:`weights`);
    ``abbr`` names the column's files, so other weights never meet old answers. ``mode``: how
    evidence is retrieved first (``open``, ``closed``; '' without, :mod:`eval.retrieval`)."""

    name: str
    endpoint: chat.Endpoint
    weights: str
    mode: str = ""

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
            "mode": self.mode,
        }


def weights(endpoint: chat.Endpoint) -> str:
    """What identifies the weights behind a server: the content hash that ``make deploy`` noted, or,
    for a server that is not ours, its address and name (a change behind them is invisible)."""
    return digest(endpoint.version or endpoint.url, endpoint.model, endpoint.backend)


def check(name: str, endpoint: chat.Endpoint) -> None:
    """The server is there, takes our key, and knows the model; :class:`UserError` otherwise."""
    import openai

    try:
        models = [m.id for m in chat.client(endpoint, timeout=30, retries=0).models.list().data]
    except openai.AuthenticationError:
        how = "TIKUFORGE_KEYS='URL=KEY …'"
        said = words(f"不接受这个密钥: {how}", f"rejects the API key: {how}")
        raise UserError(f"{name}: {endpoint.root} {said}") from None
    except openai.APIError as error:
        said = words("连不上模型服务: 请 make deploy", "the server cannot be reached: make deploy")
        raise UserError(f"{name}: {endpoint.root}: {said} ({error.message})") from None
    if models and endpoint.model not in models:
        served = ", ".join(models)
        said = words(
            f"上是另一个模型 {served}, 不是 {endpoint.model}: 请 make stop 后重新 make deploy",
            f"serves {served}, not {endpoint.model}: make stop, then make deploy again",
        )
        raise UserError(f"{name}: {endpoint.root} {said}")


def column(spec: str) -> Column:
    """``NAME=PORT`` (a server of ``make deploy``), ``NAME=URL#MODEL`` (any OpenAI-compatible one)
    or ``NAME=FOLDER`` (a Hugging Face folder, run by transformers without a server); with
    ``@open`` or ``@closed`` at its end, asked with evidence; or what :func:`noted` gave."""
    if spec.startswith("{"):
        return answered(spec)
    plain, at, mode = spec.rpartition("@")
    if at and mode in retrieval.WHERE:
        return replace(column(plain), mode=mode)
    name, equals, place = spec.partition("=")
    url, mark, model = place.partition("#")
    if not equals or not name.isidentifier():
        endpoint = None
    elif place.isdigit():
        endpoint = chat.endpoint(int(place))
    elif mark and url.startswith(("http://", "https://")):
        endpoint = chat.Endpoint(url=url.rstrip("/"), model=model)
    elif (Path(place) / "config.json").is_file():
        return folder(name, Path(place))
    else:
        endpoint = None
    if endpoint is None:
        forms = "NAME=PORT, NAME=URL#MODEL, NAME=FOLDER"
        said = words(
            f"应为 {forms}, 检索时末尾加 @open 或 @closed",
            f"must be {forms}, with @open or @closed at the end for retrieval",
        )
        raise UserError(f"--column '{spec}': {said}")
    check(name, endpoint)
    return Column(name, endpoint, weights(endpoint))


def noted(column: Column) -> str:
    """``column`` as a spec that :func:`column` reads when its server is gone."""
    return json.dumps({**vars(column), "endpoint": vars(column.endpoint)}, ensure_ascii=False)


def answered(spec: str) -> Column:
    """The column of :func:`noted`: its answers are on disk, and its server may be gone."""
    values = json.loads(spec)
    return Column(**{**values, "endpoint": chat.Endpoint(**values["endpoint"])})


def most(spec: str) -> tuple[str, int]:
    """``NAME=N``: a column's name and how many questions of a suite it is asked at most."""
    name, _, count = spec.partition("=")
    if not (name.isidentifier() and count.isdigit() and int(count)):
        form = "NAME=N (N ≥ 1); make eval BASE_QUESTIONS=N"
        raise UserError(f"--most '{spec}': {words(f'应为 {form}', f'must be {form}')}")
    return name, int(count)


def folder(name: str, path: Path) -> Column:
    """A local folder as a column; its weights are told by the files' names, sizes and times."""
    path = path.resolve()
    files = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(path.iterdir())]
    endpoint = chat.Endpoint(url="", model=path.name, backend=FOLDER, model_dir=str(path))
    return Column(name, endpoint, digest(files))
