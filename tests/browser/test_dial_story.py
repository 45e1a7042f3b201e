"""The memory dial in a real browser: it fills while it trains, a rescue joins, a link brings it."""

import re

from playwright.sync_api import expect

PATIENCE = 120_000  # milliseconds; two busy cores start torch in several seconds
GRID = ".live-plot[aria-label*='Grid of starts and lags']"


def test_a_grid_fills_a_rescue_joins_and_a_link_brings_both(app, page):
    tab = page(app, "gradients?lang=en&lab=dial&dial_lags=5.10&dial_rows=rnn_default&dial_width=16")
    grid = tab.locator(GRID)
    expect(tab.get_by_text("Nothing is trained yet.")).to_be_visible(timeout=PATIENCE)
    expect(grid.get_by_text("r₀").first).to_be_visible(timeout=PATIENCE)

    tab.get_by_role("button", name="Start").click()
    # how far it is, or on a fast machine already that it is done
    expect(grid.get_by_text(re.compile(r"step \d+|\d of 5")).first).to_be_visible(timeout=PATIENCE)
    expect(tab.get_by_text("At lag 10, 0 of 1 start is solved")).to_be_visible(timeout=PATIENCE)
    expect(tab.get_by_role("button", name="Stop")).to_have_count(0, timeout=PATIENCE)

    tab.get_by_role("button", name="RNN: orthogonal").click()
    expect(grid.get_by_text("5 of 5")).to_have_count(3, timeout=PATIENCE)
    expect(tab.get_by_text("At lag 10, 1 of 2 starts are solved")).to_be_visible(timeout=PATIENCE)
    expect(tab).to_have_url(re.compile(r"dial_rows=rnn_default\.rnn_orthogonal"))

    tab.reload()
    expect(tab.get_by_text("At lag 10, 1 of 2 starts are solved")).to_be_visible(timeout=PATIENCE)
    expect(tab.locator(GRID).get_by_text("5 of 5")).to_have_count(3, timeout=PATIENCE)
    expect(tab.get_by_role("button", name="Start")).to_have_count(0)
