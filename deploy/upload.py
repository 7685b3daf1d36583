"""``make upload REPO=me/my-model``: an exported folder to ModelScope or the Hugging Face hub.

The hubs' own command lines do the work (they resume and check). The repository is made private
unless the user says otherwise, and the token comes from the environment or the hub's own login,
never from a command line that others can read.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from core.errors import UserError
from core.files import shown
from core.language import words

TOKENS = {"modelscope": "MODELSCOPE_API_TOKEN", "huggingface": "HF_TOKEN"}
LOGINS = {"modelscope": "modelscope login", "huggingface": "hf auth login"}
MARK = ".tikuforge"  # what make export leaves in its folders; of no use to others


def commands(hub: str, repo: str, folder: Path, public: bool, tools: Path) -> list[list[str]]:
    """Make the repository if it is not there, then send the folder."""
    if hub == "huggingface":
        private = "--no-private" if public else "--private"
        return [[str(tools / "hf"), "upload", repo, str(folder), ".", private, "--exclude", MARK]]
    tool = str(tools / "modelscope")
    seen = "public" if public else "private"
    make = [tool, "create", repo, "--repo-type", "model", "--visibility", seen, "--exist-ok"]
    return [make, [tool, "upload", repo, str(folder), "--exclude", MARK]]


def run(folder: Path, repo: str, hub: str, public: bool, tools: Path) -> str:
    """Send ``folder`` (of ``make export``) to ``repo``; a sentence that says what was done.

    Raises :class:`UserError` for a name that is no ``owner/model``, a folder that was not exported,
    and a hub that refuses.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo, re.ASCII):
        raise UserError(f"REPO={repo}: {words('应写作 用户名/模型名', 'should be owner/model')}")
    if not (folder / MARK).is_file():
        what = words("不是导出的目录，请先 make export", "was not exported: run make export first")
        raise UserError(f"{shown(folder)}: {what}")
    seen = words("公开", "public") if public else words("私有", "private")
    print(f"{words('上传', 'sending')} {shown(folder)} → {hub}: {repo} ({seen})", flush=True)
    for command in commands(hub, repo, folder, public, tools):
        if subprocess.run(command).returncode:
            login, token = tools / LOGINS[hub], f"{TOKENS[hub]}=…"
            raise UserError(
                words(
                    f"{hub} 没有收下 {repo}（原因见上）；令牌：{login} 或 {token}",
                    f"{hub} did not take {repo} (see above); the token: {login} or {token}",
                )
            )
    return f"{words('已上传', 'sent to')} {hub}: {repo}"
