"""Twenty people at once on one page server: is anything mixed up, and when comes the first word?

    PYTHONPATH=. .venvs/core/bin/python benchmarks/web.py --port 23333 [--people 20] [--rounds 3]

Needs a deployed model on ``--port``. Each person is a browser of its own as far as the page can
tell: a websocket with its own cookie that speaks Streamlit's protocol. They all ask at the same
moment, each something of their own; then the same questions go to the bare server, as many at once.
Time to first token runs from sending the question to the first drawn piece of the answer. Prints
one table, then JSON as the last line; exits 1 when anything was mixed up or the p95 more than
doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
ASKED = "第{who}位读者的第{round}问：世界上最大的宫殿是？"
SECONDS = 300  # until an answer must have ended


class Person:
    """One browser: what it shows, by place on the page, and the widgets it has met."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookie = secrets.token_hex(16)
        self.shown: dict[tuple[int, ...], str] = {}
        self.widgets: dict[str, str] = {}
        self.query = ""

    async def __aenter__(self) -> Person:
        from websockets.asyncio.client import connect

        self.socket = await connect(
            self.address.replace("http", "ws") + "/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": f"tikuforge={self.cookie}", "Origin": self.address},
            max_size=None,
        )
        await self.run()
        await self.ended()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def run(self, **values: Any) -> None:
        """Run the page; ``values``: widget label → state."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string = self.query
        for label, value in values.items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id = self.widgets[label]
            if isinstance(value, bool):
                state.bool_value = value
            else:
                state.chat_input_value.data = value
        await self.socket.send(message.SerializeToString())

    async def received(self) -> Any:
        """The next message, after taking it in."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = ForwardMsg()
        message.ParseFromString(await asyncio.wait_for(self.socket.recv(), SECONDS))
        if message.HasField("page_info_changed"):
            self.query = message.page_info_changed.query_string
        if message.HasField("delta") and message.delta.HasField("new_element"):
            element = message.delta.new_element
            place = tuple(message.metadata.delta_path)
            self.shown.pop(place, None)
            if element.HasField("markdown"):
                self.shown[place] = element.markdown.body
            elif element.HasField("chat_input"):
                self.widgets["question"] = element.chat_input.id
            elif element.HasField("checkbox"):
                self.widgets["bank"] = element.checkbox.id
        return message

    async def ended(self) -> None:
        """Wait until the page has run to its end."""
        while not (await self.received()).HasField("script_finished"):
            pass

    async def ask(self, question: str) -> float:
        """Ask without retrieval; seconds until the answer's first piece was drawn."""
        before = dict(self.shown)
        began = time.monotonic()
        await self.run(bank=False, question=question)
        first = 0.0
        while True:
            message = await self.received()
            new = [
                text
                for place, text in self.shown.items()
                if before.get(place) != text and text != question
            ]
            if not first and any(
                (text.endswith("▌") and len(text) > 2) or "▌" not in text for text in new if text
            ):
                first = time.monotonic() - began
            if message.HasField("script_finished") and message.script_finished == 0 and first:
                return first


def questions_of(person: Person) -> set[str]:
    """The questions that stand on a person's page."""
    return {text for text in person.shown.values() if "位读者的第" in text}


async def page(address: str, people: int, rounds: int) -> tuple[list[float], int]:
    """Seconds to the first token of every answer, and how many people saw another's words."""
    everyone = [Person(address) for _ in range(people)]
    first: list[float] = []
    mixed = 0
    for person in everyone:
        await person.__aenter__()
    await everyone[0].ask("世界上最大的宫殿是？")  # imports, as for the bare server
    for number in range(rounds):
        asked = [ASKED.format(who=who, round=number) for who in range(people)]
        first += await asyncio.gather(
            *(person.ask(text) for person, text in zip(everyone, asked, strict=True))
        )
    for who, person in enumerate(everyone):
        own = {ASKED.format(who=who, round=number) for number in range(rounds)}
        query = person.query
        await person.__aexit__()
        person.shown.clear()
        person.query = query
        await person.__aenter__()  # a reload: what does the page show now?
        mixed += questions_of(person) != own
        await person.__aexit__()
    return first, mixed


def bare(port: int, people: int, rounds: int) -> list[float]:
    """The same questions to the server itself, as many at once."""
    from core import chat, domain

    target = chat.endpoint(port)
    system = domain.load(target.domain or "gongkao").system
    first: list[float] = []

    def ask(question: str) -> None:
        sent = [{"role": "system", "content": system}, {"role": "user", "content": question}]
        began = time.monotonic()
        pieces = chat.stream(target, sent, temperature=0.0, top_p=1.0, max_tokens=512)
        next(pieces, "")
        first.append(time.monotonic() - began)
        for _ in pieces:
            pass

    ask("世界上最大的宫殿是？")  # imports, and the server's first use of the prompt
    first.clear()
    for number in range(rounds):
        # other numbers than the page's people: the server keeps the prompts it has read
        texts = [ASKED.format(who=people + who, round=number) for who in range(people)]
        threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return first


@contextmanager
def page_server(port: int) -> Iterator[str]:
    """``streamlit run web/app.py`` with a database of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        work = Path(os.environ.get("TIKUFORGE_WORK_DIRS") or ROOT / "work_dirs").resolve()
        (Path(folder) / "servers").symlink_to(work / "servers")
        environment = {**os.environ, "TIKUFORGE_WORK_DIRS": folder, "TIKUFORGE_PORT": str(port)}
        command = [sys.executable, "-m", "streamlit", "run", "web/app.py", "--server.port"]
        process = subprocess.Popen(
            [*command, str(own)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            address = f"http://127.0.0.1:{own}"
            for _ in range(600):
                try:
                    urllib.request.urlopen(address + "/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def main() -> int:
    """Measure both and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=23333)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    direct = bare(args.port, args.people, args.rounds)
    with page_server(args.port) as address:
        through, mixed = asyncio.run(page(address, args.people, args.rounds))
    rows = {"bare server": direct, "through the page": through}
    print(f"{args.people} people at once, {args.rounds} rounds: seconds to the first token")
    print(f"{'':18}{'p50':>8}{'p95':>8}{'most':>8}")
    for name, values in rows.items():
        print(f"{name:18}{statistics.median(values):8.2f}{p95(values):8.2f}{max(values):8.2f}")
    ratio = p95(through) / p95(direct)
    print(f"p95 {ratio:.2f}x; conversations mixed up: {mixed} of {args.people}")
    figures = {name: [round(v, 3) for v in sorted(values)] for name, values in rows.items()}
    print(json.dumps({"people": args.people, "ratio": ratio, "mixed": mixed, **figures}))
    return 1 if mixed or ratio > 2 else 0


if __name__ == "__main__":
    sys.exit(main())
