"""Every page, tab and dialog at three widths, light and dark: axe finds nothing serious, targets on
the telephone are large enough, and nothing lies over the edge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.files import read_jsonl, write_json
from tests.web.conftest import House
from tests.web.steps import go, visitor
from web import store

TOKEN = "d" * 32
OWNER = hashlib.sha256(f"tikuforge {TOKEN}".encode()).hexdigest()[:32]
EVERY = [(width, scheme) for width in (1280, 768, 390) for scheme in ("light", "dark")]
BANK = "bank=gongkao/sets/乙/data"
TARGET = 44  # CSS pixels: Apple's and WCAG 2.5.5's size for a finger


def cell(value: float, n: int) -> dict[str, Any]:
    return {"value": value, "n": n, "ci95": [value / 2, min(1, 2 * value)]}


@pytest.fixture(scope="module")
def furnished(house: House) -> House:
    """What the pages show once they were used: runs, votes, corrections, a set that failed."""
    for name, by in (("run-a", 0.4), ("run-b", 0.6)):
        run = house.work / "gongkao" / name
        shares = {
            f"{suite}.{metric}": cell(by, 30)
            for suite, metric in (("heldout", "exact"), ("train", "correct"), ("failure", "cut"))
        }
        columns = {"base": shares, "tuned": shares, "tuned_rag": shares}
        gates = [{"name": "heldout.exact", "pass": name == "run-b"}]
        about = {"title": name, "model": "m", "finished": "2026-11-30", "main": "tuned"}
        write_json(run / "report.json", {**about, "columns": columns, "gates": gates})
        pair = {"suite": "heldout", "id": "q1", "question": "问？", "expected": "对", "source": {}}
        pair["answers"] = {"base": "As it was.", "tuned": "As it is."}
        (run / "eval").mkdir()
        (run / "eval" / "side_by_side.jsonl").write_text(json.dumps(pair, ensure_ascii=False))
    line = {"id": "1", "at": "2026-11-30 10:00:00", "owner": "x", "verdict": "correction"}
    line |= {"message": 1, "question": "问", "answer": "答", "correction": "改", "model": "m"}
    line["evidence"] = []
    lines = "".join(json.dumps(line | {"id": number}) + "\n" for number in "12")
    (house.work / "gongkao" / "feedback.jsonl").write_text(lines)
    run = house.set("乙").parent / "smollm2_cpu_qlora"
    done = {"status": "trained", "finished": "2026-11-30 10:00:00", "steps": 2, "loss": 0.5}
    write_json(run / "run.json", done)
    (run / "loss.jsonl").write_text('{"iter": 1, "loss": 2.5}\n{"iter": 2, "loss": 0.5}\n')
    job = run / ".page" / "train" / ".job"
    write_json(job / "state.json", {"state": "done", "pid": 0, "step": 1})
    (job / "log").write_text("2/2  loss 0.5\n")
    write_json(house.work / "web" / "heavy.json", {"run": "gongkao/sets/乙/smollm2_cpu_qlora",
               "verb": "train", "about": "乙"})  # fmt: skip
    failed = house.set("失败的")
    (failed.parent / "uploads").mkdir(parents=True)
    (failed.parent / "uploads" / "空.txt").write_text("没有题")
    write_json(failed / ".job" / "job.json", {"steps": []})
    write_json(failed / ".job" / "state.json", {"state": "failed", "pid": 0, "step": 0})
    write_json(failed / ".job" / "progress.json", {"error": "空.txt: 没有读到任何题"})
    return house


@pytest.fixture
def page(browser: Any, furnished: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(store, "FILE", furnished.work / "web" / "page.db")
    made = visitor(browser, 1280)
    made.context.add_cookies([{"name": "tikuforge", "value": TOKEN, "url": furnished.address}])
    yield made
    made.context.close()


def talk(house: House) -> int:
    """A conversation with an answer that is supported, one that is not, a refusal and a break."""
    lines = list(read_jsonl(house.set("乙") / "kb.jsonl"))[:3]
    passages = [
        {"id": one["id"], "text": one["text"], "source": one["source"], "bank": BANK[5:]}
        for one in lines
    ]
    number = store.begin(OWNER, "疗程几天？")
    for _ in range(4):
        store.add_turn(OWNER, number, "疗程几天？")
    checks = [{"text": "三天。", "numbers": [1], "supported": True}]
    checks.append({"text": "五天。", "numbers": [], "supported": False})
    extras = [
        {"passages": passages, "checks": checks, "thinking": "想", "query": "疗程", "thumb": "up"},
        {"passages": passages, "refused": True, "checks": []},
        {},
        {"checks": [{**checks[1], "text": "三天。五天。"}], "own": True},
    ]
    problems = ("", "", "broken off", "")
    answers = store.messages(OWNER, number)[1::2]
    for one, extra, problem in zip(answers, extras, problems, strict=True):
        store.save(OWNER, one | {"content": "三天。五天。", "problem": problem, "extra": extra})
    return number


def conversation(page: Any, house: House, click: Callable[[Any], Any] | None = None) -> None:
    page.goto(f"{house.address}/?c={talk(house)}&{BANK}")
    page.locator("[class*=st-key-cite-] button").nth(5).wait_for()
    if click:
        click(page).click()
        page.get_by_role("dialog").wait_for()


def tab(name: str, number: int, more: str = "") -> Callable[[Any, House], None]:
    """A page of the app with one of its tabs open."""

    def open_(page: Any, house: House) -> None:
        go(page, house.address, f"{name}?{more or BANK}")
        found = page.get_by_role("tab").nth(number)
        found.wait_for()
        found.click()

    return open_


def hello(page: Any, house: House) -> None:
    page.goto(f"{house.address}/?{BANK}")
    page.get_by_role("heading", level=1).wait_for()
    page.locator("[class*=st-key-rag]").wait_for(state="attached")


def answered(page: Any, house: House) -> None:
    tab("quiz", 0)(page, house)
    page.get_by_test_id("stButtonGroup").get_by_text("单选", exact=True).click()
    for _ in range(10):  # the question changes with the kind, under the pointer: once more, then
        page.locator(".options").evaluate(
            "all => {const send = all.querySelector('.submit');"
            "if (send) {all.querySelector('.card').click(); send.click();}}"
        )
        for _ in range(16):
            page.wait_for_timeout(500)
            if page.locator(".options .card.right").count():
                return
    raise AssertionError("the answer is not taken")


def new(page: Any, house: House) -> None:
    go(page, house.address, f"data?{BANK}")
    page.get_by_role("combobox", name="数据集").click()
    page.get_by_role("option").filter(has_text="新建").click()
    page.locator("input[type=file]").wait_for(state="attached")


def failed(page: Any, house: House) -> None:
    go(page, house.address, f"data?{BANK}")
    page.get_by_role("combobox", name="数据集").click()
    page.get_by_role("option").filter(has_text="失败的").click()
    page.get_by_role("button", name="删除这份数据").click()
    page.get_by_role("button", name="确认删除").wait_for()


def train(page: Any, house: House) -> None:
    go(page, house.address, f"train?{BANK}")
    page.get_by_role("button", name="开始估算", exact=True).wait_for()
    page.locator(".st-key-stage-train .curve").wait_for()


PLACES: dict[str, Callable[[Any, House], None]] = {
    "chat": hello,
    "conversation": conversation,
    "source": lambda p, h: conversation(
        p, h, lambda q: q.locator("[class*=st-key-cite-] button").first
    ),
    "correct": lambda p, h: conversation(
        p, h, lambda q: q.locator('button[data-action="correct"]').first
    ),
    "quiz": tab("quiz", 0),
    "answered": answered,
    "notebook": tab("quiz", 1),
    "talk": lambda p, h: go(p, h.address, f"talk?{BANK}"),
    "compare": tab("compare", 0),
    "vote": tab("compare", 1),
    "review": tab("data", 0),
    "grid": tab("data", 1),
    "ledger": tab("data", 2),
    "files": tab("data", 3),
    "more": tab("data", 4),
    "new": new,
    "failed": failed,
    "card": tab("card", 0),
    "runs": tab("card", 1),
    "corrections": tab("feedback", 0),
    "said": tab("feedback", 2),
    "asked": tab("feedback", 3),
    "train": train,
}

SMALL = """least => [...document.querySelectorAll(
    'button, a[href], [role=tab], [role=radio], [role=checkbox], summary, select, ' +
    'input:not([type=file])')]
  .filter(one => one.checkVisibility({opacityProperty: true, visibilityProperty: true}))
  .filter(one => one.tabIndex >= 0 || one.offsetWidth > 20)  // React Aria's own, for a reader
  .map(one => one.closest('label') ?? one)
  .map(one => [one, one.getBoundingClientRect()])
  .filter(([one, at]) => at.width > 1 && at.height > 1 && at.left >= 0 && at.left < innerWidth &&
    Math.round(at.height) < least && !one.closest('.st-key-frame, [data-testid=stDataFrame]'))
  .map(([one, at]) => `${(one.innerText || one.ariaLabel || one.outerHTML).slice(0, 60)}: ${
    Math.round(at.width)}x${Math.round(at.height)}`)"""


# A few places in two looks each time; all of them in every look, six minutes, with the slow tests.
OFTEN = ("conversation", "source", "answered", "review", "failed", "card", "train")
CASES = [
    *(pytest.param(place, [EVERY[0], EVERY[-1]], id=place) for place in OFTEN),
    *(pytest.param(p, EVERY, id=f"{p}-every", marks=pytest.mark.slow) for p in PLACES),
]


@pytest.mark.parametrize(("place", "looks"), CASES)
def test_nothing_serious(
    page: Any, furnished: House, place: str, looks: list[tuple[int, str]], shots: Any
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    PLACES[place](page, furnished)
    page.get_by_text("● 模型服务没有运行").first.wait_for(state="attached")  # drawn to its foot
    page.wait_for_function("window.tikuforgeWords")
    found = []
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 850})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(350)
        page.screenshot(path=shots / f"{place}-{width}-{scheme}.png")
        for one in axe.run(page).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                nodes = [f"{n['target']} {n['failureSummary'][:200]}" for n in one["nodes"][:4]]
                found.append((width, scheme, one["id"], len(one["nodes"]), nodes))
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [(width, "too wide", wide)] if wide > width else []
    found += [(390, "small", one) for one in page.evaluate(SMALL, TARGET)]
    assert not found, "\n".join(map(str, found))


CLEAR = "one => getComputedStyle(one).backgroundColor === 'rgba(0, 0, 0, 0)'"


def test_a_telephone_is_used_with_a_thumb(page: Any, furnished: House) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    go(page, furnished.address, "card")
    table = page.locator(".scroll").first
    name = table.locator("tbody td").first
    left = name.bounding_box()["x"]
    assert table.evaluate("one => {one.scrollLeft = 60; return one.scrollLeft}") == 60
    assert abs(name.bounding_box()["x"] - left) < 1  # the row's name stays, and covers what passes
    assert not name.evaluate(CLEAR) and not table.locator(".bar i").first.evaluate(CLEAR)
    widths = table.locator("td:not(.figure)").evaluate_all("all => all.map(one => one.clientWidth)")
    assert min(widths) > 60  # no column of one character a line
    bar = page.locator(".st-key-bottom_bar")
    assert bar.bounding_box()["y"] + bar.bounding_box()["height"] == 780
    bar.get_by_text("练习").click()
    page.get_by_role("heading", name="练习", level=1).wait_for()
    page.get_by_test_id("stExpandSidebarButton").click()
    side = page.get_by_test_id("stSidebar")
    side.get_by_role("link", name="对比").click()
    page.get_by_role("heading", name="对比", level=1).wait_for()
    page.wait_for_function(  # the menu does not stay over the page
        "document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().right <= 0"
    )


def test_the_focus_stays_where_something_was_sent(page: Any, furnished: House) -> None:
    go(page, furnished.address, "feedback")
    page.get_by_role("tab", name="待审核 2").wait_for()
    button = page.get_by_role("button", name="拒绝").first
    button.focus()
    button.press("Enter")
    page.get_by_role("tab", name="待审核 1").wait_for()
    page.wait_for_function("document.activeElement.closest('[role=tabpanel], main')")


HAN = """() => {
  const theirs = '.exact, .passage, td, input, textarea, [class*=st-key-review_list], ' +
    '[class*=st-key-open-talk-], [class*=st-key-cite-], [class*=st-key-starters], ' +
    '[data-testid=stChatMessage], .options';
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let one = walk.nextNode(); one; one = walk.nextNode())
    if (/[\\u4e00-\\u9fff：，。；（）]/.test(one.nodeValue) && one.nodeValue !== '中文' &&
        !one.parentElement.closest(theirs + ', style, script, template')) found.push(one.nodeValue);
  for (const name of ['aria-label', 'title', 'placeholder'])
    for (const one of document.querySelectorAll(`[${name}]`))
      if (/[\\u4e00-\\u9fff]/.test(one.getAttribute(name)) && !one.closest(theirs))
        found.push(one.getAttribute(name));
  return found.filter(text => !/^[甲乙失败的]+$|^〔/.test(text.trim()));
}"""


def test_in_english_what_we_say_is_english(page: Any, furnished: House) -> None:
    found = {}
    for name in ("", "quiz", "talk", "compare", "data", "train", "card", "feedback"):
        go(page, furnished.address, f"{name}?lang=en&{BANK}")
        page.get_by_text("The model server", exact=False).first.wait_for()
        tabs = page.get_by_role("tab")
        for number in range(max(1, tabs.count())):
            if tabs.count():
                tabs.nth(number).click()
                page.wait_for_timeout(700)
            found[name, number] = page.evaluate(HAN)
    assert not {place: texts for place, texts in found.items() if texts}
    context = page.context.browser.new_context(locale="en-US")  # nobody chose: as the browser says
    own = context.new_page()
    own.goto(furnished.address)
    own.get_by_text("The model server", exact=False).first.wait_for()
    context.close()
