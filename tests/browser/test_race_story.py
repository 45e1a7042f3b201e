"""A race on the Gradients page in a real browser: start it, watch it, stop it, reload its link."""

import re

import pytest
from playwright.sync_api import expect

from rnnlm_core import launch
from tests.browser.conftest import ROOT
from tests.small_runs import wait_until

PATIENCE = 120_000  # milliseconds; three workers start beside two busy cores
# endless, so that it is the press that ends it; a short text, so that its n-grams are soon counted
SMALL = "race_text=recall:12&race_networks=train&hidden=8&embedding=4&batch=8&sequence_length=16" \
        "&corpus=recall:12&max_characters=12000&race_equal=steps&race_steps=10000"
DRAWN = """() => [...document.querySelectorAll('.live-plot')].map(plot => (plot._fullData || [])
  .filter(d => d.mode && d.mode.startsWith('lines') && d.x.length > 1).length)"""


@pytest.fixture(scope="module")
def app(server):
    running = server(ROOT / "app.py")
    yield running
    for run in launch.list_runs(running.home / "runs"):
        launch.stop_for_good(run)


def test_a_race_fills_four_charts_is_stopped_and_comes_back_by_its_link(app, page):
    tab = page(app, f"gradients?lab=race&lang=en&{SMALL}")
    expect(tab.get_by_text("Who will remember farthest?")).to_be_visible(timeout=PATIENCE)
    tab.wait_for_function(f"({DRAWN})().join() === '4'", timeout=PATIENCE)  # the untrained ones
    tab.get_by_role("button", name="Start the race").click()

    cancel = tab.get_by_role("button", name="Cancel all")
    expect(cancel).to_be_visible(timeout=PATIENCE)
    runs = launch.list_runs(app.home / "runs")
    assert sorted(run.config().cell for run in runs) == ["gru", "lstm", "rnn"]
    assert {run.config().corpus for run in runs} == {"recall:12"}
    # two cores or more: at least two of them move at once
    tab.wait_for_function(f"({DRAWN})().filter(lines => lines >= 2).length === 4",
                          timeout=PATIENCE)
    tab.evaluate("() => document.querySelectorAll('.live-plot').forEach(p => p.mine = true)")
    cancel.click()
    wait_until(lambda: all(launch.status(r).state in ("stopped", "finished") for r in runs))
    expect(cancel).to_have_count(0, timeout=PATIENCE)
    tab.wait_for_function(  # redrawn in place: a chart that was replaced would never be marked
        "() => [...document.querySelectorAll('.live-plot')].filter(p => p.mine).length === 4",
        timeout=PATIENCE)

    group = runs[0].origin().group
    expect(tab).to_have_url(re.compile(f"race={group}"), timeout=PATIENCE)
    tab.reload()
    tab.wait_for_function(f"({DRAWN})().filter(lines => lines >= 2).length === 4",
                          timeout=PATIENCE)
    expect(tab.get_by_test_id("stMarkdown").filter(has_text="12 characters back").first
           ).to_contain_text("guessing gives 25 %")
    expect(tab.get_by_test_id("stMarkdown").filter(has_text="stopped").first).to_be_visible()
