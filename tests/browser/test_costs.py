"""What a page is sent and what it does for one more row."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from browser.tables import Grown, until


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Serve = Callable[..., str]

UPDATE_BYTES = 2000
N_UPDATES = 3
KEEP = """
    window.kept = [...document.querySelectorAll("tr[data-id]")];
    window.changed = 0;
    new MutationObserver((all) => (changed += all.length))
      .observe(document.querySelector("table.candidates tbody"), { childList: true });
"""
SAME = """
    [...document.querySelectorAll("tr[data-id]")].every((row, place) => row === kept[place])
      ? [document.querySelectorAll("tr[data-id]").length - kept.length, changed] : "other rows"
"""


@pytest.fixture
def large(tmp_path: Path) -> Grown:
    return Grown(tmp_path / "sweep.csv", n_trials=200, n_epochs=20)


def received(page: Any) -> dict[str, int]:
    """Return the bytes of bodies by request, as they go on being counted."""
    found: dict[str, int] = {}
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")

    def add(event: dict[str, Any]) -> None:
        name = event["requestId"]
        found[name] = found.get(name, 0) + event["dataLength"]

    tools.on("Network.dataReceived", add)
    return found


def test_one_more_row_sends_little_and_makes_no_row_of_the_page_anew(
    page: Any, serve: Serve, large: Grown
) -> None:
    sizes = received(page)
    page.goto(serve(large.path))
    page.locator(".legend", has_text="10th to 90th percentile").wait_for()
    page.evaluate(KEEP)
    before = sum(sizes.values())
    for number in range(N_UPDATES):
        large.add(large.line(0, 100 + number) + "\n")
        cell = page.locator("tr[data-id='00'] td.num", has_text=str(101 + number))
        cell.first.wait_for()
    assert 0 < sum(sizes.values()) - before <= UPDATE_BYTES * N_UPDATES
    assert [0, 0] == page.evaluate(SAME)


def test_a_new_trial_sends_little_and_leaves_the_other_rows(
    page: Any, serve: Serve, large: Grown
) -> None:
    sizes = received(page)
    page.goto(f"{serve(large.path)}#sort=id&desc=1")
    page.locator(".legend", has_text="10th to 90th percentile").wait_for()
    page.evaluate(KEEP)
    before = sum(sizes.values())
    new = large.add_trial(1)
    page.locator(f"tr[data-id='{new}']").wait_for()
    assert 0 < sum(sizes.values()) - before <= UPDATE_BYTES
    rows = "[...document.querySelectorAll('tr[data-id]')]"
    assert page.evaluate(f"{rows}.slice(1).every((row, place) => row === kept[place])")


def test_curves_are_asked_for_once_and_those_in_colour_first(
    page: Any, serve: Serve, large: Grown
) -> None:
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url) if "/curves?" in each.url else None)
    page.goto(serve(large.path))
    page.locator(".legend", has_text="10th to 90th percentile").wait_for()
    until(page, "ledger.pages.overview.curves.chart.what.note === 'dashed: loss'")
    assert 3 == len(asked) == len({*asked})
    assert [10, 10, 0] == [url.count("&id=") for url in asked]


def test_the_board_is_asked_for_once_and_before_the_scripts(
    page: Any, serve: Serve, large: Grown
) -> None:
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url.rpartition("/")[2]))
    address = serve(large.path)
    for query in ("", "?board=at%3A"):
        page.goto(f"{address}{query}")
        page.locator(".state, .trouble").first.wait_for()
        until(page, "ledger.data.state !== 'reading'")
        boards = [url for url in asked if url.startswith("board?")]
        assert [query.removeprefix("?")] == [url.removeprefix("board?") for url in boards]
        assert asked.index(boards[0]) < asked.index("main.js")
        asked.clear()


def test_a_report_without_the_training_curves_still_draws_the_others(
    page: Any, tmp_path: Path
) -> None:
    draw = random.Random(1)
    rows = [
        f"{trial:03d},{epoch},{draw.random()},{draw.random()}"
        for trial in range(300)
        for epoch in range(100)
    ]
    table, report = tmp_path / "noise.csv", tmp_path / "report.html"
    table.write_text("\n".join(["trial_id,epoch,loss,val_loss", *rows, ""]))
    command = [sys.executable, "-m", "ledger", "report", str(table), "-o", str(report)]
    subprocess.run(command, check=True, capture_output=True)
    page.goto(report.as_uri())
    page.locator(".u-over").wait_for()
    assert "would make the report too large: loss" in page.locator("#said").inner_text()
    kinds = page.evaluate("ledger.pages.overview.curves.chart.what.curves.map(c => c.kind)")
    assert ["main"] * 10 == kinds
    page.evaluate(
        "ledger.data.on((what) => (window.told = (window.told ?? 0) + (what === 'trouble')))"
    )
    page.evaluate("ledger.view.set({ metric: 'loss' })")
    page.locator("#said", has_text="the curves of loss are not part of this report").wait_for()
    page.evaluate("() => new Promise((done) => setTimeout(done, 500))")
    assert 1 == page.evaluate("told")
    page.evaluate("ledger.view.set({ tab: 'compare', sel: ['000', '001'] })")
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")  # no script fails
    page.evaluate("ledger.view.set({ tab: 'overview', metric: 'val_loss' })")
    until(page, "!document.getElementById('said').textContent.includes('not part of')")
