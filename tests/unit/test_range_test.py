"""The range test finds what a curve was made with, and keeps silent where there is nothing."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.insight.range_test import STEPS, range_config, read_range
from rnnlm_core.worker import work
from tests.small_runs import new_run

RATES = np.geomspace(1e-5, 1.0, STEPS)


def curve(fall: float, rise: float, noise: float = 0.0) -> np.ndarray:
    """A fall of 2 nats around `fall` (logistic in log₁₀), and a parabola up from `rise` on."""
    x = np.log10(RATES)
    down = 2 / (1 + np.exp(-(x - math.log10(fall)) / 0.25))
    up = 3 * np.clip(x - math.log10(rise), 0, None) ** 2
    return 4 - down + up + np.random.default_rng(0).normal(0, noise, len(x))


@pytest.mark.parametrize("fall, rise", [(1e-3, 3e-2), (1e-2, 1e-1), (3e-4, 3e-3)])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_finds_the_steepest_fall_and_where_it_rises(fall: float, rise: float, noise: float) -> None:
    found = read_range(RATES, curve(fall, rise, noise))
    assert found.steepest is not None and found.rises is not None and found.tenth is not None
    assert abs(math.log10(found.steepest / fall)) < 0.15
    assert abs(math.log10(found.rises / rise)) < 0.3
    assert found.tenth == found.rises / 10


def test_an_explosion_does_not_bend_the_minimum() -> None:
    losses = curve(1e-3, 3e-2)
    calm = read_range(RATES, losses)
    losses[RATES > 0.3] = 1e4
    wild = read_range(RATES, losses)
    assert wild.steepest == calm.steepest and wild.rises == calm.rises


def test_steps_without_a_number_are_left_out() -> None:
    losses = curve(1e-3, 3e-2)
    losses[-5:] = np.nan
    found = read_range(RATES, losses)
    assert len(found.rates) == STEPS - 5 and np.isfinite(found.smooth).all()


def test_hardly_anything_is_read_into_noise() -> None:
    """100 flat curves with noise: a rate is named for two of them at most, by chance."""
    noise = 4 + np.random.default_rng(0).normal(0, 0.1, (100, STEPS))
    named = [found for row in noise if (found := read_range(RATES, row)).steepest is not None]
    assert len(named) <= 2


def test_too_few_steps_say_nothing() -> None:
    assert read_range(RATES[:5], curve(1e-3, 3e-2)[:5]).steepest is None


def test_a_loss_that_only_falls_has_no_rise() -> None:
    found = read_range(RATES, curve(1e-2, 1e3))
    assert found.steepest is not None and found.rises is None and found.tenth is None


@pytest.mark.parametrize("optimizer, highest", [
    ("sgd", 100.0), ("momentum", 10.0), ("rmsprop", 1.0), ("adam", 1.0), ("adamw", 1.0)])
def test_the_run_of_a_draft(optimizer: str, highest: float) -> None:
    draft = RunConfig(optimizer=optimizer, weight_decay=0.3, patience=4, hidden=32)  # type: ignore[arg-type]
    config = range_config(draft)
    assert config.problems() == []
    assert (config.schedule, config.max_steps, config.max_seconds) == ("range", 200, 0)
    assert (config.learning_rate, config.clip_norm, config.clip_value) == (highest, 0, 0)
    assert (config.weight_decay, config.hidden, config.patience) == (0.3, 32, 0)


def test_a_real_run_shows_a_rate_that_trains_and_one_that_does_not(tmp_path: Path) -> None:
    draft = range_config(RunConfig(cell="rnn", embedding=4, hidden=8, batch=4, sequence_length=8))
    changes = {f.name: getattr(draft, f.name) for f in dataclasses.fields(draft)
               if f.name != "corpus"}
    folder = new_run(tmp_path, **changes)
    work(folder)
    rows = folder.metrics()[0]
    rates = np.array([row.learning_rate for row in rows])
    # the schedule by its own definition: five decades in 200 steps
    assert rates[-1] / rates[0] == pytest.approx(10 ** (5 * 199 / 200), rel=1e-3)
    found = read_range(rates, np.array([np.nan if r.loss is None else r.loss for r in rows]))
    assert found.steepest is not None and 1e-4 < found.steepest < 1
