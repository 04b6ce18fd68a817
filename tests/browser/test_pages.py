"""The other views, the states a file can be in, and what a hostile file can do: nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from browser.tables import HEADER, Grown, ids, until, wait_for
from unit.reader.builders import FILLED_NOTE, add_run, epochs, make_project
from unit.writer.recording import make_project as make_repository


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[..., str]

REAL = Path(__file__).parent.parent / "unit" / "reader" / "foreign" / "kerastuner"
CHART = "ledger.pages.overview.curves.chart"
MOVING = """[...document.querySelectorAll("*")].map(each => [each, getComputedStyle(each)])
    .filter(([, { animationName, transitionDuration, scrollBehavior }]) =>
        animationName !== "none" || transitionDuration !== "0s" || scrollBehavior !== "auto")
    .map(([each]) => each.outerHTML.slice(0, 80))"""
"""What moves, although the reader asked for nothing that does."""
HOSTILE = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    make_project(tmp_path)
    note = {
        **FILLED_NOTE,
        "Hypothesis": ["**Repeats** tell `noise` from [an effect](https://example.org)."],
    }
    for seed in (1, 2, 3):
        for lr in (0.1, 0.01):
            values = [0.5, 0.6 + lr + seed / 100]
            add_run(
                tmp_path,
                f"lr{lr}s{seed}",
                epochs(val_acc=values, acc=values),
                config={"lr": lr, "seed": seed},
                note=note,
            )
    return tmp_path


def test_runs_are_grouped_over_their_seeds(page: Any, serve: Serve, runs: Path) -> None:
    page.goto(f"{serve(cwd=runs)}#group=1")
    rows = page.locator("table.candidates tbody tr")
    rows.nth(1).wait_for()
    assert 2 == rows.count()
    cells = [each.strip() for each in rows.first.inner_text().split("\t")]
    assert {"0.72", "0.1", "3", "finished", "1, 2, 3"} <= {*cells}
    assert "0.01" in cells  # of the standard deviation
    page.locator(".legend li", has_text="0.72 ± 0.01").wait_for()
    drawn = page.evaluate(f"{CHART}.what.curves.map(c => `${{c.kind}} ${{c.place}}`)")
    one = ["raw", "raw", "raw", "main", "train"]
    assert [f"{kind} {place}" for place in (0, 1) for kind in one] == drawn
    own = page.locator("td.pick").evaluate_all(
        "all => all.map(td => getComputedStyle(td).borderLeftColor)"
    )
    assert own == page.locator(".legend .swatch").evaluate_all(
        "all => all.map(each => getComputedStyle(each).backgroundColor)"
    )


def test_a_group_is_selected_and_opened_as_its_members(page: Any, serve: Serve, runs: Path) -> None:
    page.goto(f"{serve(cwd=runs)}#group=1")
    box = page.locator("table.candidates tbody tr").first.get_by_role("checkbox")
    box.click()
    until(page, "ledger.view.sel.length === 3")
    assert box.is_checked()
    page.reload()
    box.wait_for()
    assert box.is_checked()
    page.locator("table.candidates tbody tr").first.dblclick()
    page.locator(".run h2", has_text="lr0.1s3").first.wait_for()


def test_the_curve_pointed_at_says_what_it_is(page: Any, serve: Serve, runs: Path) -> None:
    page.goto(serve(cwd=runs))
    page.locator(".u-over").wait_for()
    box = page.locator(".u-over").bounding_box()
    at = "[p.valToPos(c.best.x, 'x'), p.valToPos(c.best.y, 'y')]"
    x, y = page.evaluate(f"((p, c) => {at})({CHART}.plot, {CHART}.what.curves[0])")
    page.mouse.move(box["x"] + x - 2, box["y"] + y + 1)
    page.locator(".card").wait_for()
    text = page.locator(".card").inner_text()
    assert "lr0.1s3" in text
    assert "val_acc 0.73 at epoch 1" in text
    assert "seed 3" in text
    assert "Hypothesis **Repeats** tell" in text
    assert "Result val_acc 0.93 against 0.90." in text
    page.mouse.move(box["x"] + 20, box["y"] - 20)
    page.locator(".card").wait_for(state="hidden")
    page.locator("table.candidates tbody tr").nth(1).focus()
    page.locator(".card", has_text="lr0.1s2").wait_for()


def test_two_runs_stand_side_by_side(page: Any, serve: Serve, runs: Path) -> None:
    page.goto(serve(cwd=runs))
    wait_for(page, "6 runs")
    for box in page.locator("table.candidates tbody input").all()[:2]:
        box.click()
    page.get_by_role("button", name="Compare (2)").click()
    page.locator(".compare .sides").wait_for()
    text = page.locator(".compare").inner_text()
    assert "seed" in text
    assert "A smaller step" not in text  # the hypothesis was replaced
    assert "lr 1e-2 to 1e-3." in text
    page.locator(".compare .u-over").wait_for()


def test_a_report_prints_light_and_whole(page: Any, tmp_path: Path, runs: Path) -> None:
    add_run(runs, "all-nan", epochs(val_acc=[float("nan")] * 2, acc=[0.1, 0.1]), config={"lr": 9.0})
    command = [sys.executable, "-m", "ledger", "report", "-o", str(tmp_path / "r.html")]
    subprocess.run(command, check=True, cwd=runs)
    page.emulate_media(color_scheme="dark")
    page.goto(f"file://{tmp_path / 'r.html'}")
    page.locator(".legend li", has_text="2× nan or inf").wait_for()
    dark = page.evaluate(f"{CHART}.colors[0]")
    page.emulate_media(media="print", color_scheme="dark")
    until(page, f"{CHART}.colors[0] !== '{dark}'")
    assert "rgb(255, 255, 255)" == page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert not page.get_by_label("filter").is_visible()
    assert "visible" == page.evaluate(
        "getComputedStyle(document.querySelector('.left .scroll')).overflow"
    )


def test_what_differs_strikes_the_eye_and_the_code_with_it(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    script = "import ledger\nfrom src.model import WIDTH\n"
    script += "how = {'config': {'width': WIDTH, 'lr': 0.1}, 'objective': ('acc', 'max')}\n"
    script += "with ledger.start('run', **how) as run:\n"
    script += "    run.log(epoch=0, acc=WIDTH / 10)\n"
    root = make_repository(
        tmp_path, {"train.py": script, "ledger.toml": "[metrics]\nacc = 'max'\n"}
    )
    for width in (3, 5):
        (root / "src" / "model.py").write_text(f"WIDTH = {width}\n")
        subprocess.run([sys.executable, "train.py"], cwd=root, check=True, capture_output=True)
    page.goto(serve(cwd=root))
    wait_for(page, "2 runs")
    by_width = (
        "[...ledger.data.candidates.values()].sort((a, b) => a.params.width - b.params.width)"
    )
    page.evaluate(f"ledger.view.set({{tab: 'compare', sel: {by_width}.map(each => each.id)}})")
    page.locator(".compare .sides").wait_for()
    said = page.locator(".verdict").all_inner_texts()
    assert ["≠ config: 1 differs", "≠ code: differs"] == [said[0], said[2]]
    assert "5" == page.locator("tr", has_text="width").locator("td.differs").inner_text()
    assert "0.5" in page.locator("tr", has_text="acc (best)").locator("td.top").inner_text()
    assert page.locator(".patch .added", has_text="+WIDTH = 5").is_visible()
    assert page.locator(".patch .removed", has_text="-WIDTH = 3").is_visible()


def test_what_a_file_says_is_never_markup(page: Any, serve: Serve, runs: Path) -> None:
    note = {**FILLED_NOTE, "Hypothesis": [f"{HOSTILE} [a](javascript:window.hurt=1)"]}
    metric = "<b onmouseover=window.hurt=1>acc"
    add_run(
        runs,
        "hostile",
        epochs(**{metric: [0.5]}),
        tags=[HOSTILE],
        config={HOSTILE: HOSTILE},
        note=note,
    )
    page.goto(f"{serve(cwd=runs)}#all=1")
    wait_for(page, "7 runs")
    for tab in ("overview", "compare", "search", "run"):
        for run in ids(page)[:2] if tab == "overview" else [""]:
            chosen = "[...ledger.data.candidates.keys()].slice(0, 6)"
            page.evaluate(f"ledger.view.set({{tab: {tab!r}, run: {run!r}, sel: {chosen}}})")
            until(page, "document.querySelector('#page').children.length > 0")
    page.locator(".run .note").wait_for()
    assert "<script>" in page.locator(".run .note").inner_text()
    assert 0 == page.locator(".run .note a").count()
    assert page.evaluate("window.hurt") is None
    assert 0 == page.locator("#page img").count()


def test_a_run_is_shown_whole(page: Any, serve: Serve, runs: Path) -> None:
    page.goto(serve(cwd=runs))
    wait_for(page, "6 runs")
    page.locator("table.candidates tbody tr").first.dblclick()
    page.locator(".run .note").wait_for()
    text = page.locator(".run").inner_text()
    assert "Risk/Anomaly" in text
    assert "metrics.csv" in text
    assert "Changes of the code" not in text


def test_the_run_that_is_named_stands_first_and_opens(page: Any, serve: Serve, runs: Path) -> None:
    page.goto(serve("lr0.01s1", cwd=runs))
    page.locator("tr.pinned").wait_for()
    assert "lr0.01s1" in ids(page)[0]
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".run h2", has_text="lr0.01s1").first.wait_for()


def test_a_trial_is_shown_with_what_is_its_own(
    page: Any, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository(tmp_path)
    monkeypatch.chdir(root)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    with ledger.start("wide") as run:
        space = {"lr": {"low": 0.01, "high": 100.0, "log": True}}
        run.sweep.describe(objective=("val_loss", "min"), space=space)
        twice = run.sweep.begin("0000", {"lr": 0.1})
        for execution in (0, 1):
            for epoch in (0, 1):
                twice.log(
                    {"val_loss": 1 / (epoch + 1 + execution)}, epoch=epoch, execution=execution
                )
        twice.end("finished")
        run.sweep.begin("0001", {"lr": 9.0}).end("failed", message="out of <b>memory</b>")
    page.goto(serve(cwd=root))
    page.locator("table.candidates tbody tr").first.dblclick()
    page.get_by_role("link", name="look at its trials").click()
    page.locator(".legend li", has_text="0000 · execution 1").wait_for()
    assert 1 == len(
        {
            *page.evaluate(
                "[...document.querySelectorAll('.legend .swatch')].map(e => e.dataset.place)"
            )
        }
    )
    page.locator("table.candidates tr[data-id='0001']").dblclick()
    page.locator(".run .trouble", has_text="out of <b>memory</b>").wait_for()
    assert "9" in page.get_by_label("trial").inner_text()
    page.evaluate("ledger.view.set({run: '0000'})")
    cells = page.locator(".trial-numbers tbody tr").first.locator("th, td")
    texts = "all => all.map(each => each.textContent)"
    until(page, "document.querySelector('.run h2').textContent.includes('#0000')")
    assert ["val_loss", "0.33333", "1", "1", "0", "0.33333", "4", "0"] == cells.evaluate_all(texts)
    page.get_by_role("button", name="Search").click()
    page.locator("g[data-axis=lr]", has_text="100").wait_for()


@pytest.mark.parametrize(
    ("tab", "shown"),
    [
        ("overview&group=1&filter=lr%3D0.1&sort=n", ".legend li:nth-child(2)"),
        ("compare", ".compare:has(.sides):has(.notes) .legend li:nth-child(4)"),
        ("search&brush=lr~0.500~1.000", ".search .brush"),
        ("run", ".run .note"),
    ],
)
def test_every_view_is_the_same_after_a_reload(
    page: Any, serve: Serve, runs: Path, tab: str, shown: str
) -> None:
    page.goto(serve(cwd=runs))
    wait_for(page, "6 runs")
    own = page.evaluate("[...ledger.data.candidates.keys()].slice(0, 3)")
    page.goto(f"{page.url.partition('#')[0]}#tab={tab}&sel={','.join(own)}&run={own[1]}")
    page.locator(shown).wait_for()
    text = page.locator("#page").inner_text()
    page.reload()
    page.locator(shown).wait_for()
    until(page, f"document.querySelector('#page').innerText === {json.dumps(text)}")
    assert own[1] in text or "run" not in tab


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A sweep of ten trials that goes on: four have ended, two of three choices were tried."""
    root = make_repository(tmp_path)
    monkeypatch.chdir(root)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    with ledger.start("wide") as run:
        space = {"act": {"values": ["relu", "tanh", "gelu"]}}
        run.sweep.describe(objective=("val_loss", "min"), space=space, max_trials=10)
        for place in range(4):
            trial = run.sweep.begin(f"000{place}", {"act": ["relu", "tanh"][place % 2]})
            trial.log({"val_loss": 1 / (place + 1), "wobble": place / 10}, epoch=0)
            trial.end("finished")
        yield root


def test_choices_that_nobody_tried_are_counted(page: Any, serve: Serve, search: Path) -> None:
    page.goto(f"{serve('--latest', cwd=search)}#tab=search")
    page.locator("tr", has_text="2 of 3").wait_for()


def test_a_search_by_a_metric_without_a_direction_has_no_best(
    page: Any, serve: Serve, search: Path
) -> None:
    page.goto(f"{serve('--latest', cwd=search)}#tab=search&metric=wobble")
    page.get_by_text("Slices: each param against wobble").wait_for()
    assert 0 == page.get_by_text("Best so far").count()
    assert 4 == page.locator("polyline.none").count()


def test_a_filter_does_not_lengthen_the_search(page: Any, serve: Serve, search: Path) -> None:
    page.goto(serve("--latest", cwd=search))
    wait_for(page, "left")
    page.evaluate("""[...ledger.data.candidates.values()].forEach((each) =>
        Object.assign(each, { started: "2026-01-01T00:00:00Z", ended: "2026-01-01T00:10:00Z" }))""")
    page.get_by_label("filter").fill("0001")
    wait_for(page, "1 of 4 trials")
    assert "about 60 min left" in page.locator(".counts").first.inner_text()


def test_a_brush_keeps_what_passes(page: Any, serve: Serve) -> None:
    page.goto(f"{serve(REAL / 'hyperband')}#tab=search")
    page.get_by_text("23 of 23 pass").wait_for()
    box = page.locator("g[data-axis=units] .handle").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    page.locator("[role=status]", has_text="of 23 pass").wait_for()
    assert "23 of 23" not in page.locator(".search [role=status]").inner_text()
    out = page.locator(".trial.out").count()
    assert out > 0
    page.reload()  # a link shows the same
    page.locator(".search .brush").wait_for()
    assert out == page.locator(".trial.out").count()
    page.get_by_role("button", name="select them").click()
    until(page, f"ledger.view.tab === 'overview' && ledger.view.sel.length === {23 - out}")


@pytest.mark.parametrize("of", ["table", "runs"])
def test_the_review_says_what_the_numbers_support(
    page: Any, serve: Serve, runs: Path, of: str
) -> None:
    page.goto(f"{serve(REAL / 'random') if of == 'table' else serve(cwd=runs)}#tab=review")
    page.get_by_role("heading", name="Decision supported?").wait_for()
    text = page.locator(".review").inner_text()
    assert "Did it overfit?" in text
    assert f"{10 if of == 'table' else 6} candidates" in text
    best = page.locator(".review th[scope=row] button").first
    name = best.inner_text()
    best.click()
    page.locator(".run h2", has_text=name).first.wait_for()


def test_a_person_may_say_which_way_is_better_where_only_a_name_does(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    Grown(tmp_path / "log.csv")
    page.goto(f"{serve(tmp_path / 'log.csv')}#tab=review&metric=val_loss")
    page.get_by_text("Nothing but its name says which way val_loss is better").wait_for()
    page.get_by_role("button", name="more is better").click()
    wait_for(page, "val_loss, more is better")
    page.reload()
    wait_for(page, "val_loss, more is better")
    page.get_by_role("button", name="Overview").click()
    until(page, "document.querySelector('table.candidates tbody tr').dataset.id === '05'")
    page.goto(page.url.replace("metric=val_loss", "metric=loss&tab=review"))
    page.get_by_text("which way loss is better").wait_for()


def test_a_review_that_was_overtaken_says_so(page: Any, serve: Serve, tmp_path: Path) -> None:
    shutil.copytree(REAL / "random", tmp_path / "sweep")
    (table,) = (tmp_path / "sweep").glob("*.csv")
    page.goto(f"{serve(table.parent)}#tab=review")
    page.get_by_role("heading", name="Decision supported?").wait_for()
    overtaken = page.locator(".review [role=status]")
    assert not overtaken.is_visible()
    last = table.read_text().splitlines()[-1]
    with table.open("a") as file:
        file.write(last.replace("09,8,", "09,9,", 1) + "\n")
    overtaken.wait_for()
    page.get_by_role("button", name="look again").click()
    page.get_by_role("heading", name="Decision supported?").wait_for()
    assert not overtaken.is_visible()


def test_a_table_that_is_not_there_yet_is_waited_for(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    page.goto(serve(tmp_path / "later.csv"))
    page.get_by_text("Waiting for the first row").wait_for()
    Grown(tmp_path / "later.csv")
    wait_for(page, "6 trials")


def test_a_table_that_is_cut_replaced_or_gone_is_followed(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    table = Grown(tmp_path / "s.csv")
    page.goto(serve(table.path))
    wait_for(page, "6 trials")
    table.path.write_text(f"{HEADER}\n{Grown.line(0, 0)}\n{Grown.line(0, 1)}\n")
    wait_for(page, "1 trials")
    Grown(tmp_path / "new.csv", n_trials=3)
    os.replace(tmp_path / "new.csv", table.path)
    wait_for(page, "3 trials")
    table.path.unlink()
    page.get_by_text("What was here is gone").wait_for()


def test_runs_that_a_change_of_the_branch_takes_away_are_told_and_come_back(
    page: Any, serve: Serve, runs: Path
) -> None:
    page.goto(serve(cwd=runs))
    wait_for(page, "6 runs")
    own = page.evaluate("[...ledger.data.candidates.keys()]")
    page.evaluate(f"ledger.view.set({{sel: {own[:2]}}})")
    month = next(each for each in (runs / "ledger").iterdir() if (each / own[0]).exists())
    (month / own[0]).rename(runs / own[0])
    wait_for(page, "5 runs")
    page.locator(
        "#said", has_text=f"not in the files, perhaps on another branch: {own[0]}"
    ).wait_for()
    month.rename(runs / "away")
    page.get_by_text("What was here is gone").wait_for()
    (runs / "away").rename(month)
    (runs / own[0]).rename(month / own[0])
    wait_for(page, "6 runs")
    page.locator("th[data-column='p.lr']").wait_for()  # with what makes them comparable
    assert "val_acc" in page.locator("th[data-column=value]").inner_text()
    assert "" == page.locator("#said").inner_text()


def test_a_server_that_is_gone_is_told(page: Any, serve: Serve, tmp_path: Path) -> None:
    table = Grown(tmp_path / "s.csv")
    page.goto(serve(table.path))
    wait_for(page, "6 trials")
    serve.processes[0].kill()  # type: ignore[attr-defined]
    page.get_by_text("the server does not answer").wait_for()
    assert 6 == len(ids(page))


def test_an_open_page_finds_a_server_that_was_started_again(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    table = Grown(tmp_path / "s.csv")
    address = serve(table.path)
    page.goto(address)
    wait_for(page, "6 trials")
    page.goto(f"{address}#top=3")
    first = serve.processes[0]  # type: ignore[attr-defined]
    first.kill()
    first.wait(30)
    page.get_by_text("the server does not answer").wait_for()
    table.add_trial()  # while nobody looked
    page.get_by_role("button", name="Review").click()
    page.locator(".review .trouble").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".run .trouble").wait_for()
    serve(table.path, port=address.rpartition(":")[2].strip("/"))
    page.locator(".run h2", has_text="00").wait_for()
    page.get_by_role("button", name="Review").click()
    page.get_by_text("which way val_loss is better").wait_for()
    page.get_by_role("button", name="Overview").click()
    wait_for(page, "7 trials")
    table.add_trial()
    wait_for(page, "8 trials")
    assert "top=3" in page.url


def test_a_page_that_opens_before_its_board_is_there_goes_on_by_itself(
    page: Any, serve: Serve, runs: Path
) -> None:
    (runs / "other").mkdir()
    later = add_run(make_project(runs / "other").root, "later", epochs(val_acc=[0.5]))
    page.goto(f"{serve(cwd=runs)}?board={later}")
    page.get_by_role("alert").wait_for()
    add_run(runs, "later", epochs(val_acc=[0.5]))
    wait_for(page, "7 runs")


def test_a_page_with_a_token_goes_on_without_it_in_the_address(
    page: Any, serve: Serve, tmp_path: Path, chromium: Any
) -> None:
    tables = [Grown(tmp_path / name) for name in ("a.csv", "b.csv")]
    addresses = [serve(table.path, "--host", "0.0.0.0") for table in tables]  # noqa: S104
    for address in addresses:
        page.goto(address)
        wait_for(page, "6 trials")
    page.goto(addresses[0].partition("?")[0])  # the other server's token took nothing away
    wait_for(page, "6 trials")
    tables[0].add_trial()
    wait_for(page, "7 trials")
    stranger = chromium.new_page()
    assert 403 == stranger.goto(addresses[0].partition("?")[0]).status
    stranger.close()


def test_the_page_is_served_on_ipv6_too(page: Any, serve: Serve, tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 here")
    page.goto(serve(Grown(tmp_path / "s.csv").path, "--host", "::1"))
    wait_for(page, "6 trials")


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_a_server_that_is_ended_ends_well_under_an_open_page(
    page: Any, serve: Serve, tmp_path: Path, signal_name: str
) -> None:
    page.goto(serve(Grown(tmp_path / "s.csv").path))
    wait_for(page, "6 trials")
    process = serve.processes[0]  # type: ignore[attr-defined]
    process.send_signal(getattr(signal, signal_name))
    said = process.communicate(timeout=30)[1]
    assert (0, "") == (process.returncode, said)


def test_a_newer_run_offers_itself(
    page: Any, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_repository(tmp_path))
    monkeypatch.setenv("LEDGER_QUIET", "1")
    monkeypatch.setenv("LEDGER_STATE_DIR", str(tmp_path / "state"))
    with ledger.start("first") as run:
        run.log(epoch=0, loss=1.0)
        page.goto(serve("--latest", cwd=tmp_path))
        wait_for(page, "1 running")
        with ledger.start("second") as other:
            other.log(epoch=0, loss=0.5)
            page.locator(".newer", has_text="second").click()
            wait_for(page, "2 running")
    wait_for(page, "2 finished")


def test_a_page_that_was_opened_before_any_run_opens_the_first(
    page: Any, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_QUIET", "1")
    monkeypatch.setenv("LEDGER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    page.goto(serve("--latest", cwd=tmp_path / "elsewhere"))
    page.get_by_text("Waiting for the first run").wait_for()
    monkeypatch.chdir(make_repository(tmp_path))
    with ledger.start("first") as run:
        run.log(epoch=0, loss=1.0)
        wait_for(page, "1 running")
        with ledger.start("second"):
            page.locator(".newer", has_text="second").wait_for()


def test_a_writer_that_fell_silent_is_told(
    page: Any, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_repository(tmp_path))
    monkeypatch.setenv("LEDGER_QUIET", "1")
    with ledger.start("quiet") as run:
        run.log(epoch=0, loss=1.0)
        os.utime(run.dir / "metrics.csv", (0, run.dir.stat().st_mtime - 600))
        page.goto(serve(cwd=run.dir))
        page.locator(".state", has_text="silent for 10 min").wait_for()


def test_the_page_needs_nothing_from_elsewhere(page: Any, serve: Serve) -> None:
    page.context.route(
        lambda url: not url.startswith("http://127.0.0.1:"), lambda route: route.abort()
    )
    page.goto(serve(REAL / "random"))
    for tab in ("compare", "search", "run", "overview"):
        page.evaluate(f"ledger.view.set({{tab: {tab!r}, sel: ['00', '01']}})")
    page.locator(".u-over").first.wait_for()


@pytest.mark.parametrize(
    "view", ["overview", "compare", "search", "review", "run", "overview&group=1", "compare of six"]
)
def test_assistive_tools_find_no_serious_fault(
    page: Any, serve: Serve, runs: Path, view: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    page.emulate_media(reduced_motion="reduce")
    if view in {"overview", "compare", "search", "review", "run"}:
        page.goto(f"{serve(REAL / 'random')}#tab={view}&sel=00,01&run=00")
    else:
        page.goto(f"{serve(cwd=runs)}#tab={view}")
        until(page, "window.ledger?.data.candidates.size === 6")
    if view == "compare of six":
        page.evaluate("ledger.view.set({tab: 'compare', sel: [...ledger.data.candidates.keys()]})")
        until(page, "document.querySelectorAll('.compare thead th').length === 6")
    page.locator("#page > div > *").first.wait_for()
    until(page, "!document.body.innerText.includes('Looking …')")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            (scheme, each["id"], [node["html"][:90] for node in each["nodes"]][:3])
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
        ]
        assert [] == serious
    assert [] == page.evaluate(MOVING)


def test_a_report_opens_without_a_server_or_a_network(page: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ledger", "report", REAL / "hyperband", "-o"]
    subprocess.run([*map(str, command), tmp_path / "r.html"], check=True)
    page.context.set_offline(True)
    page.goto(f"file://{tmp_path / 'r.html'}")
    wait_for(page, "23 trials")
    page.locator(".u-over").wait_for()
    assert "0019" == ids(page)[0]
    page.get_by_role("button", name="Search").click()
    page.get_by_text("23 of 23 pass").wait_for()
    page.evaluate("ledger.view.set({tab: 'overview', metric: 'val_loss'})")
    page.locator("th[data-column=value]", has_text="val_loss").wait_for()


def test_a_report_takes_along_the_review_and_the_best_and_says_what_it_lacks(
    page: Any, tmp_path: Path, runs: Path
) -> None:
    command = [sys.executable, "-m", "ledger", "report", "-o", str(tmp_path / "r.html")]
    subprocess.run(command, check=True, cwd=runs)
    page.context.set_offline(True)
    page.goto(f"file://{tmp_path / 'r.html'}#tab=review")
    page.get_by_role("heading", name="Decision supported?").wait_for()
    names = page.evaluate("ledger.pages.overview.items().items.map(each => each.id)")

    def look(tab: str, chosen: list[str]) -> None:
        page.evaluate(f"ledger.view.set({{tab: '{tab}', run: '{chosen[0]}', sel: {chosen}}})")

    look("run", names)
    page.locator(".run .note").wait_for()
    look("compare", names[:2])
    page.locator(".compare .sides").wait_for()
    look("compare", [names[1], names[0]])  # the other way round, as the curves then are
    page.locator(f".compare .legend li[data-id='{names[1]}'] .swatch[data-place='0']").wait_for()
    heads = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.compare thead th')].map(each =>"
        " [each.querySelector('button').title, each.querySelector('.swatch').dataset.place]))"
    )
    assert {names[1]: "0", names[0]: "1"} == heads
    look("compare", names[1:3])
    page.locator(".compare .trouble", has_text="not part of the report; of this kind").wait_for()
    look("run", names[5:])
    page.locator(".run .trouble", has_text="`ledger dash` shows it").wait_for()
