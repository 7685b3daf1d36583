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
from core.language import words

HELP = (
    ("/clear", ("清空对话", "forget")),
    ("/system …", ("系统提示", "system prompt")),
    ("/rag", ("资料问答", "evidence")),
    ("/save FILE.md", ("保存", "save")),
    ("/exit", ("退出", "leave")),
    ("Ctrl-C", ("打断回答", "cut an answer short")),
)
SAVED = {
    "system": ("系统提示", "System"),
    "user": ("问", "Question"),
    "assistant": ("答", "Answer"),
}
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
            return words("已清空", "cleared")
        if word == "/system":
            self.system, self.history = rest or self.domain.system, []
            prompt, forgotten = words("系统提示", "system prompt"), words("对话已清空", "cleared")
            return f"{prompt}: {self.system} ({forgotten})"
        if word == "/rag":
            self.rag = not self.rag
            state = words("开", "on") if self.rag else words("关", "off")
            return f"{words('资料问答', 'answers from the evidence')}: {state}"
        if word == "/save":
            return save(self, Path(rest or "chat.md"))
        return usage()

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


def usage() -> str:
    """The commands, three a line."""
    parts = [f"{command} {words(*does)}" for command, does in HELP]
    return "\n".join("  ·  ".join(parts[n : n + 3]) for n in (0, 3))


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
    print(f"{domain.title} · {target.model}\n{usage()}")
    if domain.disclaimer:
        print(domain.disclaimer)
    talk = Talk(target, domain, domain.system)
    while True:
        try:
            line = input(f"\n{words('问', 'you')} > ").strip()
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
        there = words("已存在，请换个名字", "exists already: choose another name")
        return f"{shown(file)}: {there}"
    names = {role: " ".join(pair) for role, pair in SAVED.items()}
    parts = [f"# {talk.domain.title}\n\n{names['system']}: {talk.system}\n"]
    parts += [f"**{names[one['role']]}** {one['content']}\n" for one in talk.history]
    try:
        write_text(file, "\n".join(parts))
    except OSError as error:
        return f"{words('不能写', 'cannot write')} {shown(file)}: {error.strerror}"
    turns = len(talk.history) // 2
    return words(f"已保存 {shown(file)}（{turns} 轮）", f"saved {shown(file)} ({turns} turns)")


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
    print(f"{words('答', 'answer')} > ", end="", flush=True)
    try:
        for piece in chat.stream(target, messages, temperature=0.0):
            said += piece
            print(piece, end="", flush=True)
    except KeyboardInterrupt:
        print(" …", end="")
    except UserError as error:
        print(f"\n{words('错误', 'error')}: {error}", file=sys.stderr)
        return ""
    print()
    return said
