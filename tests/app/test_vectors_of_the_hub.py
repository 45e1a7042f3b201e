"""Word vectors of the hub on the Data page: looked up, read, cancelled, refused, repaired. What the
hub itself does is tested in tests/unit/test_hub_vectors.py; here its answers are given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.data.hub_call import HubProgress
from rnnlm_core.data.hub_vectors import HubTables, VectorSpec
from rnnlm_core.data.vector_reading import read_uploaded
from rnnlm_core.data.vector_table import TablePapers, keep_vectors, stored_tables
from rnnlm_core.errors import CorpusError
from rnnlm_ui import data_vectors
from rnnlm_ui.page import plain
from tests.app.inside_pages import APP, LANGUAGES, opened, said
from tests.app.test_data_hub import waited

TABLE = b"e 1 0 0\na 0 1 0\nE 0 0 1\n"
FILES = (("crawl.vec", 4_500_000_000), ("glove.zip", 862_000_000))
MEMBERS = ("glove.50d.txt", "glove.100d.txt")
TOKEN = "hf_of_a_reader"

pytestmark = pytest.mark.usefixtures("own_runs_folder")


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """What is looked up, with which token; the hub has one repository."""
    seen: list[tuple[str, str | None]] = []

    def look(spec: VectorSpec, token: str | None) -> HubTables:
        seen.append((str(spec), token))
        if spec.id == "acme/gated" and token is None:
            raise CorpusError("hub.gated", id=spec.id)
        chosen = replace(spec, file=spec.file or FILES[0][0])
        zipped = str(chosen.file).endswith(".zip")
        return HubTables(replace(chosen, member=chosen.member or MEMBERS[0]) if zipped else chosen,
                         "c0ffee12" * 5, FILES, MEMBERS if zipped else (), "mit")

    monkeypatch.setattr(data_vectors, "inspect_vectors", look)
    return seen


def reading(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What is read from now on, and how many rows; the hub answers with the first three."""
    seen: list[tuple[str, int]] = []

    def read(source: str, store: Path, rows: int, progress: Any, *_: Any) -> TablePapers:
        seen.append((source, rows))
        progress(HubProgress(0, 3, 0.1))
        return keep_vectors(store, replace(read_uploaded(TABLE, "t"), ended="rows"),
                            VectorSpec.parse(source).title, source, "c0ffee12" * 5)

    monkeypatch.setattr(data_vectors, "hub_table", read)
    return seen


def from_file(language: str = "en", **query: object) -> AppTest:
    return opened("data", language=language, embedding_source="file", embedding=3, **query)


def looked_up(typed: str, app: AppTest) -> AppTest:
    app.text_input(key="vectors.id").set_value(typed)
    app.button(key="vectors.look_up").click().run()
    return waited(app, lambda a: a.error or any(b.key == "vectors.read" for b in a.button))


def offered(app: AppTest) -> bool:
    return any(b.key == "vectors.read" and not b.disabled for b in app.button)


def test_a_table_is_looked_up_read_and_used(
        monkeypatch: pytest.MonkeyPatch, own_runs_folder: Path) -> None:
    read = reading(monkeypatch)
    app = waited(looked_up("acme/glove", from_file()), offered)
    files = app.selectbox(key="vectors.file")
    assert list(files.options) == ["crawl.vec · 4,500 MB", "glove.zip · 862 MB"]
    files.select("glove.zip").run()
    waited(app, lambda a: offered(a) and any(s.key == "vectors.member" for s in a.selectbox))
    app.selectbox(key="vectors.member").select("glove.100d.txt").run()
    app.number_input(key="vectors.rows").set_value(2_000).run()
    app.button(key="vectors.read").click().run()
    waited(app, lambda a: "**2 of 40 tokens begin with a vector of their own**" in said(a))
    assert read == [("hf:acme/glove:glove.zip:glove.100d.txt", 2_000)] and not app.error
    papers, = stored_tables(own_runs_folder / "corpora")
    assert app.selectbox(key="form.vectors").value == papers.sha256
    assert app.query_params["vectors"] in (papers.sha256, [papers.sha256])


@LANGUAGES
def test_how_much_of_its_file_a_table_is_stands_below_the_coverage(
        language: str, own_runs_folder: Path) -> None:
    papers = keep_vectors(own_runs_folder / "corpora", replace(
        read_uploaded(TABLE, "t"), ended="rows"), "t.vec", "hf:acme/glove:t.vec", "c0ffee12" * 5)
    app = from_file(language, vectors=papers.sha256)
    told = {"en": ("**2 of 40 tokens begin with a vector of their own**",
                   "These are its first 3 rows: more were not asked for. Read from"),
            "zh": ("**40 个词元中有 2 个以自己的向量开始**", "这是它的前 3 行：没有要求更多。读自")}
    for words in (*told[language], "c0ffee12"):
        assert words in said(app)


def test_the_menu_fills_the_field_and_looks_up(asked: list[tuple[str, str | None]]) -> None:
    app = from_file()
    app.selectbox(key="vectors.menu").select("GloVe 6B · 100").run()
    waited(app, offered)
    source = "stanfordnlp/glove:glove.6B.zip:glove.6B.100d.txt"
    assert app.text_input(key="vectors.id").value == source
    assert asked == [(f"hf:{source}", None)]
    assert "the size that most papers take" in said(app)


def test_a_reading_is_cancelled_at_once_and_nothing_is_lost(
        monkeypatch: pytest.MonkeyPatch, own_runs_folder: Path) -> None:
    def endless(source: str, store: Path, rows: int, progress: Any,
                cancelled: Callable[[], bool], token: str | None) -> TablePapers:
        while not cancelled():
            time.sleep(0.01)
        raise CorpusError("hub.cancelled", id="acme/glove")

    monkeypatch.setattr(data_vectors, "hub_table", endless)
    app = waited(looked_up("acme/glove", from_file()), offered)
    app.button(key="vectors.read").click().run()
    assert not app.error  # no red "none is chosen" while one is on its way
    started = time.monotonic()
    app.button(key="vectors.cancel").click().run()
    waited(app, lambda a: any("was stopped" in error.value for error in a.error))
    assert time.monotonic() - started < 2
    assert app.text_input(key="vectors.id").value == "acme/glove" and offered(app)
    assert stored_tables(own_runs_folder / "corpora") == []


def test_what_is_no_id_is_told_without_asking(asked: list[tuple[str, str | None]]) -> None:
    app = looked_up("../etc", from_file())
    assert any("names no table on the hub" in error.value for error in app.error) and not asked


def test_a_gated_table_opens_with_a_token_of_the_reader(
        asked: list[tuple[str, str | None]]) -> None:
    app = looked_up("https://huggingface.co/acme/gated", from_file())
    waited(app, lambda a: any("is gated" in error.value for error in a.error))
    app.text_input(key="vectors.token_typed").set_value(TOKEN).run()
    looked_up("acme/gated", app)
    waited(app, offered)
    assert asked == [("hf:acme/gated", None), ("hf:acme/gated", TOKEN)]
    assert TOKEN not in said(app) + str(app.query_params)


# -- links -----------------------------------------------------------------------------------------
def test_a_link_names_a_table_that_one_press_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    read = reading(monkeypatch)
    app = from_file(vectors="hf:acme/glove:t.vec")
    sentence = "The table acme/glove:t.vec has not been read on this machine."
    assert plain(sentence) in app.error[0].value and not read
    app.button(key="embeddings.repair_read").click().run()
    waited(app, lambda a: "**2 of 40 tokens begin with a vector of their own**" in said(a))
    assert [source for source, _ in read] == ["hf:acme/glove:t.vec"]


@LANGUAGES
def test_a_link_without_a_table_is_kept_and_told_where_it_opens(language: str) -> None:
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params.update({"lang": language, "embedding_source": "file", "hidden": "32"})
    app.run()  # Home
    assert {"en": "none is chosen", "zh": "还没有选择文件"}[language] in app.error[0].value
    assert app.query_params["embedding_source"] in ("file", ["file"])
    app.button(key="head.repair_scratch").click().run()
    assert not app.error and "embedding_source" not in app.query_params
    assert app.query_params["hidden"] in ("32", ["32"]) and not app.exception


def test_where_tables_are_chosen_one_press_does_without() -> None:
    app = from_file()
    assert "none is chosen" in app.error[0].value
    app.button(key="embeddings.repair_scratch").click().run()
    assert not app.error and "embedding_source" not in app.query_params and not app.exception


def test_start_without_a_table_is_mended_by_one_press() -> None:
    app = opened("train", embedding_source="file", vectors="0" * 64, max_steps=3)
    app.button(key="train.start").click().run()
    assert "not on this machine" in app.error[0].value
    app.button(key="train.repair_scratch").click().run()
    assert "embedding_source" not in app.query_params and not app.exception
