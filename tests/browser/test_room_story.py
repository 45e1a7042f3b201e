"""A teacher zooms into a chart of the room, moves a slider, and steps through a matrix."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from rnnlm_ui.i18n import translate

PATIENCE = 30_000
READY = re.compile(".")


def chart(lab: Page, name: str) -> Locator:
    found = lab.get_by_role("img", name=translate("en", f"room.{name}"))
    expect(found).to_have_attribute("data-drawn", READY, timeout=PATIENCE)
    return found


def test_a_slider_keeps_the_zoom_and_the_very_chart(app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "gradients?lab=room&lang=en")
    plot = chart(lab, "alt")
    plot.evaluate("""async (el) => {
      el.mark = 'the same node';
      await Plotly.relayout(el, {'xaxis.range': [10, 40], 'yaxis.range': [-9, 2]});
    }""")
    slider = lab.get_by_role("slider", name=translate("en", "room.slider.gain"))
    for gain in ("1.1", "1.2"):
        slider.press("ArrowRight")
        expect(plot).to_have_attribute("data-drawn", re.compile(gain), timeout=PATIENCE)
    assert plot.evaluate("el => el.mark") == "the same node"
    assert plot.evaluate("el => el._fullLayout.xaxis.range.map(Number)") == [10, 40]
    assert plot.evaluate("el => el._fullLayout.yaxis.range.map(Number)") == [-9, 2]
    expect(lab.get_by_text(re.compile(r"^Over all gains: the edge is at g"))).to_be_visible()


def test_a_slider_that_is_run_up_and_down_never_ends_the_page(
        app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "gradients?lab=room&lang=en")
    plot = chart(lab, "alt")
    slider = lab.get_by_role("slider", name=translate("en", "room.slider.gain"))
    slider.focus()
    for key in ("ArrowRight", "ArrowLeft") * 4:
        for _ in range(6):
            lab.keyboard.press(key, delay=30)
    lab.keyboard.press("ArrowRight")
    expect(plot).to_have_attribute("data-drawn", re.compile("1.1"), timeout=PATIENCE)
    expect(lab.get_by_role("dialog")).to_have_count(0)


def test_the_circle_is_stepped_through_and_the_curve_beside_it_follows(
        app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "gradients?lab=room&room=matrix&lang=en")
    circle = chart(lab, "circle_alt")
    steps = lab.get_by_role("slider", name=translate("en", "component.walk_place"))
    widest = "el => Math.max(...el.data[1].x.map(Math.abs))"
    assert circle.evaluate(widest) == 1
    steps.fill("9")
    lab.wait_for_function(f"(el) => ({widest})(el) > 7.7", arg=circle.element_handle(),
                          timeout=PATIENCE)
    expect(lab.get_by_text("k = 9   ‖Wᵏ‖ = 7.77")).to_be_visible()
    # the ring that follows lies where the curve is at k = 9, on its log axis
    curve = chart(lab, "matrix_alt")
    off = curve.evaluate("""(el) => {
      const ring = el.parentElement.querySelector('.live-plot-cursor');
      const { xaxis: x, yaxis: y } = el._fullLayout;
      const middle = (side, size) =>
        parseFloat(ring.style[side]) + parseFloat(ring.style[size]) / 2;
      return ring.hidden ? 1e9 : Math.hypot(
        middle('left', 'width') - x._offset - x.d2p(9),
        middle('top', 'height') - y._offset - y.d2p(el.data[0].y[9]));
    }""")
    assert off < 2


def test_the_cobweb_is_a_square_on_a_phone_and_nothing_scrolls_sideways(
        app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "gradients?lab=room&room=unit&lang=en", width=390, height=844)
    web = chart(lab, "cobweb_alt")
    width, height = web.evaluate(
        "el => [el._fullLayout.xaxis._length, el._fullLayout.yaxis._length]")
    assert width == pytest.approx(height, abs=1) and width > 200
    assert lab.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") == 390
