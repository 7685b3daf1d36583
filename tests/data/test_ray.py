"""ENGINE=ray gives the same bytes as one machine, on a cluster of two nodes on this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import ROOT, sha256
from data_tools.build import build
from data_tools.sources import Inputs

CLUSTER = """
import runpy, sys
from ray.cluster_utils import Cluster
node = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 200_000_000}
cluster = Cluster(initialize_head=True, head_node_args=node)
cluster.add_node(num_cpus=1, object_store_memory=200_000_000)
import os
os.environ["RAY_ADDRESS"] = cluster.address
try:
    runpy.run_module("data_tools", run_name="__main__", alter_sys=True)
finally:
    import ray
    print("nodes", sum(node["Alive"] for node in ray.nodes()))
    ray.shutdown()
    cluster.shutdown()
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_workers_give_the_same_bytes(tmp_path: Path) -> None:
    install = ROOT / "requirements" / "install.py"
    subprocess.run([sys.executable, str(install), "ray"], check=True, cwd=ROOT)
    table = tmp_path / "drugs.csv"
    lines = (ROOT / "samples/medical/drugs.csv").read_text(encoding="utf-8").splitlines()
    again = [lines[1], lines[2].replace("24小时内", "48小时内"), lines[3].replace("肠溶片", "片")]
    table.write_text("\n".join([*lines, *again]) + "\n", encoding="utf-8")
    bank = ROOT / "samples/gongkao/bank.docx"
    here = tmp_path / "here"
    card = build(Inputs("medical", (str(bank),), (str(table),), ("medical",)), here)
    assert card["duplicates"] and card["conflicts"]  # or there is nothing to agree about

    venvs = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
    there = tmp_path / "there"
    command = [str(venvs / "ray" / "bin" / "python"), "-c", CLUSTER, "build", "--engine", "ray"]
    command += ["--domain", "medical", "--out", str(there), "--bank", str(bank)]
    command += ["--table", str(table), "--templates", "medical"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}
    environment["RAY_raylet_start_wait_time_s"] = "300"  # two nodes start slowly on a busy machine
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "nodes 2" in done.stdout
    for name in ("train.jsonl", "eval.jsonl", "kb.jsonl", "ledger.csv"):
        assert sha256(here / name) == sha256(there / name), name
