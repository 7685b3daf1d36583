"""``python -m deploy convert|quantize|export|start|stop|plan|proxy|chat|doctor``: ``make help``."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import chat, domain
from core.errors import UserError, run_cli
from core.files import read_json, shown
from core.hints import then

if TYPE_CHECKING:
    from deploy import models


def convert(args: argparse.Namespace) -> None:
    """Make what the engine loads, without starting it."""
    from deploy import engines, manifest

    if args.backend in engines.GPU_BACKENDS:  # what can be checked without a GPU is
        backend, model = args.backend, _model(args, args.backend)
        path = manifest.write(model.path, backend)
    else:
        backend = engines.choose(args.backend)
        path = engines.prepare(backend, _model(args, backend))
    follows = then(f"make deploy BACKEND={backend}")
    print(f"可部署 ready to serve: {shown(path)}; 下一步 next: {follows}")


def _model(args: argparse.Namespace, backend: str) -> models.Model:
    """The model that the command line means; ``--role int4`` is the last one that was shipped."""
    from deploy import models, quantize

    if args.role != "int4" or args.model:
        return models.pick(args.role, args.work_dir, args.domain, args.model)
    path = quantize.shipped(args.work_dir.absolute(), backend)
    kind = path.stem.rpartition("-")[2] if path.suffix == ".gguf" else path.name
    return models.Model(path, f"{args.domain}-{args.work_dir.absolute().name}-{kind}")


def quantized(args: argparse.Namespace) -> None:
    """Fewer bits for the merged model, measured before and after."""
    from deploy import engines, quantize

    backend = args.backend if args.backend != "auto" else engines.choose("auto")
    name = args.format or quantize.DEFAULT[backend]
    merged = args.work_dir.absolute() / "merged"
    if not (merged / "config.json").is_file():
        raise UserError(f"{shown(merged)} 不存在 no merged model there: 请先 run make merge")
    data = args.data or _data(args.work_dir) or args.work_dir.parent / "data"
    place = domain.load(args.domain)
    backend = "pytorch" if name == "w8a8" and backend != "cpu" else backend  # not TurboMind's
    asked = {"sample": args.sample, "max_loss": args.max_loss, "group": args.group}
    found = quantize.run(merged, name, place, data, backend, **asked)
    backend = "pytorch" if name == "w8a8" else backend
    print(
        f"已采用 shipped {shown(quantize.target(merged, name))} "
        f"(丢 loses {found['loss']:.1f} 个百分点 points); "
        f"下一步 next: {then(f'make deploy ROLE=int4 BACKEND={backend}')}"
    )
    print(quantize.dumps(found))


def exported(args: argparse.Namespace) -> None:
    """A folder to carry away: for Ollama, llama.cpp or transformers."""
    from deploy import export

    place = domain.load(args.domain)
    merged = args.work_dir.absolute() / "merged"
    name = f"{args.domain}-{args.work_dir.absolute().name}"
    print(export.run(merged, args.format, args.type, args.to, place, name))


def uploaded(args: argparse.Namespace) -> None:
    """An exported folder to a model hub, private unless --public."""
    from deploy import upload

    folder = args.folder or args.work_dir.absolute() / "export" / "hf"
    print(upload.run(folder, args.repo, args.hub, args.public, args.tools))


def proxied(args: argparse.Namespace) -> None:
    """One address in front of several servers."""
    from deploy import proxy

    print(proxy.start(args.nodes, args.gateway, args.host, args.port, args.strategy))


def start(args: argparse.Namespace) -> None:
    """Serve a model on ``--port``, or say that it is served there already."""
    from deploy import engines, models, process, servers

    domain.load(args.domain)  # an unknown domain is said before any work
    backend = _backend(args)
    values = engines.settings(backend, args.tp, args.kv, args.lora, args.threads)
    model = _model(args, backend)
    servers.require(args.host, args.port, reuse=bool(args.purpose))
    engines.suits(backend, model, values, args.tp)
    chat.SERVERS.mkdir(parents=True, exist_ok=True)
    path = engines.prepare(backend, model)
    host = "127.0.0.1" if args.host in ("0.0.0.0", "::") else args.host
    target = chat.Endpoint(
        url=f"http://{f'[{host}]' if ':' in host else host}:{args.port}/v1",
        model=model.name,
        backend=backend,
        domain=args.domain,
        model_dir=str(model.path),
        started_for=args.purpose,
        version=models.version(path, chat.SERVERS / f"{args.port}.version.json"),
    )
    if args.purpose and servers.reused(target, args.port):
        if not model.is_gguf:  # its proof may have been cut off
            _prove(chat.endpoint_note(args.port), model.path, path, args)
        print(f"已在服务 already served: {target.model} {target.url}")
        return
    values = engines.fitted(backend, model, values, args.tp, args.budget)
    engines.ready(backend)
    process.ensure_key()
    spec = chat.SERVERS / f"{args.port}.settings.json"
    line = engines.command(backend, path, model.name, args.host, args.port, values, spec)
    print(f"命令 command: {shlex.join(line)}", flush=True)
    running = servers.start(target, args.port, line, values["drain"])
    if not model.is_gguf:
        _prove(running, model.path, path, args)
    _say(running, args)
    if args.foreground:
        servers.stay(args.port)


def _backend(args: argparse.Namespace) -> str:
    """The engine; a GGUF file is the CPU engine's, whatever this machine has."""
    from deploy import engines

    gguf = args.backend == "auto" and str(args.model or "").endswith(".gguf")
    return "cpu" if gguf else engines.choose(args.backend)


def planned(args: argparse.Namespace) -> None:
    """Which servers an evaluation starts, together or in turn, as JSON on the last line."""
    from deploy import engines, plan

    backend = engines.choose(args.backend)

    def pick(role: str, given: str | None) -> models.Model:
        return _model(argparse.Namespace(**{**vars(args), "role": role, "model": given}), backend)

    wanted = plan.models_of(["tuned", "base"], args.int4, pick)
    ports = dict(zip(("tuned", "base", "int4"), args.ports, strict=True))
    port = args.deployed
    running = {role: port for role, model in wanted.items() if plan.serves(port, model, backend)}
    found = {"backend": backend, "groups": plan.groups(wanted, backend, ports, running)}
    print(json.dumps(found))


def _prove(running: chat.Endpoint, folder: Path, path: Path, args: argparse.Namespace) -> None:
    """Once for each content of a model: compare the server with the folder, or stop it."""
    from deploy import handover, servers

    if handover.proved(path, running.version):
        return
    print("核对交接 comparing the server with the model folder …", flush=True)
    try:
        data = _data(args.work_dir)
        asked = handover.prompts(domain.load(args.domain).system, data)
        handover.prove(running, folder, path, asked, data)
    except handover.Unproved as reason:
        print(f"  未能核对 could not be compared: {reason}")
    except BaseException:
        servers.stop(args.port, now=True)
        raise
    else:
        print(f"  一致 equal: {shown(handover.path(path))}")


def _data(run: Path) -> Path | None:
    """The data set that the run was trained on, where the run notes it."""
    note = run / "run.json"
    data = read_json(note).get("data") if note.is_file() else None
    return Path(data) if isinstance(data, str) else None


def _say(running: chat.Endpoint, args: argparse.Namespace) -> None:
    if args.purpose:
        print(f"已启动 serving {running.model} {running.url} ({running.backend})")
        return
    key = (
        "$TIKUFORGE_API_KEY"
        if os.environ.get("TIKUFORGE_API_KEY")
        else f"$(cat {shown(chat.KEY_FILE)})"
    )
    asked = [
        {"role": "system", "content": domain.load(args.domain).system},  # as it was trained
        {"role": "user", "content": "世界上最大的宫殿是？"},
    ]
    body = {"model": running.model, "temperature": 0, "messages": asked}
    text = json.dumps(body, ensure_ascii=False).replace("'", "\\u0027")
    print(
        f"已启动 serving {running.model} ({running.backend}): {running.url}\n"
        f'  试用 try   curl {running.url}/chat/completions -H "Authorization: Bearer {key}" \\\n'
        f"               -H 'Content-Type: application/json' \\\n"
        f"               -d '{text}'\n"
        f"  日志 log   {shown(chat.SERVERS)}/{args.port}.log"
    )
    if args.host not in ("127.0.0.1", "localhost", "::1"):
        print(
            f"  注意 mind  监听 listens on {args.host}: 别的机器也能连上 other machines can connect"
        )
    print(
        f"下一步 next: {then('make web')} (网页 the page) 或 or {then('make chat')}; "
        f"停止 stop: {then('make stop')}"
    )


def stop(args: argparse.Namespace) -> None:
    """Stop the server on ``--port``, or all that ``--for`` names."""
    from deploy import servers

    if args.purpose:
        ports = [port for port, one in servers.noted().items() if one.started_for == args.purpose]
    else:
        ports = [args.port]
    for port in ports:
        print(servers.stop(port, args.now))


def talk(args: argparse.Namespace) -> None:
    """Chat in the terminal."""
    from deploy import terminal

    terminal.run(chat.endpoint(args.port), domain.load(args.domain))


def checked(args: argparse.Namespace) -> None:
    """Serve what the training half of make gpu-check left, and print both halves' table."""
    from deploy import gpu_check

    gpu_check.gpu_check(args.out)


def doctor(args: argparse.Namespace) -> None:
    """Say what this machine has."""
    from deploy import doctor as room

    print(room.table())


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text}: 端口应在 1-65535 之间 a port is 1 to 65535")
    return int(text)


def _carried(text: str) -> str:
    if text not in ("gguf", "ollama", "hf"):
        raise UserError(f"FORMAT={text}: 可选 choose from gguf, ollama, hf, llamafactory, swift")
    return text


def _run_of(one: argparse.ArgumentParser, action: Any) -> None:
    one.set_defaults(action=action)
    one.add_argument("--work-dir", type=Path, required=True, help="the training run")
    one.add_argument("--domain", default="gongkao")


def _quantize_options(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--format",
        choices=("q4_0", "q4_k_m", "q5_0", "q5_k_m", "q6_k", "q8_0", "awq", "w8a8"),
        help="default: q4_k_m for the CPU engine, awq for LMDeploy",
    )
    one.add_argument("--data", type=Path, help="the data set to measure on (the run's own)")
    one.add_argument("--max-loss", type=float, default=1.0, help="points of right answers")
    one.add_argument("--group", type=int, default=128, help="AWQ: weights that share a scale")
    one.add_argument("--sample", type=int, default=200, help="questions asked of each set")


def _start_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--host", default="127.0.0.1")
    one.add_argument("--port", type=_port, default=chat.DEFAULT_PORT)
    one.add_argument("--tp", type=int, help="GPUs that share the model")
    one.add_argument("--threads", type=int, help="of the CPU engine (default: cores - 1)")
    one.add_argument("--kv", type=int, choices=(0, 4, 8), help="bits of the KV cache, 0: 16")
    one.add_argument("--lora", nargs="*", default=[], help="adapters for the CPU engine (.gguf)")
    one.add_argument("--foreground", action="store_true", help="stay until stopped (containers)")
    one.add_argument("--budget", type=float, default=0.0, help="GB of a GPU that it may take")
    one.add_argument(
        "--for", dest="purpose", default="", help="who asks: reuse and stop by this name"
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="deploy", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, action in (("convert", convert), ("start", start), ("quantize", quantized)):
        one = commands.add_parser(name, help=action.__doc__)
        _run_of(one, action)
        one.add_argument(
            "--backend", default="auto", choices=("auto", "turbomind", "pytorch", "cpu")
        )
        if name == "quantize":
            _quantize_options(one)
            continue
        one.add_argument("--role", choices=("tuned", "base", "int4"), default="tuned")
        one.add_argument("--model", help="a model folder or .gguf file instead of the run's")
        if name == "start":
            _start_options(one)
    plans = commands.add_parser("plan", help=planned.__doc__)
    _run_of(plans, planned)
    plans.add_argument("--backend", default="auto", choices=("auto", "turbomind", "pytorch", "cpu"))
    plans.add_argument("--int4", default="0", help="shipped, a model file or folder, or 0")
    plans.add_argument("--deployed", type=_port, default=chat.DEFAULT_PORT, help="used if it fits")
    plans.add_argument("--ports", type=_port, nargs=3, required=True, help="tuned, base, int4")
    takes = commands.add_parser("export", help=exported.__doc__)
    _run_of(takes, exported)
    takes.add_argument("--format", type=_carried, default="gguf", help="gguf, ollama or hf")
    takes.add_argument("--type", default="q8_0", help="of the GGUF: q8_0, q4_k_m, bf16 …")
    takes.add_argument("--to", type=Path, help="an empty or new folder")
    sends = commands.add_parser("upload", help=uploaded.__doc__)
    _run_of(sends, uploaded)
    sends.add_argument("--repo", required=True, help="owner/model")
    sends.add_argument("--hub", choices=("modelscope", "huggingface"), default="modelscope")
    sends.add_argument("--folder", type=Path, help="of make export (RUN/export/hf)")
    sends.add_argument("--public", action="store_true", help="everyone may read it")
    sends.add_argument("--tools", type=Path, required=True, help="folder of the hubs' commands")
    ahead = commands.add_parser("proxy", help=proxied.__doc__)
    ahead.set_defaults(action=proxied)
    ahead.add_argument("--nodes", nargs="*", default=[], help="ports, or http://host:port")
    ahead.add_argument("--gateway", choices=("lmdeploy", "nginx"), default="lmdeploy")
    ahead.add_argument("--host", default="127.0.0.1")
    ahead.add_argument("--port", type=_port, default=chat.DEFAULT_PORT + 1000)
    ahead.add_argument(
        "--strategy",
        choices=("random", "min_expected_latency", "min_observed_latency"),
        default="min_expected_latency",
    )
    ends = commands.add_parser("stop", help=stop.__doc__)
    ends.set_defaults(action=stop)
    ends.add_argument("--port", type=int, default=chat.DEFAULT_PORT)
    ends.add_argument("--for", dest="purpose", default="")
    ends.add_argument("--now", action="store_true", help="cut running answers off")
    talks = commands.add_parser("chat", help=talk.__doc__)
    talks.set_defaults(action=talk)
    talks.add_argument("--port", type=int, default=chat.DEFAULT_PORT)
    talks.add_argument("--domain", default="gongkao")
    checks = commands.add_parser("gpu-check", help=checked.__doc__)
    checks.set_defaults(action=checked)
    checks.add_argument("--out", type=Path, required=True)
    commands.add_parser("doctor", help=doctor.__doc__).set_defaults(action=doctor)
    return top


def main() -> None:
    """Run one command."""
    args = parser().parse_args(sys.argv[1:])
    args.action(args)


if __name__ == "__main__":
    run_cli(main)
