"""``make chat``: the deployed model in the terminal."""

from __future__ import annotations

import contextlib
import sys

from core import chat
from core.domain import Domain
from core.errors import UserError

HELP = "/clear 清空对话 forget  ·  /exit 退出 leave  ·  Ctrl-C 打断回答 cut an answer short"


def run(target: chat.Endpoint, domain: Domain) -> None:
    """Ask and answer until /exit or the end of the input; a cut-off answer stays in history."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (line editing and history in input())
    print(f"{domain.title} · {target.model}\n{HELP}")
    if domain.disclaimer:
        print(domain.disclaimer)
    system = {"role": "system", "content": domain.system}
    history: list[dict[str, str]] = []
    while True:
        try:
            line = input("\n问 > ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if line in ("/exit", "/quit"):
            return
        if line == "/clear":
            history = []
            print("已清空 cleared")
        elif line.startswith("/"):
            print(HELP)
        elif line:
            asked = {"role": "user", "content": line}
            answer = _answer(target, [system, *history, asked])
            if answer:
                history += [asked, {"role": "assistant", "content": answer}]


def _answer(target: chat.Endpoint, messages: list[dict[str, str]]) -> str:
    said = ""
    print("答 > ", end="", flush=True)
    try:
        for piece in chat.stream(target, messages, temperature=0.0):
            said += piece
            print(piece, end="", flush=True)
    except KeyboardInterrupt:
        print(" …", end="")
    except UserError as error:
        print(f"\n错误 error: {error}", file=sys.stderr)
        return ""
    print()
    return said
