"""Charts of Check: the numbers that go in are those that are drawn, and foreign text is escaped."""

from __future__ import annotations

import numpy as np
import pytest

from rnnlm_core.figures.generate_check import (
    CurveWords,
    StripWords,
    calibration_figure,
    strip_figure,
    yardstick_figure,
)
from rnnlm_core.figures.palette import LIGHT

WORDS = StripWords("character", "bits", "surprise", "entropy", "candidates")
CURVE = CurveWords("given", "came", "true", "places")


def test_the_strip_mirrors_entropy_below_surprise() -> None:
    surprise, entropy = np.array([np.nan, 3.0, 5.5]), np.array([np.nan, 2.0, 1.0])
    figure = strip_figure(surprise, entropy, np.array([np.nan, 4, 90]), ["a", "<b>", "%"], WORDS)
    up, down, candidates = figure.data
    np.testing.assert_array_equal(up.y, surprise)
    np.testing.assert_array_equal(down.y, -entropy)
    np.testing.assert_array_equal(candidates.y, [np.nan, 4, 90])
    assert list(up.text) == ["a", "&lt;b&gt;", "&#37;"]
    assert figure.layout.yaxis.range[1] > 5.5 and figure.layout.yaxis.range[0] < -2
    assert all(not label.startswith("-") for label in figure.layout.yaxis.ticktext)


def test_a_strip_of_nothing_known_has_axes() -> None:
    nothing = np.array([np.nan, np.nan])
    figure = strip_figure(nothing, nothing, nothing, ["a", "b"], WORDS)
    assert np.isfinite(figure.layout.yaxis.range).all()


@pytest.mark.parametrize("others", [[], [0.1, 0.4]])
def test_the_yardstick_has_all_in_sight(others: list[float]) -> None:
    figure = yardstick_figure(0.25, others, "gru", "share", ("this", "others"), share=True)
    grey, own = figure.data
    assert list(grey.x) == others and list(own.x) == [0.25]
    assert own.marker.color == LIGHT["gru"]
    assert figure.layout.xaxis.range[1] > max([0.25, *others])


def test_what_was_not_found_is_below_the_limit_and_not_nothing() -> None:
    grey, own = (figure := yardstick_figure(0, [0, 8, 31], "gru", "n", ("this", "others"),
                                            least=8)).data
    assert list(grey.customdata) == ["< 8", "8", "31"] and list(own.customdata) == ["< 8"]
    assert figure.layout.xaxis.labelalias == {"0": "< 8"}


@pytest.mark.parametrize("logarithmic", [False, True])
def test_the_curve_leaves_out_empty_groups_and_draws_intervals(logarithmic: bool) -> None:
    given, came = np.array([0.05, np.nan, 0.8]), np.array([0.0, np.nan, 0.7])
    low, high = np.array([0.0, np.nan, 0.6]), np.array([0.1, np.nan, 0.75])
    figure = calibration_figure(given, came, low, high, np.array([9, 0, 40]), (0, 0.1, 0.5, 1),
                                "lstm", CURVE, logarithmic)
    _, curve, bars = figure.data
    first = 2 if logarithmic else 0  # 0 has no place on a logarithmic axis
    assert list(curve.x) == [0.05, 0.8][first // 2:] and list(curve.y) == [0.0, 0.7][first // 2:]
    np.testing.assert_allclose(curve.error_y.array[-1], 0.05)
    np.testing.assert_allclose(curve.error_y.arrayminus[-1], 0.1)
    assert list(bars.y) == [9, 0, 40]
