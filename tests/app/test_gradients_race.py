"""The race on the Gradients page as a visitor finds it: before one, after one, and what goes wrong.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core import launch, sweep
from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import keep_own_text
from rnnlm_core.records import Control
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.worker import work
from tests.app.inside_pages import LANGUAGES, go, opened, said
from tests.small_runs import SMALL, small_text, with_plan

KNOWN = ('[{"name":"uniform","live":3,"full":3},{"name":"unigram","live":1,"full":1},'
         '{"name":"kn2","live":1,"full":1}]')


def raced(root: Path, seeds: tuple[int, ...] = (), **changes: Any) -> list[RunFolder]:
    """A race that has ended, of networks of eight units."""
    config = RunConfig.from_mapping({
        **vars(SMALL), "corpus": "recall:10", "max_characters": 20_000, "max_steps": 24, **changes})
    made = sweep.create_group("race", sweep.race(config, seeds=seeds), root)
    for folder in made:
        folder.write("yardsticks.json", KNOWN)
        work(with_plan(folder))
    return made


def group_of(racers: list[RunFolder]) -> str:
    origin = racers[0].origin()
    assert origin is not None
    return origin.group


def race(language: str = "en", **query: object) -> AppTest:
    return opened("gradients", None, language, lab="race", **query)


def until_measured(app: AppTest) -> AppTest:
    """As often as the browser would look again, until nothing is left to measure."""
    for _ in range(20):
        app.run()
    return app


def plots(app: AppTest) -> list[str]:
    return [m.value for m in app.markdown if m.value.startswith("**") and m.value.endswith("**")]


@pytest.fixture(scope="module")
def ended(runs_folder: Path) -> list[RunFolder]:
    return raced(runs_folder)


@pytest.mark.usefixtures("own_runs_folder")
@LANGUAGES
def test_before_any_race_the_untrained_networks_answer(language: str) -> None:
    app = race(language)
    assert not app.error and not app.exception
    first = app.markdown[0].value
    assert all(name in first for name in ("RNN", "GRU", "LSTM")) and "20" not in first
    assert not app.button(key="race.start").disabled
    assert "race" not in app.query_params


@LANGUAGES
def test_an_ended_race_is_shown_with_all_four_views(ended: list[RunFolder], language: str) -> None:
    before = [digest(folder) for folder in ended]
    app = until_measured(race(language))
    assert not app.error and not app.exception
    answer = app.markdown[0].value
    assert {"en": "10 characters back", "zh": "在 10 个字符之前"}[language] in answer
    assert {"en": "One seed each", "zh": "各只有一个种子"}[language] in answer
    assert len(plots(app)) == 4
    assert app.query_params["race"] == group_of(ended)
    assert [digest(folder) for folder in ended] == before, "nothing on this page changes a run"


def digest(folder: RunFolder) -> str:
    files = sorted(path for path in folder.path.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_a_link_brings_race_and_moment_back_and_the_slider_moves_all(
        ended: list[RunFolder]) -> None:
    app = race(race=group_of(ended), race_step=16)
    slider = app.select_slider(key="race.moment")
    assert list(slider.options) == ["step 0, untrained", "step 16", "step 22", "step 24", "newest"]
    assert slider.value == "16"
    newest = app.markdown[0].value
    slider.set_value("0").run()
    assert not app.exception and app.query_params["race_step"] == "0"
    assert app.markdown[0].value != newest and "untrained" not in app.markdown[0].value
    slider.set_value("newest").run()
    assert "race_step" not in app.query_params


def test_each_racer_can_be_opened_and_all_compared(ended: list[RunFolder]) -> None:
    app = race()
    go(app.button(key="race.compare").click().run(), "compare")
    assert set(app.query_params["runs"].split(".")) == {folder.id for folder in ended}


@LANGUAGES
def test_a_race_that_is_gone_is_told_and_another_is_shown(ended: list[RunFolder], language: str
                                                          ) -> None:
    app = race(language, race="20200101-000000-abcdef12")
    assert len(app.error) == 1 and "20200101" in app.error[0].value
    assert app.query_params["race"] == group_of(ended)
    assert not race(language, race="<b>").error


def test_two_racers_are_left(own_runs_folder: Path) -> None:
    made = raced(own_runs_folder)
    gone = next(folder for folder in made if folder.config().cell == "gru")
    shutil.rmtree(gone.path)
    app = until_measured(race())
    assert not app.exception and not app.error
    assert "No run is left of GRU; 2 racers are shown." in said(app)
    assert "GRU" not in app.markdown[0].value and len(plots(app)) == 4


def test_of_a_race_with_more_seeds_one_of_each_is_shown(own_runs_folder: Path) -> None:
    raced(own_runs_folder, seeds=(3, 4), max_steps=2)
    app = race()
    assert "The race has 2 seeds; shown is seed 3 of each." in said(app)


@LANGUAGES
def test_a_racer_that_diverged_says_so_and_the_others_are_shown(
        own_runs_folder: Path, language: str) -> None:
    made = raced(own_runs_folder, activation="relu", initialisation="orthogonal", gain=5.0,
                 optimizer="adam", learning_rate=30.0, clip_norm=0.0, warm_up_steps=0,
                 schedule="constant", max_steps=80)
    states = {folder.config().cell: launch.status(folder).state for folder in made}
    assert states["rnn"] == "diverged" and "finished" in states.values()
    app = until_measured(race(language))
    assert not app.exception and not app.error
    stands = next(m.value for m in app.markdown if ":orange[**RNN**]" in m.value)
    assert {"en": "diverged: The loss stopped being a number", "zh": "已发散："}[language] in stands
    answer = app.markdown[0].value
    assert "nan" not in answer and "LSTM" in answer and len(plots(app)) == 4


def test_a_text_that_is_too_short_for_lags_is_one_sentence(own_runs_folder: Path) -> None:
    kept = keep_own_text(own_runs_folder / "corpora", small_text(400), "small", 50_000_000)
    raced(own_runs_folder, corpus=kept.manifest.source)
    app = race()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "Tokens in the text\\: 38\\; this view needs at least 44\\."]
    assert "finished" in said(app)


def test_a_racer_that_waits_or_stands_says_so(own_runs_folder: Path) -> None:
    config = RunConfig.from_mapping({**vars(SMALL), "corpus": "recall:10",
                                     "max_characters": 20_000})
    made = sweep.create_group("race", sweep.race(config), own_runs_folder)
    made[0].write_control(Control("stop"))
    app = race()
    assert not app.exception and not app.error
    assert "**RNN**] step 0, stopped" in said(app)
    assert app.markdown[0].value.startswith("**The three are about to start.**")
    assert app.button(key="race.start").disabled


@LANGUAGES
def test_the_button_starts_three_real_runs(
        own_runs_folder: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    queued: list[RunFolder] = []
    monkeypatch.setattr(launch, "enqueue", queued.extend)
    app = race(language, race_equal="steps", race_steps=100, race_text="copy")
    app.button(key="race.start").click().run()
    assert not app.exception and not app.error
    assert [folder.config().cell for folder in queued] == ["rnn", "gru", "lstm"]
    config = queued[0].config()
    assert (config.corpus, config.max_steps, config.max_seconds, config.hidden) == (
        "copy", 100, 0.0, 64)
    assert app.query_params["race"] == group_of(queued)


def test_the_set_up_can_be_chosen(own_runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[RunFolder] = []
    monkeypatch.setattr(launch, "enqueue", queued.extend)
    app = race(cell="cnn", hidden=24, seed=5)
    app.segmented_control(key="race_networks").set_value("train").run()
    assert "three cells run in its place" in said(app)
    app.segmented_control(key="race_size").set_value("parameters").run()
    app.select_slider(key="race_seconds").set_value("10").run()
    app.selectbox(key="race_text").set_value("anbn").run()
    app.button(key="race.start").click().run()
    assert not app.exception and not app.error
    sizes = {folder.config().cell: folder.config().hidden for folder in queued}
    assert sizes["rnn"] > sizes["gru"] > sizes["lstm"]
    assert {(f.config().max_seconds, f.config().seed, f.config().corpus) for f in queued} == {
        (10.0, 5, "anbn")}
    assert "Same number of parameters: H = " in said(app)


def test_settings_that_cannot_be_are_told_where_it_starts(own_runs_folder: Path) -> None:
    app = race(initialisation="identity", cell="rnn", race_networks="train")
    assert not app.error
    app.button(key="race.start").click().run()
    assert not app.exception and len(app.error) == 1 and "identity" in app.error[0].value
    assert not launch.list_runs(own_runs_folder)


def test_a_race_of_broken_networks_says_so_and_ranks_none(own_runs_folder: Path) -> None:
    for folder in raced(own_runs_folder):
        folder.write("yardsticks.json", KNOWN.replace('"live":3,"full":3', '"live":1,"full":0.5'))
    app = until_measured(race())
    assert not app.exception and not app.error
    # nobody comes below 0.5 nats in 24 steps: 0.5 / ln 2 bits
    assert "diverged" in app.markdown[0].value and "gives 0.72" in app.markdown[0].value
    assert "Farthest" not in app.markdown[0].value and "Bits per" not in app.markdown[0].value
