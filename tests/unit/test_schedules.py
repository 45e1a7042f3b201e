"""Learning rates against the formulas of their papers and PyTorch's own schedulers."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.schedules import learning_rate


def rates(total: int = 100, **settings: object) -> list[float]:
    config = RunConfig(learning_rate=0.1, **{"warm_up_steps": 0, **settings})  # type: ignore[arg-type]
    return [learning_rate(config, step, total) for step in range(1, total + 1)]


def torchs(make, total: int = 100) -> list[float]:  # type: ignore[no-untyped-def]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    schedule, found = make(optimizer), []
    for _ in range(total):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def test_constant() -> None:
    assert rates(schedule="constant") == [0.1] * 100


def test_warm_up_is_a_straight_line() -> None:
    found = rates(schedule="constant", warm_up_steps=9)
    assert found[:10] == pytest.approx([0.01 * n for n in range(1, 11)])
    assert set(found[9:]) == {0.1}


def test_cosine_ends_at_two_percent() -> None:
    found = rates(schedule="cosine")
    assert found[-1] == pytest.approx(0.002)
    assert found[49] == pytest.approx(0.002 + 0.098 * (1 + math.cos(math.pi / 2)) / 2)


@pytest.mark.parametrize(("every", "in_torch"), [(30, 30), (0, 25)])
def test_steps_down_are_those_of_torch(every: int, in_torch: int) -> None:
    ours = rates(schedule="step", decay_factor=0.5, decay_every=every)
    theirs = torchs(lambda o: torch.optim.lr_scheduler.StepLR(o, in_torch, 0.5))
    assert ours == pytest.approx(theirs)


def test_one_cycle_is_that_of_torch() -> None:
    theirs = torchs(lambda o: torch.optim.lr_scheduler.OneCycleLR(
        o, 0.1, total_steps=100, cycle_momentum=False))
    assert rates(schedule="one_cycle") == pytest.approx(theirs, rel=1e-6)


def test_a_range_test_multiplies_by_the_same_factor_at_every_step() -> None:
    found = rates(schedule="range")
    factors = [after / before for before, after in pairwise(found)]
    assert factors == pytest.approx([1e5 ** (1 / 100)] * 99)
    assert found[-1] == pytest.approx(0.1)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "step", "one_cycle", "range"])
def test_every_rate_is_positive_and_at_most_the_peak(schedule: str) -> None:
    for total in (1, 2, 3, 1_000):
        found = rates(total, schedule=schedule)
        assert all(0 < rate <= 0.1 + 1e-12 for rate in found)
