"""Make one stage's environment: ``python3 requirements/install.py train``.

Needs only Python 3.11 or 3.12 with pip. Reads ``requirements/<stage>.txt`` (``requirements.txt``
for ``core``), with ``<stage>.overrides.txt`` and ``<stage>.lock`` beside it where they exist, and
installs with uv into ``.venvs/<stage>``. A second call with the same files does nothing; a changed
file, or a run that was cut off, starts that environment anew.
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
VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or HERE.parent / ".venvs")
UV = "0.13.9"
PYTHONS = ((3, 11), (3, 12))


def fail(message: str) -> None:
    """Say what is wrong in one line and stop."""
    print(f"错误 error: {message}", file=sys.stderr)
    sys.exit(2)


def python() -> str:
    """The interpreter to build on: 3.11 or 3.12, this one where it fits."""
    if sys.version_info[:2] in PYTHONS:
        return sys.executable
    for major, minor in PYTHONS:
        found = shutil.which(f"python{major}.{minor}")
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    fail(
        f"需要 Python 3.11 或 3.12 (this is {sys.version.split()[0]}): 请安装后重试, "
        "e.g. apt install python3.11"
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
    print("安装 uv (一次) installing uv, once", flush=True)
    made = subprocess.run([python(), "-m", "venv", str(home)], capture_output=True, text=True)
    if made.returncode:
        fail("python3 -m venv 失败: 请安装 python3-venv (apt install python3-venv)")
    pip = subprocess.run(
        [str(home / "bin" / "pip"), "install", "-q", f"uv=={UV}"], capture_output=True, text=True
    )
    if pip.returncode:
        shutil.rmtree(home, ignore_errors=True)
        reason = (pip.stderr.strip().splitlines() or ["?"])[-1]
        fail(f"装不上 uv=={UV} (检查网络或 pip 镜像 check the network or pip's mirror): {reason}")
    return str(command)


def inputs(stage: str) -> dict[str, Path]:
    """The files that define ``stage``; fails with the list of stages when there is none."""
    main = HERE.parent / "requirements.txt" if stage == "core" else HERE / f"{stage}.txt"
    if not main.exists():
        stages = sorted(path.stem for path in HERE.glob("*.txt") if "." not in path.stem)
        fail(f"没有环境 no stage '{stage}': core, {', '.join(stages)}")
    extra = {key: HERE / f"{stage}.{key}" for key in ("overrides.txt", "lock")}
    return {"main": main, **{key: path for key, path in extra.items() if path.exists()}}


def ensure(stage: str) -> None:
    """Create or refresh ``.venvs/<stage>``."""
    files = inputs(stage)
    key = hashlib.sha256(sys.version.encode())
    for path in [*files.values(), HERE.parent / "requirements.txt"]:
        key.update(path.read_bytes())
    home = VENVS / stage
    stamp = home / ".installed"
    if stamp.exists() and stamp.read_text() == key.hexdigest():
        stamp.touch()
        return
    uv = uv_command()
    environment = {**os.environ, **pip_settings()}
    print(f"准备环境 preparing environment '{stage}' ({home})", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    commands = [[uv, "venv", "-q", "-p", python(), str(home)]]
    install = [uv, "pip", "install", "-q", "-p", str(home / "bin" / "python")]
    install += ["-r", str(files["main"])]
    if "overrides.txt" in files:
        install += ["--override", str(files["overrides.txt"])]
    if "lock" in files:
        install += ["-c", str(files["lock"])]
    commands.append(install)
    for command in commands:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            lines = [line.strip(" ╰─▶│├×") for line in done.stderr.splitlines() if line.strip()]
            reason = " ".join(lines[-4:])[-400:]
            fail(f"环境 '{stage}' 装不上 (requirements: {files['main'].name}): {reason}")
    stamp.write_text(key.hexdigest())


def write_lock(stage: str) -> None:
    """Resolve ``stage`` without its lock and write what was installed as the new one."""
    lock = HERE / f"{stage}.lock"
    lock.unlink(missing_ok=True)
    ensure(stage)
    python_of = str(VENVS / stage / "bin" / "python")
    freeze = [uv_command(), "pip", "freeze", "-q", "-p", python_of]
    found = subprocess.run(freeze, capture_output=True, text=True, check=True).stdout.split("\n")
    # CUDA's libraries follow torch's own pins, and only where there is a CUDA build.
    kept = [line.replace("+cpu", "") for line in found if not line.startswith(("nvidia", "triton"))]
    name = "requirements.txt" if stage == "core" else f"requirements/{stage}.txt"
    head = f"# What {name} resolved to when it was tried: installed as constraints. make lock\n"
    lock.write_text(head + "\n".join(kept))
    ensure(stage)


def main() -> None:
    """Make each named stage's environment, one caller at a time."""
    if len(sys.argv) < 2:
        fail("用法 usage: python3 requirements/install.py STAGE [STAGE ...]")
    VENVS.mkdir(parents=True, exist_ok=True)
    with open(VENVS / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two targets at once must not build one environment twice
        locking = sys.argv[1] == "--lock"
        for stage in sys.argv[2:] if locking else sys.argv[1:]:
            write_lock(stage) if locking else ensure(stage)


if __name__ == "__main__":
    main()
