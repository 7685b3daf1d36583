"""``make eval``: start the columns' servers, ask them, stop them; then judge all columns together.

Which servers fit beside each other is the deploy room's affair (``python -m deploy plan``); it is
called as a program. Where they go one after another, each group is asked while it runs, and the
answers on disk are judged at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import UserError
from eval import columns, run

ORDER = ("base", "tuned", "rag", "tuned_rag", "rag_closed", "tuned_rag_closed", "int4")


class Deploy:
    """The deploy room's command line, for one evaluation; ``python`` is its interpreter."""

    def __init__(self, python: Path, args: argparse.Namespace) -> None:
        self.line = [str(python), "-m", "deploy"]
        self.args = args
        self.place = ["--work-dir", str(args.work_dir), "--domain", args.domain]
        self.purpose = f"eval-{args.ports[0]}"  # who may reuse and stop these servers

    def plan(self) -> dict[str, Any]:
        """Backend and groups (:func:`deploy.plan.groups`)."""
        words = ["plan", *self.place, "--backend", self.args.backend, "--int4", self.args.int4]
        words += ["--deployed", str(self.args.deployed), "--ports", *map(str, self.args.ports)]
        done = subprocess.run([*self.line, *words], stdout=subprocess.PIPE, text=True)
        *said, last = done.stdout.splitlines() or [""]
        print("\n".join(said), end="\n" if said else "", flush=True)
        if done.returncode:
            print(last, flush=True) if last else None
            raise SystemExit(done.returncode)  # it has said why
        return dict(json.loads(last))

    def start(self, one: dict[str, Any], backend: str) -> None:
        """Start one server of a group; :class:`SystemExit` with its status where it does not."""
        words = ["start", *self.place, "--backend", backend, "--port", str(one["port"])]
        words += ["--for", self.purpose, "--budget", str(one["budget"])]
        given = self.args.int4 if one["role"] == "int4" and self.args.int4 != "shipped" else ""
        words += ["--model", given] if given else ["--role", one["role"]]
        own = {"CUDA_VISIBLE_DEVICES": one["devices"]} if one["devices"] else {}
        done = subprocess.run([*self.line, *words], env={**os.environ, **own})
        if done.returncode:
            raise SystemExit(done.returncode)

    def stop(self) -> None:
        """Stop what this evaluation started."""
        words = [*self.line, "stop", "--for", self.purpose]
        subprocess.run(words, stdout=subprocess.DEVNULL)


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


def told(plan: dict[str, Any]) -> str:
    """Which servers run together and which in turn, in one line for who waits."""

    def one(server: dict[str, Any]) -> str:
        words = [server["role"]]
        words += [f"GPU {server['devices']}"] if server["devices"] else []
        words += [f"{server['budget']:.1f} GB"] if server["budget"] else []
        words += [] if server["start"] else [f"已在服务 running on {server['port']}"]
        return ", ".join(words)

    turns = [" + ".join(one(server) for server in group) for group in plan["groups"]]
    return f"计划 plan: {plan['backend']}: " + " → ".join(turns)


def specs(group: list[dict[str, Any]], modes: list[str]) -> list[str]:
    """The columns that a group's servers answer, as ``--column`` has them: each role plainly, base
    and tuned also with evidence in each of ``modes``."""
    found = []
    for one in group:
        role, port = one["role"], one["port"]
        found.append(f"{role}={port}")
        if role in ("base", "tuned"):
            name = {"base": "rag", "tuned": "tuned_rag"}[role]
            for mode in modes:
                tail = "" if mode == "open" else f"_{mode}"
                found.append(f"{name}{tail}={port}@{mode}")
    return found


def ranked(chosen: list[columns.Column]) -> list[columns.Column]:
    """The columns in the card's order."""
    return sorted(chosen, key=lambda one: ORDER.index(one.name))


def evaluate(args: argparse.Namespace) -> bool:
    """Serve, ask and judge; False where nothing had changed (:func:`eval.run.evaluate`)."""
    deploy = Deploy(args.serve, args)
    found: list[columns.Column] = []
    most = dict(columns.most(spec) for spec in args.most)
    where = (args.work_dir, args.domain, args.data, args.suite)
    with cleared(deploy):
        plan = deploy.plan()
        print(told(plan), flush=True)
        for group in plan["groups"]:
            if found:
                deploy.stop()  # the last group's: its memory is this one's
            for one in group:
                if one["start"]:
                    deploy.start(one, plan["backend"])
            asked = [columns.column(spec) for spec in specs(group, args.modes)]
            found += asked
            if len(plan["groups"]) > 1:
                run.ask(*where, asked, args.workers, most)
        if not found:
            raise UserError("没有可评测的列 no column to evaluate: 请先 make merge")
        sys.stdout.flush()
        return run.evaluate(*where, ranked(found), args.workers, most=most)
