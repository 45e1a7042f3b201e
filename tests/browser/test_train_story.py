"""One lesson in a real browser: choose, train, watch, zoom, leave, reload, stop, resume."""

import os
import re
import signal
import time

from playwright.sync_api import expect

from rnnlm_core import launch
from tests.browser.conftest import ROOT

PATIENCE = 60_000  # milliseconds; two busy cores load a page in several seconds
POINTS = """() => {
  const plot = document.querySelector('.live-plot');
  return plot && plot._fullData ? plot._fullData[1].x.length : 0; }"""
LAST = POINTS.replace("x.length", "x.at(-1)")
RANGE = "() => document.querySelector('.live-plot').layout.xaxis.range.map(v => +v)"
SMALL = "hidden=16&embedding=8&batch=8&sequence_length=32&max_seconds=600&lang=en"


def own_runs(app):
    return launch.list_runs(app.home / "runs")


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def start_run(app, page, settings=SMALL):
    """Open Train with small settings in the URL, press Start; the page and the run."""
    before = {run.id for run in own_runs(app)}
    tab = page(app, f"train?{settings}")
    tab.get_by_role("button", name="Start").click(timeout=PATIENCE)
    tab.get_by_role("button", name="Pause").wait_for(timeout=PATIENCE)
    run = next(run for run in own_runs(app) if run.id not in before)
    tab.wait_for_function(f"({POINTS})() > 3", timeout=PATIENCE)
    return tab, run


def stop(app):
    for run in own_runs(app):
        launch.stop_for_good(run)


def test_a_lesson_from_start_to_stop(app, page):
    tab, run = start_run(app, page)
    try:
        expect(tab.get_by_text(re.compile(r"bits per character")).first).to_be_visible()
        seen = tab.evaluate(LAST)  # the step: how many points are drawn is bounded
        tab.wait_for_function(f"({LAST})() > {seen}", timeout=PATIENCE)  # the curve moves

        tab.get_by_role("link", name="Data").first.click()  # another page and back
        tab.locator("h1", has_text="read").wait_for(timeout=PATIENCE)
        tab.get_by_role("link", name="Train").first.click()
        tab.get_by_role("button", name="Pause").wait_for(timeout=PATIENCE)

        expect(tab).to_have_url(re.compile(f"run={run.id}"), timeout=PATIENCE)
        tab.reload()  # the address brings the run back
        tab.get_by_role("button", name="Pause").wait_for(timeout=PATIENCE)
        tab.wait_for_function(f"({LAST})() > {seen}", timeout=PATIENCE)

        tab.get_by_role("button", name="Pause").click()
        wait_until(lambda: launch.status(run).state == "paused")
        tab.get_by_role("button", name="Resume").wait_for(timeout=PATIENCE)
        paused_at = launch.status(run).step
        tab.get_by_role("button", name="One step").click()
        wait_until(lambda: launch.status(run).step == paused_at + 1)

        tab.get_by_role("button", name="Stop").click()
        wait_until(lambda: launch.status(run).state == "stopped")
        tab.get_by_role("button", name="Start").wait_for(timeout=PATIENCE)
        expect(tab.get_by_text(re.compile("Stopped at step"))).to_be_visible(timeout=PATIENCE)
    finally:
        stop(app)


def test_zoom_and_chart_stay_while_training_and_the_zoom_when_it_ends(app, page):
    tab, run = start_run(app, page)
    try:
        tab.evaluate("document.querySelector('.live-plot').dataset.mark = 'same node'")
        area = tab.locator(".live-plot .nsewdrag").first.bounding_box()
        tab.mouse.move(area["x"] + area["width"] * 0.2, area["y"] + 90)
        tab.mouse.down()
        tab.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + 260, steps=5)
        tab.mouse.up()
        tab.wait_for_function(f"({RANGE})()[0] > 0", timeout=PATIENCE)
        zoomed = tab.evaluate(RANGE)
        for _ in range(10):  # ten refreshes that really brought something
            seen = tab.evaluate(LAST)
            tab.wait_for_function(f"({LAST})() > {seen}", timeout=PATIENCE)
            assert tab.evaluate(RANGE) == zoomed
        mark = tab.evaluate("document.querySelector('.live-plot').dataset.mark")
        assert mark == "same node"
        launch.wish(run, "stop")  # the page is laid out anew, with the settings above
        tab.get_by_role("button", name="Start").wait_for(timeout=PATIENCE)
        tab.wait_for_function("document.querySelector('.live-plot')?.dataset.mark === undefined",
                              timeout=PATIENCE)
        seen_from = "document.querySelector('.live-plot')?.layout?.xaxis.range[0]"
        tab.wait_for_function(f"{seen_from} === {zoomed[0]}", timeout=PATIENCE)
        tab.get_by_role("link", name="Data").first.click()
        tab.locator("h1", has_text="read").wait_for(timeout=PATIENCE)
        tab.wait_for_timeout(3_500)  # who comes back later sees the whole curve again
        tab.get_by_role("link", name="Train").first.click()
        tab.wait_for_function(f"{seen_from} <= 0", timeout=PATIENCE)
    finally:
        stop(app)


def test_training_goes_on_without_the_tab_and_without_the_server(server, page):
    app = server(ROOT / "app.py")
    tab, run = start_run(app, page)
    try:
        tab.goto("about:blank")
        step = launch.status(run).step
        wait_until(lambda: launch.status(run).step > step + 5)
        os.kill(app.process.pid, signal.SIGKILL)
        app.process.wait()
        step = launch.status(run).step
        wait_until(lambda: launch.status(run).step > step + 5)
    finally:
        stop(app)


def test_a_killed_worker_is_lost_and_resumes(app, page):
    tab, run = start_run(app, page)
    try:
        wait_until(lambda: len(list(run.checkpoints.glob("*.safetensors"))) > 1)
        os.kill(launch.status(run).pid, signal.SIGKILL)
        resume = tab.get_by_role("button", name="Resume")
        expect(tab.get_by_text(re.compile("ended without a word"))).to_be_visible(timeout=PATIENCE)
        resume.click()
        wait_until(lambda: launch.status(run).state == "running")
        tab.get_by_role("button", name="Pause").wait_for(timeout=PATIENCE)
    finally:
        stop(app)


def test_a_diverging_run_says_so_and_keeps_its_weights(app, page):
    settings = SMALL + "&learning_rate=100.0&optimizer=sgd&clip_norm=0.0&schedule=constant" \
                       "&cell=rnn&activation=relu&warm_up_steps=0"
    tab = page(app, f"train?{settings}")
    tab.get_by_role("button", name="Start").click(timeout=PATIENCE)
    expect(tab.get_by_text(re.compile("stopped being a number at step"))).to_be_visible(
        timeout=PATIENCE)
    run = own_runs(app)[0]
    assert launch.status(run).state == "diverged"
    assert (run.checkpoints / "latest.json").is_file()


def test_settings_that_cannot_work_are_one_sentence(app, page):
    tab = page(app, "train?lang=en&hidden=2048&layers=4&batch=1024&sequence_length=1024")
    tab.get_by_role("button", name="Start").click(timeout=PATIENCE)
    expect(tab.get_by_text(re.compile("the limit is"))).to_be_visible(timeout=PATIENCE)
    assert tab.get_by_text("Traceback").count() == 0
