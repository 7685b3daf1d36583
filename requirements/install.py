"""Make one stage's environment: ``python3 requirements/install.py train``.

Needs only Python 3.11 or 3.12 with pip. Reads ``requirements/<stage>.txt`` (``requirements.txt``
for ``core``), with ``<stage>.overrides.txt`` and ``<stage>.lock`` beside it where they exist, and
installs with uv into ``.venvs/<stage>``. A second call with the same files does nothing; a changed
file, a driver of the other CUDA line, or a run that was cut off, starts that environment anew. A
machine whose driver does not answer (nvidia-smi fails, or a login node without a GPU) keeps what
was made for either line.

Every file is installed by its hash (``--require-hashes``): the lock's, and for a build of the
machine's own (a version with ``+``, from pip's wheel folder or index), which no lock can know, the
one that it has there; such are named. The locks hold the hashes for Linux x86-64 with Python 3.11
and 3.12; elsewhere they are constraints alone, and that is said.

On a machine whose NVIDIA driver is older than 580 the training stages take the CUDA 12 build of
torch (``cuda12.txt``); ``TIKUFORGE_CUDA=12`` or ``13`` decides where no driver can be asked.
``--resolve STAGE [cuda12|cuda13]`` prints what a stage resolves to on Linux x86-64 and installs
nothing.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from core import gpu  # noqa: E402  (the standard library is all that it needs)
from core.errors import UserError, marked  # noqa: E402
from core.files import write_text  # noqa: E402
from core.language import words  # noqa: E402

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or HERE.parent / ".venvs")
UV = "0.13.9"
UV_HASH = "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19"  # Linux x86-64
PYTHONS = ((3, 11), (3, 12))
HASHED = (sys.platform, platform.machine()) == ("linux", "x86_64")
# Stages that compute on the GPU with the torch of train.txt. TurboMind's own library is a CUDA 12
# build, so its stage takes CUDA 12 wheels whatever the driver.
BY_DRIVER = ("train", "train-448")
BESIDE_CORE = ("ray", "ragstack", "milvus", "embed")  # hold core or are installed into it: its pins
# Locked by resolving: large, or seldom used.
RESOLVED = ("turbomind", "lmdeploy", "clients", "ray", "ragstack", "llamafactory", *BESIDE_CORE)
PLATFORM = "x86_64-manylinux_2_28"


class Failed(Exception):
    """Why an environment cannot be installed."""


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


@functools.cache
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
    asked = home / "uv.txt"
    asked.write_text(f"uv=={UV}" + (f" --hash=sha256:{UV_HASH}" if HASHED else ""))
    line = [str(home / "bin" / "pip"), "install", "-q", "-r", str(asked)]
    pip = subprocess.run(line, capture_output=True, text=True)
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
        extra |= {"cuda12": HERE / "cuda12.txt", "cuda12.lock": HERE / "cuda12.lock"}
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


def pins(files: dict[str, Path]) -> dict[str, str]:
    """The locks' lines by the package's name; of a package in both, CUDA 12's."""
    found = {}
    for key in ("lock", "cuda12.lock"):
        for text in files[key].read_text().splitlines() if key in files else ():
            if not text.startswith("#"):
                found[text.partition("==")[0]] = text
    return found


def wanted(files: dict[str, Path]) -> list[str]:
    """uv's arguments for ``files``: requirements, overrides and constraints."""
    line = ["-r", str(files["main"])]
    for key in ("overrides.txt", "cuda12"):
        if key in files:
            line += ["--override", str(files[key])]
    if "lock" not in files:
        return line
    # without the hashes: they are of PyPI's files, and what there is decides which are asked for
    bare = [text.partition(" ")[0] for text in pins(files).values()]
    lock = VENVS / f".pins-{files['lock'].stem}{'-cuda12' if 'cuda12' in files else ''}"
    write_text(lock, "\n".join(bare) + "\n")
    return [*line, "-c", str(lock)]


def held_to_hashes(files: dict[str, Path], resolved: str) -> tuple[str, list[str]]:
    """What ``--require-hashes`` is given for ``resolved`` (uv's, with this machine's own hashes):
    the locks' lines, and the builds of the machine's own as they are, which are named. Raises
    :class:`Failed` for a package that no lock holds."""
    known, lines, own, unknown = pins(files), [], [], []
    for text in resolved.replace("\\\n", " ").splitlines():
        pin = text.partition(" ")[0]
        name, _, version = pin.partition("==")
        if "+" in version:
            own.append(pin)
            lines.append(" ".join(text.split()))
        elif known.get(name, "").startswith(f"{pin} "):
            lines.append(known[name])
        else:
            unknown.append(pin)
    if unknown:
        lock = files["lock"].name
        lacks = words(f"不在 {lock} 里: ", f"not in {lock}: ") + ", ".join(unknown)
        raise Failed(f"{lacks}: make lock")
    return "\n".join(lines) + "\n", own


def compiled(files: dict[str, Path], *more: str, python: str = "3.11") -> str:
    """What ``files`` resolve to on Linux x86-64, by PyPI's wheels (or its mirror's: pip's wheel
    folder may hold CPU builds), in a form that ``more`` chooses."""
    settings = {key: text for key, text in pip_settings().items() if key != "UV_FIND_LINKS"}
    command = [uv_command(), "pip", "compile", "-q", "--no-header", "--no-annotate", *more]
    command += ["--python-platform", PLATFORM, "--python-version", python]
    command += [part for part in wanted(files) if part != "-r"]
    environment = {k: v for k, v in os.environ.items() if k != "UV_FIND_LINKS"} | settings
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        stage = files["main"].stem
        unsolved = words(f"环境 '{stage}' 无解", f"stage '{stage}' does not resolve")
        fail(f"{unsolved}: {' '.join(done.stderr.split())[-400:]}")
    return done.stdout


def resolve(stage: str, line: str = "") -> str:
    """What ``stage`` resolves to with ``line``'s GPU, one ``name==version`` a line."""
    return compiled(inputs(stage, line))


def stamp_of(files: dict[str, Path]) -> str:
    """What an environment made of ``files`` by this Python is known by."""
    key = hashlib.sha256(sys.version.encode())
    paths = list(files.values())
    if "-r ../requirements.txt" in files["main"].read_text():
        paths.append(HERE.parent / "requirements.txt")
    for path in paths:
        key.update(path.read_bytes())
    return key.hexdigest()


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        lines = [line.strip(" ╰─▶│├×") for line in done.stderr.splitlines() if line.strip()]
        raise Failed(" ".join(lines[-6:])[-500:])
    return done.stdout


def _install(uv: str, files: dict[str, Path], home: Path, environment: dict[str, str]) -> None:
    """Resolve on this machine, then install what came out by the locks' hashes."""
    python_of = ["-p", str(home / "bin" / "python")]
    install = [uv, "pip", "install", "-q", *python_of]
    if "lock" not in files or not HASHED:
        if not HASHED:
            print(
                words(
                    "锁文件的哈希只适用于 Linux x86-64: 这里不核对",
                    "the locks' hashes are for Linux x86-64: not held to them here",
                ),
                flush=True,
            )
        _run(install + wanted(files), environment)
        return
    ask = [uv, "pip", "compile", "-q", "--no-header", "--no-annotate", "--generate-hashes"]
    asked = [part for part in wanted(files) if part != "-r"]
    text, own = held_to_hashes(files, _run([*ask, *python_of, *asked], environment))
    if own:
        built = words("本机自己的构建，不在锁文件里", "this machine's own builds, in no lock")
        print(f"{built}: {', '.join(own)}", flush=True)
    exact = VENVS / f".hashed-{home.name}"
    write_text(exact, text)
    _run([*install, "--no-deps", "--require-hashes", "-r", str(exact)], environment)


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
    try:
        _run([uv, "venv", "-q", "-p", python(), str(home)], environment)
        _install(uv, files, home, environment)
    except Failed as failed:
        shutil.rmtree(home, ignore_errors=True)
        if before.exists():
            before.rename(home)
        name = files["main"].name
        cannot = words(
            f"环境 '{stage}' 装不上 (见 {name})",
            f"cannot install environment '{stage}' (see {name})",
        )
        fail(f"{cannot}: {failed}")
    stamp.write_text(key)
    shutil.rmtree(before, ignore_errors=True)


def hashed(files: dict[str, Path]) -> dict[str, str]:
    """The lines of a lock for ``files``: what they resolve to for each of :data:`PYTHONS`, with the
    hashes of the files that can be installed there."""
    found: dict[str, tuple[str, set[str]]] = {}
    first = VENVS / ".first.pins"  # what one Python has, the other takes too
    for major, minor in PYTHONS:
        write_text(first, "\n".join(f"{name}=={found[name][0]}" for name in found) + "\n")
        more = ("--format", "pylock.toml", "-c", str(first))
        told = compiled(files, *more, python=f"{major}.{minor}")
        for package in tomllib.loads(told)["packages"]:
            name, version = package["name"], package["version"]
            if found.setdefault(name, (version, set()))[0] != version:
                differ = f"{name} {found[name][0]}, {version}"
                fail(words(f"两个 Python 版本解得不同: {differ}", f"Pythons differ: {differ}"))
            sources = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
            found[name][1].update(one["hashes"]["sha256"] for one in sources)
    return {
        name: f"{name}=={version} " + " ".join(f"--hash=sha256:{key}" for key in sorted(keys))
        for name, (version, keys) in sorted(found.items())
    }


def write_lock(stage: str) -> None:
    """Resolve ``stage`` without its lock and write what was installed as the new one; with
    ``train`` what differs for CUDA 12."""
    tried = ""
    if stage not in RESOLVED:
        ensure(stage, locked=False)
        python_of = str(VENVS / stage / "bin" / "python")
        freeze = [uv_command(), "pip", "freeze", "-q", "-p", python_of]
        listed = subprocess.run(freeze, capture_output=True, text=True, check=True)
        tried = "\n".join(line.partition("+")[0] for line in listed.stdout.splitlines())
    elif stage in BESIDE_CORE:
        tried = "\n".join(text.partition(" ")[0] for text in pins(inputs("core")).values())
    rehash(stage, tried)
    if stage not in RESOLVED:
        ensure(stage)


def rehash(stage: str, tried: str) -> None:
    """Write the lock of ``stage`` for the versions in ``tried`` (``name==version`` lines)."""
    lock = HERE / f"{stage}.lock"
    name = "requirements.txt" if stage == "core" else f"requirements/{stage}.txt"
    head = f"# What {name} resolved to when it was tried, each file by its hash. make lock\n"
    lock.write_text(tried + "\n")
    lines = hashed(inputs(stage))
    lock.write_text(head + "\n".join(lines.values()) + "\n")
    if stage == BY_DRIVER[0]:
        cuda12 = HERE / "cuda12.lock"
        cuda12.write_text("")
        files = {**inputs(stage), "cuda12": HERE / "cuda12.txt"}
        loose = VENVS / ".loose.lock"  # CUDA's libraries and triton are torch's to choose
        loose.write_text("\n".join(text for name, text in lines.items() if not of_torch(name)))
        other = hashed({**files, "lock": loose})
        own = [text for name, text in other.items() if lines.get(name) != text]
        head = "# What differs for CUDA 12 (cuda12.txt). make lock\n"
        cuda12.write_text(head + "\n".join(own) + "\n")


def of_torch(name: str) -> bool:
    """Whether a package's version is settled by torch's own pins."""
    return name == "torch" or name.startswith(("nvidia-", "triton", "cuda-"))


def make(stages: list[str], locking: bool = False) -> None:
    """Make each stage's environment (or write its lock), one caller at a time."""
    try:
        VENVS.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cannot = words("建不了环境的目录", "cannot make the environments' folder")
        fail(f"TIKUFORGE_VENVS={VENVS}: {cannot}: {error.strerror}")
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
