"""The words of the Gradients page, from curves whose numbers are known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.gradients import LagCurve, LagProfile, lag_curve
from rnnlm_ui.gradients.reach import lags_of
from rnnlm_ui.gradients.reach_chart import rows_of
from rnnlm_ui.gradients.reach_words import (
    Reaches,
    decades_text,
    finding,
    half_life_text,
    horizon_text,
    rate_text,
)


def curve(rate: float, lags: int = 100) -> LagCurve:
    """Exactly ρ^k: first below 1 % at the smallest k with ρ^k < 0.01."""
    return lag_curve(np.arange(lags + 1.0)[:, None] * math.log(rate) * np.ones((1, 4)))


def profile(cell: str, h: float, c: float | None = None) -> LagProfile:
    return LagProfile(cell, 0, 4, curve(h), None if c is None else curve(c))  # type: ignore[arg-type]


# ρ = 0.5: 0.5^7 = 0.0078; 0.6: 0.6^10 = 0.00605; 0.8: 0.8^21 = 0.0092; 0.9: 0.9^44 = 0.0097
UNTRAINED = {"rnn": profile("rnn", 0.5), "gru": profile("gru", 0.6),
             "lstm": profile("lstm", 0.6, 0.8)}


def test_the_answer_has_all_numbers_and_a_limit_that_none_reaches() -> None:
    said = finding(Reaches(profile("gru", 0.9), UNTRAINED, 100), RunConfig(cell="gru"))
    assert said == ("**Untrained, none of the three reaches 30 characters**: 7 (RNN), 10 (GRU), "
                    "10 by h and 21 by c (LSTM). After training, this GRU reaches **44**.")


def test_a_curve_beyond_the_measured_lags_is_not_said_to_fall_short() -> None:
    far = {**UNTRAINED, "lstm": profile("lstm", 0.99, 1.01)}
    said = finding(Reaches(None, far, 100), RunConfig())
    assert said == ("**Untrained, the gradient reaches** 7 (RNN), 10 (GRU) and more than 100 by h "
                    "and more than 100 by c (LSTM) characters back.")


def test_numbers_of_a_curve() -> None:
    half = curve(0.5)
    assert rate_text(half) == "×\N{NO-BREAK SPACE}0.500"
    assert half_life_text(half) == "1.0"
    assert decades_text(half) == "−30.1"
    assert horizon_text(half) == "7"


def test_a_growing_gradient_has_no_half_life_and_no_horizon() -> None:
    grows = curve(1.1)
    assert (half_life_text(grows), decades_text(grows)) == ("grows", "+4.1")
    assert horizon_text(grows) == "more than 100"


def test_zeros_have_no_rate() -> None:
    nothing = lag_curve(np.full((101, 4), -np.inf))
    assert (rate_text(nothing), half_life_text(nothing), decades_text(nothing)) == ("–", "–", "–")


def test_rows_are_this_run_first_and_c_beside_h() -> None:
    reaches = Reaches(profile("lstm", 0.9, 0.9), UNTRAINED, 100)
    names = ["this run h", "this run c", "RNN", "GRU", "LSTM h", "LSTM c"]
    assert [row.name for row in rows_of(reaches, "both")] == names
    assert [row.name for row in rows_of(reaches, "trained")] == names[:2]
    assert [row.name for row in rows_of(reaches, "untrained")] == names[2:]
    # without a checkpoint there is nothing else to show
    assert [row.name for row in rows_of(Reaches(None, UNTRAINED, 100), "trained")] == names[2:]


def test_lags_are_limited_by_the_text() -> None:
    assert lags_of(24_000) == [50, 100, 200]
    assert lags_of(300) == [50, 100]
    assert lags_of(80) == [38]
    with pytest.raises(BadInput) as caught:
        lags_of(43)
    assert caught.value.values == {"value": 43, "limit": 44}
