"""What may run here, by its hash: the user's own word, kept, shown, and for these very files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import trust
from core.errors import UserError
from core.files import ROOT


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "STORE", tmp_path / "work" / "trusted.json")
    monkeypatch.setattr(trust, "KEY", tmp_path / "work" / ".seal_key")


def model(folder: Path, auto_map: object = None, **files: str) -> Path:
    folder.mkdir()
    config = {"architectures": ["InternLM2ForCausalLM"], "model_type": "internlm2"}
    config |= {"auto_map": auto_map} if auto_map else {}
    (folder / "config.json").write_text(json.dumps(config))
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


MAP = {"AutoModelForCausalLM": "modeling_x.Model", "AutoConfig": "configuration_x.Config"}


@pytest.mark.parametrize("module", ("@/evil", "../out/evil", "link/evil", "./../out/evil"))
def test_a_module_out_of_the_folder_is_not_covered_by_what_was_allowed(
    module: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "evil.py").write_text("ran = True")
    auto = {**MAP, "AutoTokenizer": [None, f"{module.replace('@', str(out))}.Tokenizer"]}
    folder = model(tmp_path / "m", auto, modeling_x="a = 1", configuration_x="b = 1")
    (folder / "link").symlink_to(out)
    trust.allow(folder)
    with pytest.raises(UserError, match="evil"):
        trust.remote_code(folder)
    assert not trust.remote_code_known(folder)


@pytest.mark.parametrize("named", (5, [], [7], {}, "x", None))
def test_a_config_of_other_types_is_asked_about_in_one_line(named: object, tmp_path: Path) -> None:
    folder = model(tmp_path / "m", MAP, modeling_x="a = 1")
    about = {"architectures": named, "auto_map": MAP}
    for text in (json.dumps(about), json.dumps([about])):
        (folder / "config.json").write_text(text)
        with pytest.raises(UserError, match="tiku trust"):
            trust.remote_code(folder)


def test_a_folder_that_asks_for_nothing_gets_nothing(tmp_path: Path) -> None:
    plain = model(tmp_path / "plain", modeling_x="print('never asked for')")
    assert trust.question(plain) is None and trust.remote_code(plain) is False
    assert trust.remote_code(tmp_path / "nowhere") is False


def test_code_is_named_allowed_once_and_asked_about_again_when_it_changes(tmp_path: Path) -> None:
    folder = model(tmp_path / "m", MAP, modeling_x="a = 1", configuration_x="b = 1")
    with pytest.raises(UserError) as said:
        trust.remote_code(folder)
    text = str(said.value)
    assert "modeling_x.Model" in text and "modeling_x.py" in text and "./tiku trust" in text
    assert "internlm2" in text  # a family of ours brings code; its name alone allows nothing
    assert not trust.remote_code_known(folder)
    trust.allow(folder)
    assert trust.remote_code(folder) and trust.remote_code_known(folder)
    copy = model(tmp_path / "copy", MAP, modeling_x="a = 1", configuration_x="b = 1")
    assert trust.remote_code(copy)  # make merge's copy of the same files
    for change in ({"modeling_x": "a = 2"}, {"helper": "c = 1"}):
        other = model(tmp_path / next(iter(change)), MAP,
                      **{"modeling_x": "a = 1", "configuration_x": "b = 1", **change})  # fmt: skip
        with pytest.raises(UserError, match=next(iter(change))):
            trust.remote_code(other)


@pytest.mark.parametrize(
    "auto_map",
    ["x.Y", ["x.Y", None], {"AutoTokenizer": ["x.Slow", "x.Fast"]}, {"a": {"b": "deep.Er"}}],
)
def test_every_form_of_auto_map_is_seen(tmp_path: Path, auto_map: object) -> None:
    folder = model(tmp_path / "m", auto_map)
    assert trust.question(folder)
    nested = tmp_path / "nested"
    nested.mkdir()
    (nested / "processor_config.json").write_text(json.dumps({"inner": {"auto_map": auto_map}}))
    assert trust.question(nested)


def test_an_auto_map_in_escapes_is_seen(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    escaped = json.dumps({"auto_map": MAP}).replace("auto_map", "\\u0061uto\\u005fmap")
    (folder / "config.json").write_text(escaped)
    assert json.loads(escaped)["auto_map"] == MAP
    assert trust.question(folder)


def test_another_repositorys_code_is_never_allowed(tmp_path: Path) -> None:
    folder = model(tmp_path / "m", {"AutoModel": "other/repo--modeling.X"}, modeling="x = 1")
    trust.allow(folder)
    with pytest.raises(UserError, match="code that is not in it"):
        trust.remote_code(folder)


def test_seals_are_of_one_file_in_one_place(tmp_path: Path) -> None:
    file = tmp_path / "iter_5.pth"
    file.write_bytes(b"weights")
    assert not trust.sealed(file)
    trust.seal(file)
    assert trust.sealed(file) and trust.require(file) == file
    file.write_bytes(b"Weights")
    assert not trust.sealed(file)
    folder = tmp_path / "iter_8.pth"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "a_states.pt").write_bytes(b"1")
    trust.seal(folder)
    assert trust.sealed(folder)
    (folder / "part" / "b_states.pt").write_bytes(b"2")
    assert not trust.sealed(folder)
    assert trust.KEY.stat().st_mode & 0o777 == 0o600


def test_a_seal_of_other_work_dirs_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "iter_5.pth"
    file.write_bytes(b"weights")
    trust.seal(file)
    monkeypatch.setattr(trust, "KEY", tmp_path / "elsewhere" / ".seal_key")
    assert not trust.sealed(file)


def custody(work: Path, *words: str) -> subprocess.CompletedProcess[str]:
    own = {**os.environ, "TIKUFORGE_WORK_DIRS": str(work), "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "custody", *words]
    return subprocess.run(line, env=own, cwd=ROOT, capture_output=True, text=True)


def test_make_trust_says_what_it_allows(tmp_path: Path) -> None:
    folder = model(tmp_path / "m", MAP, modeling_x="a = 1")
    done = custody(tmp_path / "w", "trust", str(folder))
    assert done.returncode == 0 and "modeling_x.py" in done.stdout, done.stderr
    assert json.loads((tmp_path / "w" / "trusted.json").read_text())
    plain = custody(tmp_path / "w", "trust", str(model(tmp_path / "plain")))
    assert plain.returncode == 0 and "nothing to allow" in plain.stdout
    missing = custody(tmp_path / "w", "trust", str(tmp_path / "no"))
    assert missing.returncode == 2 and missing.stderr.count("\n") == 1


def test_no_loader_is_told_to_trust_by_itself() -> None:
    """``trust_remote_code=True`` stands nowhere but in tests."""
    for room in ("core", "train", "deploy", "eval", "configs/base", "rag", "web", "data_tools"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "trust_remote_code=True" not in text, path
            assert "NO_WEIGHTS_ONLY_LOAD" not in text or path.name == "launch.py", path
