"""What the figures of the Data and Build pages draw, counted and measured."""

from __future__ import annotations

import math

import pytest

from rnnlm_core.figures.build import STEPS, Network, NetworkWords, network_figure
from rnnlm_core.figures.build_cnn import MOST, CausalTree, TreeWords, cnn_figure, nodes
from rnnlm_core.figures.data import (
    Bar,
    FrequencyWords,
    Ranked,
    Token,
    TokenWords,
    character_figure,
    glyph,
    rank_figure,
    token_figure,
)
from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.range_test import RangeWords, Suggestion, range_figure
from rnnlm_core.figures.training import Series
from rnnlm_core.nets.cnn_shape import dilations

WORDS = FrequencyWords("share", "rest", "others", "even", "times", "rank", "zipf")


def bars(*counts: int, total: int = 100) -> list[Bar]:
    return [Bar(c, f"NAME {c}", n, n / total) for c, n in zip("e<\n$", counts, strict=False)]


def test_bars_are_shares_and_the_rest_is_their_complement() -> None:
    figure = character_figure(bars(50, 20, 10), 20, 100, 1 / 10, False, WORDS)
    assert list(figure.data[0].y) == [50, 20, 10, 20]
    assert figure.layout.shapes[0].y0 == pytest.approx(10)
    assert [note.text for note in figure.layout.annotations[:4]] == ["e", "&lt;", "⏎", "rest"]


def test_a_rest_that_would_dwarf_the_bars_is_cut_off_and_says_so() -> None:
    figure = character_figure(bars(10, 5), 85, 100, 1 / 50, False, WORDS)
    assert figure.layout.yaxis.range[1] < 15
    assert "85 %" in figure.layout.annotations[-1].text


def test_the_log_axis_holds_every_bar() -> None:
    figure = character_figure(bars(500, 1, total=1000), 0, 1000, 1 / 3, True, WORDS)
    low, high = figure.layout.yaxis.range
    assert low < math.log10(0.1) and high > math.log10(50)
    assert figure.layout.annotations[-1].y == pytest.approx(math.log10(100 / 3))


def test_by_rank_starts_at_one() -> None:
    figure = rank_figure([Ranked(1, "a", 6), Ranked(2, "b", 3), Ranked(3, "c", 1)], 10, 0.6, WORDS)
    law, found = figure.data
    assert list(found.x) == [1, 2, 3] and list(found.y) == [60, 30, 10]
    assert list(law.x) == [1, 3] and list(law.y) == pytest.approx([60, 20])


def test_the_target_is_the_input_shifted_by_one() -> None:
    tokens = [Token(c, c, i) for i, c in enumerate("ab c", start=1)]
    figure = token_figure(tokens, TokenWords(("in", "i"), ("out", "o"), "id"))
    texts = [list(trace.text) for trace in figure.data if trace.text]
    assert texts == [["a", "b", "␣"], ["1", "2", "3"], ["b", "␣", "c"], ["2", "3", "4"]]


@pytest.mark.parametrize("character, shown", [
    (" ", "␣"), ("\n", "⏎"), ("\t", "⇥"), ("<", "&lt;"), ("$", "&#36;"), ("雨", "雨"),
    ("\u202e", "◌")])
def test_a_glyph_is_never_markup_and_never_invisible(character: str, shown: str) -> None:
    assert glyph(character) == shown


TOKENS = [("a", 1), ("<", 2), ("\n", 3), ("b", 4)]


def drawn(cell: str, layers: int, dropouts=(True, True, True), embedding: int = 64, **more):  # type: ignore[no-untyped-def]
    network = Network(cell, layers, 40, embedding, 256, dropouts, TOKENS, **more)
    pair = ("long", "short")
    words = NetworkWords(pair, pair, [pair] * layers, pair, pair, pair, cell.upper(),
                         [f"hover {i}" for i in range(layers + 3)])
    return network_figure(network, words)


@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("cell, states", [("rnn", 1), ("gru", 1), ("lstm", 2)])
def test_the_drawing_has_every_box_and_every_state_arrow(
        cell: str, states: int, layers: int) -> None:
    figure = drawn(cell, layers)
    assert len(figure.layout.shapes) == STEPS * (layers + 3)
    coloured = [s for s in figure.layout.shapes if s.line.color == LIGHT[cell]]
    assert len(coloured) == STEPS * layers
    heads = next(t for t in figure.data if t.marker.symbol == "triangle-right")
    assert len(heads.x) == (STEPS + 1) * layers * states
    texts = [note.text for note in figure.layout.annotations]
    assert sum("c<sub>0</sub>" in text for text in texts) == (layers if cell == "lstm" else 0)
    assert any("ℝ<sup>64</sup>" in text for text in texts)
    assert not any("<<" in text for text in texts) and any("&lt;" in text for text in texts)


def test_dropout_is_dotted_only_where_it_acts() -> None:
    def dotted(figure) -> int:  # type: ignore[no-untyped-def]
        return sum(len(t.x) // 3 for t in figure.data if t.line.dash == "dot")

    assert dotted(drawn("gru", 3)) == STEPS * (1 + 2 + 1)  # in, between, out
    assert dotted(drawn("gru", 3, (False, True, False))) == STEPS * 2
    assert dotted(drawn("gru", 3, (True, False, True))) == STEPS * 2
    assert dotted(drawn("gru", 3, (False, False, False))) == 0


def texts(figure) -> list[str]:  # type: ignore[no-untyped-def]
    return [note.text for note in figure.layout.annotations]


def test_one_hot_tied_and_norm_are_written_into_the_boxes() -> None:
    one_hot = texts(drawn("lstm", 1, embedding=0))
    assert "e<sub>1</sub>" in one_hot and not any("E[" in text for text in one_hot)
    assert any("x<sub>1</sub> ∈ ℝ<sup>40</sup>" in text for text in one_hot)
    assert any("E h" in text for text in texts(drawn("lstm", 1, output="tied")))
    assert any("tails" in text for text in texts(drawn("lstm", 1, output="adaptive")))
    assert any("LN" in text for text in texts(drawn("lstm", 1, layer_norm=True)))


def test_a_residual_path_goes_around_each_layer_but_the_first() -> None:
    sums = [t for t in drawn("rnn", 3, residual=True).data if t.text == "+"]
    assert len(sums) == 1 and len(sums[0].x) == STEPS * 2
    assert sorted({math.floor(y) for y in sums[0].y}) == [3, 4]  # above rows 3 and 4: layers 2, 3


# -- the causal CNN ----------------------------------------------------------------------------
def tree(receptive_field: int):  # type: ignore[no-untyped-def]
    found = dilations(receptive_field)
    rows = [("long", "short")] * (len(found) + 2)
    words = TreeWords(rows, [""] * len(rows), [f"hover {i}" for i in range(len(rows))], "cut")
    return cnn_figure(CausalTree(found, receptive_field, list("abcd"), "e"), words)


@pytest.mark.parametrize("receptive_field", [2, 5, 8, 31, 64])
def test_the_tree_reaches_each_token_in_sight(receptive_field: int) -> None:
    """By brute force: one changed token at a time through the blocks' own rule."""
    found = dilations(receptive_field)
    levels = nodes(found, receptive_field)
    assert levels[0] == list(range(receptive_field)) and levels[-1] == [receptive_field - 1]
    for token in range(receptive_field):
        touched = {token}
        for level, d in enumerate(found, start=1):
            touched |= {t + d for t in touched if t + d < receptive_field}
            assert touched & set(levels[level]) or level < len(found)
        assert receptive_field - 1 in touched


def test_a_tree_too_wide_to_draw_is_cut_and_says_so() -> None:
    assert "cut" in texts(tree(500)) and "cut" not in texts(tree(MOST))
    assert min(x for t in tree(500).data if t.mode == "lines" for x in t.x if x is not None) >= -1


def test_every_row_of_the_tree_has_its_hover() -> None:
    hovers = next(t for t in tree(8).data if t.customdata is not None).customdata
    assert set(hovers) == {f"hover {i}" for i in range(5)}


def test_every_note_has_a_short_form_for_the_phone() -> None:
    assert all(note.name for note in drawn("lstm", 2).layout.annotations)


# -- the range test ----------------------------------------------------------------------------
def test_the_rates_stand_where_they_are_on_a_log_axis() -> None:
    rates, losses = [1e-4, 1e-3, 1e-2, 1e-1], [4.0, 3.0, 2.0, 5.0]
    figure = range_figure(
        Series(rates, losses), Series(rates, losses),
        [Suggestion(1e-3, "fall <b>", "f", True), Suggestion(1e-2, "rise", "r", False)], "gru",
        RangeWords("nats", "rate"), 300)
    assert figure.layout.xaxis.type == "log"
    assert [shape.x0 for shape in figure.layout.shapes] == [1e-3, 1e-2]
    assert [note.x for note in figure.layout.annotations] == pytest.approx([-3, -2])
    assert "&lt;b&gt;" in figure.layout.annotations[0].text
    low, high = figure.layout.yaxis.range
    assert 10 ** low < 2.0 and 10 ** high > 5.0
