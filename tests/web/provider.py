"""A provider of identities on this machine (OpenID Connect): whoever comes picks who to be."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlparse

PEOPLE = ("ann@example.org", "bob@example.org")


class Handler(BaseHTTPRequestHandler):
    """Discovery, a page to choose from, tokens signed with a key of this run."""

    key: Any
    codes: ClassVar[dict[str, tuple[str, str, str]]] = {}

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def send(
        self, body: str, kind: str = "application/json", code: int = 200, to: str = ""
    ) -> None:
        """One answer."""
        self.send_response(302 if to else 200)
        if to:
            self.send_header("Location", to)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        """Discovery, keys, and the page on which one says who one is."""
        me = f"http://127.0.0.1:{self.server.server_address[1]}"
        path, sent = urlparse(self.path).path, dict(parse_qsl(urlparse(self.path).query))
        if path == "/authorize" and "as" in sent:
            code = secrets.token_hex(8)
            self.codes[code] = (sent.get("nonce", ""), sent["client_id"], sent["as"])
            back = urlencode({"code": code, "state": sent.get("state", "")})
            self.send("", to=f"{sent['redirect_uri']}?{back}")
        elif path == "/authorize":
            links = (f'<a href="{self.path}&as={who}">{who}</a>' for who in PEOPLE)
            self.send(" ".join(links), "text/html")
        elif path == "/jwks":
            self.send(json.dumps({"keys": [self.key.as_dict(private=False)]}))
        else:
            known = {name: f"{me}/{name}" for name in ("authorize", "token", "jwks")}
            said = {"issuer": me, "authorization_endpoint": known["authorize"]}
            said |= {"token_endpoint": known["token"], "jwks_uri": known["jwks"]}
            listed = {
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
            self.send(json.dumps(said | listed))

    def do_POST(self) -> None:
        """A code for a token."""
        from joserfc import jwt

        me = f"http://127.0.0.1:{self.server.server_address[1]}"
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        nonce, client, who = self.codes.pop(dict(parse_qsl(body))["code"])
        now = int(time.time())
        claims = {"iss": me, "sub": who, "aud": client, "iat": now, "exp": now + 600}
        claims |= {"email": who, "nonce": nonce}
        token = jwt.encode({"alg": "RS256", "kid": "test"}, claims, self.key)
        said = {"access_token": "x", "token_type": "Bearer", "expires_in": 600}
        self.send(json.dumps(said | {"id_token": token}))


@contextmanager
def provider() -> Iterator[str]:
    """The provider's address while it runs."""
    from joserfc.jwk import RSAKey

    Handler.key = RSAKey.generate_key(2048, parameters={"kid": "test", "use": "sig"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
