"""The charts of the textbook tool: what is drawn, and that nothing is left out or printed over."""

from __future__ import annotations

import math
import re

import pytest

from rnnlm_core.figures.gradients_textbook import (
    Axes,
    Named,
    against_figure,
    cosines_figure,
    lines_figure,
)
from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.template import TEMPLATE

NAMES = ["the tutorial's", "<no> bias", "right"]


def drawings():
    lines = [Named("one", [1, 10, 100], [2.0, math.inf, 0.5]),
             Named("other", [1, 10, 100], [2.0, 1.0, 0.5], "ink", 1.6, "dash", "o")]
    return [cosines_figure(NAMES, [-0.9, 0.2, 1.0], "cosine"),
            against_figure([1.0, -2.0], [5.0, math.nan], Axes("x", "y")),
            lines_figure(lines, Axes("x", "y", most=1.5), at=10),
            lines_figure(lines, Axes("x", "y", x_log=True, y_log=True)),
            lines_figure(lines, Axes("x", "y", x_range=(0, 9), top=3))]


@pytest.mark.parametrize("figure", drawings())
def test_every_colour_has_a_dark_partner(figure) -> None:
    drawn = figure.update_layout(template=TEMPLATE).to_json()  # as `live_plot` does

    assert set(re.findall(r"#[0-9A-Fa-f]{6}", drawn)) <= set(LIGHT.values())


def test_bars_show_every_cosine_and_foreign_names_letter_by_letter() -> None:
    figure = cosines_figure(NAMES, [-0.9, 0.2, 1.0], "cosine")

    assert list(figure.data[0].x) == [-0.9, 0.2, 1.0]
    assert list(figure.data[0].text) == ["−0.90", "+0.20", "+1.00"]
    assert figure.data[0].y[1] == "&lt;no&gt; bias"
    assert figure.layout.xaxis.range[0] < -0.9


def test_a_gradient_that_is_far_too_long_stays_in_sight() -> None:
    figure = against_figure([1.0, -2.0], [50.0, math.nan], Axes("x", "y"))

    assert figure.layout.yaxis.range[1] > 50
    assert figure.layout.xaxis.range[1] < 3


def test_a_line_leaves_the_chart_where_it_comes_to_no_number() -> None:
    lines = [Named("one", [0, 1, 2, 3], [1.0, math.inf, math.inf, math.inf])]

    figure = lines_figure(lines, Axes("x", "y", most=1.5))

    assert figure.data[0].y[:2][1] > figure.layout.yaxis.range[1]
    assert list(figure.data[0].y[2:]) == [None, None]


def test_an_axis_that_ends_early_keeps_the_names_inside() -> None:
    figure = drawings()[2]

    assert figure.layout.yaxis.range == (0.0, pytest.approx(1.06 * 1.5))
    assert [label.y for label in figure.layout.annotations] == [0.5, 0.5]


def test_names_of_lines_that_end_together_stand_apart() -> None:
    figure = drawings()[2]
    first, second = (label.yshift for label in figure.layout.annotations)

    assert abs(first - second) >= 20
    assert figure.layout.annotations[1].name == "o"


def test_a_line_without_any_number_is_named_at_the_top() -> None:
    figure = lines_figure([Named("gone", [1, 2], [math.inf, math.inf]),
                           Named("there", [1, 2], [1.0, 0.5])], Axes("x", "y", most=2.6))

    assert figure.layout.annotations[0].y == figure.layout.yaxis.range[1]
