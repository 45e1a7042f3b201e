"""The dial's charts: what stands where, and that foreign words and odd numbers do no harm."""

from __future__ import annotations

import pytest

from rnnlm_core.figures.gradients_dial import (
    Axes,
    Box,
    Dot,
    Row,
    curve_figure,
    grid_figure,
    grid_height,
    reach_figure,
)
from rnnlm_core.figures.palette import LIGHT
from rnnlm_ui.gradients.dial_choices import reach_text

ROWS = [Row("RNN <b>", "R", "rnn"), Row("LSTM", "L", "lstm")]
BOXES = [[Box("5 of 5", "5/5", "60 steps", "r₀ 1", "1", "all", 1.0),
          Box("–", "–", "", "r₀ 2", "2", "", None)],
         [Box("0 of 5", "0/5", "step 3", "r₀ 3", "3", "none", 0.0, moving=True),
          Box("2 of 5", "2/5", "9 steps", "r₀ 4", "4", "some", 0.4)]]


def test_the_fill_is_the_share_of_solved_seeds_and_the_outline_what_is_looked_at() -> None:
    figure = grid_figure(ROWS, ["10", "30"], BOXES, (1, 0), "lag")
    assert [list(row) for row in figure.data[0].z] == [[1.0, -1.0], [0.0, 0.4]]
    frames = list(figure.layout.shapes)
    looked = [i for i, frame in enumerate(frames) if frame.line.color == LIGHT["ink"]]
    assert looked == [2] and frames[2].line.dash == "dot"  # the third of four is being trained
    texts = [note.text for note in figure.layout.annotations]
    assert "RNN &lt;b&gt;" in texts and "<b>5 of 5</b><br>60 steps<br>r₀ 1" in texts
    assert "<b>5/5</b><br>1" in [note.name for note in figure.layout.annotations]  # a phone
    assert figure.layout.height == grid_height(2)


def test_a_score_that_is_no_number_is_a_gap() -> None:
    figure = curve_figure([1, 5], [[0.1, None], [0.2, 0.9]], "gru", (0.25, "guessing"),
                          (0.99, "solved"), 500, Axes("step", "accuracy"))
    assert list(figure.data[0].y) == [0.1, None] and len(figure.data) == 2
    assert [shape.y0 for shape in figure.layout.shapes] == [0.25, 0.99]
    empty = curve_figure([], [[]], "rnn", (0.0, "a"), (0.95, "b"), 500, Axes("x", "y"))
    assert empty.layout.yaxis.range[0] <= 0 and empty.layout.yaxis.range[1] > 1


def test_only_exceptions_are_named_and_zero_has_a_place() -> None:
    dots = [Dot(0.5, 0, "rnn", "h", "RNN 100"), Dot(0.0, 0, "lstm", "h"), Dot(0.2, 5, "gru", "h")]
    figure = reach_figure(dots, [(1e-5, "low"), (1e-2, "high")], 5, ([0, 5], ["0", "5"]),
                          Axes("r₀", "solved"))
    assert [note.text for note in figure.layout.annotations] == ["RNN 100", "low", "high"]
    assert [list(trace.x) for trace in figure.data] == [[0.5], [0.2], [1e-300]]
    low, high = figure.layout.xaxis.range
    assert low < -300 and high > -0.3


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "<1e-300"), (2.34, "2.3"), (0.0061, "0.0061"), (8.4e-8, "8·10⁻⁸"), (3e-123, "3·10⁻¹²³")])
def test_the_reach_is_never_a_silent_zero(value: float, text: str) -> None:
    assert reach_text(value) == text
