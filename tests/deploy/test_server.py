"""A real server with a tiny model: what a client sees, what `make deploy` and `make stop` do."""

from __future__ import annotations

import concurrent.futures
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import openai
import pytest

from tests import gguf_maker
from tests.deploy import helper
from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER, CHAIN

QUESTION = "世界上最大的宫殿是？"
MESSAGES = [{"role": "system", "content": helper.SYSTEM}, {"role": "user", "content": QUESTION}]


def client(room: Room, key: str | None = None) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"http://127.0.0.1:{room.port}/v1", api_key=key or room.key(), timeout=120
    )


def ask(room: Room, **parameters: object) -> str:
    answer = client(room).chat.completions.create(
        model="gongkao-tiny", messages=MESSAGES, temperature=0, **parameters
    )
    return answer.choices[0].message.content


def status(room: Room, path: str, key: str = "") -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{room.port}{path}")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_first_deployment_converts_proves_and_says_how_to_try_it(room: Room) -> None:
    done = room.start()
    assert done.returncode == 0, done.stderr
    assert "转换" in done.stdout and "make web" in done.stdout and "curl" in done.stdout
    assert room.key() not in done.stdout
    printed = done.stdout[done.stdout.index("curl ") : done.stdout.index("  日志")]
    tried = subprocess.run(["sh", "-c", printed], cwd=helper.ROOT, capture_output=True, text=True)
    assert json.loads(tried.stdout)["choices"][0]["message"]["content"] == ANSWER, tried.stderr
    proof = json.loads((room.run / "gguf" / "handover.json").read_text())
    assert proof["prompt_ids_equal"] and proof["greedy_equal"] == 3
    assert proof["prompts"][0]["answer"] == ANSWER[: len(proof["prompts"][0]["answer"])]
    record = room.record()
    assert record["model"] == "gongkao-tiny" and record["backend"] == "cpu"


def test_health_is_open_and_everything_else_needs_the_key(served: Room) -> None:
    assert status(served, "/health") == 200
    for path in ("/v1/models", "/metrics", "/props", "/slots"):
        assert status(served, path) == 401
        assert status(served, path, "wrong") == 401
    assert status(served, "/v1/models", served.key()) == 200
    assert status(served, "/metrics", served.key()) == 200
    with pytest.raises(openai.AuthenticationError):
        client(served, "wrong").chat.completions.create(model="x", messages=MESSAGES)


def test_other_peoples_prompts_are_not_shown(served: Room) -> None:
    assert status(served, "/slots", served.key()) in (403, 404, 501)


def test_openai_client_plain_and_streaming(served: Room) -> None:
    assert ask(served, max_tokens=30) == ANSWER[:27]  # the emoji takes four tokens
    stream = client(served).chat.completions.create(
        model="gongkao-tiny", messages=MESSAGES, temperature=0, max_tokens=40, stream=True
    )
    pieces = [part.choices[0].delta.content or "" for part in stream if part.choices]
    assert len(pieces) > 30  # it came piece by piece
    assert "🎓" in pieces  # whole, though it is four tokens
    assert "".join(pieces) == ANSWER[:37]


def test_an_answer_ends_where_the_model_ends_it(served: Room) -> None:
    answer = client(served).chat.completions.create(
        model="gongkao-tiny", messages=MESSAGES, temperature=0, max_tokens=900
    )
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"


def test_greedy_answers_are_the_same_alone_and_together(served: Room) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(served, max_tokens=60), range(8)))
    assert set(answers) == {ANSWER[:57]}


def test_the_key_is_private_and_texts_are_not_logged(served: Room) -> None:
    ask(served, max_tokens=20)
    file = served.work / "servers" / "api_key"
    assert file.stat().st_mode & 0o777 == 0o600
    process = Path("/proc", str(served.record()["pid"]))
    line = (process / "cmdline").read_text()
    assert "deploy.llamacpp" in line and served.key() not in line
    assert served.key() not in (process / "environ").read_text()
    for path in (served.work / "servers").glob("*"):
        if path.is_file() and path != file:
            text = path.read_text(errors="replace")
            assert served.key() not in text
            assert QUESTION not in text and CHAIN[:10] not in text


def test_a_taken_port_is_said_in_one_line(served: Room) -> None:
    again = served.start()
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    assert "gongkao-tiny" in again.stderr and "make stop" in again.stderr
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = served.start(port=other.getsockname()[1])
    assert taken.returncode == 2 and "别的程序" in taken.stderr
    assert status(served, "/health") == 200  # nobody was hurt


def test_an_evaluation_stops_only_what_it_started(served: Room) -> None:
    before = served.record()["pid"]
    reused = served.start("--for", "eval")
    assert reused.returncode == 0 and "已在服务" in reused.stdout
    other = helper.free_port()
    gguf = served.run / "gguf" / "merged-q8_0.gguf"
    started = served.start("--for", "eval", "--model", gguf, port=other)
    assert started.returncode == 0, started.stderr
    assert served.record(other)["started_for"] == "eval"
    assert served.deploy("stop", "--for", "eval").returncode == 0
    assert not served.record(other)
    assert served.record()["pid"] == before and status(served, "/health") == 200


def test_an_evaluation_replaces_its_own_server_of_older_weights_only(served: Room) -> None:
    old = served.run / "gguf" / "merged-q8_0.gguf"
    new = served.work / "new" / "merged-q8_0.gguf"
    new.parent.mkdir()
    new.write_bytes(old.read_bytes() + bytes(32))  # other content, still loadable
    port = helper.free_port()
    for model, served_for in ((old, "eval"), (new, "eval")):
        done = served.start("--for", served_for, "--model", model, port=port)
        assert done.returncode == 0, done.stderr
        assert served.record(port)["model_dir"] == str(model)
    assert "已停止" in done.stdout
    assert served.start("--for", "bench", "--model", old, port=port).returncode == 2
    assert served.record(port)["model_dir"] == str(new)
    served.stop(port)


def test_kill_9_then_start_again(served: Room) -> None:
    before = served.record()["pid"]
    served.kill()
    again = served.start()
    assert again.returncode == 0, again.stderr
    assert served.record()["pid"] != before
    assert ask(served, max_tokens=6) == ANSWER[:3]


def test_nothing_is_converted_or_proved_twice(served: Room) -> None:
    files = [served.run / "gguf" / name for name in ("merged-q8_0.gguf", "handover.json")]
    before = [file.stat().st_mtime_ns for file in files]
    os.utime(served.run / "merged" / "config.json")  # touched, not changed
    done = served.deploy("convert", "--work-dir", served.run)
    assert done.returncode == 0 and "转换" not in done.stdout
    assert [file.stat().st_mtime_ns for file in files] == before


@pytest.mark.slow
def test_a_proof_that_a_kill_cut_off_is_made_up_for_at_the_next_start(served: Room) -> None:
    proof = served.run / "gguf" / "handover.json"
    proof.unlink()
    port = helper.free_port()
    line = ("start", "--work-dir", str(served.run), "--port", str(port), "--for", "eval")
    cut_off = subprocess.Popen(
        [str(helper.SERVE), "-m", "deploy", *line],
        stdout=subprocess.PIPE,
        text=True,
        cwd=helper.ROOT,
        env=served.environment(),
    )
    assert cut_off.stdout
    assert any(
        "核对交接" in said for said in cut_off.stdout
    )  # the engine answers, nothing is proved
    cut_off.kill()
    cut_off.wait()
    assert served.record(port) and not proof.exists()
    again = served.deploy(*line)
    assert again.returncode == 0, again.stderr
    assert "核对交接" in again.stdout and "已在服务" in again.stdout
    assert json.loads(proof.read_text())["greedy_equal"] == 3
    served.stop(port)


def test_stop_ends_our_server_and_no_other_process(served: Room) -> None:
    process = Path("/proc", str(served.record()["pid"]))
    assert process.exists()
    done = served.stop()
    assert done.returncode == 0 and "已停止" in done.stdout
    assert not process.exists()
    assert not served.record()
    assert "没有我们的服务" in served.stop().stdout
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        note = {"url": "http://x/v1", "model": "m", "pid": bystander.pid, "born": time.time()}
        file = served.work / "servers" / f"{served.port}.json"
        file.write_text(json.dumps(note))
        assert "已不在" in served.stop().stdout
        assert not file.exists() and bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_server_that_cannot_load_leaves_nothing_behind(room: Room, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(gguf_maker.whole())  # a true header, and no model that llama.cpp knows
    port = helper.free_port()
    done = room.start("--model", broken, port=port)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{port}.log" in done.stderr
    assert not room.record(port)


PROVE = """
import sys, json
from pathlib import Path
from core import chat
from core.errors import UserError
from deploy import handover
target = chat.endpoint(int(sys.argv[1]))
for folder in sys.argv[2:]:
    try:
        handover.prove(target, Path(folder), Path(folder) / "x.gguf", handover.prompts("简答。"))
        print("equal")
    except UserError as error:
        print("refused", error)
"""


def test_the_proof_fails_for_another_template_and_for_other_weights(
    served: Room, tmp_path: Path
) -> None:
    merged = served.run / "merged"
    template, weights = tmp_path / "template", tmp_path / "weights"
    for folder in (template, weights):
        folder.mkdir()
        for file in merged.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    settings = json.loads((template / "tokenizer_config.json").read_text())
    settings["chat_template"] = settings["chat_template"].replace("<|im_end|>\n", "<|im_end|>")
    (template / "tokenizer_config.json").write_text(json.dumps(settings))
    tiny = Path(helper.__file__).with_name("tiny.py")
    subprocess.run([str(helper.SERVE), str(tiny), str(weights), "backwards"], check=True)
    done = subprocess.run(
        [
            str(helper.SERVE),
            "-c",
            PROVE,
            str(served.port),
            str(merged),
            str(template),
            str(weights),
        ],
        capture_output=True,
        text=True,
        env=served.environment(),
    )
    first, second, third = done.stdout.splitlines()
    assert first == "equal", done.stderr
    assert second.startswith("refused") and "提示词" in second
    assert third.startswith("refused") and "不一致" in third


NOTED = """
import json, sys
from pathlib import Path
from core import chat
from core.errors import UserError
from core.files import sha256
from deploy import engines, handover

target, folder, data = chat.endpoint(int(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
asked = handover.prompts("简答。", data)
tokenizer, routes = handover.tokenizer_of(folder), engines.of(target.backend).routes(target)
model = handover.reference(folder)
rows = []
for messages in asked:
    ids = list(tokenizer.apply_chat_template(messages, add_generation_prompt=True))
    tokens = routes.answer(ids, handover.TOKENS)[1]
    best = handover._table(model, ids, tokens).topk(5)
    places = zip(best.indices.tolist(), best.values.tolist())
    likely = [list(map(list, zip(*place))) for place in places]
    rows.append({"ids": ids, "tokens": tokens, "likely": likely})
runs = []
handover.reference = lambda folder: runs.append(folder) or model


def outcome(change):
    runs.clear()
    changed = json.loads(json.dumps(rows))
    change(changed)
    note = {"data_sha256": sha256(data / "train.jsonl"), "prompts": changed}
    (folder / "handover.json").write_text(json.dumps(note))
    try:
        handover.prove(target, folder, folder / "x.gguf", asked, data)
        return "equal", len(runs)
    except UserError as error:
        return str(error), len(runs)


def other_token(changed):
    changed[1]["tokens"][0] += 1


def less_likely(changed):
    for row in changed:
        row["likely"] = [[[token, value - 3] for token, value in place] for place in row["likely"]]


print(json.dumps([outcome(change) for change in (lambda changed: None, other_token, less_likely)]))
"""


def test_the_proof_takes_what_the_merge_noted_and_the_model_where_that_is_another_answer(
    served: Room, tmp_path: Path
) -> None:
    folder, data = tmp_path / "merged", tmp_path / "data"
    shutil.copytree(served.run / "merged", folder)
    data.mkdir()
    rows = [
        {"conversation": [{"input": text, "output": "x"}]} for text in ("首都？", "水？", "山？")
    ]
    (data / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    line = [str(helper.SERVE), "-c", NOTED, str(served.port), str(folder), str(data)]
    done = subprocess.run(line, capture_output=True, text=True, env=served.environment())
    assert done.returncode == 0, done.stderr
    noted, other, unlikely = json.loads(done.stdout.splitlines()[-1])
    assert noted == ["equal", 0]  # no model was loaded
    assert other == ["equal", 1]  # the note is of another answer: the model is asked, once
    assert "不一致" in unlikely[0] and unlikely[1] == 0
