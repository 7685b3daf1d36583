"""The few calls of the Hugging Face hub that its own command line makes, on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c" * 40


class Hub(ThreadingHTTPServer):
    """``files`` of the one repository, who may write, and what was asked of it."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files or {}
        self.token = "hf_right"
        self.created: list[dict[str, Any]] = []
        self.broken: set[str] = set()  # files that come no further than this
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address, for HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Be silent."""

    def answer(self, value: Any, code: int = 200, **headers: str) -> None:
        """JSON, or bytes as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(code)
        for name, text in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self) -> None:
        """Create a repository, ask how files are wanted, commit them."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self.answer({"error": "Invalid username or password."}, 401)
        if self.path == "/api/repos/create":
            self.server.created.append(json.loads(body))
            return self.answer({"url": f"{self.server.url}/me/model", "name": "me/model"})
        if "/preupload/" in self.path:
            names = [one["path"] for one in json.loads(body)["files"]]
            return self.answer({"files": [
                {"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in names
            ]})  # fmt: skip
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                self.server.files[line["value"]["path"]] = base64.b64decode(
                    line["value"]["content"]
                )
        self.answer(
            {"commitUrl": f"{self.server.url}/me/model/commit/{COMMIT}", "commitOid": COMMIT}
        )

    def do_GET(self) -> None:
        """Say what there is, or send a file."""
        name = self.path.partition("?")[0].partition(f"/resolve/{COMMIT}/")[2]
        if name in self.server.broken:
            return self.answer({"error": "no"}, 403)
        if name in self.server.files:
            content = self.server.files[name]
            tag = hashlib.sha1(content).hexdigest()
            return self.answer(content, ETag=f'"{tag}"', X_Repo_Commit=COMMIT)
        if self.path.startswith("/api/models/"):
            entries = [
                {"type": "file", "path": path, "size": len(content), "oid": "0" * 40}
                for path, content in self.server.files.items()
            ]
            if "/tree/" in self.path:
                return self.answer(entries)
            files = [{"rfilename": path} for path in self.server.files]
            return self.answer({"id": "me/model", "sha": COMMIT, "siblings": files, "tags": []})
        self.answer({"error": "Entry not found"}, 404, X_Error_Code="EntryNotFound")

    do_HEAD = do_GET
