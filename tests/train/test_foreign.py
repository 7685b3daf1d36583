"""Strangers' models and checkpoints: one line that names what they would run, and nothing is run.

Each of them writes a canary file when it is; none may be there in the end.
"""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import trust
from core.files import read_json
from tests.forks import Zygote

FEW = ("pack_to_max_length=False", "batch_size=4", "max_epochs=2", "evaluation_samples=0")


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def singing(canary: Path) -> str:
    """Python that writes the canary when it is imported."""
    return f"open({str(canary)!r}, 'w').write('ran')\nfrom transformers import LlamaForCausalLM\n"


class Singer:
    """A pickle that writes the canary when it is loaded."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (f"open({str(self.canary)!r}, 'w').write('ran')",)


PLACES = {
    "config.json": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"},
    "tokenizer_config.json": {"AutoTokenizer": ["evil.Slow", "evil.Fast"]},
    "generation_config.json": {"AutoModel": "evil.Model"},
}


@pytest.fixture(params=PLACES)
def foreign(request: pytest.FixtureRequest, tiny: Path, tmp_path: Path, canary: Path) -> Path:
    """The tiny model whose JSON asks for code."""
    folder = tmp_path / "foreign"
    shutil.copytree(tiny, folder)
    file = folder / request.param
    values = read_json(file) if file.is_file() else {}
    file.write_text(json.dumps({**values, "auto_map": PLACES[request.param]}))
    (folder / "evil.py").write_text(singing(canary))
    return folder


def test_a_base_with_code_is_asked_about_and_nothing_is_imported(
    foreign: Path, train: Callable, argv: Callable, zygote: Zygote, canary: Path
) -> None:
    base = f"pretrained_model_name_or_path={foreign}"
    for command in ("check", "estimate", "run"):
        done = zygote(*argv(command, "smollm2_cpu_qlora.py", base))
        said = done.stdout + done.stderr
        assert "./tiku trust" in said and "evil" in said, (command, said[-500:])
        assert "Traceback" not in said
        assert done.returncode == (0 if command == "estimate" else 2), command
    assert not canary.exists()


def test_combine_asks_too(foreign: Path, tmp_path: Path, zygote: Zygote, canary: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    line = ("--base", str(foreign), "--adapters", str(adapter), "--to", str(tmp_path / "to"))
    done = zygote("combine", *line)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr[-500:]
    assert "./tiku trust" in done.stderr and not canary.exists()


def unfinished(folder: Path) -> None:
    """Make a run look as if it had been stopped."""
    state = read_json(folder / "run.json")
    (folder / "run.json").write_text(json.dumps({**state, "status": "running"}))


def poisoned(path: Path, canary: Path) -> None:
    """A checkpoint as torch writes them, that runs code when it is loaded."""
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("archive/data.pkl", pickle.dumps({"state_dict": Singer(canary)}))
        out.writestr("archive/version", "3\n")
        out.writestr("archive/byteorder", "little")


def tensors(path: Path) -> None:
    """A safetensors file that holds what it says."""
    about = json.dumps({"t": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    path.write_bytes(len(about).to_bytes(8, "little") + about + bytes(16))


def a_pickle_alone(folder: Path, canary: Path) -> None:
    poisoned(folder / "adapter_model.bin", canary)


def a_pickle_beside_the_weights(folder: Path, canary: Path) -> None:
    tensors(folder / "adapter_model.safetensors")
    poisoned(folder / "adapter_model.bin", canary)


def a_pickle_by_the_weights_name(folder: Path, canary: Path) -> None:
    poisoned(folder / "adapter_model.safetensors", canary)


def a_runs_folder(folder: Path, canary: Path) -> None:
    (folder / "config.py").write_text(singing(canary))
    poisoned(folder / "iter_9.pth", canary)
    (folder / "run.json").write_text(json.dumps({"status": "trained"}))
    (folder / "adapter").mkdir()
    (folder / "adapter" / "adapter_config.json").write_text("{}")
    poisoned(folder / "adapter" / "adapter_model.bin", canary)


FOREIGN = (
    a_pickle_alone, a_pickle_beside_the_weights, a_pickle_by_the_weights_name, a_runs_folder,
)  # fmt: skip


@pytest.mark.parametrize("made", FOREIGN, ids=lambda one: one.__name__)
def test_a_strangers_adapter_is_refused_before_anything_is_loaded(
    made: Callable, tiny: Path, train: Callable, zygote: Zygote, tmp_path: Path, canary: Path
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 8}))
    made(folder, canary)
    done = train("smollm2_cpu_qlora.py", *FEW, f"load_from={folder}")
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr[-800:]
    assert "theirs" in done.stderr and not canary.exists()
    adapter = folder / "adapter" if (folder / "adapter").is_dir() else folder
    line = ("--base", str(tiny), "--adapters", str(adapter), "--to", str(tmp_path / "to"))
    done = zygote("combine", *line)
    assert done.returncode == 2 and not canary.exists(), done.stdout
    if made is a_pickle_beside_the_weights:  # never opened; the weights fit nowhere
        assert "theirs" in done.stderr and not (tmp_path / "to").exists()
    else:
        assert done.stderr.count("\n") == 1 and "adapter_model" in done.stderr


def test_only_checkpoints_of_our_own_are_gone_on_from(
    train: Callable, zygote: Zygote, tmp_path: Path, canary: Path
) -> None:
    done = train("smollm2_cpu_qlora.py", *FEW)
    assert done.returncode == 0, done.stderr[-2000:]
    run = tmp_path / "run"
    newest = max(run.glob("iter_*.pth"), key=lambda path: int(path.stem[5:]))
    assert trust.sealed(newest) and trust.sealed(run / "config.py")
    unfinished(run)
    poisoned(run / "iter_900.pth", canary)
    foreign = train("smollm2_cpu_qlora.py", *FEW, resume="1")
    assert foreign.returncode == 2 and foreign.stderr.count("错误") == 1, foreign.stderr[-800:]
    assert "iter_900.pth" in foreign.stderr and "trust" in foreign.stderr
    assert not canary.exists()
    (run / "iter_900.pth").unlink()

    # A seal is of one file: another's does not fit, nor does a file that was changed since.
    shutil.copy(trust.note(newest), trust.note(run / "iter_900.pth"))
    poisoned(run / "iter_900.pth", canary)
    assert not trust.sealed(run / "iter_900.pth")
    (run / "iter_900.pth").unlink()
    again = train("smollm2_cpu_qlora.py", *FEW, resume="1")
    assert again.returncode == 0, again.stderr[-2000:]

    shutil.rmtree(run / "adapter")  # written with the training: made anew
    # What makes the adapter loads a checkpoint and the run's config, which is Python.
    poisoned(run / "best_iter_900.pth", canary)
    adapter = zygote("adapter", "--work-dir", str(run))
    assert adapter.returncode == 2 and "best_iter_900.pth" in adapter.stderr, adapter.stderr[-800:]
    (run / "best_iter_900.pth").unlink()
    own = (run / "config.py").read_text()
    (run / "config.py").write_text(f"open({str(canary)!r}, 'w').write('ran')\n" + own)
    adapter = zygote("adapter", "--work-dir", str(run))
    assert adapter.returncode == 2 and "config.py" in adapter.stderr, adapter.stderr[-800:]
    (run / "config.py").write_text(own)
    adapter = zygote("adapter", "--work-dir", str(run))
    assert adapter.returncode == 0, adapter.stderr[-2000:]
    assert not canary.exists()
