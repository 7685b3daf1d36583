"""Stands where TurboMind's environment would: LMDeploy's routes, answered by transformers.

``bin/python -m deploy.turbomind serve api_server FOLDER --server-port N …`` of a stand-in
environment ends here (:func:`tests.deploy.helper.gpu_room`). The tokens are the real folder's and
so are the answers. ``GPU_ENGINE_WRONG=bos`` makes it read each prompt with a bos too many, as a
server with another tokenizer would; ``tie`` lets the chat route end its answers otherwise. Its
start and end are lines of ``GPU_ENGINE_LOG``.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

WORDS = sys.argv[sys.argv.index("api_server") + 1 :]
FOLDER = WORDS[0]
FLAGS = dict(itertools.pairwise(WORDS))
NAME, PORT = FLAGS["--model-name"], int(FLAGS["--server-port"])
tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()


def note(what: str) -> None:
    log = os.environ.get("GPU_ENGINE_LOG")
    if log:
        seen = {"what": what, "folder": FOLDER, "port": PORT, "argv": WORDS}
        seen["devices"] = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        with open(log, "a") as out:
            out.write(json.dumps(seen) + "\n")


def generate(ids: list[int], most: int) -> list[int]:
    whole = torch.tensor([ids])
    out = model.generate(
        input_ids=whole, attention_mask=torch.ones_like(whole), max_new_tokens=most, do_sample=False
    )
    said = out[0, len(ids) :].tolist()
    return said[:-1] if said and said[-1] == tokenizer.eos_token_id else said


def encode(text: str) -> list[int]:
    wrong = [tokenizer.bos_token_id] if os.environ.get("GPU_ENGINE_WRONG") == "bos" else []
    return wrong + tokenizer(text, add_special_tokens=False)["input_ids"]


def answer(route: str, body: dict[str, Any]) -> dict[str, Any]:
    if route == "/v1/encode":
        ids = encode(body["input"])
        return {"input_ids": ids, "length": len(ids)}
    if route == "/generate":
        said = generate(body["input_ids"], body["max_tokens"])
        return {"text": tokenizer.decode(said, skip_special_tokens=True), "output_ids": said}
    text = tokenizer.apply_chat_template(
        body["messages"], add_generation_prompt=True, tokenize=False
    )
    ids = encode(text)
    said = generate(ids, body["max_tokens"])
    content = tokenizer.decode(said, skip_special_tokens=True)
    if os.environ.get("GPU_ENGINE_WRONG") == "tie":  # of two tokens the other, as kernels round
        content = content[:-1] + "？"
    message = {"role": "assistant", "content": content}
    usage = {"prompt_tokens": len(ids), "completion_tokens": len(said)}
    usage["total_tokens"] = sum(usage.values())
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    head = {"id": "x", "object": "chat.completion", "created": 1, "model": NAME}
    return {**head, "choices": [choice], "usage": usage}


class Handler(BaseHTTPRequestHandler):
    def send(self, value: object) -> None:
        text = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        self.send({"data": [{"id": NAME, "object": "model"}], "object": "list"})

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.send(answer(self.path, json.loads(self.rfile.read(size))))

    def log_message(self, *_: object) -> None:
        pass


def leave(*_: object) -> None:
    note("end")
    os._exit(0)


signal.signal(signal.SIGTERM, leave)
assert Path(FOLDER).is_dir()
server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
note("start")
server.serve_forever()
