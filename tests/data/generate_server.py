"""A small real HTTP server that speaks OpenAI's protocol and answers as a script says."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What the script says to a request: text, or (status, text), or None for the plain answer, or the
# fields of a choice: text, finish (length where it was cut off), reasoning where that is apart.
Said = str | tuple[int, str] | dict[str, str] | None
Script = Callable[["Scripted", str, int], Said]


@dataclass
class Scripted:
    """Knows ``facts`` (question, evidence, answer); ``script`` may say otherwise. ``pause``:
    seconds before each. ``asked`` counts requests by content, ``replied`` replies that went out."""

    facts: list[tuple[str, str, str]]
    script: Script = lambda *_: None
    pause: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    replied: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def __enter__(self) -> Scripted:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                scripted.reply(self, json.loads(self.rfile.read(size)))

            def log_message(self, *_: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def reply(self, request: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        content = "\n".join(message["content"] for message in body["messages"])
        with self.lock:
            self.asked[content] += 1
            times = self.asked[content]
            self.bodies.append(body)
            self.keys.append(request.headers.get("Authorization", ""))
        time.sleep(self.pause)
        said = self.script(self, content, times)
        said = self.plain(content) if said is None else said
        fields = said if isinstance(said, dict) else {}
        said = fields.get("text", "") if isinstance(said, dict) else said
        status, text = said if isinstance(said, tuple) else (200, said)
        if status == 200:
            message = {"role": "assistant", "content": text}
            if "reasoning" in fields:
                message["reasoning_content"] = fields["reasoning"]
            choice: dict[str, Any] = {"index": 0, "message": message}
            usage = {"prompt_tokens": len(content), "completion_tokens": len(text)}
            usage["total_tokens"] = sum(usage.values())
            made = {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"]}
            choice["finish_reason"] = fields.get("finish", "stop")
            made |= {"choices": [choice], "usage": usage}
        else:
            made = {"error": {"message": text, "type": "test", "code": status}}
        raw = json.dumps(made).encode()
        try:
            request.send_response(status)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(raw)))
            request.end_headers()
            request.wfile.write(raw)
        except OSError:
            return  # the client was killed
        if status == 200:
            with self.lock:
                self.replied[content] += 1

    def plain(self, content: str) -> str:
        """The right answer, in clean JSON."""
        if asked := self.numbered(content):
            return json.dumps({"answers": asked}, ensure_ascii=False)
        found = [{"type": "情节", "question": q} for q, e, _ in self.facts if e in content]
        return json.dumps({"questions": found}, ensure_ascii=False)

    def numbered(self, content: str) -> list[dict[str, Any]]:
        """The answers to the numbered questions of a request; [] for a request for questions."""
        _, _, tail = content.rpartition("问题：\n")
        known = {q: (e, a) for q, e, a in self.facts}
        return [
            {"n": int(n), "answerable": True, "evidence": known[q][0], "answer": known[q][1]}
            for n, q in re.findall(r"^(\d+)\. (.+)$", tail, re.MULTILINE)
            if q in known
        ]
