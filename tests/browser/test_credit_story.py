"""Who taught whom in a real browser: pointing at a token recolours the text without the server."""

import re

from playwright.sync_api import expect

PATIENCE = 60_000  # milliseconds; two busy cores load a page in several seconds
FILLED = """() => [...document.querySelectorAll('.coloured-text [data-i]')].map(
  el => !getComputedStyle(el).backgroundColor.endsWith(', 0)'))"""


def test_pointing_shows_what_pulls_and_a_click_keeps_it(app, page):
    tab = page(app, "gradients?lang=en&run=dialogue2-gru&lab=taught")
    letters = tab.locator(".coloured-text [data-i]")
    letters.nth(32).wait_for(timeout=PATIENCE)
    tab.locator(".live-plot[data-drawn]").nth(1).wait_for(timeout=PATIENCE)
    said = tab.get_by_text(re.compile("^The guess of “"))
    before, sentence = tab.evaluate(FILLED), said.text_content()
    assert before[31] and not before[32]

    letters.nth(12).hover()
    tab.wait_for_function(f"() => {{ const f = ({FILLED})(); return f[11] && !f[12] && !f[31]; }}",
                          timeout=PATIENCE)
    assert said.text_content() == sentence  # the server has heard nothing of it
    tab.mouse.move(5, 5)
    tab.wait_for_function(f"was => JSON.stringify(({FILLED})()) === was",
                          arg=str(before).replace("True", "true").replace(
                              "False", "false").replace(" ", ""), timeout=PATIENCE)

    letters.nth(12).click()
    asked = re.escape(letters.nth(12).text_content().replace(" ", "·"))
    expect(tab.get_by_text(re.compile(f"^The guess of “{asked}”"))).to_be_visible(timeout=PATIENCE)
    tab.mouse.move(5, 5)
    tab.wait_for_function(f"() => {{ const f = ({FILLED})(); return f[11] && !f[12] && !f[31]; }}",
                          timeout=PATIENCE)
