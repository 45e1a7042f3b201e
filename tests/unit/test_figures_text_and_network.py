"""What the figures of the Data and Build pages draw, counted and measured."""

from __future__ import annotations

import math

import pytest

from rnnlm_core.figures.build import STEPS, Network, NetworkWords, network_figure
from rnnlm_core.figures.data import (
    Bar,
    FrequencyWords,
    Token,
    TokenWords,
    character_figure,
    glyph,
    rank_figure,
    token_figure,
)
from rnnlm_core.figures.palette import LIGHT

WORDS = FrequencyWords("share", "rest", "others", "even", "times", "rank")


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
    figure = rank_figure([6, 3, 1], ["a", "b", "c"], 10, WORDS)
    assert list(figure.data[0].x) == [1, 2, 3] and list(figure.data[0].y) == [60, 30, 10]


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


def drawn(cell: str, layers: int, dropout: bool = True):  # type: ignore[no-untyped-def]
    network = Network(cell, layers, 40, 64, 256, dropout, [("a", 1), ("<", 2), ("\n", 3), ("b", 4)])
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

    assert dotted(drawn("gru", 3, dropout=True)) == STEPS * (1 + 2 + 1)  # in, between, out
    assert dotted(drawn("gru", 3, dropout=False)) == 0


def test_every_note_has_a_short_form_for_the_phone() -> None:
    assert all(note.name for note in drawn("lstm", 2).layout.annotations)
