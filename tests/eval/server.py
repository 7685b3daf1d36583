"""A small OpenAI-compatible HTTP server that answers in known ways, so that scores are known
too."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[[str], str]
KEY = "test-key"
OPEN: list[Server] = []


def keys(key: str = KEY) -> str:
    """TIKUFORGE_KEYS of somebody who was given ``key`` for every server that runs."""
    return " ".join(f"{server.url}={key}" for server in OPEN)


class Server:
    """``behaviour`` maps a question to the answer. ``asked`` lists every question in order;
    ``fail_after`` requests it answers 500 to all; ``delay`` seconds go into each answer."""

    def __init__(
        self, behaviour: Behaviour, model: str = "toy", delay: float = 0.0, fail_after: int = 10**9
    ) -> None:
        self.behaviour, self.model, self.delay = behaviour, model, delay
        self.fail_after = fail_after
        self.asked: list[str] = []
        self.systems: list[str] = []
        self.given: list[str] = []  # the keys
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        OPEN.append(self)
        os.environ["TIKUFORGE_KEYS"] = keys()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        OPEN.remove(self)
        os.environ["TIKUFORGE_KEYS"] = keys()

    def reply(self, body: dict) -> dict:
        """The completion for one request."""
        question = body["messages"][-1]["content"]
        self.asked.append(question)
        self.systems += [m["content"] for m in body["messages"] if m["role"] == "system"]
        time.sleep(self.delay)
        answer = self.behaviour(question)
        cut = len(answer) > body["max_tokens"]
        answer = answer[: body["max_tokens"]]
        choice = {
            "index": 0,
            "finish_reason": "length" if cut else "stop",
            "message": {"role": "assistant", "content": answer},
        }
        usage = {"completion_tokens": len(answer), "prompt_tokens": 1, "total_tokens": 1}
        return {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": self.model,
            "choices": [choice],
            "usage": usage,
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def send(self, status: int, value: dict) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def stream(self, reply: dict) -> None:
                choice = reply["choices"][0]
                choice["delta"] = choice.pop("message")
                piece = json.dumps({**reply, "object": "chat.completion.chunk"})
                body = f"data: {piece}\n\ndata: [DONE]\n\n".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def allowed(self) -> bool:
                server.given.append(self.headers.get("Authorization", ""))
                good = server.given[-1] == f"Bearer {KEY}"
                if not good:
                    self.send(401, {"error": {"message": "wrong key"}})
                return good

            def do_GET(self) -> None:
                if self.allowed():
                    one = {"id": server.model, "object": "model", "created": 1, "owned_by": "t"}
                    self.send(200, {"object": "list", "data": [one]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.allowed():
                    if len(server.asked) >= server.fail_after:
                        self.send(400, {"error": {"message": "out of memory"}})
                    elif body.get("stream"):
                        self.stream(server.reply(body))
                    else:
                        self.send(200, server.reply(body))

            def log_message(self, *_: object) -> None:
                pass

        return Handler
