"""The charts of a label: bars and the base rate, values with and without it, foreign text."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.states_find import (
    AgainstWords,
    SidesWords,
    accuracy_figure,
    against_figure,
    sides_figure,
)

SIDES = SidesWords("value of unit 3", "with: <b>$x", "without")


def test_each_bar_has_its_name_and_its_share_and_the_base_rate_is_a_line() -> None:
    figure = accuracy_figure([("unit <3>", 0.93), ("all", 1.0), ("character", 0.7)], 0.6, "base")
    assert list(figure.data[0].x) == [0.93, 1.0, 0.7]
    assert [(line.x0, line.x1) for line in figure.layout.shapes] == [(0.6, 0.6)] * 3
    told = [note.text for note in figure.layout.annotations]
    assert told == ["unit &lt;3&gt;", "all", "character", "93.0&#37;", "100.0&#37;", "70.0&#37;",
                    "base 60.0&#37;"]


def test_sides_are_shares_of_their_own_cases_upwards_and_downwards() -> None:
    inside, outside = np.array([0.9, 0.95, 1.0, -1.0]), np.full(100, -1.0)
    up, down = sides_figure(inside, outside, SIDES).data
    assert sum(up.y) == pytest.approx(1.0) and sum(down.y) == pytest.approx(-1.0)
    assert up.y[0] == 0.25 and down.y[0] == -1.0
    low, high = sides_figure(inside, outside, SIDES).layout.yaxis.range
    assert low < -1.0 and high > max(up.y)  # room for the two names


def test_a_unit_that_never_moves_is_drawn_too() -> None:
    assert sum(sides_figure(np.zeros(5), np.zeros(7), SIDES).data[0].y) == pytest.approx(1.0)


def test_means_are_taken_where_there_are_a_few_places() -> None:
    label = np.array([0.0] * 5 + [1.0] * 6 + [2.0] * 4)
    values = np.concatenate([np.arange(5.0), np.full(6, 7.0), np.zeros(4)])
    figure = against_figure(label, values, AgainstWords("v", "l", "mean"))
    assert list(figure.data[1].x) == [0, 1] and list(figure.data[1].y) == [2.0, 7.0]


def test_only_colours_of_the_palette_and_no_markup_of_strangers() -> None:
    for figure in (sides_figure(np.ones(3), np.zeros(3), SIDES),
                   accuracy_figure([("a", 0.5)], 0.5, "b"),
                   against_figure(np.zeros(6), np.zeros(6), AgainstWords("v", "<b>", "m"))):
        figure.layout.template = None  # Plotly's own
        text = json.dumps(figure.to_plotly_json(), default=lambda a: a.tolist())
        assert {c.upper() for c in re.findall(r"#[0-9A-Fa-f]{6}", text)} <= set(LIGHT.values())
        assert "rgba" not in text and "<b>" not in text
