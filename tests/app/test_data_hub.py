"""A hub dataset on the Data page: found, looked up, read, refused. What the hub itself does is
tested in tests/unit/test_hub.py; here its answers are given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.data.corpus import Corpus, keep_text, stored_manifests
from rnnlm_core.data.hub import HubDataset, HubProgress, HubSpec
from rnnlm_core.data.hub_menu import hub_menu
from rnnlm_core.data.hub_search import HubHit
from rnnlm_core.errors import CorpusError
from rnnlm_ui import data_hub_call, data_hub_find
from tests.app.inside_pages import opened, said

DATASET = HubDataset("acme/stories", "1893344b" * 5, ("small", "big"), ("train", "test"),
                     ("text", "title"), "small", "train", "text", False)
STORY = "Once upon a time a river met a stone. " * 60
TOKEN = "hf_of_a_reader"

pytestmark = pytest.mark.usefixtures("own_runs_folder")


@pytest.fixture(autouse=True)
def searched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that were searched for; the hub knows two datasets."""
    asked: list[str] = []

    def search(words: str, cancelled: Callable[[], bool]) -> tuple[HubHit, ...]:
        assert cancelled() is False
        asked.append(words)
        hits = (HubHit("acme/stories", 1200, False, "mit", ("en",)),
                HubHit("acme/locked__stories", 7, True, "", ()))
        return tuple(hit for hit in hits if words in hit.id)

    monkeypatch.setattr(data_hub_find, "search_hub", search)
    return asked


def waited(app: AppTest, until: Callable[[AppTest], Any]) -> AppTest:
    """What the polling fragment does in a browser."""
    for _ in range(100):
        if until(app):
            break
        time.sleep(0.02)
        app.run()
    assert until(app) and not app.exception
    return app


def on_hub(look: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(data_hub_call, "inspect_hub", look)
    app = opened("data")
    app.segmented_control(key="data.source").set_value("hub").run()
    app.text_input(key="data.hub_id").set_value("acme/stories")
    app.button(key="data.look_up").click().run()
    return app


def test_a_dataset_is_looked_up_read_and_used(
        monkeypatch: pytest.MonkeyPatch, own_runs_folder: Path) -> None:
    def fetch(source: str, store: Path, amount: int, progress: Any, **_: Any) -> Corpus:
        progress(HubProgress(500, 10, 0.2))
        return keep_text(store, STORY, source, "acme/stories", amount, rows=60, revision="abc",
                         notes={"blank_rows": 3})

    app = on_hub(lambda spec, token: DATASET, monkeypatch)
    waited(app, lambda a: any(s.key == "data.hub_column" for s in a.selectbox))
    app.selectbox(key="data.hub_split").select("train").run()
    app.selectbox(key="data.hub_column").select("title").run()
    app.number_input(key="data.hub_amount").set_value(1000).run()
    monkeypatch.setattr(data_hub_call, "load_corpus", fetch)
    app.button(key="data.read").click().run()
    waited(app, lambda a: "**1,000 characters" in said(a))
    assert "60 rows (3 blank ones left out)" in said(app)
    manifest = stored_manifests(own_runs_folder / "corpora")[0]
    assert manifest.source == "hf:acme/stories:small:train:title"


def test_a_link_to_what_is_not_here_is_read_by_one_press(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def fetch(source: str, store: Path, amount: int, **_: Any) -> Corpus:
        asked.append((source, amount))
        return keep_text(store, STORY, source, "acme/stories", amount, rows=60, revision="abc",
                         notes={"blank_rows": 3})

    monkeypatch.setattr(data_hub_call, "load_corpus", fetch)
    source = "hf:acme/stories:small:train:text"
    app = opened("data", corpus=source, max_characters="1500")
    assert app.text_input(key="data.hub_id").value == "acme/stories"
    next(b for b in app.button if b.label == "Read it now").click().run()
    waited(app, lambda a: "**1,500 characters" in said(a))
    assert asked == [(source, 1500)] and not app.error
    assert app.query_params["corpus"] in (source, [source])


@pytest.mark.parametrize(("amount", "possible"), [(0, False), (99, False), (100, True),
                                                  (50_000_000, True), (50_000_001, False)])
def test_an_amount_out_of_bounds_cannot_be_read(
        monkeypatch: pytest.MonkeyPatch, amount: int, possible: bool) -> None:
    app = on_hub(lambda spec, token: DATASET, monkeypatch)
    waited(app, lambda a: any(s.key == "data.hub_column" for s in a.selectbox))
    app.number_input(key="data.hub_amount").set_value(amount).run()
    assert app.button(key="data.read").disabled is not possible
    assert ("between 100 and 50,000,000" in said(app)) is not possible and not app.exception


def test_marks_are_offered_for_rows_that_are_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    names = next(entry for entry in hub_menu() if entry.marks)
    found = replace(DATASET, id=names.id)
    app = on_hub(lambda spec, token: found, monkeypatch)
    waited(app, lambda a: any(b.key == "data.hub_marks" for b in a.button))
    app.button(key="data.hub_marks").click().run()
    assert app.selectbox(key="form.marks").value == "lines"
    assert all(button.key != "data.hub_marks" for button in app.button)
    assert "each between ⟨start⟩ and ⟨end⟩" in said(app)


def test_a_fetch_is_cancelled_at_once_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: Any, cancelled: Callable[[], bool], **__: Any) -> Corpus:
        while not cancelled():
            time.sleep(0.01)
        raise CorpusError("hub.cancelled", id="acme/stories")

    app = on_hub(lambda spec, token: DATASET, monkeypatch)
    waited(app, lambda a: any(s.key == "data.hub_column" for s in a.selectbox))
    monkeypatch.setattr(data_hub_call, "load_corpus", endless)
    app.button(key="data.read").click().run()
    started = time.monotonic()
    app.button(key="data.cancel").click().run()
    waited(app, lambda a: a.error)
    assert time.monotonic() - started < 2
    assert "was stopped" in app.error[0].value and "**354,744 characters" in said(app)
    assert app.text_input(key="data.hub_id").value == "acme/stories"


@pytest.mark.parametrize("error", [
    CorpusError("hub.missing", id="acme/stories"), CorpusError("hub.offline"),
    CorpusError("hub.not_text", id="a/b", value="n", type="int64", choices="text")],
    ids=lambda e: e.code)
def test_every_hub_error_is_one_sentence(
        error: CorpusError, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(spec: HubSpec, token: str | None) -> HubDataset:
        raise error

    app = waited(on_hub(look, monkeypatch), lambda a: a.error)
    assert app.error[0].value.replace("\\", "") == str(error)
    assert "**354,744 characters" in said(app)


def test_an_id_that_is_none_is_told_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("hub").run()
    app.text_input(key="data.hub_id").set_value("../etc")
    app.button(key="data.look_up").click().run()
    assert "etc is not a dataset id" in app.error[0].value and not app.exception


def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[HubSpec]:
    """What the hub is asked for from now on; it always offers the same dataset."""
    asked: list[HubSpec] = []

    def look(spec: HubSpec, token: str | None) -> HubDataset:
        asked.append(spec)
        return DATASET

    monkeypatch.setattr(data_hub_call, "inspect_hub", look)
    return asked


def typing(words: str, **query: str) -> AppTest:
    app = opened("data", **query)
    app.segmented_control(key="data.source").set_value("hub").run()
    return app.text_input(key="data.hub_id").set_value(words).run()


def test_letters_show_what_the_hub_finds_and_a_press_looks_it_up(
        monkeypatch: pytest.MonkeyPatch, searched: list[str]) -> None:
    asked = looked_up(monkeypatch)
    app = typing("stories")
    hits = next(group for group in app.get("button_group") if group.key == "data.hub_hits")
    assert list(hits.options) == [
        "acme\\/stories :gray[1,200]", "acme\\/locked\\_\\_stories :gray[7]"]
    hits.set_value("acme/stories").run()
    waited(app, lambda a: any(s.key == "data.hub_column" for s in a.selectbox))
    assert asked == [HubSpec("acme/stories")] and searched == ["stories"]
    assert app.text_input(key="data.hub_id").value == "acme/stories"
    assert "licence" in said(app) and "1893344b" in said(app)


def test_what_is_too_short_is_not_searched_and_what_is_not_found_is_said(
        searched: list[str]) -> None:
    app = typing("s")
    assert searched == []
    app.text_input(key="data.hub_id").set_value("no such *words*").run()
    assert "has no such \\*words\\* in its name" in said(app)


def test_a_search_that_fails_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def search(words: str, cancelled: object) -> tuple[HubHit, ...]:
        raise CorpusError("hub.rate_limit")

    monkeypatch.setattr(data_hub_find, "search_hub", search)
    app = typing("stories")
    assert [error.value.replace("\\", "") for error in app.error] == [
        str(CorpusError("hub.rate_limit"))]


def test_the_menu_asks_for_its_dataset_and_takes_what_is_there(
        monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[HubSpec] = []
    entry = hub_menu()[0]

    def look(spec: HubSpec, token: str | None) -> HubDataset:
        asked.append(spec)
        if spec.config is not None:
            raise CorpusError("hub.config", id=spec.id, value=spec.config, choices="small, big")
        return HubDataset(entry.id, "f" * 40, ("small",), ("train",), ("text",), "small", "train",
                          "text", True, "mit", 9)

    monkeypatch.setattr(data_hub_call, "inspect_hub", look)
    app = opened("data")
    app.segmented_control(key="data.source").set_value("hub").run()
    app.selectbox(key="data.hub_menu").select_index(0).run()
    waited(app, lambda a: any(s.key == "data.hub_column" for s in a.selectbox))
    assert asked == [entry.spec, HubSpec(entry.id)] and not app.error
    assert app.number_input(key="data.hub_place").value == 0
    assert "Parquet export" in said(app) and entry.en in said(app)


def test_a_token_opens_what_was_closed_and_goes_nowhere_else(
        monkeypatch: pytest.MonkeyPatch, own_runs_folder: Path) -> None:
    def look(spec: HubSpec, token: str | None) -> HubDataset:
        if token != TOKEN:
            raise CorpusError("hub.gated", id=spec.id)
        return DATASET

    def fetch(source: str, store: Path, amount: int, token: str | None, **_: Any) -> Corpus:
        assert token == TOKEN
        return keep_text(store, STORY, source, "acme/stories", amount, rows=60)

    app = waited(on_hub(look, monkeypatch), lambda a: a.error)
    assert "is gated" in app.error[0].value
    app.text_input(key="data.token_typed").set_value(TOKEN).run()
    waited(app, lambda a: any(s.key == "data.hub_column" for s in a.selectbox))
    assert app.text_input(key="data.token_typed").value == ""  # it does not go back to the browser
    monkeypatch.setattr(data_hub_call, "load_corpus", fetch)
    app.button(key="data.read").click().run()
    waited(app, lambda a: "**2,280 characters" in said(a))
    assert TOKEN not in str(dict(app.query_params)) + said(app)
    files = [path for path in own_runs_folder.rglob("*") if path.is_file()]
    assert files and not [path for path in files if TOKEN.encode() in path.read_bytes()]
    app.button(key="data.token_forget").click().run()
    app.button(key="data.look_up").click().run()
    assert "is gated" in waited(app, lambda a: a.error).error[0].value


def test_an_id_with_all_its_parts_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = looked_up(monkeypatch)
    app = opened("data")
    app.segmented_control(key="data.source").set_value("hub").run()
    for typed in ("https://huggingface.co/datasets/acme/stories", "hf:acme/stories@main:small",
                  " acme/stories "):
        app.text_input(key="data.hub_id").set_value(typed)
        app.button(key="data.look_up").click().run()
        waited(app, lambda a: a.text_input(key="data.hub_id").value == "acme/stories"
               and not any(b.key == "data.cancel" for b in a.button))
    assert asked == [HubSpec("acme/stories"), HubSpec("acme/stories", "small", revision="main"),
                     HubSpec("acme/stories")]
