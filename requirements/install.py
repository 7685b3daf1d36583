"""Make one stage's environment: ``python3 requirements/install.py train``.

Needs only Python 3.11 or 3.12 with pip. Reads ``requirements/<stage>.txt`` (``requirements.txt``
for ``core``), with ``<stage>.overrides.txt`` and ``<stage>.lock`` beside it where they exist, and
installs with uv into ``.venvs/<stage>``. A second call with the same files does nothing; a changed
file, a driver of the other CUDA line, or a run that was cut off, starts that environment anew. A
machine whose driver does not answer (nvidia-smi fails, or a login node without a GPU) keeps what
was made for either line.

On a machine whose NVIDIA driver is older than 580 the training stages take the CUDA 12 build of
torch (``cuda12.txt``); ``TIKUFORGE_CUDA=12`` or ``13`` decides where no driver can be asked.
``--resolve STAGE [cuda12|cuda13]`` prints what a stage resolves to on Linux x86-64 and installs
nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from core import gpu  # noqa: E402  (the standard library is all that it needs)
from core.errors import UserError, marked  # noqa: E402
from core.language import words  # noqa: E402

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or HERE.parent / ".venvs")
UV = "0.13.9"
PYTHONS = ((3, 11), (3, 12))
# Stages that compute on the GPU with the torch of train.txt. TurboMind's own library is a CUDA 12
# build, so its stage takes CUDA 12 wheels whatever the driver.
BY_DRIVER = ("train", "train-448")
RESOLVED = ("turbomind",)  # locked by resolving: 4 GB that need a GPU to be of use
PLATFORM = "x86_64-manylinux_2_28"


def fail(message: str) -> None:
    """Say what is wrong in one line and stop."""
    print(marked(message), file=sys.stderr)
    sys.exit(2)


def python() -> str:
    """The interpreter to build on: 3.11 or 3.12, this one where it fits."""
    if sys.version_info[:2] in PYTHONS:
        return sys.executable
    for major, minor in PYTHONS:
        found = shutil.which(f"python{major}.{minor}")
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    this = sys.version.split()[0]
    fail(
        words(
            f"需要 Python 3.11 或 3.12 (这是 {this}): 请安装后重试，如 apt install python3.11",
            f"needs Python 3.11 or 3.12 (this is {this}): install one and try again, as by "
            "apt install python3.11",
        )
    )
    raise AssertionError  # fail() does not return


def pip_settings() -> dict[str, str]:
    """pip's mirror and wheel folder, told to uv (which does not read pip's settings itself)."""
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "find-links": "UV_FIND_LINKS",
    }
    found = {}
    for key, variable in names.items():
        value = os.environ.get("PIP_" + key.replace("-", "_").upper())
        for section in ("install", "global"):
            if not value:
                asked = subprocess.run(
                    [sys.executable, "-m", "pip", "config", "get", f"{section}.{key}"],
                    capture_output=True,
                    text=True,
                )
                value = asked.stdout.strip() if asked.returncode == 0 else ""
        if value and variable not in os.environ:
            found[variable] = ",".join(value.split())
    return found


def uv_command() -> str:
    """The path of uv, installed from PyPI into ``.venvs/uv`` on first use."""
    home = VENVS / f"uv-{UV}"
    command = home / "bin" / "uv"
    if command.exists():
        return str(command)
    shutil.rmtree(home, ignore_errors=True)
    print(words("安装 uv (只一次)", "installing uv, once"), flush=True)
    made = subprocess.run([python(), "-m", "venv", str(home)], capture_output=True, text=True)
    if made.returncode:
        fail(
            words(
                "python3 -m venv 失败: 请安装 python3-venv (apt install python3-venv)",
                "python3 -m venv failed: install python3-venv (apt install python3-venv)",
            )
        )
    pip = subprocess.run(
        [str(home / "bin" / "pip"), "install", "-q", f"uv=={UV}"], capture_output=True, text=True
    )
    if pip.returncode:
        shutil.rmtree(home, ignore_errors=True)
        reason = (pip.stderr.strip().splitlines() or ["?"])[-1]
        look = words(
            f"装不上 uv=={UV} (检查网络或 pip 镜像)",
            f"cannot install uv=={UV} (check the network or pip's mirror)",
        )
        fail(f"{look}: {reason}")
    return str(command)


def inputs(stage: str, line: str = "") -> dict[str, Path]:
    """The files that define ``stage`` on CUDA line ``line``; fails with the list of stages when
    there is none."""
    main = HERE.parent / "requirements.txt" if stage == "core" else HERE / f"{stage}.txt"
    if not main.exists():
        names = {path.stem for path in HERE.glob("*.txt") if "." not in path.stem}
        stages = ", ".join(["core", *sorted(names - {"cuda12"})])
        fail(words(f"没有环境 '{stage}'，有 {stages}", f"no stage '{stage}'; there are {stages}"))
    extra = {key: HERE / f"{stage}.{key}" for key in ("overrides.txt", "lock")}
    if line == "cuda12" and stage in BY_DRIVER:
        extra["cuda12"] = HERE / "cuda12.txt"
    return {"main": main, **{key: path for key, path in extra.items() if path.exists()}}


def cuda_line(stage: str) -> str:
    """``cuda12`` or ``cuda13`` where this machine's driver (or TIKUFORGE_CUDA) asks for it and
    ``stage`` computes on the GPU; '' where it does not matter, or nobody knows."""
    if stage not in BY_DRIVER:
        return ""
    try:
        return gpu.cuda_line()
    except UserError as error:
        fail(str(error))
        raise AssertionError from None


def made(stage: str, line: str) -> bool:
    """Whether ``.venvs/<stage>`` is what its files ask for: for CUDA line ``line``, or where
    nobody knows the line for either, since a driver that does not answer today is no reason to
    install gigabytes anew."""
    stamp = VENVS / stage / ".installed"
    lines = (line,) if line or stage not in BY_DRIVER else ("cuda13", "cuda12")
    return stamp.exists() and stamp.read_text() in [stamp_of(inputs(stage, one)) for one in lines]


def wanted(files: dict[str, Path]) -> list[str]:
    """uv's arguments for ``files``: requirements, overrides and constraints."""
    line = ["-r", str(files["main"])]
    for key in ("overrides.txt", "cuda12"):
        if key in files:
            line += ["--override", str(files[key])]
    if "lock" not in files:
        return line
    lock = files["lock"]
    if "cuda12" in files:  # a constraint would bind what the override releases
        pinned = {text.partition("==")[0] for text in files["cuda12"].read_text().splitlines()}
        kept = [text for text in lock.read_text().splitlines() if text.split("==")[0] not in pinned]
        lock = VENVS / f".{lock.stem}.cuda12.lock"
        VENVS.mkdir(parents=True, exist_ok=True)
        lock.write_text("\n".join(kept) + "\n")
    return [*line, "-c", str(lock)]


def resolve(stage: str, line: str = "", locked: bool = True) -> str:
    """What ``stage`` resolves to on Linux x86-64 with ``line``'s GPU, one ``name==version`` a line.

    The wheels are PyPI's (or its mirror's): pip's wheel folder may hold CPU builds.
    """
    files = inputs(stage, line)
    if not locked:
        files.pop("lock", None)
    settings = {key: text for key, text in pip_settings().items() if key != "UV_FIND_LINKS"}
    command = [uv_command(), "pip", "compile", "-q", "--no-header", "--no-annotate"]
    command += ["--python-platform", PLATFORM, "--python-version", "3.11"]
    asked = wanted(files)
    command += [part for part in asked if part != "-r"]
    environment = {k: v for k, v in os.environ.items() if k != "UV_FIND_LINKS"} | settings
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        unsolved = words(f"环境 '{stage}' 无解", f"stage '{stage}' does not resolve")
        fail(f"{unsolved}: {' '.join(done.stderr.split())[-400:]}")
    return done.stdout


def stamp_of(files: dict[str, Path]) -> str:
    """What an environment made of ``files`` by this Python is known by."""
    key = hashlib.sha256(sys.version.encode())
    paths = list(files.values())
    if "-r ../requirements.txt" in files["main"].read_text():
        paths.append(HERE.parent / "requirements.txt")
    for path in paths:
        key.update(path.read_bytes())
    return key.hexdigest()


def ensure(stage: str, locked: bool = True) -> None:
    """Create or refresh ``.venvs/<stage>``; not ``locked``: resolved anew."""
    line = cuda_line(stage)
    files = inputs(stage, line)
    if not locked:
        files.pop("lock", None)
    key = stamp_of(files)
    home = VENVS / stage
    stamp = home / ".installed"
    if locked and made(stage, line):
        return
    if stage in BY_DRIVER and not line and gpu.trouble():
        mind = words(
            f"注意: {gpu.trouble()}；按 CUDA 13 装 torch，驱动 < 580 请设 TIKUFORGE_CUDA=12",
            f"mind: {gpu.trouble()}; taking CUDA 13's torch, for a driver < 580 set "
            "TIKUFORGE_CUDA=12",
        )
        print(mind, flush=True)
    uv = uv_command()
    environment = {**os.environ, **pip_settings()}
    preparing = words(f"准备环境 '{stage}'", f"preparing environment '{stage}'")
    print(f"{preparing} ({home})", flush=True)
    before = VENVS / f".{stage}.before"  # put back where the new one cannot be installed
    shutil.rmtree(before, ignore_errors=True)
    if home.exists():
        home.rename(before)
    commands = [[uv, "venv", "-q", "-p", python(), str(home)]]
    install = [uv, "pip", "install", "-q", "-p", str(home / "bin" / "python")]
    commands.append(install + wanted(files))
    for command in commands:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            lines = [line.strip(" ╰─▶│├×") for line in done.stderr.splitlines() if line.strip()]
            reason = " ".join(lines[-4:])[-400:]
            shutil.rmtree(home, ignore_errors=True)
            if before.exists():
                before.rename(home)
            name = files["main"].name
            failed = words(
                f"环境 '{stage}' 装不上 (见 {name})",
                f"cannot install environment '{stage}' (see {name})",
            )
            fail(f"{failed}: {reason}")
    stamp.write_text(key)
    shutil.rmtree(before, ignore_errors=True)


def write_lock(stage: str) -> None:
    """Resolve ``stage`` without its lock and write what was installed as the new one."""
    lock = HERE / f"{stage}.lock"
    if stage in RESOLVED:
        found = resolve(stage, locked=False).split("\n")
    else:
        ensure(stage, locked=False)
        python_of = str(VENVS / stage / "bin" / "python")
        freeze = [uv_command(), "pip", "freeze", "-q", "-p", python_of]
        listed = subprocess.run(freeze, capture_output=True, text=True, check=True)
        found = listed.stdout.split("\n")
    # CUDA's libraries follow torch's own pins, and only where there is a CUDA build.
    kept = [line.replace("+cpu", "") for line in found if not line.startswith(("nvidia", "triton"))]
    name = "requirements.txt" if stage == "core" else f"requirements/{stage}.txt"
    head = f"# What {name} resolved to when it was tried: installed as constraints. make lock\n"
    lock.write_text(head + "\n".join(kept))
    if stage not in RESOLVED:
        ensure(stage)


def make(stages: list[str], locking: bool = False) -> None:
    """Make each stage's environment (or write its lock), one caller at a time."""
    VENVS.mkdir(parents=True, exist_ok=True)
    if not locking and all(made(stage, cuda_line(stage)) for stage in stages):
        return  # nothing to wait for, while another caller makes another one
    with open(VENVS / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once must not build one environment twice
        for stage in stages:
            write_lock(stage) if locking else ensure(stage)


def main() -> None:
    """The stages of the command line."""
    if len(sys.argv) < 2:
        fail(f"{words('用法', 'usage')}: python3 requirements/install.py STAGE [STAGE ...]")
    if sys.argv[1] == "--resolve":
        print(resolve(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""), end="")
        return
    locking = sys.argv[1] == "--lock"
    make(sys.argv[2:] if locking else sys.argv[1:], locking)


if __name__ == "__main__":
    main()
