"""Drawings of a cell: every vector stands somewhere, Plotly knows every word, numbers are short."""

from __future__ import annotations

import re

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.figures.cell import BLOCKS, PLANS, CellWords, Outcome, cell_canvas, narrow_plan
from rnnlm_core.figures.cell_drawing import (
    Canvas,
    Vector,
    block_name,
    blocks,
    scale_of,
    scale_text,
    scaled,
)
from rnnlm_core.figures.cell_numbers import fitted, short
from rnnlm_core.figures.cell_product import ROWS, Column, Sheet, product_canvas
from rnnlm_core.figures.cell_terms import Bar, terms_figure
from rnnlm_core.figures.numbers import three, three_latex

WORDS = CellWords(["read", "sum", "value", "product", "state", "prediction"], "{name}", "loss",
                  "held")
CELLS = pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])


def vectors(cell: str, hidden: int) -> dict[str, Vector]:
    draw = np.random.default_rng(0)
    return {name: Vector(name, name, v := draw.normal(size=hidden), scale_of(v))
            for name in PLANS[cell].places}


def drawing(cell: str, hidden: int = 6, **more: object) -> Canvas:
    return cell_canvas(cell, vectors(cell, hidden), Outcome([(0.7, "a"), (0.3, "b")], 1), WORDS,
                       BLOCKS[cell][0], 2, **more)  # type: ignore[arg-type]


@CELLS
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("hidden", [1, 4, 512])
def test_every_vector_is_drawn_inside_and_plotly_takes_it(
        cell: str, narrow: bool, back: bool, hidden: int) -> None:
    canvas = drawing(cell, hidden, back=back, narrow=narrow)
    figure = canvas.figure()
    go.Figure(figure.to_dict())  # validated here, not while painting
    assert [name for name in canvas.clicked if name] == [*PLANS[cell].places, "p"] or narrow
    assert set(canvas.clicked) - {""} == {*PLANS[cell].places, "p"}
    assert len(canvas.clicked) == len(figure.data)
    for trace in figure.data:
        if trace.type == "heatmap":
            assert len(trace.z) * len(trace.z[0]) <= 128
            assert trace.x0 - trace.dx / 2 >= -1
            assert trace.x0 - trace.dx / 2 + trace.dx * len(trace.z[0]) <= canvas.width + 1
            assert 0 <= trace.y0 <= canvas.height
    assert all(0 <= note.y <= canvas.height for note in figure.layout.annotations)


@CELLS
def test_no_two_vectors_overlap(cell: str) -> None:
    for plan in (PLANS[cell], narrow_plan(cell)):
        boxes = list(plan.places.values())
        for i, (x, y, width) in enumerate(boxes):
            for other_x, other_y, other in boxes[i + 1:]:
                assert x + width <= other_x or other_x + other <= x or abs(y - other_y) >= 38


@CELLS
def test_backwards_the_arrows_turn_round(cell: str) -> None:
    def heads(back: bool) -> list[str]:
        return [symbol for trace in drawing(cell, back=back).figure().data
                if trace.type == "scatter" for symbol in (trace.marker.symbol or ())]

    forward, backward = heads(False), heads(True)
    assert "triangle-left" not in forward and len(forward) == len(backward)
    assert backward.count("triangle-left") > backward.count("triangle-right")


@given(st.integers(1, 600), st.integers(0, 5))
def test_a_block_shows_its_entry_of_the_largest_size(length: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=length)
    shown, size = blocks(values, most=16)
    assert len(shown) <= 16 and len(shown) == -(-length // size)
    for i, value in enumerate(shown):
        part = values[i * size:(i + 1) * size]
        assert value in part and abs(value) == abs(part).max()


def test_blocks_are_named_by_their_entries() -> None:
    assert [block_name(i, 1, 3) for i in range(3)] == ["0", "1", "2"]
    assert [block_name(i, 4, 10) for i in range(3)] == ["0–3", "4–7", "8–9"]


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("rows, page", [(4, 0), (128, 0), (512, 3), (300, 2)])
def test_a_large_matrix_is_shown_by_pages_and_blocks(rows: int, page: int, below: bool) -> None:
    draw = np.random.default_rng(1)
    W, v = draw.normal(size=(rows, 512)), draw.normal(size=512)
    sheet = Sheet("W", "W", W, Vector("v", "v", v, scale_of(v)),
                  Vector("b", "b", v, scale_of(v)) if below else None)
    column = Vector("a", "a", W @ v, scale_of(W @ v))
    canvas = product_canvas([sheet], [Column(column, "=")], page, page * ROWS)
    figure = canvas.figure()
    go.Figure(figure.to_dict())
    matrix = figure.data[canvas.clicked.index("W")]
    assert len(matrix.z) == min(ROWS, rows - page * ROWS) and len(matrix.z[0]) == 128
    assert matrix.z[0][0] == pytest.approx(
        max(W[page * ROWS, :4], key=abs), rel=1e-6)
    assert canvas.height < 470  # one screen, with what stands above


def test_terms_go_on_from_each_other_to_the_total() -> None:
    figure = terms_figure([Bar("a", 2.0), Bar("b", -0.5), Bar("c", 0.25)], Bar("sum", 1.75))
    assert list(figure.data[0].base) == [0, 2.0, 1.5, 0]
    assert list(figure.data[0].x) == [2.0, -0.5, 0.25, 1.75]


@pytest.mark.parametrize("value, text, latex", [
    (0.0, "0", "0"), (1.0, "1.00", "1.00"), (-0.03125, "−0.0312", "(-0.0312)"),
    (0.99951, "1.00", "1.00"), (12.345, "12.3", "12.3"), (4321.0, "4321", "4321"),
    (3.1e-17, "3.10×10⁻¹⁷", r"3.10\cdot 10^{-17}"), (-2e5, "−2.00×10⁵", r"(-2.00\cdot 10^{5})"),
    (float("nan"), "–", "–"), (float("inf"), "∞", "∞")])
def test_numbers_have_three_digits(value: float, text: str, latex: str) -> None:
    assert (three(value), three_latex(value)) == (text, latex)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_what_is_written_is_right_to_three_digits(value: float) -> None:
    superscript = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    mantissa, _, power = three(value).partition("×10")
    read = float(mantissa.translate(superscript)) * 10.0 ** int(power.translate(superscript) or 0)
    assert read == pytest.approx(value, rel=5.1e-3, abs=1e-300)


def test_numbers_too_small_for_a_cell_share_a_power_of_ten() -> None:
    values = np.array([1.46e-5, -7.3e-6, 2e-7, 0.0])
    canvas = Canvas(300, 100)
    assert canvas.strip(Vector("v", "v", values, scale_of(values)), 0, 50, 160) == -5
    # so that markup of smaller letters cannot hide what is said
    assert [re.sub("<.*?>", "", text) for text in canvas.figure().data[0].text[0]] == [
        "1.46", "−0.73", "0.02", "0"]
    assert (scaled("v", -5), scale_text(scale_of(values), -5)) == ("v ×10⁻⁵", "±1.46")
    many = np.full(64, 1e-5)  # too narrow for numbers: nothing to factor out
    assert canvas.strip(Vector("w", "w", many, scale_of(many)), 0, 50, 160) == 0


@pytest.mark.parametrize("value, text", [
    (0.0, "0"), (0.0022, "0.0022"), (-0.0076, "−0.0076"), (0.00994, "0.0099"), (0.00999, "0.01"),
    (-0.01, "−0.01"), (0.00096, "0.0010"), (0.00031, "3×10⁻⁴"), (-3.2e-5, "−3×10⁻⁵"),
    (0.995, "0.99"), (-9.99, "−9.99"), (9.996, "10"), (-15.4, "−15")])
def test_short_numbers_are_zero_only_where_the_value_is(value: float, text: str) -> None:
    assert short(value) == text


@given(st.floats(-1, 1).filter(lambda v: abs(v) > 1e-300))
def test_what_is_not_zero_is_not_written_as_zero(value: float) -> None:
    assert re.search("[1-9]", short(value)) and short(value).startswith("−") == (value < 0)


def test_a_long_number_is_written_in_smaller_letters_where_its_cell_is_narrow() -> None:
    assert fitted(0.98, 42.5) == "0.98"
    sizes = [int(re.search(r"font-size:(\d+)px", fitted(v, 42.5))[1])  # type: ignore[index]
             for v in (0.0022, -0.0022)]
    assert 14 > sizes[0] > sizes[1] >= 10
    # 0.497 em a digit and a minus, 0.249 a point (canvas.measureText of Source Sans)
    assert (6 * 0.497 + 0.249) * sizes[1] < 42.5 and fitted(-0.0022, 80) == "−0.00220"


def test_the_room_for_the_numbers_of_a_sum_is_in_pixels() -> None:
    """A digit of Source Sans bold is 0.528 em, as is a minus; a point 0.3 (canvas.measureText)."""
    figure = terms_figure([Bar("a", 2.0), Bar("b", -123.4567)], Bar("sum", -1.23e-5))
    assert figure.layout.margin.r >= 6 + 15 * (4 * 0.528 + 0.3 + 0.528 + 2 * 0.528 + 2 * 0.376)
    assert "r" not in figure.layout.meta["narrow"]
    assert figure.layout.xaxis.range[1] == 2.0  # the longest bar ends where the room begins
