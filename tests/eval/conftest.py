from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.files import ROOT, write_jsonl
from tests.eval.server import KEY, Server, keys
from tests.forks import VENVS, Zygote

PYTHON = VENVS / "eval" / "bin" / "python"

# Facts, and traps for whatever carries them to the model: braces, a backslash, two lines, full
# width.
FACTS = [
    ("中国最长的河流是", "长江"),
    ("水的化学式是 {answer} {0} {idx}", "H2O"),
    ("一行\n两行\\n三行", "ＡＢＣ"),
    ("“春城”是指哪座城市？", "昆明"),
    ("标准大气压下水的沸点是多少摄氏度？", "100"),
    ("郑和第一次下西洋是在哪一年？", "1405年"),
    ("中国的四大发明是", "造纸术、印刷术、火药、指南针"),
    ("电阻的国际单位是", "欧姆"),
]


def row(number: int, question: str, answer: str, system: str = "公考常识，简答。") -> dict:
    return {
        "id": f"t-{number:06d}",
        "kind": "qa",
        "group": f"g-{number}",
        "conversation": [{"system": system, "input": question, "output": answer}],
        "source": {"file": "bank.docx", "sha256": "0", "locator": f"p:{number}", "text": question},
    }


@dataclass
class Bench:
    """A data folder and a work dir of their own, and OpenCompass imported once for all."""

    root: Path
    zygote: Zygote

    @property
    def run_dir(self) -> Path:
        return self.root / "run"

    def data(self, facts: list[tuple[str, str]]) -> None:
        write_jsonl(
            self.root / "data" / "train.jsonl", (row(n, q, a) for n, (q, a) in enumerate(facts))
        )

    def environment(self, key: str = KEY) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TIKUFORGE_WORK_DIRS": str(self.root / "work"),
            "TIKUFORGE_KEYS": keys(key),
        }

    def argv(self, *columns: str) -> list[str]:
        line = ["run", "--work-dir", str(self.run_dir), "--domain", "gongkao"]
        line += ["--data", str(self.root / "data"), "--suite", "domain"]
        return line + [word for column in columns for word in ("--column", column)]

    def command(self, *columns: str) -> list[str]:
        """A process of its own, as a person starts one."""
        return [str(PYTHON), "-m", "eval", *self.argv(*columns)]

    def evaluate(
        self, *more: str, key: str = KEY, **servers: Server
    ) -> subprocess.CompletedProcess[str]:
        columns = [f"{name}={server.url}#{server.model}" for name, server in servers.items()]
        return self.evaluate_columns(*columns, more=more, key=key)

    def evaluate_columns(
        self, *columns: str, more: Sequence[str] = (), key: str = KEY
    ) -> subprocess.CompletedProcess[str]:
        return self.zygote(*self.argv(*columns), *more, environment=self.environment(key))


@pytest.fixture(scope="session")
def opencompass(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    if not PYTHON.exists():
        pytest.skip("no eval environment: make env-eval")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    made = Zygote("eval", tmp_path_factory.mktemp("zygote"), environment)
    yield made
    made.end()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, opencompass: Zygote) -> Bench:
    return Bench(tmp_path_factory.mktemp("eval"), opencompass)


@pytest.fixture
def own_bench(tmp_path: Path, opencompass: Zygote) -> Bench:
    """One that no other test has a part in."""
    return Bench(tmp_path, opencompass)
