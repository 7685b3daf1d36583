"""Strangers' weights, made to be opened: one line each, nothing runs, nothing is fetched.

Every pickle here writes a canary file and calls a canary port when it is loaded.
"""

from __future__ import annotations

import io
import json
import pickle
import socket
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import scan, trust
from core.errors import UserError
from core.files import ROOT
from deploy import models
from tests import gguf_maker as made

HUGE = 1 << 60
Case = tuple[str, bytes]


@pytest.fixture
def canaries(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A file that nobody may write and a port that nobody may call."""
    file = tmp_path / "canary"
    with socket.create_server(("127.0.0.1", 0)) as port:
        port.settimeout(0.05)
        yield file, port.getsockname()[1]
        assert not file.exists(), "code was run"
        with pytest.raises(TimeoutError):
            port.accept()


def refused(path: Path, look: Callable[[Path], object] = trust.remote_code) -> str:
    with pytest.raises(UserError) as said:
        look(path)
    text = str(said.value)
    assert "\n" not in text and len(text) < 500 and "header" in text, text
    return text


def test_a_real_header_passes(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(made.whole())
    scan.gguf(file)
    assert models.pick("tuned", tmp_path, "gongkao", str(file)).is_gguf


@pytest.mark.parametrize("name", made.ABSURD)
def test_a_gguf_with_absurd_sizes_is_one_line(
    name: str, tmp_path: Path, canaries: tuple[Path, int]
) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(made.ABSURD[name])
    refused(file, lambda path: models.pick("tuned", tmp_path, "gongkao", str(path)))


def calls(file: Path, port: int) -> dict[str, tuple[object, ...]]:
    """What a pickle may call to do harm: the function and its arguments, by a name."""
    write = f"open({str(file)!r}, 'w').write('ran')"
    call = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
    shell = f"touch {file}"
    return {
        "builtins exec": (b"builtins exec", write),
        "builtins eval": (b"builtins eval", write),
        "builtins exec port": (b"builtins exec", call),
        "os system": (b"os system", shell),
        "posix system": (b"posix system", shell),
        "os popen": (b"os popen", shell),
        "subprocess getoutput": (b"subprocess getoutput", shell),
        "runpy run_path": (b"runpy run_path", str(file)),
        "code interpreter": (b"code interact", write),
        "timeit": (b"timeit timeit", write),
        "pydoc pipepager": (b"pydoc pipepager", shell),
        "webbrowser": (b"webbrowser open", f"http://127.0.0.1:{port}/"),
        "urllib": (b"urllib.request urlopen", f"http://127.0.0.1:{port}/"),
        "torch load": (b"torch load", str(file)),
        "torch hub": (b"torch.hub load", f"http://127.0.0.1:{port}/"),
        "importlib": (b"importlib import_module", "antigravity"),
        "pip": (b"pip main", "install"),
        "getattr": (b"builtins getattr", "x"),
        "numpy load": (b"numpy load", str(file)),
        "operator": (b"operator attrgetter", "system"),
    }


FORMS = ("reduce", "inst", "stack global")


def pickled(how: str, function: bytes, argument: str) -> bytes:
    module, _, name = function.partition(b" ")
    text = argument.encode("unicode_escape")
    if how == "inst":
        return b"(S'" + text.replace(b"'", b"\\'") + b"'\ni" + module + b"\n" + name + b"\n."
    if how == "stack global":
        parts = [pickle.dumps(part.decode(), 4)[11:-2] for part in (module, name)]
        head = b"\x80\x04" + b"".join(parts) + b"\x93"
        return head + b"\x8c" + bytes([len(text) % 256]) + text[:255] + b"\x85R."
    return b"c" + module + b"\n" + name + b"\n(S'" + text.replace(b"'", b"\\'") + b"'\ntR."


def archive(content: bytes, name: str = "archive/data.pkl") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, content)
        file.writestr("archive/version", "3\n")
    return out.getvalue()


@pytest.mark.parametrize("how", FORMS)
def test_a_pickle_that_would_call_anything_is_one_line(
    how: str, tmp_path: Path, canaries: tuple[Path, int]
) -> None:
    for number, (function, argument) in enumerate(calls(*canaries).values()):
        for name in ("pytorch_model.bin", "adapter_model.bin"):
            folder = tmp_path / f"{number}-{name}"
            folder.mkdir()
            content = pickled(how, function, argument)  # type: ignore[arg-type]
            (folder / name).write_bytes(archive(content) if number % 2 else content)
            refused(folder)


BROKEN: dict[str, bytes] = {
    "empty": b"",
    "text": b"not a pickle",
    "zip without": archive(b"", "archive/other"),
    "cut zip": archive(pickle.dumps({}, 2))[:-30],
    "html": b"<html>404</html>",
    "endless": b"\x80\x02" + b"}" * 1000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_checkpoint_is_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(BROKEN[name])
    refused(tmp_path)


def safe(about: object, data: bytes = b"\0" * 64, length: int | None = None) -> bytes:
    text = about if isinstance(about, bytes) else json.dumps(about).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(*offsets: object) -> dict[str, object]:
    return {"t": {"dtype": "F32", "shape": [4], "data_offsets": list(offsets)}}


SAFE: dict[str, bytes] = {
    "huge header": safe({}, length=HUGE),
    "header past the end": safe({}, length=500),
    "no length": b"\1\2",
    "no json": safe(b"{]"),
    "a list": safe([1]),
    "deep": safe(b"[" * 100_000),
    "past the end": safe(tensor(0, HUGE)),
    "backwards": safe(tensor(32, 16)),
    "negative": safe(tensor(-16, 16)),
    "no offsets": safe({"t": {"dtype": "F32"}}),
    "texts": safe(tensor("0", "16")),
}


@pytest.mark.parametrize("name", SAFE)
def test_a_safetensors_header_that_lies_is_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(SAFE[name])
    refused(tmp_path)


def test_tensors_pass(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(safe(tensor(0, 16)))
    assert trust.remote_code(tmp_path) is False
    (tmp_path / "model.safetensors").unlink()
    content = b"\x80\x02ccollections\nOrderedDict\n)R."
    (tmp_path / "pytorch_model.bin").write_bytes(archive(content))
    (tmp_path / "training_args.bin").write_bytes(b"cos\nsystem\n.")  # nobody opens it
    assert trust.remote_code(tmp_path) is False


EVIL = b"cos\nsystem\n(S'true'\ntR."


@pytest.mark.parametrize(
    "name, files",
    {
        "a decoy": {"x.safetensors": safe({}), "pytorch_model.bin": EVIL},
        "an adapter's decoy": {"model.safetensors": safe({}), "adapter_model.bin": EVIL},
        "a part of another name": {
            "pytorch_model.bin.index.json": b'{"weight_map": {"a": "evil.dat"}}',
            "evil.dat": EVIL,
        },
        "a part elsewhere": {"model.safetensors.index.json": b'{"weight_map": {"a": "../x.bin"}}'},
        "a part at the root": {"model.safetensors.index.json": b'{"weight_map": {"a": "/etc/x"}}'},
        "a deep index": {"x.index.json": b"[" * 200_000},
        "a long pickle": {"pytorch_model.bin": b"\x80\x02" + b"N0" * 600_000 + b"."},
        "a long zipped pickle": {
            "pytorch_model.bin": archive(b"\x80\x02" + b"N0" * 600_000 + b".")
        },
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_be_loaded_is_what_is_looked_at(
    name: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    refused(tmp_path)


def test_the_set_is_large_enough() -> None:
    pickles = 2 * len(FORMS) * len(calls(Path("x"), 1))
    assert len(made.ABSURD) + pickles + len(BROKEN) + len(SAFE) >= 60
    assert (ROOT / "core" / "scan.py").is_file()
