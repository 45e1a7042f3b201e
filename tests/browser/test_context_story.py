"""What a guess hangs on and which unit a dot is, asked for with the mouse in a real browser."""

import re

from playwright.sync_api import expect

PATIENCE = 60_000  # milliseconds; two busy cores load a page in several seconds


def test_a_click_fills_the_text_before_it(app, page):
    tab = page(app, "states?lang=en&run=dialogue2-gru&tool=context&context=pull")
    letters = tab.locator(".coloured-text [data-i]")
    letters.nth(30).click(timeout=PATIENCE)
    asked = letters.nth(30).text_content().replace(" ", "·")
    expect(tab.get_by_text(re.compile(f"^“{re.escape(asked)}” after"))).to_be_visible(
        timeout=PATIENCE)
    tab.wait_for_function("""() => {
      const filled = i => !getComputedStyle(document.querySelector(
        `.coloured-text [data-i='${i}']`)).backgroundColor.endsWith(', 0)');
      return filled(29) && !filled(31); }""", timeout=PATIENCE)


def test_a_click_on_a_dot_chooses_its_unit(app, page):
    tab = page(app, "states?lang=en&run=names-lstm&tool=gates")
    dots = tab.locator(".live-plot").first.locator(".scatterlayer .trace").nth(1).locator("path")
    lowest = "els => els.map(e => e.getBoundingClientRect()).map(r => r.x + r.width / 2)"
    dots.first.wait_for(timeout=PATIENCE)
    across = dots.evaluate_all(lowest)
    unit = across.index(max(across))  # the most often shut: it stands by itself
    box = dots.nth(unit).bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    tab.locator(".hoverlayer .hovertext").first.wait_for(timeout=PATIENCE)  # Plotly has heard of it
    tab.mouse.down()
    tab.mouse.up()
    expect(tab.get_by_text(re.compile(f"^Chosen: unit f{unit}, open"))).to_be_visible(
        timeout=PATIENCE)
