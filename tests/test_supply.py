"""What is installed is what was locked, and what is known against it is said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.errors import UserError
from core.files import ROOT
from custody import supply

sys.path.insert(0, str(ROOT / "requirements"))
import install

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_line_of_a_lock_has_its_hashes(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[^ +]+( --hash=sha256:[0-9a-f]{64})+", line), line


def test_every_stage_is_locked_and_those_beside_core_hold_its_versions() -> None:
    stages = {path.stem for path in (ROOT / "requirements").glob("*.txt") if "." not in path.stem}
    assert stages <= {path.stem for path in LOCKS}
    makefile = (ROOT / "Makefile").read_text()
    assert stages - {"cuda12"} < set(makefile.partition("\nlock:")[2].split())
    core = install.pins(install.inputs("core"))
    for stage in install.BESIDE_CORE:
        own = install.pins(install.inputs(stage))
        assert {name: own[name] for name in own.keys() & core} == {
            name: core[name] for name in own.keys() & core
        }, stage


def test_cuda_is_locked_for_both_lines() -> None:
    files = {"main": ROOT / "requirements/train.txt", "lock": ROOT / "requirements/train.lock"}
    thirteen = install.pins(files)
    twelve = install.pins({**files, "cuda12.lock": ROOT / "requirements/cuda12.lock"})
    assert thirteen["torch"].startswith("torch==2.13.0 ")
    assert twelve["torch"].startswith("torch==2.10.0 ")
    assert "nvidia-cublas" in thirteen and "nvidia-cublas-cu12" in twelve
    assert {"triton", "nvidia-cudnn-cu12"} <= set(twelve)


def test_what_a_lock_does_not_hold_is_refused_and_own_builds_are_named(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    lock.write_text(f"# head\nidna==3.10 --hash=sha256:{'a' * 64}\n")
    files = {"main": tmp_path / "x.txt", "lock": lock}
    own = f"torch==2.13.0+cpu \\\n    --hash=sha256:{'b' * 64}\n"
    there = f"idna==3.10 \\\n    --hash=sha256:{'c' * 64}\n"
    text, named = install.held_to_hashes(files, there + own)
    assert named == ["torch==2.13.0+cpu"] and f"sha256:{'b' * 64}" in text
    assert f"idna==3.10 --hash=sha256:{'a' * 64}" in text and "c" * 64 not in text
    for other in ("six==1.17.0", "idna==3.11"):
        with pytest.raises(install.Failed, match=other):
            install.held_to_hashes(files, f"{other} --hash=sha256:{'d' * 64}\n")


def test_a_file_that_is_not_the_locked_one_is_not_installed(tmp_path: Path) -> None:
    """A wheel changed on a mirror was installed: the locks named versions alone."""
    code = tmp_path / "code"
    (code / "requirements").mkdir(parents=True)
    (code / "core").symlink_to(ROOT / "core")
    (code / "requirements/install.py").write_bytes((ROOT / "requirements/install.py").read_bytes())
    (code / "requirements/x.txt").write_text("idna\n")
    right = "946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"
    venvs = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
    (uv,) = venvs.glob("uv-*")
    (tmp_path / "venvs").mkdir()
    (tmp_path / "venvs" / uv.name).symlink_to(uv)
    own = {**os.environ, "TIKUFORGE_VENVS": str(tmp_path / "venvs")}

    def made(key: str) -> subprocess.CompletedProcess[str]:
        (code / "requirements/x.lock").write_text(f"idna==3.10 --hash=sha256:{key}\n")
        line = [sys.executable, str(code / "requirements/install.py"), "x"]
        return subprocess.run(line, env=own, capture_output=True, text=True)

    wrong = made("0" * 64)
    if "error sending request" in wrong.stderr or "dns error" in wrong.stderr:
        pytest.skip("no package registry")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1, wrong.stderr
    assert "0" * 64 in wrong.stderr and not (tmp_path / "venvs" / "x").exists()
    assert made(right).returncode == 0


@pytest.fixture
def osv() -> Iterator[str]:
    """A small OSV: six 1.0 has a hole."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            bad = {"package": {"name": "six", "ecosystem": "PyPI"}, "version": "1.0"}
            results = [{"vulns": [{"id": "X-2"}, {"id": "X-1"}]} if q == bad else {} for q in asked]
            body = json.dumps({"results": results}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_known_holes_are_named_and_silence_is_no_answer(
    osv: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.lock").write_text(f"six==1.0 --hash=sha256:{'a' * 64}\nidna==3.10\n")
    monkeypatch.setattr(supply, "STAYS", tmp_path / "stays.json")
    lines, without = supply.audit(tmp_path, osv)
    assert without == 1 and lines[0].startswith("six==1.0 (a): X-1, X-2: ")
    supply.STAYS.write_text(json.dumps({"six==1.0": ["因为", "because"]}))
    lines, without = supply.audit(tmp_path, osv)
    assert without == 0 and "because" in lines[0]
    with pytest.raises(UserError, match="nothing was audited"):
        supply.audit(tmp_path, "http://127.0.0.1:9")


def test_what_stays_is_what_is_locked() -> None:
    assert set(json.loads(supply.STAYS.read_text())) <= set(supply.pins())


def test_the_list_of_components_has_every_pin_with_hash_and_licence(tmp_path: Path) -> None:
    found = supply.sbom(tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text())
    assert document["bomFormat"] == "CycloneDX" and document["specVersion"] == "1.6"
    parts = {part.get("purl"): part for part in document["components"]}
    for pin in supply.pins():
        part = parts[f"pkg:pypi/{pin.replace('==', '@')}"]
        assert all(len(one["content"]) == 64 for one in part["hashes"]) and part["hashes"]
    assert found["components"] == len(document["components"])
    (lxml,) = (part for part in parts.values() if part["name"] == "lxml")
    assert "BSD" in lxml["licenses"][0]["license"]["name"]
