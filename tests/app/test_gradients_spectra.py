"""The Spectra tool as a visitor finds it: every control, every cell, odd runs."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.lab import Run
from rnnlm_core.nets.cells import layer_weights
from rnnlm_core.run.directory import RunFolder
from tests.app.inside_pages import LANGUAGES, opened, said, trained
from tests.small_runs import new_run, small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
CELLS = [{"cell": "rnn"}, {"cell": "rnn", "activation": "sigmoid"},
         {"cell": "rnn", "activation": "relu"}, {"cell": "gru", "layers": 2},
         {"cell": "lstm", "layers": 2}]


def lab(folder: RunFolder | str, language: str = "en", **query: object) -> AppTest:
    run = folder if isinstance(folder, str) else folder.id
    app = opened("gradients", run, language, lab="spectra", **query)
    assert not app.error
    return app


def switched(app: AppTest, key: str, value: object) -> AppTest:
    app.segmented_control(key=key).set_value(value).run()
    assert not app.error and not app.exception
    return app


@LANGUAGES
def test_the_answer_has_its_numbers_and_those_of_the_untrained_network(
        runs_folder: Path, language: str) -> None:
    app = lab(trained(runs_folder, cell="gru"), language)
    sentence = app.markdown[0].value
    assert {"8", "30"} <= set(re.findall(r"\d+", sentence)) and sentence.count("λ₁") == 2
    slider = app.slider(key="gradients_spectra.lag")
    slider.set_value(3).run()
    assert app.markdown[0].value != sentence and not app.error
    assert "3" in re.findall(r"\d+", app.markdown[0].value)


@pytest.mark.parametrize("changes", CELLS, ids=str)
def test_every_view_of_every_cell_and_layer(runs_folder: Path, changes: dict[str, object]) -> None:
    folder = trained(runs_folder, **changes)
    before = [entry.read_bytes() for entry in sorted(folder.checkpoints.glob("*"))]
    app = lab(folder)
    for layer in ("1", "2") if changes.get("layers") else ("",):
        if layer:
            switched(app, "spectra_layer", layer)
            assert f"Layer {layer} of 2" in said(app)
        switched(app, "spectra", "exponents")
        assert "directions grow" in said(app)
        switched(app, "spectra", "matrix")
        for block in app.segmented_control(key="block").options:
            assert block  # every block has a name
        names = {"rnn": ["W_hh"], "gru": ["U_r", "U_z", "U_n"],
                 "lstm": ["U_i", "U_f", "U_g", "U_o"]}[str(changes["cell"])]
        for block in names:
            switched(app, "block", block)
            W = layer_weights(Run(folder).model, int(layer or 1) - 1).W_hh.detach().numpy()
            part = np.split(W, len(names))[names.index(block)].astype(float)
            assert f"ρ = {max(abs(np.linalg.eigvals(part))):.3f}" in said(app)
            assert f"to {np.linalg.svd(part)[1][0]:.2f}**" in said(app)  # σ_max at the last moment
        switched(app, "block", "J")
        assert "Jacobian of one step" in said(app)
        switched(app, "spectra", "directions")
        assert "A vector is not a matrix" in said(app)
    assert [entry.read_bytes() for entry in sorted(folder.checkpoints.glob("*"))] == before


@LANGUAGES
def test_a_link_brings_view_layer_and_block(runs_folder: Path, language: str) -> None:
    app = lab(trained(runs_folder, cell="lstm", layers=2), language, spectra="matrix",
              spectra_layer="1", block="U_f")
    assert app.segmented_control(key="block").value == "U_f"
    assert app.segmented_control(key="spectra_layer").value == "1"
    assert "U_f" in said(app)


@LANGUAGES
def test_a_guess_comes_before_the_answer(runs_folder: Path, language: str) -> None:
    app = lab(trained(runs_folder, cell="rnn"), language)
    app.toggle(key="gradients_spectra.guess_first").set_value(True).run()
    given_away = "λ₁\N{NO-BREAK SPACE}="
    assert given_away not in said(app) and not app.error
    if language == "zh":
        assert "猜一猜" in app.markdown[0].value
        return  # AppTest would press the English name of a guess
    guess = next(c for c in app.segmented_control
                 if str(c.key).startswith("gradients_spectra.guess."))
    guess.set_value("most").run()  # of a small tanh network one direction is left: not so
    assert given_away in app.markdown[0].value and "not so" in app.markdown[0].value
    app.slider(key="gradients_spectra.lag").set_value(2).run()
    assert given_away not in said(app) and not app.error  # another lag, another guess


def test_another_run_without_that_block_or_layer_shows_what_it_has(runs_folder: Path) -> None:
    app = lab(trained(runs_folder, cell="lstm", layers=2), spectra="matrix", block="U_f")
    app.query_params["run"] = trained(runs_folder, cell="rnn").id
    app.run()
    assert not app.exception and not app.error and "W_hh: " in said(app)


def test_a_state_of_one_number(runs_folder: Path) -> None:
    app = lab(trained(runs_folder, cell="rnn", hidden=1))
    assert "There is one direction" in app.markdown[0].value
    for view in ("exponents", "matrix"):
        switched(app, "spectra", view)


def test_a_network_that_never_looks_back(runs_folder: Path) -> None:
    """Recurrent weights of exactly zero: said in words, at every view."""
    app = lab(trained(runs_folder, cell="rnn", activation="relu", initialisation="identity",
                      gain=0.0, max_steps=1), step=0)
    assert "exactly zero" in app.markdown[0].value and "−∞" in app.markdown[0].value
    switched(app, "spectra", "exponents")
    assert "that become exactly zero" in said(app)
    switched(app, "spectra", "matrix")


def test_before_the_first_step_there_is_nothing_to_compare(runs_folder: Path) -> None:
    app = lab(trained(runs_folder), step=0)
    assert "at step 0 nothing has been learned" in said(app)
    assert app.markdown[0].value.count("λ₁") == 1


@LANGUAGES
def test_a_run_without_a_checkpoint_shows_the_untrained_network(
        runs_folder: Path, language: str) -> None:
    app = opened("gradients", new_run(runs_folder, small_text(6_000)).id, language, lab="spectra")
    assert not app.error and "λ₁" in said(app)
    switched(app, "spectra", "matrix")


def test_a_short_text_has_fewer_lags_and_a_shorter_one_says_so(runs_folder: Path) -> None:
    app = lab(new_run(runs_folder, small_text(500)))  # 47 characters are held out
    assert app.slider(key="gradients_spectra.lag").max == 27
    app = opened("gradients", new_run(runs_folder, small_text(280)).id, lab="spectra")
    assert [error.value for error in app.error] == [
        "Tokens in the text\\: 28\\; this view needs at least 30\\."]


@LANGUAGES
def test_a_cnn_has_no_jacobian_and_that_is_no_fault(runs_folder: Path, language: str) -> None:
    app = opened("gradients", trained(runs_folder, cell="cnn", receptive_field=8).id, language,
                 lab="spectra")
    assert not app.error and any("CNN" in line for line in said(app).split("\n"))


def test_a_diverged_run_says_so_and_its_start_can_be_looked_at(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="rnn", activation="relu", clip_norm=0.0, warm_up_steps=0,
                     schedule="constant", optimizer="sgd", learning_rate=30.0, max_steps=80)
    app = opened("gradients", folder.id, lab="spectra")
    assert "no numbers" in app.error[0].value
    app = lab(folder, step=0, spectra="matrix")
    assert not math.isnan(float(re.findall(r"ρ = (\S+)", said(app))[0]))
