"""The charts of gates and of context: what is drawn where, and that foreign text stays text."""

from __future__ import annotations

import numpy as np
import pytest

from rnnlm_core.figures.states_context import Curve, NGrams, fed_figure, recovery_figure
from rnnlm_core.figures.states_gates import (
    DOTS,
    DotWords,
    half_life_figure,
    memory_figure,
    spread_figure,
    triangle_figure,
)

WORDS = DotWords("x<b>", "y", "this", "before", "same")
THREE = np.array([0.1, 0.2, 0.3])


@pytest.mark.parametrize("untrained", [None, (THREE, THREE)])
def test_a_click_on_a_dot_is_a_units_in_both_charts(
        untrained: tuple[np.ndarray, np.ndarray] | None) -> None:
    hovers = ["<b>", "%{x}", "c"]
    for figure in (triangle_figure(THREE, THREE[::-1], hovers, "gru", WORDS, untrained, 2),
                   memory_figure(THREE, THREE[::-1], hovers, "gru", WORDS, untrained, 2),
                   memory_figure(THREE, THREE[::-1], hovers, "rnn", WORDS, untrained, 2, True)):
        assert list(figure.data[DOTS].text) == ["&lt;b&gt;", "&#37;{x}", "c"]
        assert list(figure.data[DOTS].x) == list(THREE)
        assert list(figure.data[DOTS].y) == list(THREE[::-1])
        assert (figure.data[-1].x[0], figure.data[-1].y[0]) == (0.3, 0.1)  # the ring
        assert figure.layout.xaxis.title.text == "x&lt;b&gt;"


def test_memories_without_end_and_below_all_are_drawn_at_the_edges() -> None:
    figure = memory_figure(np.array([np.inf, 0.0]), np.array([0.01, np.inf]), ["a", "b"], "lstm",
                           WORDS)
    assert list(figure.data[DOTS].x) == [150, 0.1] and list(figure.data[DOTS].y) == [0.1, 150]


def test_half_lives_are_counted_in_doubling_spans() -> None:
    values = np.array([0, 0.49, 0.5, 3.9, 4, 63, 64, np.inf, np.nan])
    figure = half_life_figure(values, None, "lstm", ("this", "before"), "x", "y")
    assert list(figure.data[0].y) == [2, 1, 0, 1, 1, 0, 0, 1, 2]
    assert (figure.data[0].text[3], figure.data[0].text[8]) == ("2–4", "&gt; 64")
    assert list(figure.layout.xaxis.ticktext)[:3] == ["0", "½", "1"]


def test_a_histogram_stands_over_its_values() -> None:
    figure = spread_figure(np.array([0, 0.5, 1]), np.array([0.25, 0.75]), "gru", ("this", "before"),
                           "x", "y", np.array([0.5, 0.5]))
    assert list(figure.data[0].x) == [0.25, 0.75] and list(figure.data[0].y) == [0.25, 0.75]
    assert list(figure.data[1].y) == [0.5, 0.5]


def test_the_length_that_is_used_is_marked_on_its_curve() -> None:
    at = np.array([1, 2, 4])
    curves = [Curve(at, np.array([3.0, 2.0, 1.0]), np.full(3, 0.1), "last <n>"),
              Curve(at[:2], np.array([4.0, 2.5]), np.full(2, 0.1), "shuffled", dashed=True)]
    figure = fed_figure(curves, 1.0, NGrams([1, 2], [2.5, 1.5], "KN"), "gru", 4,
                        ("n", "bits", "all"))
    assert (figure.data[-1].x[0], figure.data[-1].y[0]) == (4, 1.0)
    names = [trace.name for trace in figure.data if trace.name]
    assert names == ["last &lt;n&gt;", "shuffled", "KN"]
    low, high = figure.layout.yaxis.range
    assert low < 1.0 and high > 4.1
    without = fed_figure(curves, 1.0, NGrams(), "gru", None, ("n", "bits", "all"))
    assert [trace.name for trace in without.data if trace.name] == ["last &lt;n&gt;", "shuffled"]


def test_recovery_is_marked_where_it_is_over() -> None:
    curve = Curve(np.array([1, 2, 3]), np.array([2.0, 0.5, 0.0]), np.full(3, 0.1), "extra")
    figure = recovery_figure(curve, 3, "lstm", ("k", "bits", "nothing"))
    assert (figure.data[-1].x[0], figure.data[-1].y[0]) == (3, 0.0)
    assert len(recovery_figure(curve, None, "lstm", ("k", "bits", "0")).data) == 2
