"""What stands before LMDeploy's routes: keys by name, and listed routes and fields alone.

It takes the place of LMDeploy's own check of keys, inside its process (:mod:`deploy.turbomind`).
LMDeploy lets whoever has a key send weights as a pickle, put it to sleep, end it, or name the
address of a picture that it then fetches (CVE-2026-33626); here they are no routes and no fields.
It needs no library, since LMDeploy's environment is LMDeploy's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from deploy import bounds, keys
from deploy.bounds import Refused

PATIENCE = 30.0  # seconds without a byte of a body, as configs/deploy/cpu.py
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Entrance:
    """An ASGI application around LMDeploy's ``app``; ``tokens`` holds the owner's key."""

    def __init__(self, app: App, tokens: list[str], session_len: int) -> None:
        self.app, self.door = app, keys.Door(tokens[0])
        self.longest = bounds.longest(session_len)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or let it through as it was checked."""
        if scope["type"] == "websocket":  # LMDeploy has none
            await send({"type": "websocket.close"})
            return
        if scope["type"] == "http" and scope["path"] != "/health":
            try:
                scope, receive = await self.admitted(scope, receive)
            except Refused as refused:
                await refuse(refused, send)
                return
        await self.app(scope, receive, send)

    async def admitted(self, scope: Message, receive: Receive) -> tuple[Message, Receive]:
        """The request as LMDeploy gets it; :class:`Refused` where it gets none."""
        head = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        name = self.door.whose(head.get("authorization", ""), head.get("x-api-key", ""))
        if not bounds.route(scope["method"], scope["path"], bounds.LMDEPLOY):
            return scope, receive
        most = self.door.counted(name, self.longest)
        given = await whole(receive, head.get("content-length", ""), most)
        body = bounds.checked(given, bounds.LMDEPLOY[scope["path"]])
        kept = {"content-type": "application/json", "content-length": str(len(body))}
        pairs = [(key.encode(), value.encode("latin-1")) for key, value in {**head, **kept}.items()]
        return {**scope, "headers": pairs}, replayed(body, receive)


async def whole(receive: Receive, length: str, most: int) -> bytes:
    """A body of at most ``most`` bytes, which come steadily."""
    too_long = Refused(f"the request is longer than {most} bytes", 413)
    if length.isdigit() and int(length) > most:
        raise too_long
    found = bytearray()
    while True:
        try:
            piece = await asyncio.wait_for(receive(), PATIENCE)
        except TimeoutError:
            raise Refused(f"no byte for {PATIENCE:.0f} s", 408) from None
        found += piece.get("body", b"")
        if len(found) > most:
            raise too_long
        if not piece.get("more_body"):
            return bytes(found)


def replayed(body: bytes, receive: Receive) -> Receive:
    """``receive`` of a request whose body is ``body``."""
    said = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return said.pop() if said else await receive()

    return again


async def refuse(refused: Refused, send: Send) -> None:
    """Send why a request is not passed on, and end the connection: its body may be unread."""
    told, more = refused.told()
    body = json.dumps(told).encode()
    head = {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}
    head["Connection"] = "close"
    pairs = [(name.lower().encode(), value.encode()) for name, value in head.items()]
    await send({"type": "http.response.start", "status": refused.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
