"""Winding a run back in a real browser, walking through its moments, and forking from one."""

import re

import pytest
from playwright.sync_api import expect

from rnnlm_core import launch
from rnnlm_core.run.history import entries
from tests.app.inside_pages import trained
from tests.small_runs import wait_until

PATIENCE = 60_000  # milliseconds; two busy cores load a page in several seconds
CURVES = """() => {
  const plot = document.querySelector('.live-plot');
  return plot && plot._fullData ? plot._fullData.map(trace => trace.name) : []; }"""


@pytest.fixture(scope="module")
def run(app):
    return trained(app.home / "runs", max_steps=120)


def slider(tab):
    found = tab.get_by_role("slider", name="Moment")
    found.wait_for(state="attached", timeout=PATIENCE)
    return found


def wind_back(tab, presses):
    for _ in range(presses):
        slider(tab).focus()
        tab.keyboard.press("ArrowLeft")


def at_moment(tab, step):
    tab.wait_for_url(re.compile(rf"[?&]step={step}(&|$)"), timeout=PATIENCE)


def test_a_fork_from_an_earlier_moment(app, run, page):
    kept = [entry.step for entry in entries(run.checkpoints)]
    tab = page(app, f"states?lang=en&run={run.id}&tool=words")
    wind_back(tab, 2)
    at_moment(tab, kept[-3])
    expect(tab.get_by_text(re.compile(f"At step {kept[-3]} this plane"))).to_be_visible(
        timeout=PATIENCE)

    tab.get_by_role("button", name="Fork from here").click()  # leads to Train, moment kept
    tab.locator("h1", has_text="Is it learning?").wait_for(timeout=PATIENCE)
    at_moment(tab, kept[-3])
    tab.reload()
    expect(slider(tab)).to_have_attribute("aria-valuetext", re.compile(rf"step {kept[-3]}\b"),
                                          timeout=PATIENCE)

    tab.get_by_role("button", name="Fork from here").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_text("Only the weights of this moment")).to_be_visible(timeout=PATIENCE)
    dialog.get_by_role("combobox").click()
    tab.get_by_role("option", name="Learning rate", exact=True).click(timeout=PATIENCE)
    tab.keyboard.press("Escape")  # the list of options, not the dialog
    rate = dialog.locator("[data-testid=stNumberInput] input")
    rate.fill("0.001", timeout=PATIENCE)
    rate.press("Enter")
    dialog.get_by_role("button", name="Fork and train").click()

    tab.get_by_role("button", name=re.compile("Forked from")).wait_for(timeout=PATIENCE)
    [forked] = [f for f in launch.list_runs(app.home / "runs") if f.id != run.id]
    # the address is written last of all
    expect(tab).to_have_url(re.compile(f"run={forked.id}"), timeout=PATIENCE)
    expect(tab).not_to_have_url(re.compile("step="), timeout=PATIENCE)
    assert forked.config().learning_rate == 0.001
    assert (forked.origin().parent, forked.origin().step) == (run.id, kept[-3])
    wait_until(lambda: launch.status(forked).state == "finished")
    assert launch.status(forked).step == 120
    assert forked.metrics()[0][:20] == run.metrics()[0][:20]  # what came before is shared

    expect(tab.get_by_text(re.compile("0.004 → 0.001"))).to_be_visible(timeout=PATIENCE)
    tab.wait_for_function(f"({CURVES})().includes('the run it was forked from')",
                          timeout=PATIENCE)
    tab.get_by_role("button", name=re.compile("Forked from")).click()
    tab.wait_for_url(re.compile(f"run={run.id}"), timeout=PATIENCE)
    at_moment(tab, kept[-3])


def test_the_moments_are_walked_through_without_flicker(app, run, page):
    kept = [entry.step for entry in entries(run.checkpoints)]
    tab = page(app, f"gradients?lang=en&run={run.id}&step={kept[-4]}")
    chart = tab.locator(".live-plot").first
    chart.wait_for(timeout=PATIENCE)
    chart.evaluate("node => { node.dataset.mark = 'same node'; }")
    tab.get_by_role("button", name="Play").click(timeout=PATIENCE)
    for step in kept[-3:-1]:  # each in its turn, none left out
        at_moment(tab, step)
    tab.get_by_role("button", name="Play").wait_for(timeout=PATIENCE)  # ends at the newest
    expect(tab).not_to_have_url(re.compile("step="), timeout=PATIENCE)
    assert chart.evaluate("node => node.dataset.mark") == "same node"


def test_a_moment_that_is_not_kept_is_one_sentence(app, run, page):
    tab = page(app, f"generate?lang=en&run={run.id}&step=77")
    expect(tab.get_by_text(re.compile("No moment is kept at step 77"))).to_be_visible(
        timeout=PATIENCE)
    wind_back(tab, 1)
    expect(tab.get_by_text(re.compile("No moment is kept"))).to_have_count(0, timeout=PATIENCE)
