"""The three cells beside each other, as a visitor finds them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core import launch
from rnnlm_core.insight.cell_step import cell_step, read_cells
from rnnlm_core.lab import Run
from rnnlm_core.nets.cells import GATES
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.cell.bench import default_text
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
CASES = [{"cell": "rnn", "activation": "relu"}, {"cell": "rnn", "activation": "sigmoid"},
         {"cell": "rnn", "hidden": 1}, {"cell": "gru", "hidden": 1}, {"cell": "lstm", "hidden": 1},
         {"cell": "gru", "layers": 2, "layer_norm": True, "residual": True, "tokenizer": "words"},
         {"cell": "lstm", "softmax": "adaptive", "tokenizer": "bytes"},
         {"cell": "lstm", "embedding": 0, "layers": 2}]


def cells(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("cell", run, language, inside="cells", **query)


def heading(app: AppTest) -> str:
    """How much is saturated."""
    return str(app.subheader[0].value)


def percent(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"([0-9.]+)\N{NO-BREAK SPACE}%", text)]


@LANGUAGES
@pytest.mark.parametrize("changes", CASES, ids=lambda c: " ".join(map(str, c.values())))
def test_every_gate_and_layer_of_every_cell(
        runs_folder: Path, changes: dict[str, object], language: str) -> None:
    folder = trained(runs_folder, small_text(3_000), **{"max_steps": 4, **changes})
    before, config = weights(folder), folder.config()
    gates, told = GATES[config.cell] or ("h",), set()
    for gate in gates:
        app = cells(folder.id, language, cell_gate=gate)
        assert not app.error and app.selectbox(key="cell_gate").value == gate
        assert len(app.selectbox(key="cell_gate").options) == len(gates)
        shares = percent(heading(app))  # of the units here and of the whole text, or of one unit
        assert len(shares) == (1 if config.hidden == 1 else 2)
        assert all(0 <= share <= 100 for share in shares)
        assert translate(language, f"cell_cells.gate.{config.cell}_{gate}").strip() in heading(app)
        assert "{" not in said(app) and "nan" not in said(app).lower()
        told.add(heading(app))
    assert len(told) == len(gates)
    if config.layers > 1:
        below = cells(folder.id, language, cell_layer=0)
        assert below.selectbox(key="cell_layer").value == "0" and not below.error
    assert weights(folder) == before


def test_gates_are_chosen_and_one_steps_and_plays() -> None:
    app = cells(NAMES, cell_place=20)
    first = heading(app)
    app.selectbox(key="cell_gate").select("o").run()
    assert "output gate o" in heading(app) and app.query_params["cell_gate"] == "o"
    chosen = heading(app)
    assert chosen != first
    app.button(key="cell.after").click().run()
    assert app.query_params["cell_place"] == "21" and "output gate o" in heading(app)
    app.button(key="cell.before").click().run()
    assert heading(app) == chosen
    app.button(key="cell.play").click().run()
    assert app.session_state["keep.cell.playing"] and not app.exception and not app.error
    app.button(key="cell.play").click().run()
    assert "keep.cell.playing" not in app.session_state and heading(app) == chosen


@LANGUAGES
@pytest.mark.parametrize("run", [NAMES, DIALOGUE])
def test_one_bold_sentence_and_which_cell_is_the_runs_own(run: str, language: str) -> None:
    app = cells(run, language)
    answers = [m.value for m in app.markdown if m.value.startswith("**")]
    own = "LSTM" if run == NAMES else "GRU"
    assert own in answers[0] and len(percent(answers[0])) == 2
    assert [translate(language, "cell_cells.own")[8:12] in a for a in answers[1:4]] == [
        cell == own for cell in ("RNN", "GRU", "LSTM")]
    hidden, inputs = (128, 32) if run == NAMES else (48, 32)
    counts = [m.value for m in app.markdown if f" ({inputs} + {hidden} + 2)" in m.value]
    for times, text in zip((1, 3, 4), counts, strict=True):
        assert f" = {times * hidden * (inputs + hidden + 2):,} " in text
    assert len(app.latex) == 6 and len(app.subheader) == 2


def test_the_share_is_that_of_the_step_by_hand() -> None:
    """The forget gate of the names model: σ' of every unit, counted here."""
    app = cells(NAMES, cell_gate="f", cell_place=20)
    run = Run(RunFolder(launch.models_root() / NAMES))
    step = cell_step(read_cells(run.model, run.tokenizer, default_text(run)), 0, 20)
    f = step.values["f"]
    share = 100 * float(np.mean(f * (1 - f) < 0.025))
    assert percent(heading(app))[0] == pytest.approx(share, abs=0.5)


def test_the_output_layer_is_no_gate_here() -> None:
    app = cells(NAMES, cell_gate="s", cell_level="element")
    assert app.selectbox(key="cell_gate").value == "f" and not app.exception
    app = opened("cell", NAMES, inside="forward", cell_gate="s")
    app.segmented_control(key="inside").set_value("cells").run()
    assert app.selectbox(key="cell_gate").value == "f" and not app.exception and not app.error


@LANGUAGES
@pytest.mark.parametrize("text", ["A", "", "漢", "**<b>$x$</b>**", "A" * 5_000])
def test_any_text_is_read_or_refused_in_words(text: str, language: str) -> None:
    app = cells(NAMES, language, cell_text=text)
    assert len(app.error) == (1 if text in ("A", "漢", "**<b>$x$</b>**") else 0)


@LANGUAGES
def test_what_has_no_state_or_no_numbers_is_said(runs_folder: Path, language: str) -> None:
    cnn = trained(runs_folder, cell="cnn", hidden=8, receptive_field=4)
    app = cells(cnn.id, language)
    assert not app.exception and not app.subheader and not app.latex
    assert "CNN" in said(app)
    lost = trained(runs_folder, cell="rnn", activation="relu", clip_norm=0.0, warm_up_steps=0,
                   schedule="constant", optimizer="sgd", learning_rate=30.0, max_steps=80)
    app = cells(lost.id, language)
    assert not app.exception and len(app.error) == 1 and not app.subheader
