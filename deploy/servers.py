"""Start, find and stop the servers of this machine. One note per port, in ``work_dirs/servers``."""

from __future__ import annotations

import errno
import socket
import sys
import time
import urllib.error
from pathlib import Path

import psutil

from core import chat
from core.errors import UserError
from core.files import shown
from core.language import words
from deploy import api, process, supervisor
from deploy.health import healthy

GRACE = 10.0  # seconds beyond its drain between asking a server to stop and making it


def noted() -> dict[int, chat.Endpoint]:
    """Every noted server by port; notes of servers that ended are removed on the way."""
    found = {}
    for port in chat.ports():
        target = chat.endpoint_note(port)
        if process.ours(target):
            found[port] = target
        else:
            forget(port)
    return found


def forget(port: int) -> None:
    """Remove the note of a server that is gone."""
    chat.record(port).unlink(missing_ok=True)
    (chat.SERVERS / f"{port}.settings.json").unlink(missing_ok=True)


def free(host: str, port: int) -> bool:
    """Whether nothing listens on ``host:port``; :class:`UserError` where nothing can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            cannot = words("不能监听", "cannot listen on")
            raise UserError(f"{cannot} {host}:{port}: {error.strerror}") from None
    return True


def unused() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require(host: str, port: int, reuse: bool) -> None:
    """:class:`UserError` for a port that another program holds, or ours unless ``reuse``."""
    found = noted().get(port)
    if found and not reuse:
        which = f"{found.model} (pid {found.pid})"
        raise UserError(
            words(
                f"端口 {port} 已被占用，正在服务 {which}；请先 make stop PORT={port}，或换个 PORT",
                f"port {port} is taken, it serves {which}; make stop PORT={port}, or choose "
                "another PORT",
            )
        )
    if not found and not free(host, port):
        raise UserError(
            words(
                f"端口 {port} 被别的程序占用，请换个 PORT",
                f"port {port} is taken by another program, choose another PORT",
            )
        )


def reused(target: chat.Endpoint, port: int) -> bool:
    """Whether this very model answers on ``port`` already, for whoever asks again.

    A server with other content is stopped where it was started for the same purpose (the weights
    were trained again since), else it is a taken port.
    """
    found = noted().get(port)
    if found is None:
        return False
    if (found.version, found.model) == (target.version, target.model) and healthy(
        found.root + "/health"
    ):
        return True
    if found.started_for == target.started_for:
        print(stop(port))
    require("127.0.0.1", port, reuse=False)
    return False


def supervised(target: chat.Endpoint, log: Path, drain: float, command: list[str]) -> list[str]:
    """``command`` under our supervisor, which starts it again when it crashes."""
    line = [sys.executable, "-m", "deploy.supervisor", "--log", str(log), "--drain", str(drain)]
    return [*line, "--health", target.root + "/health", "--", *command]


def start(
    target: chat.Endpoint, port: int, command: list[str], drain: float, patience: float
) -> chat.Endpoint:
    """Run ``command``, wait ``patience`` seconds until it answers, note it; nothing is left behind
    when it does not."""
    log = chat.SERVERS / f"{port}.log"
    see = words(f"详见 {shown(log)}", f"see {shown(log)}")
    began = time.monotonic()
    child = process.spawn(supervised(target, log, drain, command), log)
    running = chat.Endpoint(**{**vars(target), "pid": child.pid, "born": child.create_time()})
    chat.remember(
        port, running
    )  # before it is ready: a killed `make deploy` leaves a trace to stop
    try:
        while not healthy(running.root + "/health"):
            if child.poll() is not None:
                ended = words("服务没有启动", "the server ended while starting")
                raise UserError(f"{ended}: {supervisor.reason(log)} ({see})")
            if time.monotonic() - began > patience:
                late = words(
                    f"服务 {patience:.0f} 秒内没有就绪", f"not ready within {patience:.0f} s"
                )
                raise UserError(f"{late} ({see})")
            waited = f"{time.monotonic() - began:.0f} s"
            _progress(f"{words('加载模型', 'loading the model')} … {waited}")
            time.sleep(0.2)
        _accepts_key(running)
    except BaseException:
        process.end(child, GRACE, now=True)
        forget(port)
        raise
    finally:
        _progress("")
    return running


def stop(port: int, now: bool = False) -> str:
    """Stop our server on ``port`` when its running answers are finished, or ``now``.

    Returns a sentence that says what happened.
    """
    if not chat.record(port).is_file():
        return words(f"端口 {port} 上没有我们的服务", f"no server of ours on port {port}")
    target = chat.endpoint_note(port)
    running = process.ours(target)
    if running is None:
        forget(port)
        return words(
            f"端口 {port} 的服务已不在，记录已清除", f"the server on port {port} was gone already"
        )
    grace = GRACE + _drain(running)
    gently = process.end(running, grace, now)
    forget(port)
    how = "" if gently else words(f"，{grace:.0f} 秒后强制", f", killed after {grace:.0f} s")
    place = f"{words('端口', 'port')} {port}, pid {target.pid}"
    return f"{words('已停止', 'stopped')} {target.model} ({place}{how})"


def stay(port: int) -> None:
    """Wait until the server on ``port`` ends; SIGTERM and Ctrl-C stop it (for containers)."""
    import signal

    running = process.ours(chat.endpoint_note(port))

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    try:
        if running:
            running.wait()
        raise UserError(
            words(f"端口 {port} 的服务自己停了", f"the server on port {port} ended by itself")
        )
    except KeyboardInterrupt:
        print(stop(port))
    finally:
        forget(port)


def _drain(running: psutil.Process) -> float:
    """The drain that the supervisor was started with."""
    line = running.cmdline()
    return float(line[line.index("--drain") + 1]) if "--drain" in line else 0.0


def _accepts_key(target: chat.Endpoint) -> None:
    try:
        names = api.models(target)
    except urllib.error.HTTPError as error:
        refused = words("不接受自己的密钥", "refuses its own key")
        raise UserError(f"{target.root} {refused} ({error.code})") from None
    if target.model not in names:
        other = words(
            f"的模型名是 {names}，不是 {target.model}", f"serves {names}, not {target.model}"
        )
        raise UserError(f"{target.root} {other}")


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)
