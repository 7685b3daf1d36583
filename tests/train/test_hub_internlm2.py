"""InternLM2 as the hub has it, from ``make check`` to every program that reads the merged folder:
all of them make the same token ids of the same prompt."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.files import ROOT, read_json, write_json, write_jsonl
from deploy.handover import NEAR
from tests.train.conftest import HERE, VENVS, environment

QUESTIONS = ("世界故宫是什么", "the model  answer?", "It's 2024！")
SYSTEM = "你是 assistant。"

IDS = """
import json, sys, warnings
warnings.filterwarnings("ignore")
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1], trust_remote_code=True)
asked = json.loads(sys.argv[2])
print(json.dumps([tokenizer.apply_chat_template(one, add_generation_prompt=True) for one in asked]))
"""
# LMDeploy's own way from messages to ids, as its chat route goes it.
LMDEPLOY = """
import asyncio, json, sys, warnings
warnings.filterwarnings("ignore")
from lmdeploy.model import get_chat_template
from lmdeploy.serve.processors.multimodal import MultimodalProcessor
from lmdeploy.tokenizer import Tokenizer
made = MultimodalProcessor.__new__(MultimodalProcessor)
made.tokenizer = Tokenizer(sys.argv[1], trust_remote_code=True)
made.chat_template = get_chat_template(sys.argv[1], None, trust_remote_code=True)
found = [asyncio.run(made._get_text_prompt_input(one, True, None))["input_ids"]
         for one in json.loads(sys.argv[2])]
print(json.dumps(found))
"""
LLAMA = """
import json, sys
from pathlib import Path
import xllamacpp
from core import chat
from deploy import engines, gguf, llamacpp
engine = engines.of("cpu")
values = engine.settings()
file = gguf.ensure(Path(sys.argv[1]))
values.update(model=str(file), name="m", host="127.0.0.1", port=0)
server = xllamacpp.Server(llamacpp.parameters(values, chat.api_key()))
target = chat.Endpoint(url=f"{server.listening_address}/v1", model="m", backend="cpu")
print(json.dumps([engine.routes(target).prompt_ids(one, "") for one in json.loads(sys.argv[2])]))
"""
# What deploy compares a server's greedy answers with, here the answers that make merge noted.
PROOF = """
import json, sys
from pathlib import Path
import torch
from deploy import handover
folder = Path(sys.argv[1])
model, behind = handover.reference(folder), []
for row in json.loads((folder / "handover.json").read_text())["prompts"]:
    whole = torch.tensor([row["ids"] + row["tokens"]])
    with torch.inference_mode():
        logits = model(whole, use_cache=False).logits[0, len(row["ids"]) - 1 : -1]
    table, said = logits.float().log_softmax(-1), torch.tensor(row["tokens"])[:, None]
    behind.append(float((table.max(-1).values - table.gather(1, said)[:, 0]).max()))
print(json.dumps(behind))
"""
AWQ = """
import json, sys
from pathlib import Path
from deploy import lmdeploy_quantize, preflight
preflight.lite(Path(json.loads(Path(sys.argv[1]).read_text())["model"]), 128)
lmdeploy_quantize.main()
"""


def messages() -> list[list[dict[str, str]]]:
    head = {"role": "system", "content": SYSTEM}
    return [[head, {"role": "user", "content": question}] for question in QUESTIONS]


class Chain:
    """The folders of one run and the commands on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.model, self.run = folder, folder / "model", folder / "run"
        turns = [{"system": SYSTEM, "input": one, "output": "故宫"} for one in QUESTIONS]
        rows = [{"id": f"t-{n}", "conversation": [turn]} for n, turn in enumerate(turns)]
        write_jsonl(folder / "data" / "train.jsonl", rows)

    def python(self, stage: str, *words: object) -> subprocess.CompletedProcess[str]:
        own = {**environment(), "HF_MODULES_CACHE": str(self.folder / f"modules-{stage}")}
        own["TIKUFORGE_WORK_DIRS"] = str(self.folder / "work")
        interpreter = VENVS / stage / "bin" / "python"
        if not interpreter.exists():
            pytest.skip(f"no environment (python3 requirements/install.py {stage})")
        line = [str(interpreter), *map(str, words)]
        done = subprocess.run(line, env=own, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, (words, done.stdout[-500:], done.stderr[-1500:])
        return done

    def ids(self, stage: str, code: str) -> Any:
        text = json.dumps(messages(), ensure_ascii=False)
        done = self.python(stage, "-c", code, self.run / "merged", text)
        return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The tiny folder through check, train and merge."""
    made = Chain(tmp_path_factory.mktemp("internlm2"))
    folders = (made.model, made.run, made.folder / "data")
    made.python("train-448", HERE / "hub_internlm2.py", *folders)
    return made


@pytest.mark.slow
def test_a_folder_without_tokenizer_json_trains_and_merges(chain: Chain) -> None:
    assert not (chain.model / "tokenizer.json").exists()
    proof = read_json(chain.run / "merged" / "handover.json")
    assert proof["prompt_ids_equal"] and proof["n"] == len(QUESTIONS)
    targets = read_json(chain.run / "adapter" / "adapter_config.json")["target_modules"]
    assert "output" not in targets and "wqkv" in targets


@pytest.mark.slow
def test_it_was_trained_by_the_config_that_a_gpu_gets(chain: Chain) -> None:
    """NF4, bfloat16, checkpointed, by mmengine's AmpOptimWrapper (as_on_a_gpu beside this)."""
    settings = read_json(chain.run / "run.json")["settings"]
    assert settings["device"] == "cuda" and settings["dtype"] == "bfloat16"
    assert settings["quantization"] == "nf4" and settings["unpack_4bit"] == "False"
    assert settings["use_activation_checkpointing"] == "True"
    text = (chain.run / "config.py").read_text()
    assert "AmpOptimWrapper" in text and "CpuAmpOptimWrapper" not in text
    losses = [json.loads(line)["loss"] for line in (chain.run / "loss.jsonl").open()]
    assert losses and all(0 < loss < 20 for loss in losses)


@pytest.mark.slow
def test_every_program_reads_the_merged_folder_to_the_same_ids(chain: Chain) -> None:
    noted = read_json(chain.run / "merged" / "handover.json")["prompts"]
    expected = [row["ids"] for row in noted]
    assert all(ids[0] == 1 for ids in expected), "bos, once"
    found = {stage: chain.ids(stage, IDS) for stage in ("train-448", "train", "serve", "eval")}
    found["lmdeploy"] = chain.ids("lmdeploy", IDS)
    found["lmdeploy's prompt code"] = chain.ids("lmdeploy", LMDEPLOY)
    found["llama.cpp"] = chain.ids("serve", LLAMA)
    assert {name: ids == expected for name, ids in found.items()} == dict.fromkeys(found, True)


@pytest.mark.slow
def test_deploys_environment_runs_the_folders_code_to_prove_a_hand_over(chain: Chain) -> None:
    """It lacked what InternLM2's code imports: "could not be compared", for the default recipe."""
    assert max(chain.ids("serve", PROOF)) < NEAR


@pytest.mark.slow
def test_lmdeploy_quantises_it_to_the_end(chain: Chain) -> None:
    out, spec = chain.folder / "awq", chain.folder / "lite.json"
    values = {"model": str(chain.run / "merged"), "out": str(out), "format": "awq", "group": 128}
    rows = {"rows": str(chain.folder / "data" / "train.jsonl"), "device": "cpu", "plain": ""}
    write_json(spec, {**values, **rows})
    chain.python("lmdeploy", "-c", AWQ, spec)
    assert read_json(out / "config.json")["quantization_config"]["quant_method"] == "awq"
