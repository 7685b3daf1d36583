"""Which servers an evaluation starts, beside each other or one after another: ``deploy plan``.

On a CPU all at once (they share the processor anyway, and start while others load). On GPUs one a
GPU where there are enough of them, together on one where the computed sizes fit, else in turn. A
server that ``make deploy`` started is used where it serves the very model.
"""

from __future__ import annotations

from typing import Any

from core import chat, gpu
from core.errors import UserError
from core.language import words
from deploy import fit, models
from deploy.engines import Engine
from deploy.health import healthy
from deploy.models import Model


def groups(
    wanted: dict[str, Model], engine: Engine, ports: dict[str, int], running: dict[str, int]
) -> list[list[dict[str, Any]]]:
    """What to start together: lists of ``{role, port, start, budget, devices}``, in turn.

    ``start`` is False for those of ``running`` (role → port), which are served already.
    ``budget``: GB of GPU memory (0: all); ``devices``: CUDA_VISIBLE_DEVICES ('': all).
    """
    found: list[dict[str, Any]] = [
        {"role": role, "port": ports[role], "start": True, "budget": 0.0, "devices": ""}
        for role in wanted
    ]
    for one in found:
        if one["role"] in running:
            one.update(port=running[one["role"]], start=False)
    if not engine.needs_gpu:
        return [found]
    there = [one for one in found if not one["start"]]
    fresh = [one for one in found if one["start"]]
    values = engine.settings()
    needs = [fit.needs_gb(wanted[one["role"]].path, values) for one in fresh]
    if there:
        beside(fresh, {one["role"]: wanted[one["role"]] for one in fresh}, values)
    together = share(fresh, needs)
    turns = [fresh] if together else [[one] for one in fresh]
    return [there + turns[0], *turns[1:]] if turns else [there]


def beside(fresh: list[dict[str, Any]], wanted: dict[str, Model], values: dict[str, Any]) -> None:
    """Raise :class:`UserError` where a server that runs already leaves no room for another one of
    the evaluation (by default a deployment takes most of what is free)."""
    there = sorted(gpu.now(), key=lambda one: -one.free_gb)
    free = max((one.free_gb for one in there), default=0.0)
    for one in fresh:
        folder = wanted[one["role"]].path
        tp = fit.spread(folder, values, None)
        needed = fit.needs_gb(folder, values, tp)
        if not all(fit.holds(card, needed, free=True) for card in there[:tp]):
            role, sizes = one["role"], (f"{needed:.1f}", f"{free:.1f}")
            raise UserError(
                words(
                    f"正在运行的服务占着显存：{role} 约需 {sizes[0]} GB，空闲 {sizes[1]} GB："
                    "先 make stop 再 make eval（评测自己启动服务）",
                    f"a running server holds the GPU: {role} needs about {sizes[0]} GB, free are "
                    f"{sizes[1]} GB: make stop, then make eval (it starts its own)",
                )
            )


def serves(port: int, model: Model, engine: Engine) -> bool:
    """Whether our server on ``port`` answers with this very content by this engine."""
    from deploy import servers

    there = servers.noted().get(port)
    if there is None or there.backend != engine.name or there.model_dir != str(model.path):
        return False
    path = engine.prepare(model)
    version = models.version(path, chat.SERVERS / f"{port}.version.json")
    return there.version == version and healthy(there.root + "/health")


def share(fresh: list[dict[str, Any]], needs: list[float]) -> bool:
    """Give each of ``fresh`` a GPU of its own, or its part of one; False where neither fits."""
    there = gpu.now()
    most = max(needs, default=0)
    empty = list(dict.fromkeys(one.handle for one in there if fit.holds(one, most, free=True)))
    if len(fresh) <= len(empty) and len(there) > 1:
        for one, name in zip(fresh, empty, strict=False):
            one["devices"] = name
        return True
    best = max(there, key=lambda one: one.free_gb)
    spare = fit.SAFE * best.free_gb - sum(needs)
    if len(fresh) < 2 or spare < 0:
        return len(fresh) < 2
    for one, need in zip(fresh, needs, strict=True):
        one["budget"] = round(need + spare / len(fresh), 1)
        one["devices"] = best.handle if len(there) > 1 else ""
    return True


def models_of(roles: list[str], int4: str, pick: Any) -> dict[str, Model]:
    """The models of ``roles``; int4 is what was shipped (left out, said, where there is none), or
    the file or folder that ``int4`` names. ``pick(role, given)`` finds one."""
    found = {role: pick(role, None) for role in roles}
    if int4 and int4 != "0":
        try:
            found["int4"] = pick("int4", None if int4 == "shipped" else int4)
        except UserError as error:
            if int4 != "shipped":
                raise
            print(f"{words('本次没有 int4 列', 'without the column int4')}: {error}")
    return found
