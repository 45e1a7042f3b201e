"""Charts of clipping: what they draw is what they were given, in the palette's colours."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnnlm_core.figures.gradients_cliff import CliffWords, Path, cliff_figure, norms_figure
from rnnlm_core.figures.gradients_clip import (
    Arrow,
    Course,
    PartWords,
    TurnWords,
    arrows_figure,
    pair_figure,
    parts_figure,
    turn_figure,
)
from rnnlm_core.figures.palette import MAP
from rnnlm_core.figures.template import TEMPLATE
from rnnlm_core.figures.training import NormWords, Series, gradient_norm_figure

WORDS = CliffWords("w", "b", "loss", "step", "norm", "limit")
PLACES = np.array([[5.0, -3.0], [5.5, -2.5], [100.0, 92.0]])


def paths() -> list[Path]:
    hovers = [f"step {n}" for n in range(3)]
    return [Path(PLACES, np.array([1.0, 9.0, 0.0]), "free", hovers, False, True, "far"),
            Path(PLACES[[0, 1, 1]], np.array([1.0, 0.5, 0.1]), "clipped", hovers, True)]


def figures():
    grid = np.linspace(4, 7, 4), np.linspace(-4, -2, 3)
    steps = np.arange(1.0, 6)
    norms = np.abs(np.random.default_rng(0).normal(size=(5, 2))) + 0.1
    norms[4, 0] = np.nan
    return {
        "cliff": cliff_figure(*grid, np.ones((3, 4)), paths(), WORDS),
        "norms": norms_figure(paths(), 0.1, WORDS),
        "parts": parts_figure(["a", "b"], steps, norms, norms / 2,
                              PartWords("step", "norm", "before", "after")),
        "arrows": arrows_figure([Arrow(3, 4, "g", "ngram", True), Arrow(0.5, 0.5, "v", "hot")],
                                1.0, 0.5),
        "turn": turn_figure(np.array([1.0, 0.5]), np.array([0.0, 30.0]), (0.5, 30.0),
                            TurnWords("kept", "degrees", "by value", "by norm")),
        "pair": pair_figure([Course(Series([1, 2], [3.0, 1e9]), "free", False, 3),
                             Course(Series([1, 2], [3.0, 2.5]), "clipped", True)], "rnn", "step",
                            "loss", "broke", 1.0)}


@pytest.mark.parametrize("name", ["cliff", "norms", "parts", "arrows", "turn", "pair"])
def test_only_colours_that_the_dark_theme_knows(name: str) -> None:
    figure = figures()[name]
    figure.update_layout(template=TEMPLATE)
    text = figure.to_json().replace("rgba(0,0,0,0)", "")
    assert "rgba(" not in text
    assert {colour.upper() for colour in re.findall(r"#[0-9A-Fa-f]{6}", text)} <= set(MAP)


def test_the_walk_can_be_walked_and_its_exit_is_on_the_edge() -> None:
    figure = figures()["cliff"]
    walk = figure.layout.meta["walk"]
    assert list(figure.data[walk["path"]].x) == [5.0, 5.5, 100.0]
    assert list(figure.data[walk["path"]].text) == ["step 0", "step 1", "step 2"]
    gone = figure.layout.annotations[0]
    # from (5.5, −2.5) to (100, 92): the slope is 1, so b = −2 is met at w = 6
    assert (gone.x, gone.y) == pytest.approx((6.0, -2.0)) and "far" in gone.text


def test_a_run_that_broke_has_a_cross_at_its_last_value() -> None:
    figure = figures()["pair"]
    cross = [trace for trace in figure.data if trace.marker.symbol == "x"]
    assert len(cross) == 1 and (cross[0].x[0], cross[0].y[0]) == (2, 1e9)


def test_the_fill_of_a_part_is_its_power_of_ten() -> None:
    heat = figures()["parts"].data[0]
    z = np.array(heat.z, float)
    assert z.shape == (2, 5) and np.isnan(z[0, 4])
    assert 10 ** z[1] == pytest.approx(np.array(heat.customdata)[1, :, 0])


def test_one_logged_step_is_a_marker_on_an_axis_with_that_step():
    one, two = (gradient_norm_figure(Series(x, y), Series(x, y), 1.0, "gru",
                                     NormWords("norm", "step", "before", "after", "limit"))
                for x, y in (([1.0], [2.5]), ([1.0, 2.0], [2.5, 2.0])))
    assert [trace.mode for trace in one.data] == ["markers", "markers"]
    assert list(one.layout.xaxis.ticktext) == ["1"] and tuple(one.layout.xaxis.range) == (0, 2)
    assert [trace.mode for trace in two.data] == ["lines", "lines"]
    assert two.layout.xaxis.tickvals is None
