"""``make chat``: the deployed model in the terminal."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from core import chat
from core.domain import Domain
from core.errors import UserError
from core.files import ROOT, WORK_DIRS, read_json, shown, write_text

HELP = (
    "/clear 清空对话 forget  ·  /system [文字] 系统提示 system prompt  ·  /rag 资料问答 evidence"
    "\n/save 文件.md 保存 save  ·  /exit 退出 leave  ·  Ctrl-C 打断回答 cut an answer short"
)
PAST = WORK_DIRS / "chat_history"  # of the input line, for the arrow keys


@dataclass
class Talk:
    """One conversation: what was said, under which system prompt, with evidence or without."""

    target: chat.Endpoint
    domain: Domain
    system: str
    rag: bool = False
    history: list[dict[str, str]] = field(default_factory=list)

    def command(self, line: str) -> str:
        """Do what a line that begins with ``/`` says; the sentence to show."""
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word == "/clear":
            self.history = []
            return "已清空 cleared"
        if word == "/system":
            self.system, self.history = rest or self.domain.system, []
            return f"系统提示 system prompt: {self.system} (对话已清空 cleared)"
        if word == "/rag":
            self.rag = not self.rag
            return "资料问答 answers from the evidence: " + ("开 on" if self.rag else "关 off")
        if word == "/save":
            return save(self, Path(rest or "chat.md"))
        return HELP

    def ask(self, question: str) -> None:
        """Print the answer as it comes; a cut-off one stays in history."""
        if self.rag:
            evidence(self.target, self.domain, question)
            return
        asked = {"role": "user", "content": question}
        system = {"role": "system", "content": self.system}
        said = _answer(self.target, [system, *self.history, asked])
        if said:
            self.history += [asked, {"role": "assistant", "content": said}]


def run(target: chat.Endpoint, domain: Domain) -> None:
    """Ask and answer until /exit or the end of the input."""
    with contextlib.suppress(ImportError, OSError):
        import atexit
        import readline  # line editing and history in input()

        if sys.stdin.isatty():
            PAST.touch(0o600)
            readline.read_history_file(PAST)
            readline.set_history_length(500)
            atexit.register(readline.write_history_file, PAST)
    print(f"{domain.title} · {target.model}\n{HELP}")
    if domain.disclaimer:
        print(domain.disclaimer)
    talk = Talk(target, domain, domain.system)
    while True:
        try:
            line = input("\n问 > ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if line in ("/exit", "/quit"):
            return
        if line.startswith("/"):
            print(talk.command(line))
        elif line:
            talk.ask(line)


def save(talk: Talk, file: Path) -> str:
    """Write the conversation as Markdown; an existing file is left alone."""
    if file.exists():
        return f"{shown(file)} 已存在, 请换名字 exists already: choose another name"
    names = {"user": "问", "assistant": "答"}
    parts = [f"# {talk.domain.title}\n\n系统提示: {talk.system}\n"]
    parts += [f"**{names[one['role']]}** {one['content']}\n" for one in talk.history]
    try:
        write_text(file, "\n".join(parts))
    except OSError as error:
        return f"不能写 cannot write {shown(file)}: {error.strerror}"
    return f"已保存 saved {shown(file)} ({len(talk.history) // 2} 轮 turns)"


def evidence(target: chat.Endpoint, domain: Domain, question: str) -> None:
    """Let the retrieval room answer, as ``make ask`` does."""
    data = _data(target) or WORK_DIRS / domain.name / "data"
    port = target.root.rpartition(":")[2]
    command = [sys.executable, "-m", "rag", "ask", "--domain", domain.name, "--data", str(data)]
    if port.isdigit():
        command += ["--port", port]
    with contextlib.suppress(KeyboardInterrupt):
        subprocess.run([*command, "--", question], cwd=ROOT, check=False)


def _data(target: chat.Endpoint) -> Path | None:
    """The data set of the run that the served model came from."""
    for folder in Path(target.model_dir).parents if target.model_dir else ():
        note = folder / "run.json"
        if note.is_file():
            data = read_json(note).get("data")
            return Path(data) if data else None
    return None


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
