"""The login, with a provider of identities of our own: who sees what, and what nobody sees."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.files import ROOT
from tests.deploy import helper
from tests.web.provider import provider
from tests.web.steps import BOX, up, visitor

pytestmark = pytest.mark.slow
SECRETS = """editors = ["ann@example.org"]
[auth]
redirect_uri = "{page}/oauth2callback"
cookie_secret = "{secret}"
client_id = "tiku"
client_secret = "not a secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """The page with a login set up."""
    pytest.importorskip("authlib")
    port = helper.free_port()
    page, file = f"http://127.0.0.1:{port}", tmp_path / "secrets.toml"
    command = [sys.executable, "-m", "streamlit", "run", "web/app.py", "--server.port", str(port)]
    kept = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TIKUFORGE_WORK_DIRS": str(tmp_path)}
    with provider() as where:
        file.write_text(SECRETS.format(page=page, secret="0" * 32, provider=where))
        process = subprocess.Popen(
            [*command, "--secrets.files", str(file)],
            cwd=ROOT,
            env=kept,
            stdout=subprocess.DEVNULL,
        )
        try:
            up(page, process)
            yield page
        finally:
            process.terminate()
            process.wait(20)


def enter(browser: Any, address: str, who: str) -> Any:
    """Log in as ``who`` in a browser of one's own."""
    page = visitor(browser)
    page.goto(address)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("link", name=who).click()
    page.get_by_text(who).wait_for()
    return page


def test_nobody_sees_anything_without_a_login_and_only_editors_the_data(
    browser: Any, guarded: str
) -> None:
    for name in ("", "data", "feedback", "card"):
        page = visitor(browser)
        page.goto(f"{guarded}/{name}")
        page.get_by_role("button", name="登录").wait_for()
        assert page.locator(BOX).count() == 0 and page.get_by_role("heading").count() == 1
        page.context.close()
    ann = enter(browser, guarded, "ann@example.org")
    ann.get_by_role("link", name="数据").wait_for()
    bob = enter(browser, guarded, "bob@example.org")
    bob.get_by_role("link", name="反馈").wait_for()
    assert bob.get_by_role("link", name="数据").count() == 0
    bob.goto(f"{guarded}/data")
    bob.get_by_text("bob@example.org").wait_for()
    assert bob.get_by_text("上传题库").count() == 0
    bob.goto(f"{guarded}/feedback")
    bob.get_by_text("只有编辑者可以审核").wait_for()
    ann.get_by_role("button", name="退出登录").click()
    ann.get_by_role("button", name="登录", exact=True).wait_for()
    assert ann.locator(BOX).count() == 0
    ann.context.close()
    bob.context.close()
