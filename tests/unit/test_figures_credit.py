"""The charts of who taught whom and of truncation show the numbers that they are given."""

from __future__ import annotations

import numpy as np
import pytest

from rnnlm_core.figures.gradients_taught import (
    DECADES,
    GROUPS,
    BarWords,
    MapWords,
    bars_figure,
    grouped,
    map_figure,
)
from rnnlm_core.figures.gradients_truncate import (
    Axes,
    Measured,
    bias_figure,
    chunk_figure,
    cut_figure,
)

T = 30
PARTS = np.tril(np.random.default_rng(0).normal(size=(T, T)))
PIECES = [*"ab <&%{x}$", *["…"] * 30][:T + 1]
BARS = BarWords("x", "y", [f"g{n}" for n in GROUPS], "key")
MAP = MapWords("x", "y", "low", "high", "{guess} {state} {value}")


def test_the_groups_of_a_bar_are_by_how_many_guesses_later():
    groups = grouped(PARTS)

    for n, group in zip(GROUPS, groups, strict=True):
        last = {1: 1, 2: 2, 3: 5, 6: 10, 11: 20, 21: T}[n]
        for s in (0, 7, T - 1):
            assert group[s] == pytest.approx(PARTS[s + n - 1:s + last, s].sum())
    assert sum(groups) == pytest.approx(PARTS.sum(0))


def test_the_bars_stack_up_to_the_whole():
    whole = PARTS.sum(0)

    figure = bars_figure(PARTS, PIECES, whole, BARS)

    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert sum(np.array(bar.y) for bar in bars) == pytest.approx(whole)
    assert figure.layout.barmode == "relative"  # what is negative hangs below zero
    assert np.array(figure.data[-1].y) == pytest.approx(whole)


def test_no_mark_and_no_empty_group_where_there_is_none():
    figure = bars_figure(np.diag(np.ones(4)), PIECES, None, BARS, share=True)

    assert [trace.name for trace in figure.data] == ["g1"]


def test_the_map_is_logarithmic_and_a_triangle():
    sizes = np.tril(10.0 ** -np.arange(T)[:, None] * np.ones(T))
    sizes[3, 0] = 0.0

    figure = map_figure(sizes, PIECES, 5, MAP)

    z = np.array(figure.data[0].z)
    assert np.isnan(z[np.triu_indices(T, 1)]).all()
    assert not np.isnan(z[np.tril_indices(T)]).any()
    assert [z[0, 0], z[2, 1], z[29, 0], z[3, 0]] == [0, -2, -DECADES, -DECADES]
    assert figure.data[0].text[0][1] == ""
    assert figure.data[0].text[3][3] == "&amp; (5) &lt; (4) 1.0e-03"
    outline = figure.layout.shapes[0]
    assert (outline.y0, outline.y1) == (4.5, 5.5)


@pytest.mark.parametrize("pieces", [PIECES, ["word"] * (T + 1), [*"汉" * (T + 1)]])
def test_letters_or_numbers_stand_at_the_axes(pieces):
    figure = map_figure(np.tril(np.ones((T, T))), pieces, None, MAP)

    by_number = pieces[0] == "word"
    assert (figure.layout.xaxis.ticktext[0] == "1") == by_number
    assert len(figure.layout.shapes) == 0


def test_a_map_of_nothing_is_pale():
    z = np.array(map_figure(np.zeros((3, 3)), PIECES, None, MAP).data[0].z)

    assert np.isnan(z).all()


def test_bias_by_reach_with_the_choice():
    lines = [Measured("cosine", np.array([0.2, np.nan, 0.9]), 0.85, "0.90"),
             Measured("error", np.array([1.4, 0.8, 0.1]), None, "0.10", dashed=True)]

    figure = bias_figure([1, 2, 4], lines, 2, "gru", Axes("x", "y"), "k2 = 2")

    assert list(figure.data[0].x) == [0, 1, 2]
    assert list(figure.data[0].y)[::2] == [0.2, 0.9]
    assert (list(figure.data[2].x), list(figure.data[2].y)) == ([1], [0.85])
    assert len(figure.data) == 3
    assert figure.layout.yaxis.range[1] > 1.4


def test_the_cut_profile_ends_at_the_reach():
    whole, share = 0.5 ** np.arange(20), np.clip(1 - np.arange(20) / 8, 0, 1)

    figure = cut_figure(whole, share, 8, "rnn", Axes("x", "y"), ("whole", "kept", "beyond"))

    assert list(figure.data[2].x) == list(range(8))
    assert np.array(figure.data[2].y) == pytest.approx((whole * share)[:8])
    assert figure.layout.shapes[0].x0 == 7.5
    far = cut_figure(whole, np.ones(20), 64, "rnn", Axes("x", "y"), ("whole", "kept", "beyond"))
    assert len(far.layout.shapes) == len(far.layout.annotations) == 0


def test_a_gradient_that_underflows_is_drawn_as_far_as_it_says_something():
    whole = np.maximum(1e-30 ** np.arange(20), 1e-300)

    figure = cut_figure(whole, np.ones(20), 64, "rnn", Axes("x", "y"), ("whole", "kept", "beyond"))

    assert figure.layout.yaxis.range[0] == pytest.approx(-12.3)


def test_the_saw_tooth_has_colour_up_to_the_line_and_none_above():
    farthest = np.array([0, 1, 2, 0, 1, 2])

    figure = chunk_figure(farthest, np.array([1.0, 0.1]), [3], 1.0, Axes("x", "y"), "average")

    z = np.array(figure.data[0].z)
    assert z.shape == (3, 6)
    assert [np.isfinite(z[:, i]).sum() - 1 for i in range(6)] == farthest.tolist()
    assert z[:, 2].tolist() == [0, -1, -1]  # beyond what was measured: as the last lag
    assert list(figure.data[1].y) == farthest.tolist()


def test_where_letters_have_no_room_on_a_phone_there_are_none():
    def figures(length):
        words = MapWords("x", "y", "low", "high", "{guess}{state}{value}")
        pieces = list("abcdefghijklmnopqrstuvwxyzABCDEFG"[:length + 1])
        sizes = np.tril(np.ones((length, length)))
        return (bars_figure(sizes, pieces, None, BarWords("x", "y", ["g"] * 6, "key")),
                map_figure(sizes, pieces, None, words))

    bars, grid = figures(32)
    assert {note.name for note in bars.layout.annotations[1:]} == {" "}
    assert grid.layout.meta["narrow_axes"]["xaxis"]["ticktext"] == ["1", "8", "16", "24", "32"]
    bars, grid = figures(16)
    assert {note.name for note in bars.layout.annotations[1:]} == {None}
    assert not grid.layout.meta
