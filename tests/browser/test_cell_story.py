"""A reader follows one gate to one element, forwards, and finds it again backwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from rnnlm_ui.i18n import translate

PATIENCE = 30_000


def drawn(lab: Page, name: str) -> Locator:
    plot = lab.get_by_role("img", name=re.compile(name))
    expect(plot).to_have_attribute("data-theme", re.compile("."), timeout=PATIENCE)
    return plot


def press_at(lab: Page, plot: Locator, trace: str, row: int, column: int) -> None:
    """A click on one entry of the heatmap whose hover begins so."""
    x, y = plot.evaluate(
        """(el, [name, row, column]) => {
          const trace = el._fullData.find((t) => t.type === 'heatmap'
            && t.hovertemplate.startsWith(name + '['));
          const box = el.getBoundingClientRect(), { xaxis, yaxis } = el._fullLayout;
          return [box.left + xaxis._offset + xaxis.l2p(trace.x0 + column * trace.dx),
                  box.top + yaxis._offset + yaxis.l2p(trace.y0 + row * trace.dy)];
        }""", [trace, row, column])
    lab.mouse.move(x, y)
    lab.mouse.click(x, y)


def test_one_gate_is_followed_to_one_element_and_back(app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "cell?lang=en&run=dialogue2-gru")
    plot = drawn(lab, "^.*After “")
    plot.scroll_into_view_if_needed()

    press_at(lab, plot, "r", 0, 7)
    plot = drawn(lab, "units of gate r")
    plot.scroll_into_view_if_needed()
    press_at(lab, plot, "U<sub>r</sub>", 20, 3)
    answer = lab.get_by_text(re.compile(r"^r\[20\] = σ\("))
    expect(answer).to_be_visible(timeout=PATIENCE)
    expect(lab).to_have_url(re.compile("cell_level=element"), timeout=PATIENCE)
    assert "cell_gate=r" in lab.url and "cell_unit=20" in lab.url

    # one step on in the text, by the keys, and the same element of it
    before = answer.inner_text()
    lab.locator(".coloured-text").focus()
    lab.keyboard.press("ArrowRight")
    expect(answer).not_to_have_text(before, timeout=PATIENCE)

    lab.get_by_text(translate("en", "cell.tool_name.back"), exact=True).click()
    expect(lab.get_by_text(re.compile(r"^δ of r\[20\] is"))).to_be_visible(timeout=PATIENCE)
    expect(lab.get_by_text(re.compile("autograd: .*×10⁻"))).to_be_visible(timeout=PATIENCE)
    lab.get_by_text(translate("en", "cell_step.level_cell"), exact=True).click()
    drawn(lab, "the gradient is ×")


def test_the_outline_goes_where_the_reader_goes(app: Any, page: Callable[..., Page]) -> None:
    """From the second click on it fell back to the letter before."""
    lab = page(app, "cell?lang=en&run=dialogue2-gru")
    drawn(lab, "^.*After “")
    outlined = lab.locator(".coloured-text > [aria-selected=true]")
    for index in ("10", "30", "20"):
        lab.locator(f".coloured-text > [data-i='{index}']").click()
        expect(lab).to_have_url(re.compile(f"cell_place={index}(&|$)"), timeout=PATIENCE)
        expect(lab.locator(".stApp[data-test-script-state=notRunning]")).to_be_visible()
        expect(outlined).to_have_attribute("data-i", index)


def test_a_phone_sees_the_cell_without_scrolling_sideways(
        app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "cell?lang=zh&inside=back", width=390, locale="zh-CN")
    drawn(lab, "往回一步")
    expect(lab.get_by_text(re.compile("自动求导的最大差别"))).to_be_visible(timeout=PATIENCE)
    assert lab.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") == 390
