"""The map of the tokens, against scikit-learn, SciPy and shapes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from rnnlm_core.errors import RunError
from rnnlm_core.figures.embeddings import map_figure
from rnnlm_core.insight.embeddings import (
    aligned,
    nearest_cosine,
    neighbours,
    plane,
    token_vectors,
)


@pytest.fixture
def vectors() -> np.ndarray:
    draw = np.random.default_rng(5)
    return draw.normal(size=(30, 8)) * np.arange(8, 0, -1) + 3.0


def test_the_plane_is_that_of_scikit_learn(vectors):
    theirs = PCA(2).fit(vectors)
    ours = plane(vectors)
    assert ours.explained == pytest.approx(theirs.explained_variance_ratio_.sum())
    for axis, other in zip(ours.points.T, theirs.transform(vectors).T, strict=True):
        assert axis == pytest.approx(other) or axis == pytest.approx(-other)


def test_a_flat_cloud_lies_wholly_in_its_plane():
    corners = np.array([[0, 0, 0, 1], [2, 0, 0, 1], [2, 1, 0, 1], [0, 1, 0, 1]], float)
    found = plane(corners)
    assert found.explained == pytest.approx(1.0)
    sides = np.linalg.norm(np.diff(found.points, axis=0), axis=1)
    assert sides == pytest.approx([2, 1, 2])


def test_equal_rows_and_a_single_direction_have_a_place():
    assert plane(np.ones((4, 3))).explained == 0.0
    assert not plane(np.ones((4, 3))).points.any()
    assert plane(np.array([[1.0], [2.0], [4.0]])).explained == pytest.approx(1.0)


def test_alignment_undoes_a_turn_and_a_mirror(vectors):
    before = vectors[:, :2] - vectors[:, :2].mean(0)
    turn = np.array([[np.cos(1.9), -np.sin(1.9)], [np.sin(1.9), np.cos(1.9)]])
    for change in (turn, turn @ np.diag([1.0, -1.0])):
        assert aligned(before @ change, before) == pytest.approx(before)


def test_alignment_is_that_of_scipy_and_keeps_distances(vectors):
    one, other = vectors[:, :2], vectors[:, 2:4]
    rotation, _ = orthogonal_procrustes(one, other)
    ours = aligned(one, other)
    assert ours == pytest.approx(one @ rotation)
    assert np.linalg.norm(ours, axis=1) == pytest.approx(np.linalg.norm(one, axis=1))


def test_neighbours_are_those_of_scikit_learn(vectors):
    cosines = cosine_similarity(vectors)[7]
    expected = [i for i in np.argsort(-cosines) if i != 7][:4]
    found = neighbours(vectors, 7, 4)
    assert [n.row for n in found] == expected
    assert [n.cosine for n in found] == pytest.approx(cosines[expected])


def test_how_alike_tokens_are_by_chance(vectors):
    cosines = cosine_similarity(vectors)
    np.fill_diagonal(cosines, -1)
    assert nearest_cosine(vectors) == pytest.approx(np.median(cosines.max(1)))


def test_a_one_hot_network_is_read_off_its_output():
    rows = np.eye(3)
    assert token_vectors({"output.weight": rows})[0] == "output.weight"
    name, found = token_vectors({"output.weight": rows, "embedding.weight": 2 * rows})
    assert name == "embedding.weight" and found.max() == 2
    with pytest.raises(RunError, match="embedding"):
        token_vectors({})


def test_the_map_writes_foreign_tokens_letter_by_letter():
    figure = map_figure(np.array([[0.0, 0.0], [0.5, 0.0]]), ["<b>", "a"], 1.0, "direction", 0, [1])
    assert list(figure.data[0].text) == list(figure.data[0].customdata) == ["&lt;b&gt;", "a"]
    assert list(figure.layout.xaxis.range) == list(figure.layout.yaxis.range)
    assert list(figure.data[2].x) == [0]


def test_a_label_that_would_cover_another_is_a_dot_with_its_name_under_the_pointer():
    points = np.array([[0.0, 0.0], [0.02, 0.0], [0.02, 0.3], [0.9, 0.9]])
    figure = map_figure(points, ["the", "a", "of", "she"], 1.0, "direction")
    assert list(figure.data[0].text) == ["the", "", "of", "she"]
    assert figure.data[0].customdata[1] == "a" and figure.data[0].marker.size[1] < 10
    chosen = map_figure(points, ["the", "a", "of", "she"], 1.0, "direction", 1)
    assert list(chosen.data[0].text) == ["", "a", "of", "she"], "the chosen one can always be read"
