"""Paired bars: what stands where, and that foreign names stay text."""

from __future__ import annotations

from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.states_prove import Pair, pairs_figure, pairs_height


def percent(value: float) -> str:
    return f"{value:.0%}"


def test_untouched_stands_above_changed_and_a_ring_stands_for_each_control() -> None:
    figure = pairs_figure([Pair("<b>", 0.1, 0.8, (0.1, 0.2)), Pair("_", 0.9, 0.2)], percent, "c %")
    before, after, rings = figure.data
    assert list(before.x) == [0.1, 0.9] and list(after.x) == [0.8, 0.2]
    assert all(above < below for above, below in zip(before.y, after.y, strict=True))
    assert list(after.text) == ["80&#37;", "20&#37;"]
    assert (before.marker.color, after.marker.color) == (LIGHT["rule"], LIGHT["ink"])
    assert list(rings.x) == [0.1, 0.2] and list(rings.y) == [0, 0]
    assert rings.hovertemplate.startswith("c &#37; ")
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt;", "_"]
    assert figure.layout.height == pairs_height(2)


def test_the_axis_ends_at_one_or_at_the_largest_value_of_all() -> None:
    assert pairs_figure([Pair("a", 0.1, 0.2)], percent).layout.xaxis.range[1] == 1.3
    free = pairs_figure([Pair("a", 1.0, 2.0, (4.0,))], percent, top=None)
    assert free.layout.xaxis.range[1] == 1.3 * 4.0
    assert pairs_figure([Pair("a", 0.0, 0.0)], percent, top=None).layout.xaxis.range[1] > 0


def test_a_long_name_is_cut() -> None:
    [name] = pairs_figure([Pair("x" * 60, 0, 1)], percent).layout.yaxis.ticktext
    assert len(name) == 24 and name.endswith("…")
