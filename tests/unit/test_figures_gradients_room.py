"""Charts of the slider room: frames that stay, labels that do not touch, true squares."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from rnnlm_core.figures.gradients_maps import circle_figure, cobweb_figure
from rnnlm_core.figures.gradients_room import (
    Axes,
    Line,
    Theory,
    by_lag_figure,
    by_setting_figure,
    hidden_figure,
    power_text,
)
from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.insight.small_maps import cobweb, powers, scalar_map

AXES = Axes("steps", "size", (-30.0, 12.0))


def lag_lines(*ends: float) -> list[Line]:
    return [Line(f"line {i}", np.linspace(0, end, 101), main=i == 0, colour="rnn")
            for i, end in enumerate(ends)]


@pytest.mark.parametrize("ends", [
    (-8.0, -7.9, 0.0), (40.0, 40.0, -8.0), (-200.0, -90.0, 0.0), (0.0, 0.0, 0.0)])
def test_the_frame_stays_and_end_labels_keep_apart(ends: tuple[float, ...]) -> None:
    figure = by_lag_figure(lag_lines(*ends), AXES, 100, edge=True)
    assert figure.layout.yaxis.range == (-30, 12) and figure.layout.xaxis.range == (0, 100)
    pixels = [(note.y + 30) / 42 * 302 + note.yshift for note in figure.layout.annotations]
    assert min(np.diff(sorted(pixels))) >= 19.9
    assert min(pixels) >= -1 and max(pixels) <= 303


def test_nothing_left_leaves_the_frame_at_the_bottom() -> None:
    gone = np.array([0.0, *[-np.inf] * 100])
    figure = by_lag_figure([Line("", gone, main=True, value="0")], AXES, 100)
    assert max(figure.data[0].y[1:]) == pytest.approx(1e-33) and figure.data[0].text[5] == "0"


def test_a_linked_line_has_as_many_points_as_the_walk() -> None:
    course, logs = scalar_map(1.5, 0.5, 50)
    stairs = cobweb(course)
    figure = by_lag_figure([Line("", logs / np.log(10), main=True)], AXES, 50, linked=2)
    linked = figure.data[figure.layout.meta["linked"]]
    assert len(linked.x) == len(stairs) and list(linked.x[:4]) == [0, 1, 1, 2]
    web = cobweb_figure((np.array([-1.0, 1.0]), np.array([-1.0, 1.0])), stairs,
                        ["a"] * len(stairs), ("x", "y"))
    assert len(web.data[web.layout.meta["walk"]["path"]].x) == len(stairs)


def test_the_ring_lies_on_the_line_at_the_chosen_setting() -> None:
    gains = np.array([0.0, 1.0, 2.0, 3.0])
    figure = by_setting_figure(gains, [None, 0.8, 1.1, 1.3], [Theory("bound", gains)], 2.0,
                               Axes("g", "factor", (0.0, 1.6)), "rnn", ("up", "down"))
    ring = figure.data[-1]
    assert (ring.x[0], ring.y[0]) == (2.0, 1.1)
    assert math.isnan(figure.data[1].y[0])
    logs = by_setting_figure(gains, [-np.inf, -2.0, 0.0, 1.0], [], 0.0, AXES, "rnn", log=True)
    assert logs.data[-1].y[0] == pytest.approx(1e-33) and logs.data[0].y[1] == 0.01


def test_cobweb_and_circle_are_squares_of_one_scale() -> None:
    found = powers(0.9, 10.0, 40)
    tips = found.images[:, 0]
    circle = circle_figure(found.images, tips, ["k"] * 41, ("x", "y"))
    course, _ = scalar_map(1.5, 0.5, 50)
    web = cobweb_figure((np.array([-1.1, 1.1]), np.array([0.0, 0.5])), cobweb(course),
                        ["t"] * 101, ("x", "y"))
    for figure in (circle, web):
        assert figure.layout.xaxis.range == figure.layout.yaxis.range
        assert figure.layout.yaxis.scaleanchor == "x" and figure.layout.yaxis.scaleratio == 1
        assert figure.layout.xaxis.constrain == figure.layout.yaxis.constrain == "domain"
    reach = circle.layout.xaxis.range[1]
    assert reach >= np.abs(found.images).max()
    shapes = circle.layout.meta["walk"]["shapes"][0]
    assert len(shapes["x"]) == len(shapes["y"]) == 41
    assert shapes["x"][9] == pytest.approx(found.images[9][:, 0], rel=1e-3, abs=1e-3)


def test_only_palette_colours_are_used() -> None:
    line = Line("a", np.zeros(101), main=True, colour="rnn", band=(np.zeros(101), np.zeros(101)))
    found = powers(0.9, 2.0, 10)
    figures = [by_lag_figure([line], AXES, 100, edge=True),
               by_setting_figure(np.arange(3.0), [1.0, 2.0, 3.0], [Theory("t", np.arange(3.0))],
                                 1.0, AXES, "gru", ("up", "down")),
               hidden_figure(AXES, (0, 3), log=True),
               circle_figure(found.images, found.images[:, 0], ["k"] * 11, ("x", "y"))]
    for figure in figures:
        plain = figure.update_layout(template=None).to_plotly_json()
        used = set(re.findall(r'"(#[0-9A-Fa-f]{6})(?:[0-9A-F]{2})?"', json.dumps(plain)))
        assert used and used <= set(LIGHT.values())


@pytest.mark.parametrize(("log10", "text"), [
    (0.0, "1"), (math.log10(0.837), "0.837"), (math.log10(117.39), "117"), (-7.72, "1.9·10⁻⁸"),
    (-0.0001, "1"), (-2.5, "3.2·10⁻³"), (47.7, "5.0·10⁴⁷"), (-math.inf, "0"), (-301, "<10⁻³⁰⁰"),
    (301, ">10³⁰⁰"), (4.9999, "1.0·10⁵"), (math.nan, "0")])
def test_powers_as_a_person_reads_them(log10: float, text: str) -> None:
    assert power_text(log10) == text
