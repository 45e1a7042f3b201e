"""Both components in a real Chromium: what stays, what changes, what comes back."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from rnnlm_core.figures.palette import DARK, LIGHT
from rnnlm_ui.i18n import translate

ROOT = Path(__file__).resolve().parents[2]
APP = Path(__file__).with_name("component_app.py")
SAMPLE = "she said \"hello\"\n\tand then 中文，全角。"
PATIENCE = 20_000
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def lab(server: Callable[..., Any]) -> Any:
    return server(APP)


def chart(page: Page, alt: str) -> Locator:
    plot = page.get_by_role("img", name=alt)
    expect(plot).to_have_attribute("data-drawn", re.compile("."), timeout=PATIENCE)
    return plot


def count_bytes(page: Page, into: list[int]) -> None:
    """Writes down the size of every message that the server sends to this page."""
    page.on("websocket", lambda socket: socket.on(
        "framereceived", lambda message: into.append(len(message))))


def x_range(plot: Locator) -> list[float]:
    found: list[float] = plot.evaluate("el => el._fullLayout.xaxis.range.map(Number)")
    return found


def zoom(page: Page, plot: Locator) -> list[float]:
    """Drag over a part of the chart; the range that the reader then sees."""
    before = x_range(plot)
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("([el, old]) => el._fullLayout.xaxis.range[0] > old + 10",
                           arg=[plot.element_handle(), before[0]], timeout=PATIENCE)
    return x_range(plot)


def wait_for_refreshes(page: Page, plot: Locator, count: int) -> None:
    start = int(plot.get_attribute("data-drawn") or 0)
    page.wait_for_function("([el, n]) => Number(el.dataset.drawn) >= n",
                           arg=[plot.element_handle(), start + count], timeout=PATIENCE)


# -- live_plot -------------------------------------------------------------------------------------
def test_ten_refreshes_keep_the_node_and_the_zoom(lab: Any, page: Open) -> None:
    here = page(lab)
    plot = chart(here, "The loss falls.")
    plot.evaluate("el => { el.mine = true; el.querySelector('.main-svg').mine = true }")
    points = plot.evaluate("el => el._fullData[0].x.length")
    zoomed = zoom(here, plot)

    wait_for_refreshes(here, plot, 10)

    assert x_range(plot) == pytest.approx(zoomed)
    assert plot.evaluate("el => el.mine && el.querySelector('.main-svg').mine")
    assert plot.evaluate("el => el._fullData[0].x.length") >= points + 10


def test_zooming_tells_python_the_range_once_checked(lab: Any, page: Open) -> None:
    here = page(lab)
    plot = chart(here, "The loss falls.")
    zoomed = zoom(here, plot)
    expect(here.get_by_text("view: View(")).to_contain_text(f"x=({zoomed[0]}", timeout=PATIENCE)


def test_a_theme_switch_recolours_without_losing_the_zoom(lab: Any, page: Open) -> None:
    here = page(lab)
    plot = chart(here, "The loss falls.")
    zoomed = zoom(here, plot)
    line = "el => el._fullData[1].line.color.toUpperCase()"
    assert plot.evaluate(line) == LIGHT["lstm"]

    here.emulate_media(color_scheme="dark")

    expect(plot).to_have_attribute("data-theme", "dark", timeout=PATIENCE)
    assert plot.evaluate(line) == DARK["lstm"]
    assert x_range(plot) == pytest.approx(zoomed)
    # a text that reads like a colour is a text
    assert "#FFFFFF" in plot.evaluate("el => el._fullLayout.annotations[1].text")


def test_a_refresh_is_small_and_an_unchanged_figure_is_not_sent(lab: Any, page: Open) -> None:
    refreshes: list[int] = []
    live = page(lab, prepare=lambda new: count_bytes(new, refreshes))
    wait_for_refreshes(live, chart(live, "The loss falls."), 4)
    assert max(refreshes) < 30_000

    again: list[int] = []
    still = page(lab, "still", prepare=lambda new: count_bytes(new, again))
    chart(still, "States of 12 units.")
    still.wait_for_timeout(1000)
    assert max(again) > 50_000  # the figure, once
    again.clear()
    still.get_by_role("button", name="again").click()
    still.wait_for_timeout(1500)
    assert 0 < sum(again) < 10_000


def test_the_browser_decides_how_many_columns_fit(lab: Any, page: Open) -> None:
    for width in (1440, 390):
        here = page(lab, "still", width=width)
        plot = chart(here, "States of 12 units.")
        low, high = x_range(plot)
        pixels = plot.evaluate("el => el._fullLayout._size.w")
        assert low == -0.5
        assert pixels / (high - low) == pytest.approx(12, abs=0.6)


def test_a_click_on_a_heatmap_names_row_and_column(lab: Any, page: Open) -> None:
    here = page(lab, "still")
    plot = chart(here, "States of 12 units.")
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    here.mouse.move(box["x"] + 30, box["y"] + box["height"] - 5)  # column 2 of the lowest row
    here.wait_for_timeout(200)
    here.mouse.click(box["x"] + 30, box["y"] + box["height"] - 5)
    expect(here.get_by_text("cell: Point(")).to_contain_text("row=0, column=2", timeout=PATIENCE)


def test_what_is_pointed_at_in_one_view_is_marked_in_the_other(lab: Any, page: Open) -> None:
    here = page(lab, "still")
    plot = chart(here, "States of 12 units.")
    cursor, text = here.locator(".live-plot-cursor").first, here.get_by_role("listbox")
    expect(cursor).to_be_hidden()
    text.locator("span[data-i='7']").hover()
    expect(cursor).to_be_visible()
    area, marked = plot.locator(".nsewdrag").first.bounding_box(), cursor.bounding_box()
    assert area is not None and marked is not None
    assert marked["x"] - area["x"] == pytest.approx(7 * 12, abs=3)

    here.mouse.move(area["x"] + 30, area["y"] + 20)  # column 2
    expect(text.locator(".pointed")).to_have_attribute("data-i", "2")
    here.mouse.move(area["x"] - 40, area["y"] - 40)
    expect(text.locator(".pointed")).to_have_count(0)
    expect(text.locator("span[data-i='3']")).to_have_css("box-shadow", re.compile("inset"))


def saved(page: Page, frame: Locator, ending: str, key: str = "states") -> bytes:
    frame.hover()
    frame.get_by_role("button", name=translate("en", "component.save")).click()
    with page.expect_download(timeout=PATIENCE) as download:
        frame.get_by_role("button", name=ending, exact=True).click()
    assert download.value.suggested_filename == f"unroll-{key}.{ending.lower()}"
    return Path(download.value.path()).read_bytes()


def test_a_chart_is_saved_as_picture_page_and_numbers(lab: Any, page: Open, tmp_path: Path
                                                      ) -> None:
    here = page(lab, "still")
    chart(here, "States of 12 units.")
    frame = here.locator(".live-plot-frame").first
    assert saved(here, frame, "PNG").startswith(b"\x89PNG")
    assert saved(here, frame, "SVG").startswith(b"<svg")
    lines = saved(here, frame, "CSV").decode("utf-8-sig").splitlines()
    assert lines[0] == "trace,x,x_label,y,y_label,z,text" and len(lines) == 1 + 12 * 390
    value = float(lines[1 + 390 * 2 + 5].split(",")[5])  # unit 3 over character 5
    assert value == pytest.approx(math.sin(3 * 5 / 17), abs=1e-6)

    alone = tmp_path / "chart.html"
    alone.write_bytes(saved(here, frame, "HTML"))
    here.context.set_offline(True)
    here.goto(alone.as_uri())
    expect(here.locator("#chart .heatmaplayer")).to_be_attached(timeout=PATIENCE)
    expect(here.get_by_text("States of 12 units.")).to_be_visible()


def test_the_numbers_of_a_chart_have_its_axes_titles_and_its_points_names(
        lab: Any, page: Open) -> None:
    here = page(lab)
    chart(here, "Five points.")
    frame = here.locator(".live-plot-frame").filter(has=here.get_by_label("Five points."))
    lines = saved(here, frame, "CSV", "dots").decode("utf-8-sig").splitlines()
    assert list(csv.reader(lines)) == [
        ["trace", "x: shut: share of time below 0.1", "x_label", "y: open, in %", "y_label", "z",
         "text"],
        ["hover", "0.25", "", "1", "", "", "unit 3, o"],
        ["both", "0.5", "", "2", "", "", "a · 0.5"], ["both", "0.75", "", "3", "", "", "b · 1.5"],
        ["data", "1", "", "4", "", "", "unit 9 · 7"], ["one for all", "1", "", "5", "", "", "best"]]


def test_a_chart_behind_a_tab_is_drawn_when_it_is_shown(lab: Any, page: Open) -> None:
    here = page(lab, "still")
    chart(here, "States of 12 units.")
    here.get_by_role("tab", name="two").click()
    plot = chart(here, "Behind a tab.")
    assert plot.evaluate("el => el._fullLayout.width") > 300


def test_a_narrow_screen_gets_short_labels_and_nothing_sticks_out(lab: Any, page: Open) -> None:
    here = page(lab, width=390)
    plot = chart(here, "The loss falls.")
    texts = plot.evaluate("el => el._fullLayout.annotations.map(a => a.text)")
    assert texts == ["RNN", "LSTM"]
    assert plot.evaluate("el => el._fullLayout.margin.r") == 60
    assert here.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") == 390

    here.set_viewport_size({"width": 1000, "height": 900})
    here.wait_for_function("el => el._fullLayout.annotations[0].text === 'RNN 1.00 bits'",
                           arg=plot.element_handle(), timeout=PATIENCE)


def test_a_script_that_does_not_load_leaves_a_sentence_until_it_does(lab: Any, page: Open
                                                                     ) -> None:
    script = "**/plotly.min.js"
    here = page(lab, prepare=lambda new: new.route(script, lambda route: route.abort()),
                allowed=("ERR_FAILED",))
    sentence = here.locator(".live-plot-note").filter(
        has_text=translate("en", "component.plot_failed"), visible=True)
    expect(sentence.first).to_be_visible(timeout=PATIENCE)
    here.unroute(script)
    chart(here, "The loss falls.")  # this one moves, another on the page is drawn once
    expect(sentence).to_have_count(0, timeout=PATIENCE)


@pytest.mark.parametrize("path", ["", "still"])
def test_it_works_under_a_base_path(server: Callable[..., Any], page: Open, path: str) -> None:
    under = server(APP, base_path="lab")
    here = page(under, path)
    chart(here, "States of 12 units." if path else "The loss falls.")
    # and after a walk to another page, when the address has changed under the loaded script
    here.get_by_role("link", name="Plots" if path else "Still").click()
    chart(here, "The loss falls." if path else "States of 12 units.")


# -- coloured_text ---------------------------------------------------------------------------------
def sample(page: Page) -> Locator:
    box = page.get_by_role("listbox", name="A sample")
    expect(box).to_be_visible(timeout=PATIENCE)
    return box


@pytest.mark.parametrize("index", [0, 9, 16, len(SAMPLE) - 1])
def test_a_click_returns_the_index(lab: Any, page: Open, index: int) -> None:
    here = page(lab, "text")
    sample(here).locator(f"span[data-i='{index}']").click(position={"x": 3, "y": 8})
    expect(here.get_by_text("clicked:")).to_have_text(f"clicked: {index}", timeout=PATIENCE)
    expect(sample(here).locator("[aria-selected=true]")).to_have_attribute("data-i", str(index))


def test_the_arrow_keys_walk_through_the_text(lab: Any, page: Open) -> None:
    here = page(lab, "text")
    sample(here).focus()
    for _ in range(5):
        here.keyboard.press("ArrowRight")
    expect(here.get_by_text("clicked:")).to_have_text("clicked: 4", timeout=PATIENCE)
    expect(here.get_by_role("tooltip")).to_be_visible()
    here.keyboard.press("ArrowDown")  # into the second line, under the fifth column
    expect(sample(here).locator("[aria-selected=true]")).not_to_have_attribute("data-i", "4")
    here.keyboard.press("Home")
    here.keyboard.press("ArrowLeft")
    expect(here.get_by_text("clicked:")).to_have_text("clicked: 0", timeout=PATIENCE)


def test_text_is_shown_letter_by_letter_and_never_runs(lab: Any, page: Open) -> None:
    here = page(lab, "text")
    hostile = here.get_by_role("listbox").filter(has_text="onerror")
    expect(hostile).to_have_text(
        "<b>bold</b> <img src=x onerror='window.__pwn=1'> <script>window.__pwn=1</script>",
        timeout=PATIENCE)
    hostile.locator("span[data-i='3']").hover()
    expect(here.get_by_role("tooltip")).to_contain_text("<img src=x")
    here.get_by_role("button", name="fail").click()
    expect(here.get_by_role("alert")).to_contain_text(
        "![x](http://outside.test/p.png) :red[a] $b$ <i>", timeout=PATIENCE)
    assert here.evaluate("window.__pwn") is None

    plots = page(lab)
    plot = chart(plots, "The loss falls.")
    assert "<img src=x onerror=" in (plot.locator(".gtitle").text_content() or "")
    assert plots.evaluate("window.__pwn") is None


def test_a_growing_text_only_appends(lab: Any, page: Open) -> None:
    here = page(lab, "text")
    box = here.get_by_role("listbox").filter(has_text="abcde").last
    expect(box).to_be_visible(timeout=PATIENCE)
    first = box.locator("span[data-i='0']")
    first.evaluate("el => { el.mine = true }")
    before = box.locator("span[data-i]").count()
    here.wait_for_function("([el, n]) => el.querySelectorAll('span[data-i]').length >= n",
                           arg=[box.element_handle(), before + 10], timeout=PATIENCE)
    assert first.evaluate("el => el.mine")


@pytest.mark.parametrize("calm", [False, True])
def test_typing_out_ends_and_honours_reduced_motion(lab: Any, page: Open, calm: bool) -> None:
    here = page(lab, "text", reduced_motion="reduce" if calm else "no-preference")
    box = here.get_by_role("listbox").filter(has_text="typed out")
    expect(box).to_be_visible(timeout=PATIENCE)
    if calm:
        assert box.locator(".later").count() == 0
    expect(box.locator(".later")).to_have_count(0, timeout=PATIENCE)


def test_fills_follow_the_theme(lab: Any, page: Open) -> None:
    here = page(lab, "text")
    last = sample(here).locator("span[data-i]").last
    colour = "el => getComputedStyle(el).backgroundColor"
    assert last.evaluate(colour).startswith("rgba(194, 37, 92")
    here.emulate_media(color_scheme="dark")
    expect(last).to_have_css("background-color", "rgba(255, 111, 156, 0.62)", timeout=PATIENCE)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["still", "text"])
def test_axe_finds_nothing(lab: Any, page: Open, theme: str, path: str) -> None:
    here = page(lab, path, theme=theme)
    expect(here.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
    here.wait_for_timeout(1500)
    results = Axe().run(here, context=".stBidiComponent, [data-testid=stBidiComponent]")
    broken = [(v["id"], [n["html"][:120] for n in v["nodes"]][:2])
              for v in results.response["violations"]]
    assert broken == [], json.dumps(broken, indent=1)


# -- app.py ----------------------------------------------------------------------------------------
def test_the_first_link_to_a_fresh_server_enters_through_the_app(server: Callable[..., Any],
                                                                 page: Open) -> None:
    here = page(server(ROOT / "app.py"), "gradients", locale="zh-CN")
    expect(here.get_by_test_id("stTopNavLink").first).to_be_visible(timeout=PATIENCE)
    expect(here.get_by_role("link", name=translate("zh", "nav.gradients"))).to_be_visible()


# -- session ---------------------------------------------------------------------------------------
def test_the_address_brings_language_run_and_settings_and_keeps_them(lab: Any, page: Open) -> None:
    here = page(lab, "text?lang=zh&run=names-lstm&hidden=32")
    said = here.get_by_text("language zh, run names-lstm, hidden 32")
    expect(said).to_be_visible(timeout=PATIENCE)
    here.get_by_role("link", name="Still").click()
    expect(here).to_have_url(re.compile("still.*hidden=32"), timeout=PATIENCE)
    here.get_by_role("link", name="Text").click()
    expect(said).to_be_visible(timeout=PATIENCE)
    expect(here).to_have_url(re.compile("text.*lang=zh"), timeout=PATIENCE)


@pytest.mark.parametrize("query", ["lang=xx", "run=../../etc", "hidden=abc", "hidden=-1", "cell=x"])
def test_a_broken_address_gives_the_defaults(lab: Any, page: Open, query: str) -> None:
    here = page(lab, f"text?{query}")
    expect(here.get_by_text("language en, run None, hidden 256")).to_be_visible(timeout=PATIENCE)


def test_the_switch_changes_the_language_and_the_address(lab: Any, page: Open) -> None:
    here = page(lab, "text", locale="zh-CN")
    expect(here.get_by_text("language zh")).to_be_visible(timeout=PATIENCE)
    here.get_by_test_id("stExpandSidebarButton").click()
    here.get_by_role("radio", name="English").click()
    expect(here.get_by_text("language en")).to_be_visible(timeout=PATIENCE)
    expect(here).to_have_url(re.compile("lang=en"), timeout=PATIENCE)
    here.get_by_role("radio", name="中文").click()  # and back, against what the address says
    expect(here.get_by_text("language zh")).to_be_visible(timeout=PATIENCE)
    expect(here).to_have_url(re.compile("lang=zh"), timeout=PATIENCE)
