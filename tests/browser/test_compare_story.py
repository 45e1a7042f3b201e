"""A race in a real browser: start it, watch it, choose, star, reload, cancel the next one."""

import re
import time

import pytest
from playwright.sync_api import expect

from rnnlm_core import launch
from tests.browser.conftest import ROOT

PATIENCE = 120_000  # milliseconds; three workers start beside two busy cores
SMALL = "hidden=12&embedding=8&batch=8&sequence_length=32&corpus=anbn&lang=en&max_seconds=0.0"
CURVES = """() => {
  const plot = document.querySelector('.live-plot');
  return plot && plot._fullData ? plot._fullData.filter(d => d.mode === 'lines' && d.x.length > 1)
    .map(d => d.x.length) : []; }"""
RANGE = "() => document.querySelector('.live-plot').layout.xaxis.range.map(v => +v)"


@pytest.fixture(scope="module")
def app(server):
    running = server(ROOT / "app.py")
    yield running
    for run in own_runs(running):
        launch.stop_for_good(run)


def own_runs(app):
    return launch.list_runs(app.home / "runs")


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def press_race(tab):
    tab.get_by_role("button", name="Race: RNN, GRU, LSTM").click(timeout=PATIENCE)


def mark(tab, row, x):
    """Click a cell of the table: it is a canvas."""
    canvas = tab.get_by_test_id("stDataFrame").locator("canvas").first
    canvas.scroll_into_view_if_needed(timeout=PATIENCE)
    place = canvas.bounding_box()
    tab.mouse.click(place["x"] + x, place["y"] + 38 + 35 * row + 17)


def test_a_race_from_start_to_answer(app, page):
    tab = page(app, f"compare?{SMALL}&max_steps=120&axis=steps")
    press_race(tab)
    expect(tab.get_by_text(re.compile("[0-3] of 3 done"))).to_be_visible(timeout=PATIENCE)
    runs = own_runs(app)
    assert sorted(run.config().cell for run in runs) == ["gru", "lstm", "rnn"]
    assert {run.origin().kind for run in runs} == {"race"}

    wait_until(lambda: all(launch.status(run).state == "finished" for run in runs), 240)
    answer = tab.get_by_test_id("stMarkdown").filter(has_text="bits per character").first
    expect(answer).to_contain_text("reaches", timeout=PATIENCE)
    expect(answer).to_contain_text("one seed each")
    tab.wait_for_function(f"({CURVES})().length === 3", timeout=PATIENCE)
    for run in runs:
        expect(tab).to_have_url(re.compile(run.id), timeout=PATIENCE)

    tab.reload()  # the address brings them back
    tab.wait_for_function(f"({CURVES})().length === 3", timeout=PATIENCE)

    first = next(run for run in runs if run.config().cell == "gru")  # of its group, by what varies
    mark(tab, 0, x=125)
    wait_until(lambda: first.card().star)
    mark(tab, 0, x=50)
    tab.wait_for_function(f"({CURVES})().length === 2", timeout=PATIENCE)
    tab.wait_for_function(f"() => !location.search.includes('{first.id}')", timeout=PATIENCE)


def test_zoom_is_kept_while_a_race_runs_and_all_of_it_can_be_cancelled(app, page):
    before = {run.id for run in own_runs(app)}
    tab = page(app, f"compare?{SMALL}&max_steps=200000&axis=steps")
    press_race(tab)
    expect(tab.get_by_text(re.compile("[0-3] of 3 done"))).to_be_visible(timeout=PATIENCE)
    runs = [run for run in own_runs(app) if run.id not in before]
    tab.wait_for_function(f"Math.max(0, ...({CURVES})()) > 2", timeout=PATIENCE)
    area = tab.locator(".live-plot .nsewdrag").first.bounding_box()
    tab.mouse.move(area["x"] + area["width"] * 0.1, area["y"] + 60)
    tab.mouse.down()
    tab.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + 200, steps=5)
    tab.mouse.up()
    tab.wait_for_function(f"({RANGE})()[0] > 0", timeout=PATIENCE)
    zoomed, seen = tab.evaluate(RANGE), sum(tab.evaluate(CURVES))
    tab.wait_for_function(f"({CURVES})().reduce((a, b) => a + b, 0) > {seen + 1}",
                          timeout=PATIENCE)
    assert tab.evaluate(RANGE) == zoomed

    tab.get_by_role("button", name="Cancel all").click()
    wait_until(lambda: all(launch.status(run).state in ("stopped", "finished") for run in runs))
    expect(tab.get_by_role("button", name="Cancel all")).to_have_count(0, timeout=PATIENCE)


def test_nothing_goes_sideways_on_a_phone(app, page):
    tab = page(app, "compare?lang=zh", width=390, height=844)
    tab.locator(".live-plot[data-drawn]").first.wait_for(timeout=PATIENCE)
    main = tab.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")
    expect(tab.get_by_role("button", name="竞赛")).to_be_in_viewport()
