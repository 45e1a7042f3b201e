"""Colours can be read, told apart and swapped; labels are safe and do not overlap."""

from __future__ import annotations

import math
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.figures import palette
from rnnlm_core.figures.palette import DARK, DASH, LIGHT, MAP, contrast, over
from rnnlm_core.figures.template import TEMPLATE, end_label, esc, spread

THEME = tomllib.loads(
    (Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
MODES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
TEXT = ("ink", "dim", "rnn", "gru", "lstm", "cnn", "ngram", "ok", "warning", "error")


def test_contrast_knows_the_extremes() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # the usual example


@MODES
@pytest.mark.parametrize("name", TEXT)
def test_text_and_lines_can_be_read(colours: dict[str, str], name: str) -> None:
    assert contrast(colours[name], colours["bg"]) >= 4.5


@MODES
@pytest.mark.parametrize("fill", ["negfill", "posfill"])
def test_text_on_the_fullest_value_can_be_read(colours: dict[str, str], fill: str) -> None:
    assert contrast(colours["ink"], colours[fill]) >= 4.5


@MODES
def test_text_on_the_fullest_surprise_can_be_read(colours: dict[str, str]) -> None:
    rose = over(colours["hot"], palette.SURPRISE_ALPHA, colours["bg"])
    assert contrast(colours["ink"], rose) >= 4.5


@MODES
def test_hexes_are_unique_and_upper_case(colours: dict[str, str]) -> None:
    assert len(set(colours.values())) == len(colours)
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in colours.values())


def test_every_light_hex_has_one_dark_partner_that_is_no_light_one() -> None:
    assert list(LIGHT) == list(DARK) and len(MAP) == len(LIGHT)
    assert not set(MAP) & set(MAP.values())


@pytest.mark.parametrize(("mode", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_the_theme_agrees_with_the_palette(mode: str, colours: dict[str, str]) -> None:
    theme = THEME[mode]
    assert theme["backgroundColor"] == colours["bg"]
    assert theme["secondaryBackgroundColor"] == colours["panel"]
    assert theme["textColor"] == colours["ink"]
    assert theme["grayTextColor"] == colours["dim"]
    assert theme["chartCategoricalColors"] == [
        colours[name] for name in ("rnn", "gru", "lstm", "cnn", "ngram")]


def test_cells_have_different_dashes() -> None:
    cells = [DASH[name] for name in ("rnn", "gru", "lstm", "cnn")]
    assert len(set(cells)) == len(cells)


# -- fills -----------------------------------------------------------------------------------------
def test_fills_start_at_the_page_and_end_full() -> None:
    assert palette.value_fill([0, 1, -1, 7, math.nan]) == [
        "#B3A3E800", "#F7BE55FF", "#B3A3E8FF", "#F7BE55FF", "#B3A3E800"]
    assert palette.surprise_fill([0, 8, 99, -1]) == [
        "#C2255C00", "#C2255C9E", "#C2255C9E", "#C2255C00"]
    assert palette.share_fill([0, 0.5, 1]) == ["#C2255C00", "#C2255C4F", "#C2255C9E"]


@given(st.lists(st.floats(0, 20), min_size=2))
def test_more_surprise_is_never_paler(bits: list[float]) -> None:
    fills = palette.surprise_fill(sorted(bits))
    assert fills == sorted(fills)


def test_scales_pass_through_the_page() -> None:
    assert palette.diverging()[1] == (0.5, LIGHT["bg"])
    assert palette.sequential()[0][1].endswith("00")


def test_the_template_uses_palette_colours_only() -> None:
    used = set(re.findall("#[0-9A-Fa-f]{6}", str(TEMPLATE.to_plotly_json())))
    assert used and used <= set(LIGHT.values())


# -- labels ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("foreign", "shown"), [
    ("<b>&", "&lt;b&gt;&amp;"), ("$x$ 5%{y}", "&#36;x&#36; 5&#37;{y}"), ("a\nb\tc\0", "a⏎b⇥c◌"),
    ("\u202eabc\u200b", "◌abc◌"), ("\ud800", "?"), (3, "3")])
def test_labels_are_shown_letter_by_letter(foreign: object, shown: str) -> None:
    assert esc(foreign) == shown


def test_labels_that_do_not_touch_stay() -> None:
    assert spread([50, 0, 20], 18) == [50, 0, 20]


def test_labels_that_touch_move_apart_around_their_middle() -> None:
    assert spread([10, 0, 100], 18) == [14, -4, 100]


@given(st.lists(st.floats(-1e3, 1e3), max_size=12), st.floats(0.1, 50))
def test_labels_keep_their_order_and_their_gap(values: list[float], gap: float) -> None:
    placed = spread(values, gap)
    order = sorted(range(len(values)), key=lambda i: values[i])
    assert all(placed[b] - placed[a] >= gap - 1e-6 for a, b in pairwise(order))
    assert sum(placed) == pytest.approx(sum(values), abs=1e-6)  # the whole does not drift


def test_an_end_label_has_a_short_form() -> None:
    label = end_label(2.0, "KN 4 2.25", short="KN 4", colour=LIGHT["ink"], bold=True)
    assert (label["text"], label["name"]) == ("<b>KN 4 2.25</b>", "<b>KN 4</b>")
    assert "name" not in end_label(2.0, "KN 4", colour=LIGHT["ink"])
