"""The slider room as a visitor finds it: every control in both languages, guesses, extremes."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.insight.driven import sweep
from rnnlm_core.insight.small_maps import powers
from rnnlm_ui.i18n import translate
from tests.app.inside_pages import LANGUAGES, opened, said

pytestmark = pytest.mark.usefixtures("runs_folder")
SLIDERS = {"gain": ("gain", "noise", "bias"), "cells": ("cells_gain", "cells_noise", "keep"),
           "gate": ("forget",), "matrix": ("diagonal", "corner"), "unit": ("weight", "start")}
EXPERIMENTS = tuple(SLIDERS)


def room(experiment: str, language: str = "en", **query: object) -> AppTest:
    return opened("gradients", language=language, lab="room", room=experiment, **query)


def set_sliders(app: AppTest, **values: float) -> AppTest:
    for name, value in values.items():
        app.slider(key=f"room_{name}").set_value(value)
    app.run()
    assert not app.exception and not app.error
    return app


def start_of(language: str, key: str) -> str:
    return translate(language, key).split("{")[0]


@LANGUAGES
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_each_slider_changes_the_answer(experiment: str, language: str) -> None:
    app = room(experiment, language)
    assert not app.error
    for name in SLIDERS[experiment]:
        before = said(app)
        slider = app.slider(key=f"room_{name}")
        set_sliders(app, **{name: slider.value + slider.step})
        assert said(app) != before
        assert "{" not in said(app).replace("\\begin{", "").replace("\\end{", "")


@LANGUAGES
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "identity", "tanh"])
def test_networks_and_activations(activation: str, language: str) -> None:
    for net in ("wave", "identity", "random"):
        app = room("gain", language, room_net=net, room_phi=activation)
        assert not app.error and translate(language, f"room.net_is.{net}") in said(app)


def test_another_network_and_activation_are_taken_at_once() -> None:
    app = room("gain")
    app.segmented_control(key="room_net").set_value("wave").run()
    app.segmented_control(key="room_phi").set_value("relu").run()
    assert translate("en", "room.net_is.wave") in said(app) and "Almost no ReLU is off" in said(app)
    assert "relu" in app.query_params["room_phi"] and "wave" in app.query_params["room_net"]


@LANGUAGES
def test_gates_and_units_of_another_kind(language: str) -> None:
    app = room("gate", language, room_cell="gru")
    assert len(app.table) == 1
    assert start_of(language, "room.gate_gru") in said(app) and not app.exception
    set_sliders(app, update=5.0)
    assert "0.993" in said(app) and "103.2" in said(app)
    app = room("unit", language, room_unit="sigmoid")
    assert translate(language, "room.unit_why.sigmoid", slope="x").split("x")[0] in said(app)


def test_a_link_brings_the_experiment_and_its_choices() -> None:
    app = room("gain", room_net="wave", room_phi="relu")
    assert app.segmented_control(key="room_net").value == "wave"
    assert app.segmented_control(key="room_phi").value == "relu"
    assert app.query_params["room_net"] == "wave"


@pytest.mark.parametrize(("net", "gain", "noise", "fate"), [
    ("random", 1.0, 0.0, "lasts"), ("random", 1.1, 0.0, "explodes"),
    ("random", 1.0, 0.3, "vanishes"),
    ("random", 1.4, 0.3, "lasts"), ("wave", 1.5, 0.5, "explodes"),
    ("wave", 3.0, 0.5, "vanishes")])
def test_vanish_edge_explode_and_vanish_again(
        net: str, gain: float, noise: float, fate: str) -> None:
    app = set_sliders(room("gain", room_net=net), gain=gain, noise=noise)
    assert start_of("en", f"room.answer.{fate}") in said(app)


def test_gain_times_slopes_is_the_factor_that_is_said() -> None:
    app = set_sliders(room("gain"), gain=1.5, noise=1.0)
    found = re.search(r"Gain ([\d.]+) × slopes ([\d.]+) = ([\d.]+)\.", said(app))
    assert found
    gain, slopes, factor = map(float, found.groups())
    assert gain * slopes == pytest.approx(factor, abs=0.001) and factor < 0.9


def test_the_gates_do_not_always_win() -> None:
    app = room("cells")
    assert "Most is left in the LSTM" in said(app)
    set_sliders(app, cells_noise=0.0, keep=0.0)
    assert "Most is left in the RNN" in said(app) and len(app.table[0].value) == 3


def test_the_matrix_says_where_it_is_largest() -> None:
    app = set_sliders(room("matrix"), corner=10.0)
    assert "at step 9" in said(app) and "38.74" in said(app)
    set_sliders(app, diagonal=1.0)
    assert "grows for good" in said(app)
    set_sliders(app, diagonal=0.5, corner=0.0)
    assert "falls from the start" in said(app)
    assert powers(0.5, 0.0, 3).norms.tolist() == [1, 0.5, 0.25, 0.125]


@LANGUAGES
def test_exactly_zero_is_said_in_words(language: str) -> None:
    app = set_sliders(room("gain", language), gain=0.0)
    assert translate(language, "room.nothing", k=1) in said(app)
    assert translate(language, "room.why.no_gain") in said(app)
    app = set_sliders(room("gain", language, room_phi="relu"), gain=1.0, noise=0.0, bias=-2.0)
    assert translate(language, "room.why.all_off") in said(app)
    app = set_sliders(room("unit", language), weight=0.0)
    assert start_of(language, "room.unit_nothing") in said(app)
    app = set_sliders(room("matrix", language), diagonal=0.0, corner=0.0)
    assert not app.error


def test_what_floats_cannot_hold_is_said_as_smaller_than_that() -> None:
    app = set_sliders(room("gain", room_net="identity"), gain=3.0, noise=0.0, bias=2.0)
    assert "<10⁻³⁰⁰" in said(app) and "It vanishes" in said(app)
    app = set_sliders(room("gain", room_net="identity", room_phi="relu"), gain=3.0)
    assert "It explodes" in said(app) and "·10⁴⁷ times" in said(app)
    set_sliders(room("cells"), cells_gain=0.0, cells_noise=0.0, keep=-1.0)


@LANGUAGES
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_predict_first_then_reveal(experiment: str, language: str) -> None:
    app = room(experiment, language)
    shown = said(app)
    app.toggle(key="room.guess_first").set_value(True).run()
    assert translate(language, "room.hint") in said(app)
    answers = [line for line in shown.splitlines() if re.search(r"\d\.\d", line)]
    assert not any(line in said(app) for line in answers if line.startswith("**"))
    options = [b.key for b in app.button if (b.key or "").startswith("room.guess_")]
    assert len(options) == 3
    app.button(key=options[0]).click().run()
    assert not app.exception
    right = start_of(language, "room.right") in said(app)
    assert right != (start_of(language, "room.wrong") in said(app))
    assert translate(language, "room.score", right=int(right), n=1) in said(app)
    app.button(key="room.another").click().run()
    assert translate(language, "room.hint") in said(app) and not app.exception


def test_other_settings_are_asked_for_again_and_known_ones_are_not() -> None:
    app = room("gain")
    app.toggle(key="room.guess_first").set_value(True).run()
    app.button(key="room.guess_vanishes").click().run()
    assert "Right" in said(app) and "1 of 1" in said(app)
    set_sliders(app, noise=0.0)
    assert translate("en", "room.hint") in said(app) and "It lasts" not in said(app)
    app.button(key="room.guess_explodes").click().run()
    assert "Not this time" in said(app) and "It lasts" in said(app) and "1 of 2" in said(app)
    set_sliders(app, noise=0.3)
    assert "Right" in said(app) and "1 of 2" in said(app)
    app.segmented_control(key="room").set_value("matrix").run()
    assert "1 of 2" in said(app)
    app.toggle(key="room.guess_first").set_value(False).run()
    assert "grows to" in said(app)


def test_the_sliders_travel_in_the_link_and_only_where_they_were_moved() -> None:
    app = set_sliders(room("gain"), gain=1.4, bias=-0.5)
    assert app.query_params["room_gain"] in ("1.4", ["1.4"])
    assert app.query_params["room_bias"] in ("-0.5", ["-0.5"])
    assert "room_noise" not in app.query_params
    again = room("gain", room_gain="1.4", room_bias="-0.5")
    assert again.slider(key="room_gain").value == 1.4 and said(again) == said(app)
    assert again.slider(key="room_noise").value == 0.3
    set_sliders(again, gain=1.0, bias=0.0)
    assert "room_gain" not in again.query_params and "room_bias" not in again.query_params


@pytest.mark.parametrize("bad", ["nan", "inf", "1e9", "-1", "3.1", "<b>", "", "٣", "1.4.2"])
def test_a_slider_of_a_link_that_is_no_number_of_it_is_ignored(bad: str) -> None:
    app = room("gain", room_gain=bad)
    assert app.slider(key="room_gain").value == 1.0 and not app.error


def test_a_slider_of_a_link_stands_on_its_marks() -> None:
    assert room("matrix", room_diagonal="0.93").slider(key="room_diagonal").value == 0.95


def test_sliders_stay_when_another_experiment_was_looked_at() -> None:
    app = set_sliders(room("matrix"), corner=7.5)
    app.segmented_control(key="room").set_value("gain").run()
    app.segmented_control(key="room").set_value("matrix").run()
    assert app.slider(key="room_corner").value == 7.5


@LANGUAGES
def test_how_far_draws_lie_apart_is_said(language: str) -> None:
    app = set_sliders(room("gain", language, room_phi="relu"), gain=1.4)
    # the smallest and largest of eight seeds, each swept by itself
    rates = [sweep("random", "relu", 0.0, 0.3, seed)[14].curve.rate or 0 for seed in range(8)]
    assert translate(language, "room.draws", n=8, low=f"{min(rates):.3f}",
                     high=f"{max(rates):.1f}") in said(app)
    assert min(rates) < 1 < 1.2 < max(rates)
    app = room("gain", language, room_phi="identity")  # nothing of it depends on the draw
    assert translate(language, "room.draws", n=8, low="", high="")[:12] not in said(app)


def test_of_what_grows_no_digits_are_told_that_round_off_changes() -> None:
    app = set_sliders(room("gain"), gain=3.0, noise=0.1)
    assert re.search(r"It explodes: × 1\.\d a step", said(app))
