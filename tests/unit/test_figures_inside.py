"""The charts of states and gradients: what is drawn where, and that foreign text stays text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnnlm_core.figures.gradients import Reach, ReachWords, power_text, reach_figure
from rnnlm_core.figures.gradients_training import Track, TrainingWords, training_figure
from rnnlm_core.figures.palette import DASH, LIGHT
from rnnlm_core.figures.states import (
    HeatWords,
    Scale,
    alternatives_figure,
    cell_width,
    heat_height,
    heatmap_figure,
)
from rnnlm_core.figures.states_move import PathWords, path_figure

SIGNED = Scale(1.0, True)


def test_heatmap_letters_are_escaped_marked_and_over_their_columns() -> None:
    figure = heatmap_figure(np.zeros((3, 5)), [4, 0, 2], "<$ \n中", SIGNED, HeatWords("u", "v"))
    assert list(figure.layout.xaxis.ticktext) == ["&lt;", "&#36;", "·", "⏎", "中"]
    assert list(figure.layout.xaxis.tickvals) == [0, 1, 2, 3, 4]
    assert list(figure.data[0].y) == ["4", "0", "2"]
    assert figure.layout.yaxis.ticktext[0] == "<b>▸4</b>"


def test_heatmap_outlines_first_row_and_the_column() -> None:
    figure = heatmap_figure(np.zeros((3, 5)), [4, 0, 2], "abcde", SIGNED, HeatWords("u", "v"), 3)
    boxes = [(s.x0, s.x1, s.y0, s.y1) for s in figure.layout.shapes]
    assert boxes == [(-0.5, 4.5, -0.5, 0.5), (2.5, 3.5, -0.5, 2.5)]


def test_what_was_expected_stands_between_the_letters_and_the_units():
    expected = [[], [("a", 0.7), ("<b>", 0.2), ("c", 0.1)], [("\n", 0.9)]]
    figure = heatmap_figure(np.zeros((3, 3)), [4, 0, 2], "abc", SIGNED, HeatWords("u", "v", "next"),
                            None, expected, 2)
    above = figure.data[1]
    assert [list(row) for row in above.text] == [["", "a", "⏎"], ["", "&lt;b&gt;", ""]]
    np.testing.assert_allclose(above.z, [[0, 0.7, 0.9], [0, 0.2, 0]], rtol=1e-6)
    units, rows = figure.layout.yaxis.domain, figure.layout.yaxis2.domain
    assert units[0] == 0 < units[1] < rows[0] < rows[1] == 1
    assert figure.layout.height == heat_height(3, 2)
    inner = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    assert units[1] * inner == pytest.approx(heat_height(3) - heat_height(0))  # rows as ever


def test_signed_values_are_centred_and_shares_begin_at_zero() -> None:
    def ends(scale: Scale) -> tuple[float, float]:
        trace = heatmap_figure(np.zeros((1, 1)), [0], "a", scale, HeatWords("u", "v")).data[0]
        return trace.zmin, trace.zmax

    assert ends(Scale(2.5, True)) == (-2.5, 2.5)
    assert ends(Scale(1.0, False)) == (0.0, 1.0)


def test_full_width_letters_get_wide_columns() -> None:
    assert cell_width("plain") == 12
    assert cell_width("a，b") == cell_width("中文") == 20
    assert cell_width(["the", "cat"]) == 34 and cell_width(["北京", "大学"]) == 44  # 4 half widths
    assert cell_width(["e\u0301", "a"]) == 14  # a mark takes no room of its own


def test_path_points_carry_their_value_and_safe_names() -> None:
    figure = path_figure(np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([0.5, -0.5]), SIGNED,
                         ["<b>", "%{x}"], PathWords("1", "2", "unit"), selected=1)
    assert list(figure.data[1].text) == ["&lt;b&gt;", "&#37;{x}"]
    assert list(figure.data[1].marker.color) == [0.5, -0.5]
    ring = figure.data[figure.layout.meta["walk"]["ring"]]
    assert (ring.x[0], ring.y[0]) == (2.0, 3.0)


def test_the_character_that_came_is_bold_among_the_alternatives() -> None:
    bars = alternatives_figure([("e", 0.9), (" ", 0.004)], came=" ")
    assert list(bars.layout.yaxis.ticktext) == ["e", "<b>·</b>"]
    assert list(bars.data[0].text) == ["90%", "&lt;1&#37;"]


# -- gradients ----------------------------------------------------------------------------------
WORDS = ReachWords("lag", "norm", "horizon", "<1e-300")


def reach(name: str, cell: str, rate: float, **changes: object) -> Reach:
    mean = 5.0 * rate ** np.arange(101.0)
    values: dict[str, object] = {
        "mean": mean, "low": mean / 2, "high": mean * 2, "texts": ["x"] * 101, "horizon": 7,
        "floored": False, **changes}
    return Reach(name, cell, **values)  # type: ignore[arg-type]


def lines(figure: object) -> dict[str, object]:
    return {trace.name: trace for trace in figure.data if trace.name}  # type: ignore[attr-defined]


def test_the_trained_run_is_thick_and_solid_untrained_ones_thin_with_their_dash() -> None:
    figure = reach_figure([reach("this run", "gru", 0.9, kind="trained"), reach("GRU", "gru", 0.6),
                           reach("RNN", "rnn", 0.5), reach("LSTM c", "lstm", 0.8,
                                                           of_cell_state=True)], True, WORDS)
    drawn = lines(figure)
    assert (drawn["this run"].line.dash, drawn["this run"].line.width) == ("solid", 4)
    assert drawn["this run"].line.color == LIGHT["gru"]
    assert (drawn["GRU"].line.dash, drawn["RNN"].line.dash) == (DASH["gru"], DASH["rnn"])
    assert drawn["GRU"].line.width < 4 and drawn["LSTM c"].line.dash == "dot"


def test_relative_curves_begin_at_one_and_the_marker_lies_on_the_curve() -> None:
    curve = reach("RNN", "rnn", 0.5)
    figure = reach_figure([curve], True, WORDS)
    assert lines(figure)["RNN"].y[0] == 1.0
    marker = figure.data[-1]
    assert (marker.x[0], marker.y[0]) == (7, pytest.approx(0.5 ** 7))
    assert len(figure.layout.shapes) == 1  # the horizon line
    absolute = reach_figure([curve], False, WORDS)
    assert lines(absolute)["RNN"].y[0] == 5.0 and not absolute.layout.shapes


def test_end_labels_keep_apart_and_say_the_floor() -> None:
    curves = [reach("A", "rnn", 0.5), reach("B", "gru", 0.5), reach("C", "lstm", 0.5,
                                                                    floored=True)]
    figure = reach_figure(curves, True, WORDS)
    notes = [note for note in figure.layout.annotations if note.xanchor == "left"]
    shifts = sorted(note.yshift for note in notes)
    assert min(np.diff(shifts)) >= 19.9
    assert next(n.text for n in notes if "C" in n.text) == "C &lt;1e-300"


def test_theory_is_grey_without_band_and_does_not_stretch_the_picture() -> None:
    run = reach("this run", "rnn", 0.9, kind="trained")
    alone, both = (reach_figure(curves, True, WORDS) for curves in (
        [run], [run, reach("bound", "rnn", 3.0, kind="bound", horizon=None),
                reach("mean field", "rnn", 0.89, kind="estimate")]))
    drawn = lines(both)
    assert {drawn[n].line.color for n in ("bound", "mean field")} == {LIGHT["ngram"]}
    assert {drawn[n].line.dash for n in ("bound", "mean field")} == {"dot", "dash"}
    assert len(both.data) == len(alone.data) + 2  # no band, no marker
    (low, high), (lowest, highest) = alone.layout.yaxis.range, both.layout.yaxis.range
    assert highest - high <= 0.5 * (high - low) and lowest >= low - 1  # 3^100 = 10^48
    # its name stands where the line leaves: 3^k passes 10^top at k = top / log10 3
    note = next(n for n in both.layout.annotations if n.text == "bound")
    assert note.xref == "x" and note.x == math.ceil(highest / math.log10(3.0))


def test_the_course_of_training_marks_horizons_beyond_what_was_measured() -> None:
    words = TrainingWords("step", "horizon", "rate", "more than 100", "lasts")
    track = Track("c", "lstm", [0, 10, 20], [7, None, 30], [0.5, 1.01, None], 100, True)
    figure = training_figure([track], words, 20)
    upper, lower = figure.data
    assert list(upper.y) == [7, 100, 30] and upper.line.dash == "dot"
    assert list(upper.marker.symbol) == ["circle", "triangle-up", "circle"]
    assert list(upper.customdata) == ["7", "more than 100", "30"]
    assert list(lower.y[:2]) == [0.5, 1.01] and math.isnan(lower.y[2])
    assert figure.layout.yaxis2.range[1] > 1.01 and figure.layout.xaxis.range[1] > 20
    assert figure.layout.annotations[0].text == "<b>c 30</b>"


def test_values_at_the_floor_of_float64_are_drawn() -> None:
    tiny = np.full(101, 1e-300)
    figure = reach_figure([reach("A", "rnn", 1.0, mean=tiny, low=tiny, high=tiny, horizon=None)],
                          False, WORDS)
    low, high = figure.layout.yaxis.range
    assert low < -300 < high


@pytest.mark.parametrize(("value", "text"), [
    (1.0, "1"), (0.034, "0.034"), (3.2e-8, "10<sup>−7</sup>"), (4.1e5, "10<sup>6</sup>"),
    (0.0, "0")])
def test_power_text(value: float, text: str) -> None:
    assert power_text(value) == text
