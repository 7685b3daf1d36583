"""Fewer bits: measured, shipped or refused, exported; and what LMDeploy would refuse."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from core.errors import UserError
from core.files import write_json
from deploy import engines, models, preflight
from tests.deploy import helper
from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Room:
    made = helper.make(tmp_path_factory.mktemp("quantised"))
    data = made.work / "data"
    data.mkdir(exist_ok=True)
    turn = {"system": helper.SYSTEM, "input": "世界上最大的宫殿是？", "output": ANSWER}
    (data / "train.jsonl").write_text(json.dumps({"conversation": [turn]}) + "\n")
    write_json(made.run / "run.json", {"base": str(made.run / "merged"), "data": str(data)})
    return made


def quantize(room: Room, *words: object) -> subprocess.CompletedProcess[str]:
    return room.deploy("quantize", "--work-dir", room.run, "--sample", 1, *words)


@pytest.mark.slow
def test_a_format_is_measured_shipped_served_and_refused(run: Room) -> None:
    with_none = run.deploy("start", "--work-dir", run.run, "--role", "int4", "--port", run.port)
    assert with_none.returncode == 2 and "make quantize" in with_none.stderr
    done = quantize(run, "--backend", "cpu", "--format", "q4_0")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["shipped"] is True
    found = json.loads((run.run / "gguf" / "merged-q4_0.quantized.json").read_text())
    assert found["before"]["sets"]["train"] == {"n": 1, "right": 1, "perplexity": 1.0}
    assert found["after"]["bytes"] < 0.4 * found["before"]["bytes"]
    assert not (run.run / ".quantize").exists()
    again = quantize(run, "--backend", "cpu", "--format", "q4_0")
    assert "已是最新" in again.stdout and "测量" not in again.stdout
    served = run.deploy("start", "--work-dir", run.run, "--role", "int4", "--port", run.port)
    assert served.returncode == 0, served.stderr
    assert run.record()["model"] == "gongkao-tiny-q4_0"
    run.stop()
    refused = quantize(run, "--backend", "cpu", "--format", "q4_k_m", "--max-loss", -1)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "0.0 个百分点" in refused.stderr and "MAX_LOSS=-1" in refused.stderr
    assert not (run.run / "gguf" / "merged-q4_k_m.gguf").exists()
    config = run.run / "merged" / "config.json"
    config.write_text(config.read_text() + " ")
    stale = run.deploy("start", "--work-dir", run.run, "--role", "int4", "--port", run.port)
    assert stale.returncode == 2 and "changed since" in stale.stderr


@pytest.mark.slow
def test_export_for_ollama_carries_template_and_system_prompt(run: Room, tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = ("export", "--work-dir", run.run, "--format", "ollama", "--to", out)
    done = run.deploy(*line)
    assert done.returncode == 0, done.stderr
    text = (out / "Modelfile").read_text()
    assert text.startswith("FROM ./gongkao-tiny-q8_0.gguf\n")
    assert "<|im_start|>system\n{{ .Content }}" in text
    assert "<|im_end|>\n<|im_start|>user\n{{ .Content }}<|im_end|>\n<|im_start|>assistant\n" in text
    assert "assistant\n{{ else }}" in text  # "{{- else" would cut the line end off
    assert f'SYSTEM """{helper.SYSTEM}"""' in text and 'PARAMETER stop "<|im_end|>"' in text
    assert (out / "gongkao-tiny-q8_0.gguf").read_bytes()[:4] == b"GGUF"
    assert run.deploy(*line).returncode == 0  # ours: written again
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis.doc").write_text("x")
    kept = run.deploy("export", "--work-dir", run.run, "--format", "hf", "--to", theirs)
    assert kept.returncode == 2 and [file.name for file in theirs.iterdir()] == ["thesis.doc"]
    unmeasured = run.deploy("export", "--work-dir", run.run, "--type", "q6_k")
    assert unmeasured.returncode == 2 and "make quantize FORMAT=q6_k" in unmeasured.stderr


def config(folder: Path, **values: object) -> Path:
    folder.mkdir(exist_ok=True)
    usual = {"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "num_attention_heads": 32}
    usual |= {"intermediate_size": 11008, "num_hidden_layers": 32, "vocab_size": 32000}
    write_json(folder / "config.json", {**usual, **values})
    return folder


def test_what_lmdeploy_refuses_is_said_before_the_work(tmp_path: Path) -> None:
    good = config(tmp_path / "merged")
    assert preflight.turbomind(good)["head_dim"] == 128
    assert preflight.lite(good, 128)["in_features"] == [4096, 11008]
    assert (
        engines.of("turbomind").convert(models.Model(good, "good")) == tmp_path / "turbomind.json"
    )
    smol = config(tmp_path / "s", hidden_size=576, num_attention_heads=9, intermediate_size=1536)
    assert preflight.turbomind(smol)["head_dim"] == 64
    with pytest.raises(UserError, match=r"576.*GROUP=128"):
        preflight.lite(smol, 128)
    assert preflight.lite(smol, 64)
    with pytest.raises(UserError, match="GPT2LMHeadModel"):
        preflight.turbomind(config(tmp_path / "g", architectures=["GPT2LMHeadModel"]))
    with pytest.raises(UserError, match="head_dim 80"):
        preflight.turbomind(config(tmp_path / "h", head_dim=80))
    w8a8 = config(tmp_path / "w", quantization_config={"quant_method": "smooth_quant"})
    with pytest.raises(UserError, match="w8a8"):
        preflight.turbomind(w8a8)


UNPACK = """
import torch
from deploy import lmdeploy_quantize
numbers = torch.randint(0, 16, (5, 24))
# AWQ lays the eight columns of a word at these places, lowest bits first (AutoAWQ, gemm version)
order = [0, 2, 4, 6, 1, 3, 5, 7]
words = numbers.reshape(5, 3, 8)[:, :, order].to(torch.int64)
packed = sum(words[:, :, place] << (4 * place) for place in range(8)).to(torch.int32)
assert torch.equal(lmdeploy_quantize.unpack(packed), numbers)
"""


def test_awq_weights_are_unpacked_in_their_order() -> None:
    if not helper.SERVE.exists():
        pytest.skip("no environment 'serve': make env-serve")
    command = [str(helper.SERVE), "-c", UNPACK]
    environment = {"PYTHONPATH": str(helper.ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
