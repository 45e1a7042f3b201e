"""The charts of spectra and of the recurrent matrix, and how their numbers are told."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.figures.gradients_matrix import Circle, Course, course_figure, plane_figure
from rnnlm_core.figures.gradients_spectra import (
    Axes,
    Spectrum,
    exponents_figure,
    participation_figure,
    spectrum_figure,
)
from rnnlm_ui import i18n
from rnnlm_ui.gradients import spectra_words as words
from rnnlm_ui.gradients.spectra_matrix import _spread

AXES = Axes("x<b>", "y")


def test_a_spectrum_ends_where_floats_do_and_has_its_name_there() -> None:
    whole = Spectrum("lag 1", np.array([0.0, -1.0, -2.0]), ["1", "0.1", "0.01"])
    cut = Spectrum("<i>", np.array([-400.0, math.nan, math.nan]), ["< 10⁻³⁰⁰"], chosen=True)

    figure = spectrum_figure([whole, cut], "rnn", AXES)

    assert list(figure.data[0].x) == [1, 2, 3] and figure.data[0].y[2] == pytest.approx(0.01)
    assert list(figure.data[1].x) == [1] and figure.data[1].y[0] == pytest.approx(1e-300)
    assert figure.data[1].mode == "markers"  # one point is no line
    assert [a.text for a in figure.layout.annotations] == ["lag 1", "<b>&lt;i&gt;</b>"]
    assert [a.x for a in figure.layout.annotations] == [3, 1]
    assert figure.layout.xaxis.title.text == "x&lt;b&gt;"


def test_labels_of_lines_that_end_together_do_not_cover_each_other() -> None:
    same = [Spectrum(f"lag {k}", np.array([0.0, -1.0 - k / 100]), []) for k in range(3)]
    figure = spectrum_figure(same, "gru", AXES)
    low, high = figure.layout.yaxis.range
    plot = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    places = sorted((a.y - low) / (high - low) * plot + a.yshift
                    for a in figure.layout.annotations)
    assert (np.diff(places) > 18).all()


def test_no_direction_left_is_a_gap_and_not_a_number() -> None:
    figure = participation_figure([1, 10], np.array([4.0, 0.0]), None, (10, 0.0), 4, "rnn", AXES,
                                  ("this", "before", "all"))
    assert math.isnan(figure.data[0].y[1]) and len(figure.data) == 1  # no dot either
    assert [a.text for a in figure.layout.annotations] == ["all"]


def test_exponents_are_drawn_without_those_that_are_minus_infinity() -> None:
    figure = exponents_figure(np.array([0.1, -0.5, -math.inf]), np.array([-math.inf]), "lstm",
                              AXES, ("this", "before"))
    assert list(figure.data[-1].y) == [0.1, -0.5]
    assert figure.data[-1].customdata[0] == "+0.100 (× 1.105)"
    assert [a.text for a in figure.layout.annotations] == ["<b>this</b>"]


def test_nothing_finite_at_all_is_still_a_chart() -> None:
    figure = exponents_figure(np.array([-math.inf]), None, "rnn", AXES, ("this", "before"))
    assert len(figure.data[0].x) == 0 and figure.layout.yaxis.range[0] < 0


def test_the_plane_has_one_scale_and_room_for_its_circles() -> None:
    points = np.array([0.5 + 0.5j, 0.5 - 0.5j])
    figure = plane_figure(points, points / 2, [Circle(1.0, "unit"), Circle(4.0, "1/γ", "dash")],
                          "lstm", ("re", "im"), ("this", "before"))
    assert figure.layout.yaxis.scaleanchor == "x" and figure.layout.xaxis.range[1] > 4
    assert [(s.x0, s.x1) for s in figure.layout.shapes] == [(-1, 1), (-4, 4)]
    assert figure.data[0].text[0] == "0.707"
    assert all(name in figure.layout.annotations[0].text for name in ("this", "before", "1/γ"))


def test_step_0_stands_left_of_the_first_on_the_log_axis_and_names_have_room() -> None:
    steps = [0, 16, 22, 31, 43, 1000]
    figure = course_figure(steps, [Course("σ", [1.0] * 6), Course("ρ", [0.5] * 6, "dash")],
                           Circle(1.0, "1/γ"), 0, "gru", ("step", "size"))
    assert list(figure.data[0].x) == [8, 16, 22, 31, 43, 1000]
    shown = dict(zip(figure.layout.xaxis.ticktext, figure.layout.xaxis.tickvals, strict=True))
    assert shown["0"] == 8 and shown["1,000"] == 1000
    logs = sorted(math.log10(v) for v in shown.values())
    assert min(np.diff(logs)) > 0.14 * (logs[-1] - logs[0])
    assert figure.layout.shapes[1].x0 == 8  # the moment that is looked at


# -- words ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("log10", "text"), [
    (0, "1"), (math.log10(0.0231), "0.023"), (-7 + math.log10(1.2), "1.2 × 10⁻⁷"),
    (math.log10(3.14), "3.1"), (math.log10(256), "256"), (4, "1.0 × 10⁴"),
    (math.log10(9.99e-8), "1.0 × 10⁻⁷"), (-500, "< 10⁻³⁰⁰"), (500, "> 10³⁰⁰"), (-math.inf, "0")])
def test_sizes_are_told_from_their_logarithm(log10: float, text: str) -> None:
    assert words.size(log10 * math.log(10)).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(("left", "said"), [(33.0, "most"), (32.0, "some"), (6.4, "some"),
                                            (6.3, "few"), (0.0, "few")])
def test_a_guess_is_a_share_of_all_directions(left: float, said: str) -> None:
    assert words.share(left, 64) == said


def test_other_numbers() -> None:
    assert (words.left(3.24), words.left(99.96)) == ("3.2", "100")
    assert (words.rate(-0.1734), words.rate(0.01), words.rate(-math.inf)) == (
        "−0.173", "+0.010", "−∞")
    assert words.factor(-math.inf) == "0.000"


@pytest.mark.parametrize(("top", "said"), [
    (0.01, "has kept its size"), (-1.0, "has shrunk to 0.37"), (1.0, "has grown to 2.7 times")])
@pytest.mark.parametrize(("rate", "fate"), [(-0.2, "vanishes"), (0.0, "edge"), (0.3, "explodes")])
def test_the_answer_follows_the_numbers(
        top: float, said: str, rate: float, fate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "en")
    own = SimpleNamespace(lag=30, top=top, typical=top - 1, participation=3.2, values=np.zeros(64))
    found = SimpleNamespace(own=own, all=SimpleNamespace(
        size=64, exponents=np.array([rate]), fate=fate))
    sentence = words.answer(found, None, RunConfig())  # type: ignore[arg-type]
    assert sentence.startswith("**Of 64 directions 3.2 are left after 30 characters**")
    assert f"{math.exp(rate):.3f}" in sentence
    if (top > 0.5 and rate < 0) or (top < 0 and rate > 0):  # first one thing, then the other
        assert said.split()[-2 if "times" in said else -1] in sentence and "then" in sentence
    else:
        assert said in sentence and fate in sentence


def test_moments_are_thinned_with_both_ends_kept() -> None:
    kept = list(range(43))
    thinned = _spread(kept, 10)  # type: ignore[arg-type, type-var]
    assert len(thinned) == 10 and thinned[0] == 0 and thinned[-1] == 42
    assert _spread(kept, 50) == kept  # type: ignore[arg-type, comparison-overlap]
