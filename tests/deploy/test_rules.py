"""What deploy decides before it starts anything."""

from __future__ import annotations

import json
import math
import re
import socket
from pathlib import Path

import pytest

from core import chat
from core.errors import UserError
from core.files import write_json
from deploy import (
    conversation,
    doctor,
    engines,
    environments,
    gguf,
    handover,
    models,
    quantize,
    servers,
)
from tests import gguf_maker
from tests.deploy import tiny


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text("{}")
    return path


def test_the_tuned_model_the_base_and_a_given_one(tmp_path: Path) -> None:
    run = tmp_path / "gongkao" / "recipe"
    with pytest.raises(UserError, match="make merge"):
        models.pick("tuned", run, "gongkao")
    with pytest.raises(UserError, match=r"run\.json"):
        models.pick("base", run, "gongkao")
    empty = (2).to_bytes(8, "little") + b"{}"  # a header that names no tensor
    (folder(run / "merged") / "model.safetensors").write_bytes(empty)
    assert models.pick("tuned", run, "gongkao").name == "gongkao-recipe"
    base = folder(tmp_path / "models" / "Base-1B")
    (base / "model.safetensors").write_bytes(empty)
    write_json(run / "run.json", {"base": str(base)})
    assert models.pick("base", run, "gongkao") == models.Model(base, "Base-1B")
    file = tmp_path / "x.gguf"
    with pytest.raises(UserError, match=r"x\.gguf"):
        models.pick("tuned", run, "gongkao", str(file))
    file.write_bytes(gguf_maker.whole())
    assert models.pick("tuned", run, "gongkao", str(file)).is_gguf


def test_a_models_version_follows_its_content_alone(tmp_path: Path) -> None:
    path, cache = folder(tmp_path / "m"), tmp_path / "cache.json"
    (path / "a.safetensors").write_bytes(b"1")
    first = models.version(path, cache)
    (path / "handover.json").write_text("{}")  # notes are no part of the model
    (path / "a.safetensors").touch()
    assert models.version(path, cache) == first
    (path / "a.safetensors").write_bytes(b"2")
    assert models.version(path, cache) != first


def test_files_lie_where_the_other_rooms_look() -> None:
    run = Path("work_dirs/gongkao/recipe")
    assert gguf.target(run / "merged") == run / "gguf" / "merged-q8_0.gguf"
    assert gguf.target(Path("models/B")) == Path("models/gguf/B-q8_0.gguf")
    assert handover.path(gguf.target(run / "merged")) == run / "gguf" / "handover.json"
    assert handover.path(Path("models/gguf/B-q8_0.gguf")).name == "B-q8_0.handover.json"


def test_what_the_engine_would_get_wrong_is_refused_before_the_work(tmp_path: Path) -> None:
    path = folder(tmp_path / "m")
    with pytest.raises(UserError, match="没有权重"):
        gguf.preflight(path)
    (path / "a.safetensors").write_bytes(b"1")
    write_json(path / "tokenizer_config.json", {})
    with pytest.raises(UserError, match="对话模板"):
        gguf.preflight(path)
    write_json(path / "tokenizer_config.json", {"chat_template": tiny.TEMPLATE})
    words = tiny.tokenizer(tiny.vocabulary())
    write_json(path / "tokenizer.json", words)
    gguf.preflight(path)
    write_json(path / "tokenizer.json", {**words, "pre_tokenizer": {"type": "ByteLevel"}})
    with pytest.raises(UserError, match="byte_fallback"):
        gguf.preflight(path)


def test_auto_takes_turbomind_where_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(environments, "make", made.append)
    monkeypatch.setattr(engines.gpu, "gpus", tuple)
    assert engines.choose("auto").name == "cpu"
    with pytest.raises(UserError, match=r"GPU.*llama\.cpp"):
        engines.choose("turbomind")
    card = engines.gpu.GPU("something", (550, 54), 24.0, 24.0)
    monkeypatch.setattr(engines.gpu, "gpus", lambda: (card,))
    assert engines.choose("auto").name == "turbomind" and engines.choose("cpu").name == "cpu"
    assert engines.choose("auto", Path("x.gguf")).name == "cpu"
    assert not made, "what is served is looked at before its engine's environment is made"
    engines.ready(engines.of("cpu")), engines.ready(engines.of("turbomind"))
    assert made == ["turbomind"]
    old = engines.gpu.GPU("something", (470, 82), 24.0, 24.0)
    monkeypatch.setattr(engines.gpu, "gpus", lambda: (old,))
    with pytest.raises(UserError, match=r"470\.82.*525"):
        engines.choose("auto")


def test_settings_of_the_command_line(tmp_path: Path) -> None:
    cpu, turbomind = engines.of("cpu"), engines.of("turbomind")
    assert cpu.settings(kv=8)["kv"] == 8
    assert cpu.settings(threads=2) == {**cpu.settings(), "threads": 2}
    changed = {"tp": 2, "quant_policy": 4}
    assert turbomind.settings(tp=2, kv=4) == {**turbomind.settings(), **changed}
    with pytest.raises(UserError, match="TP"):
        cpu.settings(tp=2)
    with pytest.raises(UserError, match="THREADS"):
        turbomind.settings(threads=2)
    with pytest.raises(UserError, match="GGUF"):
        turbomind.prepare(models.Model(tmp_path / "x.gguf", "x"))


def test_each_engine_is_one_that_commands_and_settings_know() -> None:
    from commands import verbs

    names = [engine.name for engine in engines.ENGINES]
    assert sorted(verbs.ENGINES) == sorted(names)
    with pytest.raises(UserError, match="turbomind, pytorch, cpu"):
        engines.of("vllm")
    for engine in engines.ENGINES:
        assert {"session_len", "drain"} <= set(engine.settings()), engine.name
    by_format = {form: engines.loading(form, engines.of("turbomind")).name for form in
                 ("awq", "w8a8", "q4_k_m")}  # fmt: skip
    assert by_format == {"awq": "turbomind", "w8a8": "pytorch", "q4_k_m": "cpu"}
    assert engines.loading("awq", engines.of("cpu")).name == "turbomind"


@pytest.mark.parametrize(
    ("chosen", "other"), [("en", r"[一-鿿]"), ("zh", r"[a-z]{3,} [a-z]{2,} [a-z]{3,}")]
)
def test_a_reader_of_one_language_gets_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, other: str
) -> None:
    monkeypatch.setenv("TIKU_LANG", chosen)
    monkeypatch.setattr(engines.gpu, "gpus", tuple)
    monkeypatch.setattr(engines.gpu, "trouble", str)
    tell: list[str] = [doctor.table(), conversation.usage(), servers.stop(1)]
    tell += [engines.of("turbomind").lacks()]
    for wrong in (
        lambda: models.pick("tuned", tmp_path, "gongkao"),
        lambda: gguf.preflight(tmp_path),
        lambda: engines.of("cpu").settings(tp=2),
        lambda: engines.of("turbomind").settings(lora=["x"]),
        lambda: engines.of("pytorch").prepare(models.Model(tmp_path / "x.gguf", "x")),
        lambda: quantize.shipped(tmp_path, engines.of("cpu")),
        lambda: servers.require("127.0.0.1", taken.getsockname()[1], reuse=False),
    ):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(UserError) as refused:
                wrong()
        tell.append(str(refused.value))
    for text in tell:
        assert text and not re.search(other, text), text


def test_the_prompts_of_the_proof_are_the_runs_own(tmp_path: Path) -> None:
    rows = [{"conversation": [{"input": f"问题{number}"}]} for number in range(5)]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = handover.prompts("简答。", tmp_path)
    assert [one[1]["content"] for one in asked] == ["问题0", "问题1", "问题2"]
    assert {one[0]["content"] for one in asked} == {"简答。"}
    assert len(handover.prompts("简答。")) == 3


def test_only_what_is_likely_tells_one_model_from_another() -> None:
    """Of a model sure of its answer eight bits move the unlikely tokens by more than a nat."""
    sure = [(math.log(0.999), math.log(0.998)), (-9.0, -10.4), (-4.7, -9.9)]
    answer = {"text": "尼罗河"}
    assert handover._result(answer, 0.0, sure)["largest_logprob_difference"] < 0.01
    other = handover._result(answer, 0.0, [*sure, (math.log(0.3), math.log(0.005))])
    assert other["largest_logprob_difference"] > handover.LOSS


def test_a_note_of_a_later_version_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "SERVERS", tmp_path)
    monkeypatch.delenv("TIKUFORGE_BASE_URL", raising=False)
    write_json(tmp_path / "1234.json", {"url": "http://x/v1", "model": "m", "news": 1})
    assert chat.endpoint(1234).model == "m"
    assert chat.ports() == [1234]
