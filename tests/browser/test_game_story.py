"""The guessing game in a real browser: a bet, a click, a typed word, and the network's turn."""

import re

from playwright.sync_api import expect

PATIENCE = 60_000  # milliseconds


def test_a_guess_is_bet_typed_and_answered_by_the_network(app, page):
    tab = page(app, "generate?lang=en&run=dialogue2-gru&writing=game&game_text=3")
    expect(tab.get_by_text(re.compile("Which character comes next"))).to_be_visible(
        timeout=PATIENCE)
    expect(tab.get_by_text(re.compile("^The network:"))).to_have_count(0)
    shown = tab.get_by_role("listbox", name=re.compile("as far as it is revealed"))
    before = shown.locator("span[data-i]").count()

    box = tab.get_by_role("textbox", name=re.compile("Type what comes next"))
    box.fill("☃")
    box.press("Enter")
    # what the network never saw cannot come: no guess is lost
    expect(tab.get_by_text(re.compile("lacks ☃: no guess was used"))).to_be_visible(
        timeout=PATIENCE)
    assert shown.locator("span[data-i]").count() == before
    box.fill("q")
    box.press("Enter")
    expect(shown.locator("span[data-i]")).to_have_count(before + 1, timeout=PATIENCE)
    expect(tab.get_by_text(re.compile("^The network:"))).to_be_visible()
    expect(box).to_have_value("")

    tab.get_by_role("button", name=re.compile("No idea")).click()
    expect(shown.locator("span[data-i]")).to_have_count(before + 2, timeout=PATIENCE)
    expect(tab.get_by_text(re.compile("after 2 characters"))).to_be_visible(timeout=PATIENCE)
    # a click on the first guess looks at it again
    shown.locator("span[data-i]").nth(before).click()
    expect(tab.get_by_text(re.compile("70 % on “q”"))).to_be_visible(timeout=PATIENCE)
