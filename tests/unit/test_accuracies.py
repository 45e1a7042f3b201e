"""The three readers of a label: against scikit-learn, by brute force, and on planted units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from rnnlm_core.insight.accuracies import Threshold, accuracies, ridge
from rnnlm_core.insight.labels import Label

DRAW = np.random.default_rng
N = 4_000


def label(values: np.ndarray, where: np.ndarray | None = None, kind: str = "binary") -> Label:
    return Label("x", kind, values.astype(float),  # type: ignore[arg-type]
                 np.ones(len(values), bool) if where is None else where, False)


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_threshold_is_right_more_often(cases: list[tuple[int, bool]]) -> None:
    values, truth = (np.array(part) for part in zip(*cases, strict=True))
    best = max(int((((values > cut) == above) == truth).sum())
               for cut in np.arange(-4, 4) + 0.5 for above in (True, False))
    found = Threshold.fitted(values.astype(float), truth.astype(bool))
    assert int((found.says(values.astype(float)) == truth).sum()) == best


def test_the_probe_is_scikit_learns_ridge() -> None:
    units = DRAW(0).normal(size=(300, 8))
    units -= units.mean(0)
    target = DRAW(1).random(300) < 0.4
    for strength in (1e-3, 0.5):
        expected = Ridge(alpha=300 * strength).fit(units, target.astype(float))
        assert ridge(units, target, strength) == pytest.approx(expected.coef_, abs=1e-10)


def test_a_label_that_only_a_sum_of_units_tells() -> None:
    hidden = DRAW(2).normal(size=N)
    noise = DRAW(3).normal(size=(6, N)) * 5
    states = np.stack([*noise, hidden + noise.sum(0)]).astype(np.float32)
    found = accuracies(states, label(hidden > 0), DRAW(4).integers(0, 5, N), 6)
    assert found.probe > 0.97
    assert found.unit < 0.62
    assert found.character == pytest.approx(0.5, abs=0.04)
    assert (found.cases, found.cut) == (N // 2, 0.5)


def test_the_current_token_answers_with_what_was_commoner_at_it() -> None:
    ids = DRAW(5).integers(0, 4, N)
    truth = DRAW(6).random(N) < np.array([0.9, 0.2, 0.6, 0.1])[ids]
    truth[-1], ids[-1] = False, 7  # a token that the first half lacks: the commoner answer of all
    found = accuracies(DRAW(7).normal(size=(2, N)).astype(np.float32), label(truth), ids, 0)
    answers = np.isin(ids[N // 2:], [0, 2])
    assert truth[:N // 2].mean() < 0.5
    assert found.character == (answers == truth[N // 2:]).mean()
    assert found.base == (~truth[N // 2:]).mean()


def test_nothing_of_the_second_half_is_used_to_fit() -> None:
    truth = DRAW(8).random(N) < 0.5
    states = np.stack([truth, DRAW(9).random(N)]).astype(np.float32)
    states[0, N // 2:] = 1 - states[0, N // 2:]  # what was learned is wrong there, everywhere
    found = accuracies(states, label(truth), np.zeros(N, np.int64), 0)
    assert found.unit == 0.0 and found.probe < 0.01


def test_a_real_label_is_cut_at_its_median_and_only_its_places_count() -> None:
    values = np.tile(np.arange(10.0), N // 10)
    where = np.arange(N) % 2 == 0  # 0, 2, 4, 6, 8: median 4
    states = np.stack([values, np.zeros(N)]).astype(np.float32)
    found = accuracies(states, label(values, where, "real"), np.zeros(N, np.int64), 0)
    assert (found.cut, found.unit, found.cases) == (4.0, 1.0, N // 4)
    assert found.base == pytest.approx(0.6)
    dead = accuracies(states, label(values, where, "real"), np.zeros(N, np.int64), 1)
    assert dead.unit == dead.base
