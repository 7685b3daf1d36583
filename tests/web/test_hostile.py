"""Every text of ``benchmarks/rag_injections.jsonl`` as question, answer, title and evidence on the
page: it stands there as text, runs nothing, and fetches nothing."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from core.files import ROOT, read_jsonl
from tests.deploy.helper import Room
from tests.web.steps import all_there, message, visitor
from web import store

MORE = (
    '<a href="javascript:alert(1)">x</a>',
    "见 [国家药监局](http://evil.example/?k=1) 的说明",
    "见 [国家药监局][1] 的说明\n\n[1]: http://evil.example/?k=2",
    "<style>*{display:none}</style>",
    "![x](http://evil.example/y.png)",
    ":red-badge[已核实] :material/verified: $\\href{javascript:alert(1)}{x}$",
    '<meta http-equiv="refresh" content="0;url=http://evil.example">',
)
ALIVE = (
    "() => [...document.querySelectorAll('script, iframe, object, embed, form, base, meta, svg, "
    "img, a, [onerror], [onload]')].filter(one => "
    "one.tagName !== 'A' || one.href !== one.textContent && !one.textContent.startsWith('http'))"
    ".map(one => one.outerHTML).filter(text => "
    "/alert|evil|javascript:|onerror|onload|refresh/.test(text))"
)


@pytest.fixture
def visit(browser: Any, room: Room, address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A visitor whose one conversation has been talked into all of it."""
    token = "a" * 32
    owner = hashlib.sha256(f"tikuforge {token}".encode()).hexdigest()[:32]
    monkeypatch.setattr(store, "FILE", room.work / "web" / "page.db")
    texts = [row["text"] for row in read_jsonl(ROOT / "benchmarks" / "rag_injections.jsonl")]
    texts += MORE
    number = store.begin(owner, texts[26])
    for text in texts:
        store.add_turn(owner, number, text)
    source = {"file": "<b>x</b>.docx", "locator": "p:3"}
    for said in store.messages(owner, number)[1::2]:
        text = texts[(said["id"] // 2) % len(texts)]
        passages = [{"id": "x-1", "text": text, "source": {**source, "text": text}}]
        checks = [{"text": text, "numbers": [1], "supported": True}]
        extra = {"passages": passages, "checks": checks}
        store.save(owner, said | {"content": text, "problem": "", "extra": extra})
    page = visitor(browser)
    page.context.add_cookies([{"name": "tikuforge", "value": token, "url": address}])
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"{address}/?c={number}")
    yield page, len(texts)
    store.delete(owner, number)
    page.context.close()


def test_what_documents_models_and_people_write_stays_text(visit: Any, address: str) -> None:
    page, count = visit
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    all_there(page, 2 * count)
    page.wait_for_timeout(1000)
    assert page.evaluate(ALIVE) == []
    for number in range(2 * count - 13, 2 * count, 2):  # the answers with markup
        shown = message(page, number)
        shown.get_by_role("button", name="[1]").click()
        dialog = page.get_by_role("dialog")
        dialog.locator(".passage.here").wait_for()
        assert page.evaluate(ALIVE) == []
        dialog.get_by_role("button", name="关闭").click()
        dialog.wait_for(state="detached")
    html = page.content()
    assert json.dumps("evil.example") not in html
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]
