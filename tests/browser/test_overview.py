"""The table and the curves, while rows come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from browser.tables import Grown, ids, until, wait_for


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Serve = Callable[..., str]

ROW = "table.candidates tbody tr[data-id='{}']"


@pytest.fixture
def table(tmp_path: Path) -> Grown:
    return Grown(tmp_path / "sweep.csv")


def five_updates(page: Any, table: Grown) -> None:
    """Let five rows come, the third with a new trial."""
    for number in range(5):
        if number == 2:
            new = table.add_trial(1)
            page.locator(ROW.format(new)).wait_for()
        else:
            table.add(table.line(0, 100 + number) + "\n")
            until(page, f"ledger.data.candidates.get('00').position === {100 + number}")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 900)))")


def x_range(page: Any) -> list[float]:
    found: list[float] = page.evaluate(
        "(({ min, max }) => [min, max])(ledger.pages.overview.curves.chart.plot.scales.x)"
    )
    return found


def drag_zoom(page: Any) -> list[float]:
    box = page.locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 60, steps=4)
    page.mouse.up()
    until(page, "ledger.view.zoom.length === 2")
    until(page, "ledger.pages.overview.curves.chart.plot.scales.x.min === ledger.view.zoom[0]")
    return x_range(page)


def test_the_best_of_a_metric_whose_more_is_better_is_the_greatest(
    page: Any, serve: Serve, table: Grown
) -> None:
    page.goto(f"{serve(table.path)}#metric=val_acc")
    assert "00" == page.locator("tr.best").get_attribute("data-id")
    assert ["00", "01", "02", "03", "04", "05"] == ids(page)
    shown = page.locator("table.candidates tbody td.num:nth-child(3)").all_inner_texts()
    assert 1 == len({len(each.partition(".")[2]) for each in shown})  # one beneath the other
    best = float(page.locator("tr.best td.num").first.inner_text())
    assert best == pytest.approx(1 - (0.2 + 2.718281828 ** (-12 / 4)) / 3, abs=1e-4)


def test_the_best_of_a_metric_whose_less_is_better_is_the_smallest(
    page: Any, serve: Serve, table: Grown
) -> None:
    page.goto(serve(table.path))
    head = page.locator("th[data-column=value]")
    assert ("val_loss", "ascending") == (
        head.inner_text().split()[0],
        head.get_attribute("aria-sort"),
    )
    assert "00" == page.locator("tr.best").get_attribute("data-id")


def test_names_that_hold_a_metrics_name_are_no_metrics(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    rows = [f"0{t},{e},{t + 1},0.{t},{1 / (e + t + 1)}" for t in range(3) for e in range(4)]
    text = "\n".join(["trial_id,epoch,grad_accum,loss_weight,val_loss", *rows, ""])
    (tmp_path / "s.csv").write_text(text)
    page.goto(serve(tmp_path / "s.csv"))
    page.locator("tr.best").wait_for()
    metrics = page.get_by_label("metric", exact=True).locator("option").all_inner_texts()
    assert ["val_loss"] == metrics
    assert page.locator("th[data-column='p.grad_accum']").is_visible()
    assert "taken for params: grad_accum, loss_weight" in page.locator("#said").inner_text()


def test_zoom_stays_while_rows_come(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    page.locator(".u-over").wait_for()
    zoom = drag_zoom(page)
    five_updates(page, table)
    assert zoom == x_range(page)
    page.get_by_role("button", name="whole curves").click()
    until(page, "ledger.pages.overview.curves.chart.plot.scales.x.max > 100")


def test_zoom_stays_when_the_metric_changes(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    page.locator(".u-over").wait_for()
    zoom = drag_zoom(page)
    page.get_by_label("metric", exact=True).select_option("val_acc")
    page.locator("th[data-column=value]", has_text="val_acc").wait_for()
    until(page, "ledger.pages.overview.curves.chart.what.title === 'val_acc'")
    assert zoom == x_range(page)


def test_without_a_zoom_the_curves_grow_into_view(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    page.locator(".u-over").wait_for()
    table.add(table.line(0, 200) + "\n")
    until(page, "ledger.pages.overview.curves.chart.plot.scales.x.max >= 200")


def test_order_and_selection_stay_while_rows_come(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    page.locator("th[data-column='p.lr'] button").click()
    page.locator(ROW.format("03")).get_by_role("checkbox").click()
    page.locator("th[data-column='p.lr'][aria-sort=ascending]").wait_for()
    before = ids(page)
    five_updates(page, table)
    assert before == [each for each in ids(page) if each != "06"]
    assert page.locator(ROW.format("03")).get_by_role("checkbox").is_checked()
    assert "ascending" == page.locator("th[data-column='p.lr']").get_attribute("aria-sort")


def test_scrolling_and_focus_stay_while_rows_come(page: Any, serve: Serve, tmp_path: Path) -> None:
    table = Grown(tmp_path / "many.csv", n_trials=90, n_epochs=2)
    page.goto(serve(table.path))
    page.locator(ROW.format("60")).wait_for()
    page.evaluate("document.querySelector('.left .scroll').scrollTop = 700")
    page.locator(ROW.format("40")).focus()
    before = page.evaluate("document.querySelector('.left .scroll').scrollTop")
    five_updates(page, table)
    assert before == page.evaluate("document.querySelector('.left .scroll').scrollTop")
    assert "40" == page.evaluate("document.activeElement.dataset.id")


def test_a_line_without_its_end_is_never_shown(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    wait_for(page, "6 trials")
    table.add("06,0,0.1,4,0.0,0.")
    written = table.path.stat().st_mtime
    until(page, f"fetch('api/board').then(r => r.json()).then(b => b.written >= {written})")
    assert 6 == len(ids(page))
    table.add("5,0.9\n")
    page.locator(ROW.format("06")).wait_for()
    assert "0.5" in page.locator(ROW.format("06")).inner_text()


def test_a_trial_without_any_number_does_not_break_the_page(
    page: Any, serve: Serve, table: Grown
) -> None:
    table.add("".join(f"06,{epoch},0.1,4,nan,nan,nan\n" for epoch in range(5)))
    page.goto(serve(table.path))
    page.locator(ROW.format("06")).wait_for()
    assert "06" == ids(page)[-1]
    page.locator(ROW.format("06")).get_by_role("checkbox").click()
    page.locator(".legend li", has_text="5× nan or inf").wait_for()
    table.add_trial()
    until(page, "ledger.data.candidates.size >= 7")


def test_the_filter_narrows_by_words_and_conditions(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    wait_for(page, "6 trials")
    page.get_by_label("filter").fill("lr<0.05 units>=8")
    wait_for(page, "of 6 trials")
    assert {"01", "02"} <= {*ids(page)}
    assert "00" not in ids(page)
    page.get_by_label("filter").fill("nothing-is-called-so")
    wait_for(page, "0 of 6 trials")


def test_a_condition_on_another_metric_is_on_its_own_best(
    page: Any, serve: Serve, table: Grown
) -> None:
    page.goto(f"{serve(table.path)}#metric=val_acc&filter=val_loss<0.3")  # at first all are above
    wait_for(page, "1 of 6 trials")
    assert ["00"] == ids(page)


def test_rows_of_a_trial_that_is_new_are_counted_once(
    page: Any, serve: Serve, table: Grown
) -> None:
    page.goto(serve(table.path))
    wait_for(page, "6 trials")
    table.add("".join(f"06,{epoch},0.1,4,0.5,nan,0.9\n" for epoch in range(3)))
    until(page, "ledger.data.recent.length && ledger.data.candidates.has('06')")
    own = page.evaluate(
        "(c => [c.n_rows, ...c.summary.val_loss.slice(5)])(ledger.data.candidates.get('06'))"
    )
    assert [3, 3, 3] == own


def test_no_number_is_rounded_away_beside_a_large_one(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    losses = (0.0012, 0.0034, 1500.25)
    rows = [f"0{t},0,{3735928559 + t},{loss}" for t, loss in enumerate(losses)]
    (tmp_path / "s.csv").write_text("\n".join(["trial_id,epoch,seed,val_loss", *rows, ""]))
    page.goto(serve(tmp_path / "s.csv"))
    wait_for(page, "3 trials")
    texts = [page.locator(ROW.format(f"0{t}")).inner_text() for t in range(3)]
    assert ["0.0012", "0.0034", "1500.3"] == [text.split()[1] for text in texts]
    assert all(str(3735928559 + t) in text for t, text in enumerate(texts))


def test_what_does_not_differ_is_left_out_until_it_is_asked_for(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    rows = [f"0{t},{e},{t},same,{1 / (e + t + 1)}" for t in range(3) for e in range(3)]
    (tmp_path / "s.csv").write_text("\n".join(["trial_id,epoch,units,act,val_loss", *rows, ""]))
    # text that is the same everywhere describes the table; a number that is the same is a param
    text = (tmp_path / "s.csv").read_text().replace("same", "7")
    (tmp_path / "s.csv").write_text(text)
    page.goto(serve(tmp_path / "s.csv"))
    page.locator("th[data-column='p.units']").wait_for()
    assert 0 == page.locator("th[data-column='p.act']").count()
    page.get_by_label("all params").check()
    page.locator("th[data-column='p.act']").wait_for()


@pytest.mark.parametrize("name", ["seed", "data_seed", "random_state"])
def test_whatever_is_called_a_seed_is_grouped_over(
    page: Any, serve: Serve, tmp_path: Path, name: str
) -> None:
    rows = [f"0{t},0,{t},{t % 2},{1 / (t + 1)}" for t in range(4)]
    (tmp_path / "s.csv").write_text("\n".join([f"trial_id,epoch,{name},units,val_loss", *rows, ""]))
    page.goto(f"{serve(tmp_path / 's.csv')}#group=1")
    until(page, "document.querySelectorAll('table.candidates tbody tr').length === 2")


def test_a_pinned_row_stands_first(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    page.locator(ROW.format("05")).focus()
    page.keyboard.press("p")
    page.locator("tr.pinned").wait_for()
    assert "05" == ids(page)[0]


def test_the_keyboard_moves_selects_and_opens(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    page.locator(ROW.format("00")).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    assert "02" == page.evaluate("document.activeElement.dataset.id")
    page.keyboard.press("k")
    page.keyboard.press(" ")
    until(page, "ledger.view.sel.join() === '01'")
    page.keyboard.press("Enter")
    page.locator(".run h2").wait_for()


def test_a_reload_shows_the_same(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(serve(table.path))
    page.get_by_label("metric", exact=True).select_option("val_acc")
    page.get_by_label("filter").fill("units>=8")
    page.get_by_label("log").check()
    page.locator("th[data-column=at] button").click()
    until(page, "ledger.view.sort === 'at' && location.hash.includes('filter')")
    before = ids(page)
    page.reload()
    wait_for(page, "of 6 trials")
    assert before == ids(page)
    assert page.get_by_label("log").is_checked()
    assert "val_acc" == page.get_by_label("metric", exact=True).input_value()


def test_an_address_that_was_cut_still_opens(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(f"{serve(table.path)}#sel=%25&pin=01")
    page.locator("tr.pinned").wait_for()


def test_rows_are_copied_as_csv_and_markdown(page: Any, serve: Serve, table: Grown) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(serve(table.path))
    wait_for(page, "6 trials")
    page.get_by_role("button", name="copy CSV").click()
    page.get_by_text("6 rows copied").wait_for()
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert "trial,val_loss,at,last,epochs,lr,units" == lines[0]
    assert float(lines[1].split(",")[1]) == float(Grown.line(0, 11).split(",")[5])
    page.get_by_role("button", name="copy Markdown").click()
    until(page, "navigator.clipboard.readText().then(t => t.startsWith('| trial |'))")


def test_smoothing_leaves_the_raw_curve_beneath(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(f"{serve(table.path)}#smooth=0.6&top=2")
    page.locator(".u-over").wait_for()
    kinds = page.evaluate("ledger.pages.overview.curves.chart.what.curves.map(c => c.kind)")
    assert ["raw", "main", "train", "raw", "main", "train"] == kinds
    page.locator("table.candidates tbody tr").first.focus()
    page.locator(".card").wait_for()
    lines = page.locator(".card p").all_inner_texts()
    value, smoothed, best = (lines[at].split()[1] for at in range(3))
    assert value == best
    assert smoothed != value


def test_the_rest_is_a_band_and_no_thousand_lines(page: Any, serve: Serve, table: Grown) -> None:
    page.goto(f"{serve(table.path)}#top=2&train=")
    page.locator(".legend", has_text="10th to 90th percentile").wait_for()
    drawn = page.evaluate("ledger.pages.overview.curves.chart.what.curves.map(c => c.id)")
    assert ["00", "01"] == drawn


def test_curves_are_read_by_epoch_or_by_time(page: Any, serve: Serve, tmp_path: Path) -> None:
    rows = [f"0{t},{e},{e * 1.5 + t},{t},{1 / (e + t + 1)}" for t in range(2) for e in range(4)]
    (tmp_path / "s.csv").write_text("\n".join(["trial_id,epoch,time,units,val_loss", *rows, ""]))
    page.goto(serve(tmp_path / "s.csv"))
    page.locator(".u-over").wait_for()
    page.get_by_label("x axis").select_option("time")
    until(page, "ledger.pages.overview.curves.chart.plot.scales.x.max > 5")


@pytest.mark.parametrize(("scheme", "dark"), [("dark", True), ("light", False)])
def test_light_and_dark_follow_the_system(
    page: Any, serve: Serve, table: Grown, scheme: str, dark: bool
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(serve(table.path))
    wait_for(page, "6 trials")
    red = int(
        page.evaluate("getComputedStyle(document.body).backgroundColor").split("(")[1].split(",")[0]
    )
    assert dark == (red < 128)
