"""The charts of Match and Move: what is drawn where, and that foreign text stays text."""

from __future__ import annotations

import json

import numpy as np

from rnnlm_core.figures.states import Scale
from rnnlm_core.figures.states_graph import GraphWords, graph_figure
from rnnlm_core.figures.states_match import FollowWords, follow_figure
from rnnlm_core.figures.states_move import PathWords, loop_figure, path_figure

WORDS = PathWords("1", "2", "<i>value", "low", "high")
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def test_the_path_that_is_walked_along_is_plain_numbers_with_the_ring_on_it() -> None:
    behind = np.random.default_rng(0).normal(size=(500, 2))
    for background in (None, behind):
        figure = path_figure(CORNERS, np.zeros(4), Scale(1.0, True), list("a<cd"), WORDS, 2,
                             background)
        drawn = json.loads(figure.to_json())
        walk = drawn["layout"]["meta"]["walk"]
        path, ring = (drawn["data"][walk[name]] for name in ("path", "ring"))
        assert path["x"] == [0, 1, 1, 0] and path["y"] == [0, 0, 1, 1]
        assert path["text"][1] == "&lt;"
        assert (ring["x"], ring["y"]) == ([1], [1]) and walk["at"] == 2
        assert drawn["layout"]["annotations"][0]["text"] == "&lt;i&gt;value"


def test_points_far_behind_do_not_make_the_path_small() -> None:
    behind = np.concatenate([np.zeros((500, 2)), [[-900.0, 0.0]]])
    figure = path_figure(CORNERS, np.zeros(4), Scale(1.0, True), list("abcd"), WORDS, 0, behind)
    low, high = figure.layout.xaxis.range
    assert -0.2 < low < 0 and 1 < high < 1.2


def test_a_loop_is_closed_named_and_walked_into() -> None:
    path = np.concatenate([[[5.0, 5.0]], CORNERS, CORNERS])
    figure = loop_figure(path, list("<abcdabcd"), 1, 4, "gru", WORDS)
    walk = figure.layout.meta["walk"]
    around = figure.data[1]
    assert list(around.x) == [0, 1, 1, 0, 0] and list(around.text) == [*"abcd", ""]
    assert len(figure.data[walk["path"]].x) == 1 + 4 + 1  # the way there, a round, and closed
    assert figure.data[walk["path"]].text[0] == "&lt;"
    assert len(loop_figure(path, list("<abcdabcd"), 0, None, "gru", WORDS).data) == 3


def test_arrows_begin_at_ten_percent_and_stand_in_the_middle_of_their_lines() -> None:
    leads = np.array([[0.0, 0.95, 0.05], [0.5, 0.5, 0.0], [0.15, 0.05, 0.8]])
    figure = graph_figure(CORNERS[:3], leads, np.array([0.5, 0.3, 0.2]), ["<b>", "b", "c"],
                          ["x", "y", "z"], None, Scale(1.0, False), GraphWords("", "", ""))
    named = [text for trace in figure.data for text in (trace.text or ()) if "→" in text]
    assert sorted(named) == ["1 → 2: 95%", "2 → 1: 50%", "3 → 1: 15%"]
    nodes = figure.data[-1]
    assert list(nodes.text) == ["<b>1</b>", "<b>2</b>", "<b>3</b>"]
    assert np.argsort(nodes.marker.size).tolist() == [2, 1, 0]
    assert figure.layout.annotations[0].text == "&lt;b&gt;"


def test_there_and_back_are_two_lines() -> None:
    leads = np.array([[0.0, 1.0], [1.0, 0.0]])
    figure = graph_figure(CORNERS[:2], leads, np.array([0.5, 0.5]), ["a", "b"], ["x", "y"],
                          np.array([0.0, 2.0]), Scale(2.0, False), GraphWords("f", "0", "2"))
    lines = figure.data[0]
    heights = [y for y in lines.y if y is not None]
    assert min(heights) < -0.01 and max(heights) > 0.01


def test_what_follows_has_two_bars_a_row() -> None:
    figure = follow_figure([("<", 0.9, 0.004), (" ", 0.1, 0.2)], FollowWords("here", "all"))
    assert [list(bar.x) for bar in figure.data] == [[0.9, 0.1], [0.004, 0.2]]
    assert list(figure.data[1].text) == ["&lt;1&#37;", "20%"]
    assert list(figure.layout.yaxis.ticktext) == ["&lt;", "·"]
