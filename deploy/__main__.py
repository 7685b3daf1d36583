"""``python -m deploy VERB …``: what ``make deploy`` and its neighbours call."""

from __future__ import annotations

import json
import os
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from core import chat, gpu
from core import domain as domains
from core.command import main
from core.errors import UserError
from core.files import read_json, shown
from core.hints import then
from core.language import words
from core.terminal import show

if TYPE_CHECKING:
    from deploy import models
    from deploy.engines import Engine

Role = Literal["tuned", "base", "int4"]


def port_of(text: str) -> int:
    """A port number; :class:`UserError` for anything else."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise UserError(
            f"{text}: {words('端口应在 1-65535 之间', 'a port is a number from 1 to 65535')}"
        )
    return int(text)


def backend_of(text: str) -> str:
    """``auto`` or the name of an engine; :class:`UserError` for anything else."""
    from deploy import engines

    return text if text == "auto" else engines.of(text).name


Port = Annotated[int, port_of]
Backend = Annotated[str, backend_of]


def carried(text: str) -> str:
    """A format that a model is exported in; :class:`UserError` for anything else."""
    if text not in ("gguf", "ollama", "hf"):
        choices = "gguf, ollama, hf, llamafactory, swift"
        raise UserError(f"FORMAT={text}: {words('可选', 'choose from')} {choices}")
    return text


def convert(
    work_dir: Path,
    domain: str = "gongkao",
    backend: Backend = "auto",
    role: Role = "tuned",
    model: str = "",
) -> None:
    """Make what the engine loads, without starting it."""
    from deploy import engines

    # one that is named need not run here: what can be checked without a GPU is
    engine = engines.choose(backend) if backend == "auto" else engines.of(backend)
    path = engine.convert(_model(work_dir, domain, engine, role, model))
    follows = then(f"make deploy BACKEND={engine.name}")
    print(
        f"{words('可部署', 'ready to serve')}: {shown(path)}; {words('下一步', 'next')}: {follows}"
    )


def _model(work_dir: Path, domain: str, engine: Engine, role: str, given: str) -> models.Model:
    """The model that a command line means; role int4 is the last one that was shipped."""
    from deploy import models, quantize

    if role != "int4" or given:
        return models.pick(role, work_dir, domain, given or None)
    path = quantize.shipped(work_dir.absolute(), engine)
    kind = path.stem.rpartition("-")[2] if path.suffix == ".gguf" else path.name
    return models.Model(path, f"{domain}-{work_dir.absolute().name}-{kind}")


def quantize(
    work_dir: Path,
    domain: str = "gongkao",
    backend: Backend = "auto",
    format: Literal["", "q4_0", "q4_k_m", "q5_0", "q5_k_m", "q6_k", "q8_0", "awq", "w8a8"] = "",
    data: Path | None = None,
    max_loss: float = 1.0,
    group: int = 128,
    sample: int = 200,
) -> None:
    """Fewer bits for the merged model, measured before and after.

    format: by default q4_k_m for the CPU engine, awq for LMDeploy; max-loss: points of right
    answers; group: AWQ's weights that share a scale; sample: questions asked of each set.
    """
    from deploy import engines, models
    from deploy import quantize as room

    gpu.prefer_free()
    chosen = engines.choose(backend) if backend == "auto" else engines.of(backend)
    name = format or chosen.formats[0]
    engine = engines.loading(name, chosen)
    merged = work_dir.absolute() / "merged"
    if not (merged / "config.json").is_file():
        raise UserError(models.no_merged(merged))
    models.whole(merged, "make merge")
    data = data or _data(work_dir) or work_dir.parent / "data"
    place = domains.load(domain)
    made = room.run(
        merged, name, place, data, engine, sample=sample, max_loss=max_loss, group=group
    )
    file, loss = shown(room.target(merged, name)), f"{made['loss']:.1f}"
    shipped = words(f"已采用 {file}（丢 {loss} 个百分点）", f"shipped {file} (loses {loss} points)")
    follows = then(f"make deploy ROLE=int4 BACKEND={engine.name}")
    print(f"{shipped}; {words('下一步', 'next')}: {follows}")
    print(room.dumps(made))


def export(
    work_dir: Path,
    domain: str = "gongkao",
    format: Annotated[str, carried] = "gguf",
    type: str = "q8_0",
    to: Path | None = None,
) -> None:
    """A folder to carry away: for Ollama, llama.cpp or transformers (type: of the GGUF)."""
    from deploy import export as room

    merged = work_dir.absolute() / "merged"
    name = f"{domain}-{work_dir.absolute().name}"
    print(room.run(merged, format, type, to, domains.load(domain), name))


def upload(
    work_dir: Path,
    repo: str,
    tools: Path,
    domain: str = "gongkao",
    hub: Literal["modelscope", "huggingface"] = "modelscope",
    folder: Path | None = None,
    public: bool = False,
) -> None:
    """An exported folder to a model hub, private unless public."""
    from deploy import upload as room

    print(room.run(folder or work_dir.absolute() / "export" / "hf", repo, hub, public, tools))


def proxy(
    nodes: tuple[str, ...] = (),
    gateway: Literal["lmdeploy", "nginx"] = "lmdeploy",
    host: str = "127.0.0.1",
    port: Port = chat.DEFAULT_PORT + 1000,
    strategy: Literal[
        "random", "min_expected_latency", "min_observed_latency"
    ] = "min_expected_latency",
) -> None:
    """One address in front of several servers (nodes: ports, or http://host:port)."""
    from deploy import proxy as room

    print(room.start(list(nodes), gateway, host, port, strategy))


def start(
    work_dir: Path,
    domain: str = "gongkao",
    backend: Backend = "auto",
    role: Role = "tuned",
    model: str = "",
    host: str = "127.0.0.1",
    port: Port = chat.DEFAULT_PORT,
    tp: int | None = None,
    threads: int | None = None,
    kv: Literal[0, 4, 8] | None = None,
    lora: tuple[str, ...] = (),
    foreground: bool = False,
    budget: float = 0.0,
    for_: str = "",
) -> None:
    """Serve a model on a port, or say that it is served there already.

    model: a folder or .gguf file instead of the run's; tp: GPUs that share it; kv: bits of the KV
    cache (0: 16); budget: GB of a GPU that it may take; for: who asks, reuse and stop by this name.
    """
    from deploy import engines, servers
    from deploy import models as content

    domains.load(domain)  # an unknown domain is said before any work
    gpu.prefer_free()
    engine = engines.choose(backend, Path(model) if model else None)
    values = engine.settings(tp, kv, lora, threads)
    served = _model(work_dir, domain, engine, role, model)
    servers.require(host, port, reuse=bool(for_))
    engine.suits(served, values, tp)
    if not (for_ and port in servers.noted()):  # what is to be reused holds that memory itself
        engine.fitted(served, values, tp, budget)  # asked before gigabytes are hashed
    chat.SERVERS.mkdir(parents=True, exist_ok=True)
    path = engine.prepare(served)
    address = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    target = chat.Endpoint(
        url=f"http://{f'[{address}]' if ':' in address else address}:{port}/v1",
        model=served.name,
        backend=engine.name,
        domain=domain,
        model_dir=str(served.path),
        started_for=for_,
        version=content.version(path, chat.SERVERS / f"{port}.version.json"),
    )
    if for_ and servers.reused(target, port):
        if not served.is_gguf:  # its proof may have been cut off
            _prove(chat.endpoint_note(port), served.path, path, work_dir, port)
        print(f"{words('已在服务', 'already served')}: {target.model} {target.url}")
        return
    values = engine.fitted(served, values, tp, budget)
    engines.ready(engine)
    chat.ensure_key()
    spec = chat.SERVERS / f"{port}.settings.json"
    line = engine.command(path, served.name, host, port, values, spec)
    print(f"{words('命令', 'command')}: {shlex.join(line)}", flush=True)
    running = servers.start(target, port, line, values["drain"], engine.patience)
    if not served.is_gguf:
        _prove(running, served.path, path, work_dir, port)
    _say(running, host, port)
    if foreground:
        servers.stay(port)


def plan(
    work_dir: Path,
    ports: list[int],
    domain: str = "gongkao",
    backend: Backend = "auto",
    int4: str = "0",
    deployed: Port = chat.DEFAULT_PORT,
) -> None:
    """Which servers an evaluation starts, together or in turn, as JSON on the last line.

    ports: for tuned, base and int4; int4: shipped, a model file or folder, or 0; deployed: the port
    of a server that is used if it fits.
    """
    from deploy import engines
    from deploy import plan as room

    gpu.prefer_free(said=False)  # each server says it when it starts
    engine = engines.choose(backend)

    def pick(role: str, given: str | None) -> models.Model:
        return _model(work_dir, domain, engine, role, given or "")

    wanted = room.models_of(["tuned", "base"], int4, pick)
    running = {role: deployed for role, one in wanted.items() if room.serves(deployed, one, engine)}
    places = dict(zip(("tuned", "base", "int4"), ports, strict=True))
    groups = room.groups(wanted, engine, places, running)
    # on a GPU each measures what the one before it has left free
    at_once = not engine.needs_gpu
    print(json.dumps({"backend": engine.name, "at_once": at_once, "groups": groups}))


def _prove(running: chat.Endpoint, folder: Path, path: Path, work_dir: Path, port: int) -> None:
    """Once for each content of a model: compare the server with the folder, or stop it."""
    from deploy import handover, servers

    if handover.proved(path, running.version):
        return
    comparing = words("核对交接：服务与模型目录", "comparing the server with the model folder")
    print(f"{comparing} …", flush=True)
    try:
        data = _data(work_dir)
        asked = handover.prompts(domains.load(running.domain).system, data)
        handover.prove(running, folder, path, asked, data)
    except handover.Unproved as reason:
        print(f"  {words('未能核对', 'could not be compared')}: {reason}")
    except BaseException:
        servers.stop(port, now=True)
        raise
    else:
        print(f"  {words('一致', 'equal')}: {shown(handover.path(path))}")


def _data(run: Path) -> Path | None:
    """The data set that the run was trained on, where the run notes it."""
    note = run / "run.json"
    data = read_json(note).get("data") if note.is_file() else None
    return Path(data) if isinstance(data, str) else None


def _say(running: chat.Endpoint, host: str, port: int) -> None:
    serving = f"{words('已启动', 'serving')} {running.model}"
    if running.started_for:
        print(f"{serving} {running.url} ({running.backend})")
        return
    key = (
        "$TIKUFORGE_API_KEY"
        if os.environ.get("TIKUFORGE_API_KEY")
        else f"$(cat {shown(chat.KEY_FILE)})"
    )
    asked = [
        {"role": "system", "content": domains.load(running.domain).system},  # as it was trained
        {"role": "user", "content": "世界上最大的宫殿是？"},
    ]
    body = {"model": running.model, "temperature": 0, "messages": asked}
    text = json.dumps(body, ensure_ascii=False).replace("'", "\\u0027")
    print(
        f"{serving} ({running.backend}): {running.url}\n"
        f"  {words('试用', 'try')}   curl {running.url}/chat/completions "
        f'-H "Authorization: Bearer {key}" \\\n'
        f"               -H 'Content-Type: application/json' \\\n"
        f"               -d '{text}'\n"
        f"  {words('日志', 'log')}   {shown(chat.SERVERS)}/{port}.log"
    )
    if host not in ("127.0.0.1", "localhost", "::1"):
        reachable = words(
            f"注意：监听 {host}，别的机器也能连上",
            f"mind: it listens on {host}, other machines can connect",
        )
        print(f"  {reachable}")
    page, talk = then("make web"), then("make chat")
    follows = words(f"{page}（网页）或 {talk}", f"{page} (the page) or {talk}")
    print(f"{words('下一步', 'next')}: {follows}; {words('停止', 'stop')}: {then('make stop')}")


def stop(port: Port = chat.DEFAULT_PORT, for_: str = "", now: bool = False) -> None:
    """Stop the server on a port, or all that ``for`` names; now: cut running answers off."""
    from deploy import servers

    noted = servers.noted() if for_ else {}
    ports = [p for p, one in noted.items() if one.started_for == for_] if for_ else [port]
    with ThreadPoolExecutor() as pool:  # each takes its time to finish what it is answering
        for outcome in pool.map(lambda number: servers.stop(number, now), ports):
            print(outcome)


def keys(name: str = "", revoke: str = "", per_minute: int = 60, longest: int = 0) -> None:
    """Make a key by name (shown once), revoke one, or list the names."""
    from deploy import keys as room

    if revoke:
        room.revoke(revoke)
        print(f"{words('已撤销', 'revoked')}: {revoke}")
    if name:
        print(f"{name}: {room.make(name, per_minute, longest)}")
        once = words("只显示这一次", "shown this once")
        print(f"{once}; {words('撤销', 'to revoke')}: {then(f'make keys REVOKE={name}')}")
    if not name and not revoke:
        show(room.public, room.listed)


def chat_(port: Port = chat.DEFAULT_PORT, domain: str = "gongkao") -> None:
    """Chat in the terminal."""
    from deploy import conversation

    conversation.run(chat.endpoint(port), domains.load(domain))


def gpu_check(out: Path) -> None:
    """Serve what the training half of make gpu-check left, and print both halves' table."""
    from deploy import gpu_check as room

    gpu.prefer_free(most=1)
    room.gpu_check(out)


def doctor() -> None:
    """Say what this machine has."""
    from deploy import doctor as room

    names = ("name", "value", "means")
    show(lambda: [dict(zip(names, row, strict=True)) for row in room.rows()], room.table)


if __name__ == "__main__":
    main(
        "deploy", convert, quantize, export, upload, proxy, start, plan, stop, keys, chat_,
        gpu_check, doctor,
    )  # fmt: skip
