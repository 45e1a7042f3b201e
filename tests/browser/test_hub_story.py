"""A dataset of the hub in a real browser: found by a few letters, read, trained on, written with.

The hub is the stand-in of the tests; all between it and the page is the real thing.
"""

import re

import pytest
from playwright.sync_api import expect

from rnnlm_core import launch
from tests.browser.conftest import ROOT
from tests.hub_stand_in import LINES, READER, Repo, StandIn, parquet, vector_file, zipped

PATIENCE = 60_000  # milliseconds; the first call also imports `datasets`
SMALL = "hidden=16&embedding=8&batch=8&sequence_length=32&max_seconds=600&lang=en"
LETTERS = ".coloured-text > span[data-i]"


@pytest.fixture(scope="module")
def hub():
    rows = parquet({"text": LINES, "number": list(range(len(LINES)))}, row_group_size=5000)
    with StandIn({
            "acme/fox_stories": Repo({"train.parquet": rows}),
            "acme/glove": Repo({"glove.zip": zipped({
                "few.20d.txt": b"and 1 2\n",
                "glove.20d.txt": b"and" + vector_file(80_000)[2:]})}, model=True, pause=0.2),
            "acme/gated": Repo({"train.txt": b"between you and me\n" * 100}, gated=True)}) as hub:
        yield hub


@pytest.fixture(scope="module")
def app(server, hub, tmp_path_factory):
    return server(ROOT / "app.py", env={
        "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path_factory.mktemp("hf")), "NO_PROXY": "*",
        "HF_HUB_DISABLE_TELEMETRY": "1"})


def on_hub(app, page, settings=SMALL):
    tab = page(app, f"data?{settings}")
    tab.get_by_role("radio", name="Hugging Face").click(timeout=PATIENCE)
    field = tab.get_by_label("Search Hugging Face, or give an id")
    field.wait_for(timeout=PATIENCE)
    tab.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
    return tab, field


def read(tab, characters):
    tab.get_by_label("Characters at most").fill(str(characters))
    tab.get_by_label("Characters at most").press("Enter")
    tab.get_by_role("button", name="Read it").click()
    expect(tab.get_by_text(re.compile(rf"^{characters:,} characters in"))).to_be_visible(
        timeout=PATIENCE)


def test_a_dataset_is_found_by_its_letters_read_trained_on_and_written_with(app, page, hub):
    tab, field = on_hub(app, page)
    field.press_sequentially("fox_s", delay=60)  # nobody presses Enter
    tab.get_by_role("radio", name="acme/fox_stories").click(timeout=PATIENCE)
    tab.get_by_role("button", name="Read it").wait_for(timeout=PATIENCE)
    assert field.input_value() == "acme/fox_stories"
    read(tab, 20_000)
    assert hub.sent("/resolve/") < 500_000  # of 2 MB

    tab.get_by_role("link", name="Train").first.click()
    tab.get_by_role("button", name="Start").click(timeout=PATIENCE)
    tab.get_by_role("button", name="Pause").wait_for(timeout=PATIENCE)
    run = launch.list_runs(app.home / "runs")[0]
    try:
        assert run.config().corpus == "hf:acme/fox_stories:default:train:text"
        tab.wait_for_function("() => document.querySelector('.live-plot')?._fullData?.[1]"
                              ".x.length > 3", timeout=PATIENCE)
        tab.get_by_role("button", name="Stop").click()
        tab.get_by_role("button", name="Start").wait_for(timeout=PATIENCE)

        tab.get_by_role("link", name="Generate").first.click()
        tab.get_by_role("button", name="Undo to here").wait_for(timeout=PATIENCE)
        tab.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
        box = tab.get_by_test_id("stChatInputTextArea")
        box.fill("row 1 the quick ")
        box.press("Enter")
        tab.wait_for_function(f"() => document.querySelectorAll('{LETTERS}').length > 40",
                              timeout=PATIENCE)
    finally:
        launch.stop_for_good(run)


def test_a_gated_dataset_opens_with_a_token_that_is_in_no_address(app, page, hub):
    tab, field = on_hub(app, page)
    field.fill("acme/gated")
    tab.get_by_role("button", name="Look up").click()
    expect(tab.get_by_text(re.compile("is gated"))).to_be_visible(timeout=PATIENCE)
    tab.get_by_role("button", name="Token").click()
    box = tab.get_by_label("Your access token for Hugging Face")
    box.fill(READER)
    box.press("Enter")
    tab.get_by_role("button", name="Read it").wait_for(timeout=PATIENCE)
    read(tab, 1_000)
    assert READER not in tab.url + tab.content() + app.log()
    assert f"Bearer {READER}" in {request.authorization for request in hub.log}


def test_word_vectors_are_looked_up_read_in_part_and_shown(app, page, hub):
    tab = page(app, "data?tokenizer=words&corpus=dialogue2&embedding_source=file&embedding=20"
                    "&lang=en")
    field = tab.get_by_label("Or from Hugging Face")
    field.wait_for(timeout=PATIENCE)
    tab.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
    field.fill("acme/glove:glove.zip:glove.20d.txt")
    tab.get_by_role("button", name="Look up").click()
    tab.get_by_label("File inside it").wait_for(timeout=PATIENCE)
    rows = tab.get_by_role("spinbutton", name="Words at most")
    rows.fill("2000")
    rows.press("Enter")
    tab.get_by_role("button", name="Read it").click()
    # "and", and nothing else of the text: the other words of this table are w1, w2, …
    expect(tab.get_by_text(re.compile(r"^1 of \d+ tokens begin with a vector"))).to_be_visible(
        timeout=PATIENCE)
    expect(tab.get_by_text(re.compile(
        r"^These are its first 2,000 rows: more were not asked for\."))).to_be_visible()
    assert hub.sent("glove.zip") < 400_000  # of 2 MB
