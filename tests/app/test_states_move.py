"""Move, as a visitor finds it: the path, the clusters, the loop."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import APP, LANGUAGES, go, opened, said, trained, weights
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
VIEWS = ("path", "clusters", "loop")


def move(run: str, view: str = "path", language: str = "en", **query: object) -> AppTest:
    return opened("states", run, language, tool="move", move=view, **query)


@LANGUAGES
@pytest.mark.parametrize("view", VIEWS)
def test_each_view_answers_with_numbers(view: str, language: str) -> None:
    app = move(DIALOGUE, view, language)
    key = {"path": "path_answer", "clusters": "clusters_answer", "loop": "loop_found"}[view]
    start = translate(language, f"states_move.{key}").split("{")[0]
    told = next(m.value for m in app.markdown if m.value.startswith(start))
    assert re.search(r"\d", told) and not app.error


def test_clusters_lie_between_no_context_and_the_network() -> None:
    app = move(DIALOGUE, "clusters")
    told = next(m.value for m in app.markdown if "clusters the state is in" in m.value)
    cluster, nothing, network, token, untrained = map(float, re.findall(r"\d\.\d\d", told)[:5])
    assert network < cluster < min(token, untrained) < nothing
    app.slider(key="move.k").set_value(5).run()
    assert "Which of 5 clusters" in said(app) and not app.exception


def test_the_path_is_filled_laid_out_and_cleaned_as_chosen() -> None:
    app = move(DIALOGUE)
    offered = app.selectbox(key="move.fill").options
    assert translate("en", "states.label.inside_quotes") in offered
    for fill in ("surprise", "inside_quotes", "line_position"):
        app.selectbox(key="move.fill").select(fill).run()
        assert not app.exception
    shares = [re.search(r"hold (\d+)", said(app))]
    for switch in ("states_means", "move.background"):
        app.toggle(key=switch).set_value(not app.toggle(key=switch).value).run()
        shares.append(re.search(r"hold (\d+)", said(app)))
    assert len({found[1] for found in shares if found}) == 3 and not app.exception


@LANGUAGES
def test_without_umap_the_page_says_how_to_get_it(language: str, monkeypatch: pytest.MonkeyPatch
                                                  ) -> None:
    monkeypatch.setattr("rnnlm_core.insight.umap_plane.installed", lambda: False)
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.session_state["move.plane"] = "umap"
    app.query_params.update({"run": DIALOGUE, "tool": "move", "lang": language})
    app = go(app.run(), "states")
    assert "pip install umap-learn==" in said(app)
    assert not app.exception and not app.error


def test_the_shipped_networks_fall_into_loops() -> None:
    app = move(NAMES, "loop")
    found = re.search(r"ends in a loop of (\d+) characters", said(app))
    assert found and int(found[1]) > 1
    assert "only draws near" in said(app)  # the text repeats before the state does


@pytest.mark.parametrize("changes", [
    {"cell": "lstm", "layers": 2}, {"cell": "rnn", "activation": "relu"},
    {"cell": "rnn", "layers": 2}, {"cell": "gru", "tokenizer": "bytes"},
    {"cell": "gru", "layers": 2, "tokenizer": "words"}],
    ids=["lstm x 2", "relu", "rnn x 2", "gru bytes", "gru words x 2"])
def test_every_view_of_every_cell(runs_folder: Path, changes: dict[str, object]) -> None:
    folder = trained(runs_folder, **{"max_steps": 40, "learning_rate": 0.03, **changes})
    before = weights(folder)
    for view in VIEWS:
        app = move(folder.id, view)
        assert not app.exception and not app.error
        if folder.config().layers > 1:
            app.selectbox(key="states_layer").select(0).run()
        if folder.config().cell == "lstm":
            app.selectbox(key="states_part").select("c").run()
        app.text_area(key="states_text").set_value("abba cad deed face " * 20).run()
        assert not app.exception and not app.error
    assert weights(folder) == before


@pytest.mark.parametrize("view", VIEWS)
def test_odd_texts_and_an_earlier_moment(runs_folder: Path, view: str) -> None:
    folder = trained(runs_folder, max_steps=12)
    for text in ("a", "abba €☃ cad", "مرحبا abba"):
        app = move(folder.id, view, step=0)
        app.text_area(key="states_text").set_value(text).run()
        assert not app.exception and not app.error


@pytest.mark.parametrize("view", VIEWS)
def test_chinese_text_and_one_that_is_gone(runs_folder: Path, view: str) -> None:
    chinese = trained(runs_folder, "小猫说：“你好，世界$|。”\n然后它走了。\n" * 200)
    assert not move(chinese.id, view, "zh").error
    gone = trained(runs_folder, small_text(6_000, seed=9), sequence_length=9)
    shutil.rmtree(gone.store)
    assert not move(gone.id, view).exception
