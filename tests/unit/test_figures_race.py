"""The charts of a race: what is faint, where step 0 stands, what lies beyond, foreign names."""

from __future__ import annotations

import numpy as np
import pytest

from rnnlm_core.figures.gradients_race import (
    FIRST_STEP,
    Answers,
    Horizons,
    Profile,
    answers_figure,
    horizons_figure,
    profiles_figure,
)
from rnnlm_core.figures.palette import LIGHT, MAP

LAGS = np.arange(101.0)


def profile(name: str, rate: float, untrained: bool = False) -> Profile:
    mean = rate ** LAGS
    horizon = int(np.argmax(mean < 0.01)) or None
    return Profile(name, "gru", mean, [f"{v:.1e}" for v in mean], horizon, untrained=untrained)


def test_the_untrained_lie_faint_behind_and_have_no_names() -> None:
    figure = profiles_figure([profile("now", 0.9), profile("before", 0.5, untrained=True)],
                             ("x", "y", "line"))
    first, second, dot = figure.data
    assert (first.name, second.name) == ("before", "now")
    assert first.line.color.startswith(LIGHT["gru"]) and first.line.color != second.line.color
    assert (list(dot.x), dot.mode) == ([44], "markers")  # 0.9^44 = 0.0097
    assert [a.text for a in figure.layout.annotations] == ["now", "line"]


def test_without_a_trained_one_the_untrained_are_named() -> None:
    figure = profiles_figure([profile("before", 0.5, untrained=True)], ("x", "y", "line"))
    assert figure.layout.annotations[0].text == "before"
    assert figure.layout.yaxis.range[0] == -16  # 0.5^100 = 8e-31 is below what is shown


def test_zeros_and_huge_values_stay_on_the_chart() -> None:
    zeros = Profile("none", "rnn", np.where(LAGS > 0, 0.0, 1.0), ["<1e-300"] * 101, 1)
    grows = Profile("grows", "rnn", 2.0 ** LAGS, ["9"] * 101, None)
    figure = profiles_figure([zeros, grows], ("x", "y", "line"))
    low, high = figure.layout.yaxis.range
    assert np.isfinite([low, high]).all() and high > 30
    assert min(figure.data[0].y) > 0


@pytest.mark.parametrize(("last", "ticks"), [
    (24, ["0", "20"]), (1_000, ["0", "20", "50", "100", "200", "500", "1,000"]),
    (200_000, ["0", "100", "1,000", "10,000", "100,000"])])
def test_steps_have_a_logarithmic_axis_that_begins_with_0(last: int, ticks: list[str]) -> None:
    line = Horizons("GRU", "gru", [0, 16, last], [7, 9, 100], [False, False, True], ["a", "b", "c"])
    figure = horizons_figure([line], 100, 0, ("x", "y"))
    assert list(figure.layout.xaxis.ticktext) == ticks
    assert list(figure.data[0].x) == [FIRST_STEP, 16, last]
    assert list(figure.data[0].marker.symbol) == ["circle", "circle", "triangle-up"]
    assert figure.layout.shapes[0].x0 == FIRST_STEP


def test_before_anything_was_measured_there_is_an_empty_frame() -> None:
    assert list(horizons_figure([], 100, None, ("x", "y")).data) == []
    assert list(answers_figure([], 0.25, None, ("x", "y", "z")).data) == []
    assert list(profiles_figure([], ("x", "y", "z")).data) == []


def test_the_distance_is_marked_and_named_among_the_ticks() -> None:
    at = np.array([1.0, 2, 3, 5, 10, 19, 20, 50, 128])
    figure = answers_figure([Answers("<b>", "lstm", at, at / 128)], 0.25, 20, ("x", "y", "guess"))
    assert list(figure.layout.xaxis.tickvals) == [1, 2, 3, 5, 10, 20, 50, 128]
    assert [s.x0 for s in figure.layout.shapes] == [0, 20]
    assert figure.layout.annotations[0].text == "&lt;b&gt;"
    assert figure.data[0].line.color in MAP
