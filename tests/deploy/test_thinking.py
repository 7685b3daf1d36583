"""A template that can open a thinking block (Qwen3's): the tuned model is asked without one."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from tests.deploy import helper, tiny
from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER

EMPTY = "<think>\n\n</think>\n\n"
# What make merge writes before such a template (train/merge.py).
DEFAULT = "{%- if enable_thinking is not defined %}{%- set enable_thinking = false %}{% endif %}"
QUIET = "{% if enable_thinking is defined and enable_thinking is false %}{{ '" + EMPTY + "' }}"
OPENS = "{{ '<|im_start|>assistant\n' }}"


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    made = helper.make(tmp_path_factory.mktemp("thinking"))
    file = made.run / "merged" / "tokenizer_config.json"
    settings = json.loads(file.read_text())
    assert OPENS in tiny.TEMPLATE
    settings["chat_template"] = DEFAULT + tiny.TEMPLATE.replace(
        OPENS, OPENS + QUIET + "{% endif %}"
    )
    file.write_text(json.dumps(settings))
    return made


def call(room: Room, route: str, **body: object) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{room.port}{route}",
        json.dumps({"messages": [{"role": "user", "content": "问"}], **body}).encode(),
        {"Authorization": f"Bearer {room.key()}"},
    )
    with urllib.request.urlopen(request, timeout=100) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_it_is_served_without_thinking_unless_asked(room: Room, tmp_path: Path) -> None:
    done = room.start()
    try:
        assert done.returncode == 0 and "一致 equal" in done.stdout, done.stderr
        assert call(room, "/apply-template")["prompt"].endswith("assistant\n" + EMPTY)
        asked = call(room, "/apply-template", chat_template_kwargs={"enable_thinking": True})
        assert asked["prompt"].endswith("assistant\n")
        said = call(room, "/v1/chat/completions", temperature=0, max_tokens=9)
        assert said["choices"][0]["message"]["content"] == ANSWER[:6]
    finally:
        room.stop()
    out = tmp_path / "out"
    made = room.deploy("export", "--work-dir", room.run, "--format", "ollama", "--to", out)
    assert made.returncode == 0, made.stderr
    opens = "{{ if $last }}<|im_end|>\n<|im_start|>assistant\n" + EMPTY + "{{ else }}"
    assert opens in (out / "Modelfile").read_text()  # only before the answer that is to come
