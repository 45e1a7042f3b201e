"""Gates and how long units hold, as a visitor of the States page finds them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.figures.states_gates import DOTS
from rnnlm_core.insight.gates import parts_of
from rnnlm_ui.components.live_plot import PlotEvents, Point
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
CELLS = pytest.mark.parametrize("changes", [
    {"cell": "lstm"}, {"cell": "lstm", "layers": 2}, {"cell": "gru"}, {"cell": "gru", "layers": 2},
    {"cell": "rnn"}, {"cell": "rnn", "layers": 2, "activation": "relu"},
    {"cell": "rnn", "activation": "sigmoid"}],
    ids=lambda c: " ".join(str(v) for v in c.values()))


def gates(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("states", run, language, tool="gates", **query)


@LANGUAGES
def test_it_counts_units_that_hold_for_long_beside_the_untrained_and_the_gate(language: str
                                                                              ) -> None:
    app = gates(NAMES, language)
    start = translate(language, "states_gates.answer").split("{")[0].strip("*")
    told = next(m.value for m in app.markdown if start in m.value and "20" in m.value)
    numbers = [int(n) for n in re.findall(r"\d+", told)]
    units, own, limit, control, alone = numbers
    assert (units, limit, control) == (128, 20, 0)
    assert 1 <= own <= 30 and 0 <= alone <= 30
    assert not app.error and not app.exception


@CELLS
def test_every_gate_of_every_cell(runs_folder: Path, changes: dict[str, object]) -> None:
    folder = trained(runs_folder, max_steps=40, learning_rate=0.03, **changes)
    before = weights(folder)
    app = gates(folder.id)
    parts = parts_of(folder.config())
    seen = set()
    for part in parts:
        if len(parts) > 1:
            app.segmented_control(key="gate").set_value(part).run()
        name = translate("en", f"states.part.{part}")
        title = next(m.value for m in app.markdown
                     if m.value.startswith(f"**{name[0].upper()}{name[1:]}"))
        assert not app.exception and not app.error
        seen.add(title)
    assert len(seen) == len(parts)
    if len(parts) == 1:
        assert "has no gates" in said(app)
    assert weights(folder) == before


def test_a_gate_of_another_cell_is_not_kept() -> None:
    app = gates(NAMES, gate="o")
    assert app.segmented_control(key="gate").value == "o" and "Output gate o" in said(app)
    app = gates(DIALOGUE, gate="o")
    assert app.segmented_control(key="gate").value == "z" and "Update gate z" in said(app)


def test_an_earlier_moment_has_its_own_gates(runs_folder: Path) -> None:
    folder = trained(runs_folder, max_steps=60, learning_rate=0.05, cell="gru")
    then, now = gates(folder.id, step=0), gates(folder.id)
    assert _title(then) != _title(now)
    shares = re.findall(r"(\d+)\s%", _title(then))
    assert len(shares) == 4 and shares[:2] == shares[2:]  # step 0 is the untrained network itself


@pytest.mark.parametrize(("chart", "dot", "chosen"), [
    ("gates.triangle.1", 3, ("i", 1, 3)), ("gates.memory", 8 + 5, ("i", 1, 5))])
def test_a_dot_chooses_its_unit(runs_folder: Path, monkeypatch: pytest.MonkeyPatch, chart: str,
                                dot: int, chosen: tuple[str, int, int]) -> None:
    folder = trained(runs_folder, cell="lstm", layers=2)  # of eight units a layer
    clicked = PlotEvents(click=Point(DOTS, 0.5, 0.5, index=dot))
    monkeypatch.setattr("rnnlm_ui.states.gates.live_plot",
                        lambda *_, key, **__: clicked if key == chart else PlotEvents())
    app = gates(folder.id, gate="i")
    state = app.session_state
    assert (state["states_part"], state["states_layer"], state["states_unit"]) == chosen
    assert f"i{chosen[2]} (layer 2)" in said(app)


@pytest.mark.parametrize("changes", [
    {"tokenizer": "words"}, {"tokenizer": "bytes"}, {"tokenizer": "bpe", "max_vocabulary": 300},
    {"tokenizer": "graphemes"}], ids=lambda c: str(c["tokenizer"]))
def test_all_tokens(runs_folder: Path, changes: dict[str, object]) -> None:
    app = gates(trained(runs_folder, cell="lstm", **changes).id)
    assert not app.error and not app.exception
    assert "tokens" in said(app)


def test_a_held_out_text_that_is_too_short_is_said_so(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(400, seed=9), validation_share=0.1,
                     sequence_length=5)
    app = gates(folder.id)
    assert not app.exception and not app.error
    assert "needs at least 50" in said(app)


def test_a_run_whose_text_is_gone(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(6_000, seed=6), sequence_length=9)
    shutil.rmtree(folder.store)
    app = gates(folder.id)
    assert not app.exception
    assert "text of this run is gone" in said(app) or "needs at least" in said(app)


@LANGUAGES
def test_chinese_text(runs_folder: Path, language: str) -> None:
    text = "小猫说：“你好，<b>世界$。”\n然后它走了。\n" * 200
    assert not gates(trained(runs_folder, text).id, language).error


def _title(app: AppTest) -> str:
    return next(m.value for m in app.markdown if m.value.startswith("**Update gate z"))
