"""The CPU engine's face: the only thing that listens where users ask.

It holds the key, lets through what :mod:`deploy.bounds` allows, hands streams on piece by piece,
and says ``/health`` 200 only while the engine's main loop answers. The engine itself listens on a
port of loopback that is nobody's business, with a key that is made anew each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
import weakref
from typing import Any

import aiohttp
from aiohttp import web

from deploy import bounds, keys
from deploy.bounds import Refused

PROBE = 2.0  # seconds between two questions to the engine's main loop
SILENT = 60.0  # seconds without its answer after which /health says so; a batch of 512 tokens takes
# up to 50 s on two slow cores (7B), so less would call a busy engine hung


def refusal(refused: Refused) -> web.Response:
    """The answer to a request that is not passed on."""
    body, head = refused.told()
    return web.json_response(body, status=refused.status, headers=head)


class Gateway:
    """One engine and the requests that it is asked. ``settings`` are the engine's."""

    def __init__(self, engine: str, inner: str, key: str, settings: dict[str, Any]) -> None:
        self.engine, self.inner = engine, inner
        self.longest = bounds.longest(settings["session_len"])
        self.patience: float = settings["timeout"]
        self.most: int = settings["connections"]
        self.door = keys.Door(key)
        self.heard = time.monotonic()
        self.busy: weakref.WeakSet[Any] = weakref.WeakSet()
        self.quiet: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()
        self.server = web.Server(
            self.handle,  # type: ignore[arg-type]
            access_log=None,
            handler_cancellation=True,  # a client that leaves takes its answer with it
            keepalive_timeout=self.patience,
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whatever it is."""
        self.busy.add(request.transport)
        try:
            return await self.answer(request)
        except Refused as refused:
            return refusal(refused)
        except TimeoutError:
            return refusal(Refused(f"no byte for {self.patience:.0f} s", 408))
        except aiohttp.ClientError:
            return refusal(Refused("the engine does not answer", 503))
        finally:
            self.busy.discard(request.transport)
            if request.transport is not None:
                self.quiet[request.transport] = time.monotonic()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Check, ask the engine, hand on."""
        if request.path == "/health" and request.method == "GET":
            silent = time.monotonic() - self.heard
            if silent > SILENT:
                raise Refused(f"the engine has not answered for {silent:.0f} s", 503)
            return web.json_response({"status": "ok"})
        head = request.headers
        name = self.door.whose(head.get("Authorization", ""), head.get("X-Api-Key", ""))
        if len(self.server.connections) > self.most:
            raise Refused("too many connections", 503)
        if not bounds.route(request.method, request.path, bounds.POST):
            return await self.forward(request, None)
        body = await self.body(request, self.door.counted(name, self.longest))
        return await self.forward(request, bounds.checked(body, bounds.POST[request.path]))

    async def body(self, request: web.BaseRequest, longest: int) -> bytes:
        """The request's body of at most ``longest`` bytes, which come steadily."""
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise Refused("Content-Encoding: this server takes plain bodies", 415)
        too_long = Refused(f"the request is longer than {longest} bytes", 413)
        if (request.content_length or 0) > longest:
            raise too_long
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # type: ignore[attr-defined]
        found = bytearray()
        async with asyncio.timeout(self.patience) as limit:
            async for piece in request.content.iter_any():
                found += piece
                if len(found) > longest:
                    raise too_long
                limit.reschedule(asyncio.get_running_loop().time() + self.patience)
        return bytes(found)

    async def forward(self, request: web.BaseRequest, body: bytes | None) -> web.StreamResponse:
        """The engine's answer, in the pieces in which it comes."""
        head = {"Authorization": f"Bearer {self.inner}", "Content-Type": "application/json"}
        url = self.engine + request.path
        async with self.session.request(request.method, url, data=body, headers=head) as answer:
            if request.path == "/detokenize" and answer.status == 500:
                raise Refused("tokens: an id that the model does not have")
            kind = answer.headers.get("Content-Type", "application/json")
            response = web.StreamResponse(status=answer.status, headers={"Content-Type": kind})
            response.content_length = answer.content_length
            await response.prepare(request)
            with contextlib.suppress(ConnectionResetError):
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
            return response

    async def listen_for_life(self) -> None:
        """Note when the engine's main loop last answered: ``/metrics`` is asked of that loop."""
        head = {"Authorization": f"Bearer {self.inner}"}
        limit = aiohttp.ClientTimeout(total=SILENT)
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                url = self.engine + "/metrics"
                async with self.session.get(url, headers=head, timeout=limit) as answer:
                    await answer.read()
                    self.heard = time.monotonic() if answer.status == 200 else self.heard
            await asyncio.sleep(PROBE)

    async def close_the_silent(self) -> None:
        """End connections on which no request has come for a while (slow headers, or none)."""
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for one in list(self.server.connections):
                line = one.transport
                if line is None or line in self.busy:
                    continue
                if now - self.quiet.setdefault(line, now) > self.patience:
                    line.close()

    async def run(self, host: str, port: int, drain: float) -> None:
        """Serve until SIGTERM or SIGINT, then finish what is running, ``drain`` seconds at most."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        unlimited = aiohttp.TCPConnector(limit=0)
        patient = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with aiohttp.ClientSession(connector=unlimited, timeout=patient) as self.session:
            tasks = [loop.create_task(self.listen_for_life())]
            tasks.append(loop.create_task(self.close_the_silent()))
            runner = web.ServerRunner(self.server, shutdown_timeout=drain)
            await runner.setup()
            await web.TCPSite(runner, host, port, backlog=512).start()
            print(f"listening on http://{host}:{port}", flush=True)
            await stop.wait()
            print("stopping", flush=True)
            await runner.cleanup()
            for task in tasks:
                task.cancel()


def serve(engine: str, inner: str, key: str, settings: dict[str, Any]) -> None:
    """Stand before the engine at ``engine`` (its address and key) until a signal comes."""
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)  # it would log what strangers send

    async def run() -> None:
        gateway = Gateway(engine, inner, key, settings)  # wants a running loop
        await gateway.run(settings["host"], settings["port"], settings["drain"])

    asyncio.run(run())
