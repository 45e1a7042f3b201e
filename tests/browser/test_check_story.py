"""Checking a text in a real browser: a character is asked about, and the text is looked at anew."""

import re

from playwright.sync_api import expect

from rnnlm_ui.runs import DIALOGUE

PATIENCE = 60_000  # milliseconds; two busy cores load a page in several seconds


def says(tab, pattern):
    expect(tab.get_by_text(re.compile(pattern)).first).to_be_visible(timeout=PATIENCE)


def test_a_character_is_asked_about_and_the_text_looked_at_for_repeats(app, page):
    tab = page(app, f"generate?lang=en&run={DIALOGUE}&writing=check&check_text=held_out")
    says(tab, r"[Tt]his text surprises it by \d")
    text = tab.locator(".coloured-text").first
    text.locator("span[data-i='9']").click()
    says(tab, "After “paper·lan”")
    says(tab, r"90 % lie with \d+ candidate")
    tab.get_by_text("Repeats", exact=True).first.click()
    says(tab, r"\d %? ?of its 8-grams have stood before in these 500 characters")
    expect(tab).to_have_url(re.compile("check=repeats"), timeout=PATIENCE)
