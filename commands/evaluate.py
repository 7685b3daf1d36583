"""``make eval``: start the columns' servers, ask them, stop them, judge all columns together.

Which servers fit beside each other is the deploy room's affair (``python -m deploy plan``). Where
they go one after another, each group is asked while it runs, and the answers on disk are judged at
the end.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from commands.options import Given
from commands.places import Places
from commands.run import Ended, Runner
from commands.unchanged import remember, unchanged
from core.errors import UserError
from core.language import words

Server = dict[str, Any]  # role, port, start, budget (GB), devices (CUDA_VISIBLE_DEVICES)
ORDER = ("base", "tuned", "rag", "tuned_rag", "rag_closed", "tuned_rag_closed", "int4")
MODES = {"": ["open"], "open": ["open"], "closed": ["open", "closed"], "0": []}
PORTS = {"TUNED_PORT": "23342", "BASE_PORT": "23341", "INT4_PORT": "23343"}


class Deploy:
    """The deploy room's commands for one evaluation."""

    def __init__(self, runner: Runner, given: Given, place: Places) -> None:
        self.runner, self.place = runner, place
        self.ports = [given[name] or default for name, default in PORTS.items()]
        self.backend = given["BACKEND"] or "auto"
        # What make quantize shipped, a .gguf or folder of the user's, or 0.
        shipped = (Path(place.run) / "quantized.json").is_file()
        self.int4 = given["INT4"] or ("shipped" if shipped else "0")
        self.purpose = f"eval-{self.ports[0]}"  # who may reuse and stop these servers

    def plan(self) -> dict[str, Any]:
        """Backend and groups (:func:`deploy.plan.groups`)."""
        return dict(self.runner.answer("serve", "deploy", "plan", **self.planned()))

    def planned(self) -> dict[str, Any]:
        """What ``deploy plan`` is asked."""
        asked = {"work_dir": self.place.run, "domain": self.place.domain, "backend": self.backend}
        return {**asked, "int4": self.int4, "deployed": self.place.port, "ports": self.ports}

    def show(self, asked: dict[str, Any]) -> None:
        """Print the commands of an evaluation whose plan is not made."""
        self.runner.room("serve", "deploy", "plan", **self.planned())
        print(f"# {words('按计划', 'as planned')}: deploy start …, eval ask …, deploy stop …")
        self.runner.room("eval", "eval", "run", **asked, column=["…"])

    def start(self, group: list[Server], plan: dict[str, Any]) -> None:
        """Start a group's servers; :class:`Ended` with the status of the first that does not.

        Beside each other where the plan says so (on a CPU: most of a start is one thread that
        converts, hashes or loads), else in turn.
        """
        width = len(group) if plan["at_once"] else 1
        for first in range(0, len(group), width):
            begun = [self.begin(server, plan["backend"]) for server in group[first : first + width]]
            try:
                failed = [status for process in begun if (status := process.wait())]
            finally:
                for process in begun:
                    process.kill()  # Ctrl-C and SIGTERM: what they have noted is stopped by us
            if failed:
                raise Ended(failed[0])

    def begin(self, server: Server, backend: str) -> subprocess.Popen[bytes]:
        """``deploy start`` for one server, begun."""
        asked = {"work_dir": self.place.run, "domain": self.place.domain, "backend": backend}
        asked |= {"port": server["port"], "for_": self.purpose, "budget": server["budget"]}
        own = self.int4 if server["role"] == "int4" and self.int4 != "shipped" else ""
        asked |= {"model": own} if own else {"role": server["role"]}
        line = self.runner.line("serve", "deploy", "start", **asked)
        devices = {"CUDA_VISIBLE_DEVICES": server["devices"]} if server["devices"] else {}
        return self.runner.begin(line, **devices)

    def stop(self) -> None:
        """Stop what this evaluation started: nobody else waits for an answer of theirs."""
        line = self.runner.line("serve", "deploy", "stop", for_=self.purpose, now=True)
        subprocess.run(
            line, env={**os.environ, **self.runner.environment}, stdout=subprocess.DEVNULL
        )


@contextmanager
def cleared(deploy: Deploy) -> Iterator[None]:
    """Whatever happens inside, Ctrl-C and SIGTERM included, no server of ours stays."""

    def leave(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        deploy.stop()
        signal.signal(signal.SIGTERM, before)


def columns(group: list[Server], modes: list[str]) -> dict[str, str]:
    """The columns that a group's servers answer, name → as ``eval run --column`` has it: each role
    plainly, base and tuned also with evidence in each of ``modes``."""
    specs = {}
    for server in group:
        role, port = server["role"], server["port"]
        specs[role] = f"{role}={port}"
        if role in ("base", "tuned"):
            for mode in modes:
                name = {"base": "rag", "tuned": "tuned_rag"}[role]
                name += "" if mode == "open" else f"_{mode}"
                specs[name] = f"{name}={port}@{mode}"
    return specs


def evaluate(runner: Runner, given: Given, place: Places) -> None:
    """Serve, ask, judge and write the card; :class:`Ended` with 1 where a gate fails.

    +RAG columns where there is an index (``make index``), the 4-bit one where there is a file
    (``make quantize``). BASE_QUESTIONS=N: the untuned model is asked at most N a suite.
    """
    runner.stage("core", "serve", "eval")
    if not runner.dry and unchanged(given, place):
        print(words("没有变化，未重新提问", "nothing changed: nothing was asked again"), flush=True)
        card(partial(runner.room, "eval", "eval", "report", work_dir=place.run), given, place)
        return
    modes = MODES[given["RAG"]] if Path(place.index).is_dir() else []
    suite = {"suite": given["SUITE"] or "domain"}
    about = {"work_dir": place.run, "domain": place.domain, "data": place.data, **suite}
    for mode in modes:
        runner.room("core", "eval", "retrieve", **about, index=place.index, mode=mode)
    most = given["BASE_QUESTIONS"]
    limits = [f"{name}={most}" for name in ("base", "rag", "rag_closed")] if most else []
    asked = {**about, "most": limits}
    deploy = Deploy(runner, given, place)
    if runner.dry:
        deploy.show(asked)
        return
    with cleared(deploy):
        plan = deploy.plan()
        print(told(plan), flush=True)
        if not any(plan["groups"]):
            raise UserError(
                words(
                    "没有可评测的列: 请先 make merge", "no column to evaluate: run make merge first"
                )
            )
        if len(plan["groups"]) == 1:
            at_once(deploy, plan, asked, modes, place, given)
            return
        specs = in_turn(deploy, plan, asked, modes)
        line = runner.line("eval", "eval", "run", **asked, column=ranked(specs))
        card(partial(runner.start, line), given, place)


def ranked(specs: dict[str, str]) -> list[str]:
    """The columns in the card's order."""
    return [specs[name] for name in ORDER if name in specs]


def at_once(
    deploy: Deploy,
    plan: dict[str, Any],
    asked: dict[str, Any],
    modes: list[str],
    place: Places,
    given: Given,
) -> None:
    """All servers beside each other; who asks them gets ready while they start."""
    (group,) = plan["groups"]
    line = deploy.runner.line("eval", "eval", "run", **asked, column=ranked(columns(group, modes)))
    with deploy.runner.standby(line) as begin:
        deploy.start([server for server in group if server["start"]], plan)
        card(begin, given, place)


def card(write: Callable[[], None], given: Given, place: Places) -> None:
    """``write`` the card; :class:`Ended` with 1 where a gate fails, which is a complete evaluation
    too."""
    try:
        write()
    except Ended as ended:
        if ended.status == 1:
            remember(given, place)
        raise
    remember(given, place)


def told(plan: dict[str, Any]) -> str:
    """Which servers run together and which in turn, in one line for who waits."""

    def server_line(server: Server) -> str:
        about = [server["role"]]
        about += [f"GPU {server['devices']}"] if server["devices"] else []
        about += [f"{server['budget']:.1f} GB"] if server["budget"] else []
        about += (
            []
            if server["start"]
            else [words(f"已在 {server['port']} 端口", f"running on port {server['port']}")]
        )
        return ", ".join(about)

    turns = [" + ".join(map(server_line, group)) for group in plan["groups"]]
    return f"{words('计划', 'plan')}: {plan['backend']}: " + " → ".join(turns)


def in_turn(
    deploy: Deploy, plan: dict[str, Any], asked: dict[str, Any], modes: list[str]
) -> dict[str, str]:
    """Start every group of servers in its turn and ask each while it runs; the columns of all,
    name → spec."""
    specs: dict[str, str] = {}
    for group in plan["groups"]:
        if specs:
            deploy.stop()  # the last group's: its memory is this one's
        deploy.start([server for server in group if server["start"]], plan)
        now = columns(group, modes)
        answered = deploy.runner.answer("eval", "eval", "ask", **asked, column=list(now.values()))
        specs |= dict(zip(now, answered, strict=True))
    return specs
