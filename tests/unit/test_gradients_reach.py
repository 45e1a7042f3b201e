"""The words of the Gradients page, from curves whose numbers are known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.gradients import LagCurve, LagProfile, lag_curve
from rnnlm_core.insight.reach_theory import Theory
from rnnlm_core.run.reaches import ReachPoint
from rnnlm_ui.gradients.reach import lags_of
from rnnlm_ui.gradients.reach_chart import curves_of, rows_of
from rnnlm_ui.gradients.reach_training import tracks_of, training_finding
from rnnlm_ui.gradients.reach_words import (
    Reaches,
    decades_text,
    finding,
    half_life_text,
    horizon_text,
    matrix_text,
    rate_text,
    theory_finding,
    zero_text,
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


# -- theory ---------------------------------------------------------------------------------------
RNN = Theory(2.5, 0.9, 2.5, curve(2.5), curve(0.7), None)
LSTM = Theory(7.25, None, None, None, curve(0.95), curve(0.8))


def test_the_answer_with_theory_of_an_rnn_is_its_rate_beside_bound_and_estimate() -> None:
    reaches = Reaches(profile("rnn", 0.6), UNTRAINED, 100, RNN)
    said = theory_finding(reaches, RunConfig(cell="rnn")).replace("\N{NO-BREAK SPACE}", " ")
    assert said == ("**This RNN’s gradient really goes × 0.600 a step, where the bound would allow "
                    "× 2.500** (γσ; σ = 2.50). The mean-field estimate, a gradient in random "
                    "directions, says × 0.700.")
    assert "spectral radius 0.90" in matrix_text(reaches)


def test_the_answer_with_theory_of_an_lstm_is_what_its_gates_alone_would_reach() -> None:
    reaches = Reaches(profile("lstm", 0.6, 0.9), UNTRAINED, 100, LSTM)
    said = theory_finding(reaches, RunConfig(cell="lstm")).replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("**This LSTM reaches 44 characters by c; its forget gates alone (∏ f) "
                           "would reach 21.**")
    assert "× 0.900" in said and "× 0.950" in said
    assert [row.name.replace("\N{NO-BREAK SPACE}", " ") for row in rows_of(reaches, "theory")] == [
        "this run h", "this run c", "mean field", "∏ f alone"]
    assert [row.name for row in rows_of(Reaches(profile("rnn", 0.6), UNTRAINED, 100, RNN),
                                        "theory")] == ["this run", "bound (γσ)ᵏ", "mean field"]


def test_a_loss_without_a_gradient_is_said_in_words() -> None:
    nothing = LagProfile("rnn", 0, 4, lag_curve(np.full((101, 4), -np.inf)), None)
    assert horizon_text(nothing.h) == "–"
    said = finding(Reaches(nothing, UNTRAINED, 100), RunConfig(cell="rnn"))
    assert said.endswith("**Nothing is left to correct here**: the loss of this run has no "
                         "gradient on this text.")
    assert theory_finding(Reaches(nothing, UNTRAINED, 100, RNN), RunConfig(cell="rnn")).startswith(
        "**Nothing is left")


# -- over training --------------------------------------------------------------------------------
def point(step: int, h: int | None, c: int | None = None) -> ReachPoint:
    return ReachPoint(step, step / 10, h, 0.5, c, 0.9, 100, 0.02)


@pytest.mark.parametrize(("before", "after", "told"), [
    (8, 21, "reached further: from 8 to 21 characters**"),
    (21, 8, "came to reach less far: from 21 to 8 characters**"),
    (8, None, "reached further: from 8 to more than 100 characters**"),
    (None, 60, "came to reach less far: from more than 100 to 60 characters**"),
    (None, None, "the horizon is where it was: more than 100 characters**")])
def test_the_course_of_training_in_one_sentence(
        before: int | None, after: int | None, told: str) -> None:
    assert told + " (step 0 to 1,200)." in training_finding(
        [point(0, before), point(50, 3), point(1200, after)], RunConfig(cell="gru"))
    assert told + " by c (step 0 to 1,200)." in training_finding(
        [point(0, 5, before), point(1200, 5, after)], RunConfig(cell="lstm"))


def test_long_courses_are_thinned_and_keep_their_ends() -> None:
    points = [point(step, 5, 9) for step in range(0, 7_000, 2)]
    h, c = tracks_of(points, RunConfig(cell="lstm"))
    assert (h.steps[0], h.steps[-1]) == (0, 6_998) and 100 < len(h.steps) <= 252
    assert (h.horizons[0], c.horizons[0], c.of_cell_state) == (5, 9, True)
    assert len(tracks_of(points[:2], RunConfig(cell="rnn"))) == 1


def test_a_window_without_any_gradient_is_told_and_no_part_of_the_mean() -> None:
    logs = np.arange(101.0)[:, None] * math.log(0.6) * np.ones((1, 16))
    logs[:, 5] = -np.inf
    trained = LagProfile("rnn", 0, 16, lag_curve(logs), None)
    assert "1 of 16 windows: exactly 0" in zero_text(trained)
    assert horizon_text(trained.h) == "10"  # 0.6^10 = 0.00605
    [drawn] = curves_of(rows_of(Reaches(trained, UNTRAINED, 100), "trained"))
    assert not drawn.floored
    assert zero_text(profile("rnn", 0.6)) == zero_text(None) == ""


def test_a_gradient_that_grows_is_said_to_explode() -> None:
    explodes = Reaches(profile("rnn", 3.9), UNTRAINED, 100, RNN)
    for said in (finding(explodes, RunConfig(cell="rnn")),
                 theory_finding(explodes, RunConfig(cell="rnn"))):
        assert said.replace("\N{NO-BREAK SPACE}", " ").endswith(
            "**It explodes: × 3.900 a step back.**")
    assert "explodes" not in finding(Reaches(profile("rnn", 0.6), UNTRAINED, 100),
                                     RunConfig(cell="rnn"))


def test_gates_that_reach_as_far_as_the_whole_leave_no_rest() -> None:
    said = theory_finding(Reaches(profile("gru", 0.6), UNTRAINED, 100, LSTM), RunConfig(cell="gru"))
    assert "reach 21.**" in said and "rest comes" not in said  # the whole reaches 10 only
    said = theory_finding(Reaches(profile("gru", 0.9), UNTRAINED, 100, LSTM), RunConfig(cell="gru"))
    assert "The rest comes through the candidate" in said


def test_what_came_to_explode_over_training_did_not_reach_further() -> None:
    grown = point(90, None)._replace(h_rate=3.9)
    said = training_finding([point(0, 8), grown], RunConfig(cell="rnn"))
    assert "came to explode: ×\N{NO-BREAK SPACE}3.900 a step back**" in said
    assert "reached further" not in said
