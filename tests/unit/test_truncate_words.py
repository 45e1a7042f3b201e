"""How the Truncation tool writes sizes and angles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnnlm_core.insight.truncation import Bias, Truncation
from rnnlm_ui.gradients.truncate_words import bias_title, degrees, hundredths, size_text


@pytest.mark.parametrize(("share", "text"), [
    (1.7, "170 %"), (0.02, "2 %"), (0.0021, "0.21 %"), (3e-4, "0.03 %"), (2.6e-5, "3·10⁻⁵"),
    (4e-123, "4·10⁻¹²³"), (1e-301, "< 10⁻³⁰⁰"), (0.0, "< 10⁻³⁰⁰")])
def test_a_share_is_told_down_to_where_floats_end(share, text):
    assert size_text(share).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(("angle", "text"), [
    (0.0, "< 0.1°"), (0.1, "0.1°"), (9.16, "9.2°"), (30.6, "31°"), (90.0, "90°")])
def test_an_angle_has_the_digits_it_can_carry(angle, text):
    assert degrees(Bias(1.0, angle, 1.0, 0.0)) == text


@pytest.mark.parametrize(("value", "sign", "text"), [
    (0.0, False, "0.00"), (0.0, True, "0.00"), (0.004, False, "< 0.005"),
    (-0.0001, True, "< 0.005"), (0.005, False, "0.01"), (-0.126, True, "−0.13"),
    (0.126, True, "+0.13")])
def test_what_is_too_small_for_two_decimals_is_no_zero(value, sign, text):
    assert hundredths(value, sign).replace("\N{NO-BREAK SPACE}", " ") == text


def by_reach(angles, errors=None):
    biases = [None if angle is None else Bias(math.cos(math.radians(angle)), angle, 1.0, error)
              for angle, error in zip(angles, errors or [0.1] * len(angles), strict=True)]
    cuts = tuple((2**n, 2**n) for n in range(len(angles)))
    return Truncation(512, 1, cuts, {"recurrent": biases}, 1.0, np.zeros(len(angles)))


@pytest.mark.parametrize(("angles", "errors", "told"), [
    ([60.0, 30.0, 11.0, 0.0], None, "**The longer the reach, the nearer"),
    ([60.0, 30.0, 30.4, 0.0], None, "**The longer the reach, the nearer"),  # the same, rounded
    ([70.0, 66.0, 63.0, 88.0, 11.0], None, "K = 4 63°, but K = 8 88°"),
    ([None, 63.0, 70.0, 88.0], None, "K = 2 63°, but K = 8 88°"),  # the largest rise
    ([60.0, 30.0, 11.0], [0.8, 1.3, 0.2], "K = 2 has an error of 1.30, K = 1 of 0.80")])
def test_the_title_says_what_the_curve_does(angles, errors, told):
    assert told in bias_title(by_reach(angles, errors), "recurrent")


def test_a_title_claims_nothing_where_there_is_no_gradient():
    assert "reach" not in bias_title(by_reach([None, 5.0]), "recurrent")
