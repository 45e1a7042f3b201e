"""Lines by character over yardsticks: what is drawn, named and scaled."""

from __future__ import annotations

import numpy as np

from rnnlm_core.figures.generate import percent
from rnnlm_core.figures.generate_lines import Course, Level, course_figure


def test_lines_are_named_at_their_ends_and_labels_keep_apart() -> None:
    figure = course_figure(
        [Course(np.array([3.0, 2.0]), "<b>you</b>", error=0.5), Course(np.array([2.0, 2.01]), "net",
                                                                       "gru")],
        [Level(5.0, "uniform")], ("n", "bits"), lambda v: f"{v:.2f}", height=300)
    texts = [a.text for a in figure.layout.annotations]
    assert texts == ["<b>&lt;b&gt;you&lt;/b&gt; 2.00</b>", "<b>net 2.01</b>", "uniform 5.00"]
    scale = (300 - 12 - 46) / figure.layout.yaxis.range[1]
    at = sorted(a.y * scale + a.yshift for a in figure.layout.annotations)
    assert min(np.diff(at)) > 18
    assert figure.layout.yaxis.range[1] > 5 and figure.layout.shapes[0].y0 == 5
    bars = [trace for trace in figure.data if trace.error_y.array is not None]
    assert [trace.error_y.array[0] for trace in bars] == [0.5]
    assert [trace.x[-1] for trace in figure.data] == [2, 2, 2]


def test_shares_have_a_scale_of_whole_per_cents_and_one_point_is_seen() -> None:
    figure = course_figure([Course(np.array([1e-7]), "p")], [], ("n", "p"), percent, shares=True)
    assert figure.layout.yaxis.range[1] >= 0.04
    assert figure.layout.yaxis.labelalias["40%"] == "40\N{NO-BREAK SPACE}%"
    assert figure.data[0].mode == "markers"
    assert course_figure([Course(np.array([0.5]), "p")], [], ("n", "p"), percent, top=1.04,
                         shares=True).layout.yaxis.range == (0, 1.04)


def test_a_label_tells_the_mean_where_that_is_asked_for() -> None:
    figure = course_figure([Course(np.array([0.2, 0.0]), "mean", said=0.1)], [], ("n", "p"),
                           percent, shares=True)
    assert [a.text for a in figure.layout.annotations] == ["<b>mean 10 &#37;</b>"]
    assert figure.layout.annotations[0].y == 0  # it stands at the end of the line
