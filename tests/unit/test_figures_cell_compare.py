"""The three drawings and the curves: same places, inside the canvas, taken by Plotly."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from rnnlm_core.figures.activations import Curve, activations_figure
from rnnlm_core.figures.cell_compare import COMPARED, HEIGHT, NEW, WIDTH, compared_canvas
from rnnlm_core.figures.cell_drawing import Vector, scale_of

CELLS = pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])


def vectors(cell: str, hidden: int) -> dict[str, Vector]:
    draw = np.random.default_rng(0)
    return {name: Vector(name, name, v := draw.normal(size=hidden), scale_of(v))
            for name in COMPARED[cell].places}


@CELLS
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("hidden", [1, 4, 512])
def test_every_vector_is_drawn_inside(cell: str, hidden: int, narrow: bool) -> None:
    canvas = compared_canvas(cell, vectors(cell, hidden), "f", narrow)
    figure = canvas.figure()
    go.Figure(figure.to_dict())
    assert [name for name in canvas.clicked if name] == list(COMPARED[cell].places)
    for note in figure.layout.annotations:
        assert 0 <= note.x <= WIDTH and 0 <= note.y <= canvas.height <= HEIGHT
    assert all(shape.y0 >= 0 and shape.y1 <= canvas.height for shape in figure.layout.shapes)
    framed = [shape for shape in figure.layout.shapes if shape.layer == "below"]
    assert len(framed) == len(NEW[cell])


@CELLS
def test_no_two_boxes_overlap(cell: str) -> None:
    boxes = list(COMPARED[cell].places.values())
    for i, (x, y, width) in enumerate(boxes):
        for other_x, other_y, other in boxes[i + 1:]:
            assert x + width <= other_x or other_x + other <= x or abs(y - other_y) >= 38


def test_what_does_the_same_stands_at_the_same_place() -> None:
    rnn, gru, lstm = (COMPARED[cell].places for cell in ("rnn", "gru", "lstm"))
    for same in ((rnn["x"], gru["x"], lstm["x"]), (gru["z"], lstm["f"]), (gru["1-z"], lstm["i"]),
                 (rnn["candidate"], gru["n"], lstm["g"]), (gru["r"], lstm["o"]),
                 (rnn["h_before"], gru["h_before"], lstm["c_before"]),
                 (rnn["h"], gru["h"], lstm["c"])):
        assert len(set(same)) == 1


def test_only_a_gated_state_runs_straight() -> None:
    def straight(cell: str) -> bool:
        return len({y for line in COMPARED[cell].state_lines for _, y in line}) == 1

    assert straight("gru") and straight("lstm") and not straight("rnn")


@pytest.mark.parametrize("narrow", [False, True])
def test_dots_lie_on_the_curve_and_panels_apart(narrow: bool) -> None:
    x = np.linspace(-6, 6, 11)
    a = np.array([-7.0, 0.5])
    curves = [Curve("t", x, np.tanh(x), 1 - np.tanh(x)**2, (-1.0, 1.0), 8.0, (a, np.tanh(a)),
                    np.array([0.0, 3.0, 1.0])),
              Curve("t", x, np.maximum(x, 0), (x > 0) * 1.0, (0.0, float("inf")), 6.0),
              Curve("t", x, x, x, (-1.0, 1.0), 6.0, None, np.zeros(3))]
    figure = activations_figure(curves, "lstm", "Unit {n}", narrow)
    dots = [trace for trace in figure.data if getattr(trace, "mode", "") == "markers"]
    assert len(dots) == 1 and list(dots[0].x) == [-7.0, 0.5]
    np.testing.assert_array_equal(dots[0].y, np.tanh(a))
    axes = [figure.layout[f"{'y' if narrow else 'x'}axis{i}"].domain for i in ("", 2, 3)]
    ordered = sorted(axes)
    assert all(0 <= low < high <= 1 for low, high in axes)
    assert ordered[0][1] < ordered[1][0] and ordered[1][1] < ordered[2][0]
    assert (axes == ordered) is not narrow  # the first on top
    assert len(figure.layout.shapes) == 2 + 1 + 2  # ReLU has one end only
