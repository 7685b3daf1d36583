"""Other people's clients against our server: OpenAI's, LangChain's, curl; whole and in pieces."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy import helper
from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER

CLIENTS = helper.VENVS / "clients" / "bin" / "python"
LANGCHAIN = """
import sys
from langchain_openai import ChatOpenAI
url, key = sys.argv[1], open(sys.argv[2]).read().strip()
model = ChatOpenAI(base_url=url, api_key=key, model="gongkao-tiny", temperature=0, max_tokens=30)
messages = [("system", "简答。"), ("user", "问")]
print(model.invoke(messages).content)
print("".join(piece.content for piece in model.stream(messages)))
print(len(model.batch([messages] * 5)))
"""
OPENAI = """
import sys
from openai import OpenAI
client = OpenAI(base_url=sys.argv[1], api_key=open(sys.argv[2]).read().strip())
print([one.id for one in client.models.list()][0])
messages = [{"role": "user", "content": "问"}]
ask = lambda **more: client.chat.completions.create(
    model="gongkao-tiny", messages=messages, temperature=0, max_tokens=30, **more)
print(ask().choices[0].message.content)
print("".join(piece.choices[0].delta.content or "" for piece in ask(stream=True) if piece.choices))
print(len(ask(logprobs=True, top_logprobs=2).choices[0].logprobs.content) > 0)
print(ask(stop=["宫"]).choices[0].message.content)
schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
print(ask(response_format=form, seed=1).choices[0].message.content[:1])
"""


def client(room: Room, code: str) -> list[str]:
    if not CLIENTS.exists():
        pytest.skip("no environment 'clients': make env-clients")
    url = f"http://127.0.0.1:{room.port}/v1"
    command = [str(CLIENTS), "-c", code, url, str(room.work / "servers" / "api_key")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_langchain(served: Room) -> None:
    assert client(served, LANGCHAIN) == [ANSWER[:27], ANSWER[:27], "5"]


@pytest.mark.slow
def test_openai(served: Room) -> None:
    name, plain, pieces, logprobs, stopped, schema = client(served, OPENAI)
    assert (name, logprobs, stopped, schema) == ("gongkao-tiny", "True", "故", "{")
    assert plain == pieces == ANSWER[:27]


def test_curl_streaming(served: Room) -> None:
    body = {"messages": [{"role": "user", "content": "问"}], "max_tokens": 20, "stream": True}
    done = subprocess.run(
        [
            *("curl", "-sN", f"http://127.0.0.1:{served.port}/v1/chat/completions"),
            *("-H", f"Authorization: Bearer {served.key()}", "-d", "@-"),
        ],
        input=json.dumps({**body, "temperature": 0}),
        capture_output=True,
        text=True,
    )
    lines = [line[6:] for line in done.stdout.splitlines() if line.startswith("data: ")]
    assert lines.pop() == "[DONE]"
    said = [json.loads(line)["choices"][0]["delta"].get("content") or "" for line in lines]
    assert "".join(said) == ANSWER[:17]


def test_container_files_are_well_formed() -> None:
    folder = Path(helper.ROOT) / "deploy"
    (service,) = yaml.safe_load((folder / "compose.yaml").read_text())["services"].values()
    assert service["ports"] == ["127.0.0.1:23333:23333"] and service["stop_grace_period"] == "45s"
    deployment, inside = yaml.safe_load_all((folder / "kubernetes.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    assert inside["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
    docker = (folder / "Dockerfile").read_text()
    for line in docker.splitlines():
        if line.startswith("COPY"):
            assert (helper.ROOT / line.split()[1]).exists(), line
