"""The four tasks against their definitions, their yardsticks by computation, and r₀ by hand."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from rnnlm_core.tasks.batched import BatchedNetworks
from rnnlm_core.tasks.drawing import BLANK, DELIMITER, draw
from rnnlm_core.tasks.starts import STARTS
from rnnlm_core.tasks.training import initial_reach, networks, train
from rnnlm_core.tasks.trials import TASKS, Progress, Trial

EVERY_TASK = pytest.mark.parametrize("task", TASKS)


def generators(count: int = 2) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def last(trial: Trial) -> Progress:
    *_, progress = train(trial)
    return progress


# -- the tasks, exactly -----------------------------------------------------------------------
@given(lag=some.integers(1, 12), seed=some.integers(0, 999))
def test_the_echo_is_the_bit_of_lag_steps_ago(lag: int, seed: int) -> None:
    trial = Trial("rnn_default", lag, task="echo", batch=3)
    (bits,), (answers,) = draw(trial, [torch.Generator().manual_seed(seed)])
    assert bits.shape == (3, lag + 10) and set(bits.flatten().tolist()) <= {0, 1}
    for row, said in zip(bits.tolist(), answers.tolist(), strict=True):
        assert said == [row[step - lag] for step in range(trial.asks_from, trial.length)]


@given(lag=some.integers(1, 12), copied=some.integers(1, 10), seed=some.integers(0, 999))
def test_copy_is_as_arjovsky_et_al_define_it(lag: int, copied: int, seed: int) -> None:
    trial = Trial("rnn_default", lag, task="copy", batch=3, copied=copied)
    (inputs,), (answers,) = draw(trial, [torch.Generator().manual_seed(seed)])
    for row, said in zip(inputs.tolist(), answers.tolist(), strict=True):
        word = row[:copied]
        assert all(0 <= symbol < 8 for symbol in word)
        assert row == [*word, *[BLANK] * (lag - 1), DELIMITER, *[BLANK] * copied]
        assert said == [*[BLANK] * (lag + copied), *word]
        assert len(row) == len(said) == trial.length == lag + 2 * copied
    assert Trial("rnn_default", lag, task="copy").length == lag + 20  # published: ten symbols


@given(lag=some.integers(2, 15), seed=some.integers(0, 999))
def test_adding_has_one_mark_in_each_half(lag: int, seed: int) -> None:
    trial = Trial("rnn_default", lag, task="adding", batch=4)
    (inputs,), (answers,) = draw(trial, [torch.Generator().manual_seed(seed)])
    assert inputs.shape == (4, lag, 2) and answers.shape == (4, 1)
    for row, said in zip(inputs.tolist(), answers[:, 0].tolist(), strict=True):
        marked = [step for step, (_, mark) in enumerate(row) if mark == 1]
        assert [mark for _, mark in row].count(0) == lag - 2
        assert len(marked) == 2 and marked[0] < lag // 2 <= marked[1]
        assert all(0 <= number < 1 for number, _ in row)
        assert said == pytest.approx(row[marked[0]][0] + row[marked[1]][0], abs=1e-6)


# -- what is known without memory -----------------------------------------------------------------
def best_constant_loss(trial: Trial) -> float:
    """From a large batch: each step's output is the frequency (or the mean) of its answers."""
    _, (answers,) = draw(replace(trial, batch=20_000), generators(1))
    if trial.what.numbers:
        return float(answers.var(unbiased=False))
    entropies = []
    for step in answers.T.tolist():
        shares = [count / len(step) for count in Counter(step).values()]
        entropies.append(-sum(share * math.log(share) for share in shares))
    return sum(entropies) / len(entropies)


@EVERY_TASK
def test_the_yardstick_is_the_best_loss_without_memory(task: str) -> None:
    trial = Trial("rnn_default", 7, task=task)
    assert trial.constant_loss == pytest.approx(best_constant_loss(trial), rel=0.02)


def test_the_published_yardsticks() -> None:
    assert Trial("rnn_default").constant_loss == math.log(4)
    assert Trial("rnn_default", task="echo").constant_loss == math.log(2)
    copy = Trial("rnn_default", 100, task="copy")
    assert copy.constant_loss == pytest.approx(10 * math.log(8) / 120)
    # ∫∫ (x + y − 1)² over the unit square
    assert Trial("rnn_default", task="adding").constant_loss == pytest.approx(1 / 6)


@EVERY_TASK
def test_chance_is_what_an_untrained_network_scores(task: str) -> None:
    """Of guesses that know nothing but the possible answers."""
    what = TASKS[task]
    _, (answers,) = draw(Trial("rnn_default", 6, task=task, batch=8_000), generators(1))
    if what.numbers:
        found = 1 - float((1 - answers).square().mean()) / (1 / 6)
    else:
        asked = answers[:, -1]
        found = float((torch.zeros_like(asked) == asked).float().mean())
    assert found == pytest.approx(what.chance, abs=0.03)


# -- training -------------------------------------------------------------------------------------
@EVERY_TASK
@pytest.mark.parametrize("start", ["rnn_orthogonal", "gru_default", "lstm_chrono"])
def test_together_is_as_alone(task: str, start: str) -> None:
    together = Trial(start, 4, (1, 2, 3), max_steps=4, task=task, copied=2)
    beside, alone = last(together), last(replace(together, seeds=(2,)))
    assert beside.losses[1] == pytest.approx(alone.losses[0], abs=1e-5)
    assert beside.scores[1] == pytest.approx(alone.scores[0], abs=1e-5)


def test_numbers_go_in_as_one_hot_symbols_do() -> None:
    model = BatchedNetworks(STARTS["gru_default"], [1, 2], 3, 8, 2, 5).double()
    symbols = torch.randint(3, (2, 4, 5), generator=torch.Generator().manual_seed(1))
    numbers = torch.nn.functional.one_hot(symbols, 3).double()
    for one, other in zip(model.states(symbols), model.states(numbers), strict=True):
        assert torch.allclose(one, other, atol=1e-14, rtol=0)


@EVERY_TASK
def test_the_reach_is_of_the_first_answer_that_is_asked_for(task: str) -> None:
    """Against a single network whose loss is written out, differentiated by hand's chain rule."""
    trial = Trial("rnn_orthogonal", 5, (3,), task=task, batch=4, copied=2)
    model = networks(trial).double()
    inputs, answers = draw(trial, [torch.Generator().manual_seed(1_000_003 + 3)])
    with torch.no_grad():
        states = model.states(inputs.double() if inputs.is_floating_point() else inputs)
        asked = {"recall": 5, "echo": 5, "copy": 7, "adding": 4}[task]
        said = model.read(states[asked])[0]
        if task == "adding":
            error = 2 * (said - answers[0])
        else:
            right = answers[0, :, 7 if task == "copy" else 0]
            error = torch.softmax(said, -1) - torch.nn.functional.one_hot(right, said.shape[1])
        end = error / 4 @ model.W_o[0]
        gradient = end
        for h in reversed(states[1:asked + 1]):
            gradient = (gradient * (1 - h[0]**2)) @ model.W_hh[0]
    assert initial_reach(trial) == pytest.approx([float(gradient.norm() / end.norm())], rel=1e-7)


@pytest.mark.parametrize("start", ["rnn_default", "gru_default", "lstm_default"])
def test_clipping_leaves_the_reach_as_it_is(start: str) -> None:
    trial = Trial(start, 20, clip_norm=0.0)
    assert initial_reach(trial) == initial_reach(replace(trial, clip_norm=0.01))


def test_clipping_changes_what_is_learned_and_none_does_not() -> None:
    free = Trial("rnn_orthogonal", 5, max_steps=3, clip_norm=0.0)
    assert last(free).losses == last(replace(free, clip_norm=1e9)).losses
    assert last(free).losses != last(replace(free, clip_norm=0.01)).losses


def test_it_ends_where_nothing_can_be_solved_any_more() -> None:
    """An identity start at a huge learning rate: every seed's loss becomes no number."""
    progress = last(Trial("rnn_identity", 20, max_steps=400, clip_norm=0.0, learning_rate=1e4))
    assert progress.step < 400 and progress.solved == 0 and progress.diverged == 5


def test_adding_is_learned_by_a_gru_within_three_times_the_steps() -> None:
    progress = last(Trial("gru_default", 8, max_steps=900, task="adding", clip_norm=0.0))
    assert progress.solved >= 4  # its scores pass 0.95: the error is below 1/120


def test_a_bit_is_echoed_five_steps_later() -> None:
    assert last(Trial("rnn_orthogonal", 5, max_steps=180, task="echo")).solved >= 4


# -- settings -------------------------------------------------------------------------------------
def test_the_key_names_the_settings_and_nothing_else() -> None:
    trials = [Trial("rnn_default"), Trial("rnn_default", 31), Trial("gru_default"),
              Trial("rnn_default", clip_norm=0.0), Trial("rnn_default", task="echo"),
              Trial("rnn_default", hidden=16), Trial("rnn_default", max_steps=5),
              Trial("rnn_default", seeds=(1, 2))]
    assert len({trial.key for trial in trials}) == len(trials)
    assert Trial("rnn_default", 30).key == trials[0].key


@pytest.mark.parametrize("changes", [
    {"start": "lstm_nothing"}, {"task": "sorting"}, {"lag": 0}, {"lag": 1, "task": "adding"},
    {"hidden": 0}, {"max_steps": 0}, {"copied": 0}], ids=str)
def test_settings_that_mean_nothing_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Trial(**{"start": "rnn_default", **changes})


@pytest.mark.parametrize(("start", "task"), list(itertools.product(STARTS, TASKS)))
def test_every_start_begins_every_task(start: str, task: str) -> None:
    progress = last(Trial(start, 2, (1, 2), 1, hidden=1, task=task, copied=1))
    assert progress.step == 1 and all(map(math.isfinite, progress.losses))
