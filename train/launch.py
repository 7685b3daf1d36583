"""Where a run's processes start: here, under torchrun on one or more machines, or through Slurm.

XTuner's own entry point does the training in each of them (``--launcher pytorch``,
``--deepspeed``); ``xtuner train`` itself would start whatever ``python`` is first on PATH. What all
processes of a run must agree on lies in its ``launch.json``.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core import cores, trust
from core.errors import UserError
from core.files import ROOT, read_json, shown, write_json, write_text
from core.language import words

# mmengine 0.10.6 imports deepspeed.runtime.fp16.onebit, which 0.17.6 has and 0.18.9 has not.
DEEPSPEED = "'deepspeed<0.18'"


@dataclass(frozen=True)
class Where:
    """``gpus`` processes on each of ``nodes`` machines, this being number ``node_rank``; ``addr``
    and ``port`` of the first. ``deepspeed`` is ``""``, ``zero2``, ``zero3`` or a JSON file;
    ``launcher`` ``pytorch`` or ``slurm``."""

    gpus: int = 1
    nodes: int = 1
    node_rank: int = 0
    addr: str = "127.0.0.1"
    port: int = 29500
    deepspeed: str = ""
    launcher: str = "pytorch"
    partition: str = ""

    @property
    def alone(self) -> bool:
        """Whether one process does it all."""
        return self.gpus * self.nodes == 1 and not self.deepspeed and self.launcher != "slurm"

    def problem(self, settings: dict[str, Any]) -> str | None:
        """What hinders a run of ``settings`` here; None if nothing."""
        if self.deepspeed and importlib.util.find_spec("deepspeed") is None:
            return f"{words('没有安装', 'not installed')}: deepspeed: {pip(DEEPSPEED)}"
        if self.deepspeed and tuple(map(int, version("deepspeed").split(".")[:2])) >= (0, 18):
            return (
                f"deepspeed {version('deepspeed')} {words('太新', 'is too new')}: {pip(DEEPSPEED)}"
            )
        if settings["sequence_parallel_size"] > 1:
            if importlib.util.find_spec("flash_attn") is None or not self.deepspeed:
                return words(
                    "sequence_parallel_size>1 需要 flash-attn 与 DEEPSPEED=zero2",
                    "sequence_parallel_size>1 needs flash-attn and DEEPSPEED=zero2",
                )
            if self.gpus * self.nodes % settings["sequence_parallel_size"]:
                return words(
                    "GPUS×NNODES 必须是 sequence_parallel_size 的倍数",
                    "GPUS×NNODES must be a multiple of sequence_parallel_size",
                )
        return None


def pip(package: str) -> str:
    """The command that adds ``package`` to this environment (which has no pip)."""
    uv = next(iter(sorted(Path(sys.prefix).parent.glob("uv-*/bin/uv"))), None)
    return f"{shown(uv) if uv else 'uv'} pip install -p {shown(sys.executable)} {package}"


def note(work_dir: Path, checkpoint: str, **more: Any) -> None:
    """Write what the training processes start from."""
    write_json(work_dir / "launch.json", {"checkpoint": checkpoint, **more})


def train(work_dir: Path, where: Where) -> bool:
    """Run the training processes to their end; False where Slurm took the job instead."""
    if where.alone:
        entry(work_dir)
        return True
    if where.launcher == "slurm":
        submit(work_dir, where)
        return False
    code = supervise(torchrun(work_dir, where), {**os.environ, "OMP_NUM_THREADS": threads(where)})
    if code:
        raise SystemExit(code)
    return True


def threads(where: Where) -> str:
    """How many threads a process takes, so that those of one machine share its cores."""
    return str(cores.asked() or max(1, cores.usable() // where.gpus))


def torchrun(work_dir: Path, where: Where) -> list[str]:
    """The command of this machine's processes."""
    command = [sys.executable, "-m", "torch.distributed.run"]
    command += [f"--nnodes={where.nodes}", f"--node-rank={where.node_rank}"]
    command += [f"--nproc-per-node={where.gpus}", f"--master-addr={where.addr}"]
    command += [f"--master-port={where.port}", "-m", "train", "worker", "--work-dir", str(work_dir)]
    return command + (["--deepspeed", where.deepspeed] if where.deepspeed else [])


def supervise(command: list[str], environ: dict[str, str]) -> int:
    """Run ``command``; it hears Ctrl-C by itself and is told of SIGTERM. Its exit status."""
    process = subprocess.Popen(command, env=environ)
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    on_term = signal.signal(signal.SIGTERM, lambda number, frame: process.send_signal(number))
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, on_interrupt)
        signal.signal(signal.SIGTERM, on_term)


def script(work_dir: Path, where: Where) -> str:
    """The sbatch script of a run: one torchrun a machine, told to stop two minutes before the time
    is up (a checkpoint is saved then, and Slurm starts the job again to go on)."""
    python, folder = shlex.quote(sys.executable), shlex.quote(str(work_dir.resolve()))
    worker = f"{python} -m torch.distributed.run --nnodes={where.nodes} --node-rank=$SLURM_NODEID"
    worker += f" --nproc-per-node={where.gpus} --master-addr=$ADDR --master-port={where.port}"
    worker += f" -m train worker --work-dir {folder} --again"
    worker += f" --deepspeed {where.deepspeed}" if where.deepspeed else ""
    lines = [
        "#!/bin/bash",
        f"#SBATCH --job-name=train-{work_dir.name}",
        f"#SBATCH --nodes={where.nodes}",
        "#SBATCH --ntasks-per-node=1",
        f"#SBATCH --gpus-per-node={where.gpus}",
        f"#SBATCH --output={work_dir.resolve()}/slurm-%j.log",
        "#SBATCH --signal=TERM@120",
        "#SBATCH --requeue",
        *([f"#SBATCH --partition={where.partition}"] if where.partition else []),
        f"cd {shlex.quote(str(ROOT))}",
        f"export PYTHONPATH={shlex.quote(str(ROOT))}",
        'export ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)',
        f"{python} -m train settle --work-dir {folder} || exit $?",
        f"srun bash -c {shlex.quote(worker)} || exit $?",
        f"{python} -m train finish --work-dir {folder} && "
        f"{python} -m train adapter --work-dir {folder}",
    ]
    return "\n".join(lines) + "\n"


def submit(work_dir: Path, where: Where) -> None:
    """Write ``slurm.sh`` and hand it to sbatch."""
    path = work_dir / "slurm.sh"
    write_text(path, script(work_dir, where))
    if not shutil.which("sbatch"):
        raise UserError(
            words(
                f"本机没有 sbatch: 请在登录节点运行 sbatch {shown(path)}",
                f"no sbatch here: run it on a login node: sbatch {shown(path)}",
            )
        )
    done = subprocess.run(["sbatch", str(path)], capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"sbatch {shown(path)}: {done.stderr.strip()}")
    print(f"{done.stdout.strip()}; {words('日志', 'log')}: {shown(work_dir)}/slurm-*.log")


def entry(work_dir: Path, launcher: str = "none", deepspeed: str = "", again: bool = False) -> None:
    """Train in this process by XTuner's entry point, as ``work_dir`` says. Its log goes to the
    work dir, our hooks' lines to the console. ``again`` takes up the newest checkpoint there is."""
    from train import checkpoints, patches

    patches.apply()
    from mmengine.logging import MMLogger
    from xtuner.tools import train as xtuner_train

    original = MMLogger.__init__

    def quiet(self: MMLogger, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        for handler in self.handlers:
            if type(handler) is logging.StreamHandler:
                handler.setLevel(logging.ERROR)

    MMLogger.__init__ = quiet
    logging.raiseExceptions = False  # a full disk is said once, by us
    checkpoint = read_json(work_dir / "launch.json")["checkpoint"]
    if again:
        checkpoint = checkpoints.last(work_dir)
    argv = ["train", str(work_dir / "config.py"), "--work-dir", str(work_dir)]
    argv += ["--launcher", launcher]
    if deepspeed:
        known = deepspeed in ("zero1", "zero2", "zero3")
        argv += ["--deepspeed", f"deepspeed_{deepspeed}" if known else deepspeed]
    sys.argv = argv
    if checkpoint:
        sys.argv = [*argv, "--resume", str(trust.require(Path(checkpoint)))]
        # mmengine's hold more than tensors (message hub, numpy scalars), and a config that it runs.
        os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
    with checkpoints.disk(work_dir):
        xtuner_train.main()
