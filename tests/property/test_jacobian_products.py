"""What holds for every product of Jacobians, whatever the network."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.insight.spectra import exponents, products, singular_values, summary
from tests.unit.test_cells import random_weights
from tests.unit.test_spectra import course_of

COURSES = st.builds(
    lambda cell, hidden, steps, seed: course_of(
        random_weights(cell, hidden, seed), steps, noise=1.0, seed=seed, cell=cell),
    st.sampled_from(["rnn", "gru", "lstm"]), st.integers(1, 4), st.integers(1, 6),
    st.integers(0, 1000))


@settings(max_examples=40, deadline=None)
@given(course=COURSES)
def test_singular_values_multiply_to_the_determinant_and_exponents_sum_to_its_log(course):
    size, steps = course.shape[1], len(course.steps)
    logs = [float(torch.linalg.slogdet(course.jacobian(t)[0])[1]) for t in range(steps)]

    found = singular_values(*next(products(course)))  # the last step alone
    if not np.isnan(found).any():
        assert found.sum() == pytest.approx(logs[-1], abs=1e-6 * size)
    rates = exponents(course, 0)
    if np.isfinite(rates).all():
        assert rates.sum() == pytest.approx(np.mean(logs), abs=1e-6 * size)
    assert (np.diff(rates[np.isfinite(rates)]) <= 0).all()


@settings(max_examples=40, deadline=None)
@given(course=COURSES, factor=st.floats(1e-30, 1e30))
def test_participation_counts_between_one_and_all_and_does_not_see_the_scale(course, factor):
    product, scale = list(products(course))[-1]
    top, typical, left = summary(product, scale)
    other = summary(product * factor, scale)

    assert 1 - 1e-9 <= left <= course.shape[1] + 1e-9
    assert typical <= top + 1e-6
    assert other[2] == pytest.approx(left, rel=1e-9)
    assert other[0] - top == pytest.approx(math.log(factor), abs=1e-6)
