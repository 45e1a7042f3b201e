"""Charts of several runs: told apart without a legend, and each sweep line is its own."""

from __future__ import annotations

from itertools import pairwise

from rnnlm_core.figures.compare import Curve, Spoke, Trial, overlay_figure, sweep_figure
from rnnlm_core.figures.palette import DASH, LIGHT
from rnnlm_core.figures.training import Line


def curve(name: str, cell: str, end: float, band: bool = False) -> Curve:
    y = [4.0, end]
    return Curve([0, 10], y, name, name[:4], cell, [v - 0.1 for v in y] if band else (),
                 [v + 0.1 for v in y] if band else ())


def drawn(figure: object, mode: str) -> list[object]:
    return [trace for trace in figure.data if trace.mode == mode]  # type: ignore[attr-defined]


def test_lines_of_one_cell_share_its_hue_and_differ_in_their_dash() -> None:
    figure = overlay_figure([curve("LSTM 64", "lstm", 1.0), curve("LSTM 32", "lstm", 1.5),
                             curve("GRU 32", "gru", 2.0)], [], "steps", "bits")
    first, second, gru = drawn(figure, "lines")
    assert first.line.color[:7] == second.line.color[:7] == LIGHT["lstm"]
    assert first.line.dash == DASH["lstm"] != second.line.dash
    assert (gru.line.color, gru.line.dash) == (LIGHT["gru"], DASH["gru"])
    assert first.line.width > gru.line.width  # the best one


def test_every_line_and_yardstick_is_named_at_its_end_and_no_two_names_touch() -> None:
    curves = [curve(f"H {n}", "rnn", 1.0 + n / 1000) for n in range(12)]
    figure = overlay_figure(curves, [Line(2.0, "KN 2", "KN 2", True)], "steps", "bits", height=440)
    notes = figure.layout.annotations
    assert sorted(note.text.strip("</b>") for note in notes) == sorted(
        [*(c.name for c in curves), "✓ KN 2 2.00"])
    low, high = figure.layout.yaxis.range
    places = sorted((note.y - low) / (high - low) * (440 - 34 - 44) + note.yshift for note in notes)
    assert min(b - a for a, b in pairwise(places)) >= 18.9


def test_repeated_seeds_have_a_band_from_their_lowest_to_their_highest() -> None:
    figure = overlay_figure([curve("LSTM", "lstm", 1.0, band=True)], [], "steps", "bits")
    band = next(trace for trace in figure.data if trace.fill == "toself")
    assert list(band.y) == [4.1, 1.1, 0.9, 3.9] and list(band.x) == [0, 10, 10, 0]


def test_foreign_names_are_no_markup() -> None:
    figure = overlay_figure([curve("<b>%{x}", "lstm", 1.0)], [], "steps", "bits")
    assert drawn(figure, "lines")[0].name == "&lt;b&gt;&#37;{x}"


def test_a_sweep_has_a_line_a_run_and_lines_through_one_value_lie_apart() -> None:
    spokes = [Spoke("H", ["16", "32"]), Spoke("rate", ["0.1", "0.2"])]
    trials = [Trial("a", [0, 0], 2.0, "lstm", "a"), Trial("b", [0, 1], 1.0, "lstm", "b", True),
              Trial("c", [1, 1], 3.0, "lstm", "c")]
    figure = sweep_figure(spokes, trials, "bits")
    assert [trace.text[0] for trace in figure.data] == ["a", "b", "c"]
    assert [trace.y[2] for trace in figure.data] == [0.5, 0.0, 1.0]  # the lowest at the bottom
    assert figure.data[0].y[0] != figure.data[1].y[0]
    assert max(figure.data[0].y[0], figure.data[1].y[0]) < 0.5 < figure.data[2].y[0]
    assert [trace.line.color == LIGHT["ink"] for trace in figure.data] == [False, True, False]


def test_runs_that_end_level_are_drawn_in_the_middle() -> None:
    trials = [Trial(name, [0], 2.0, "rnn", name) for name in "ab"]
    figure = sweep_figure([Spoke("H", ["16"])], trials, "bits")
    assert [trace.y[1] for trace in figure.data] == [0.5, 0.5]
