"""The cut, the boundary cases of batch and sequence, and which positions are scored."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional

from rnnlm_core.config import RunConfig
from rnnlm_core.data.batches import Streams
from rnnlm_core.data.split import ROWS, WARM_UP, ValidationRows, fit_to_text, split_point
from rnnlm_core.errors import CorpusError
from rnnlm_core.trainer import Trainer
from tests.small_runs import SMALL, ids_of, plan_of, small_text


# -- the cut --------------------------------------------------------------------------------------
@pytest.mark.parametrize("share", [0.0, 0.0001, 0.001])
def test_no_validation_where_it_would_be_too_short(share: float) -> None:
    text = "a line\n" * 1_000
    assert split_point(text, share) == len(text)


def test_the_cut_is_at_a_line_end_where_one_is_near() -> None:
    text = "0123456789abcde\n" * 625  # 10,000 characters
    cut = split_point(text, 0.1)
    assert text[cut - 1] == "\n" and 9_000 <= cut < 9_016
    assert split_point("a" * 9_000 + "\n" + "b" * 999, 0.1) == 9_001
    assert split_point("a" * 8_999 + "\n" + "b" * 1_000, 0.1) == 9_000


def test_without_a_line_end_near_the_share_is_kept() -> None:
    assert split_point("ab" * 5_000, 0.1) == 9_000
    assert split_point("ab" * 4_950 + "\n" + "c" * 99, 0.1) == 9_000  # it would take nearly all


@pytest.mark.parametrize("length", [32, 33, 100, 161, 1_000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5])
def test_the_cut_leaves_both_parts_something(length: int, share: float) -> None:
    text = small_text(length)
    cut = split_point(text, share)
    assert length // 2 <= cut <= length
    assert cut == length or length - cut >= 8


# -- sizes that fit -------------------------------------------------------------------------------
@pytest.mark.parametrize(("tokens", "batch"), [
    (10 * 20 - 1, 9), (10 * 20, 9), (10 * 20 + 1, 9),  # a stream needs 20 and a target each
    (10 * 21 - 1, 9), (10 * 21, 10), (10 * 21 + 1, 10), (21, 1), (41, 1), (42, 2)])
def test_the_batch_shrinks_to_the_text(tokens: int, batch: int) -> None:
    fit = fit_to_text(tokens, 10, 20)
    assert (fit.batch, fit.sequence_length) == (batch, 20)
    window = Streams(np.zeros(tokens, np.uint16), fit.batch, 20, RunConfig()).next()
    assert window.inputs.shape == window.targets.shape == (batch, 20)


@pytest.mark.parametrize("tokens", [0, 1, 20])
def test_a_text_without_one_whole_sequence_is_refused(tokens: int) -> None:
    with pytest.raises(CorpusError) as error:
        fit_to_text(tokens, 10, 20)
    assert error.value.values == {"value": tokens, "limit": 21}


# -- streams --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("tokens", "batch", "length"), [(205, 4, 8), (36, 4, 8), (333, 1, 7)])
def test_streams_read_on_row_by_row(tokens: int, batch: int, length: int) -> None:
    streams = Streams(np.arange(tokens, dtype=np.uint16), batch, length, RunConfig(seed=3))
    before = None
    epochs = 0
    for _ in range(60):
        window = streams.next()
        epochs += window.fresh
        assert torch.equal(window.targets, window.inputs + 1)  # ids are positions
        assert torch.equal(window.inputs[:, 1:], window.inputs[:, :-1] + 1)
        if not window.fresh:
            assert torch.equal(window.inputs[:, 0], before[:, -1])  # goes on at the last target
        before = window.targets
    assert epochs > 1 and streams.epoch == epochs - 1


def test_epochs_differ_and_depend_on_the_seed_alone() -> None:
    def first_ids(seed: int) -> list[int]:
        streams = Streams(np.arange(500, dtype=np.uint16), 4, 16, RunConfig(seed=seed))
        seen = []
        while len(seen) < 8:
            window = streams.next()
            seen += [int(window.inputs[0, 0])] if window.fresh else []
        return seen

    random.seed(1)
    ours = first_ids(1)
    random.seed(2)
    assert first_ids(1) == ours != first_ids(2)
    assert len(set(ours)) > 1


@pytest.mark.parametrize("config", [
    RunConfig(seed=3), RunConfig(seed=3, windows="random"), RunConfig(seed=3, backprop_length=20),
    RunConfig(seed=3, carry_length=24)])
def test_a_position_is_all_there_is_to_save(config: RunConfig) -> None:
    ids = np.arange(205, dtype=np.uint16)
    straight, resumed = Streams(ids, 4, 8, config), Streams(ids, 4, 8, config)
    for _ in range(17):
        straight.next()
    resumed.go_to(straight.epoch, straight.index)
    for _ in range(17):
        ours, theirs = straight.next(), resumed.next()
        assert torch.equal(ours.inputs, theirs.inputs) and torch.equal(ours.targets, theirs.targets)
        assert (ours.lead, ours.fresh, ours.keep) == (theirs.lead, theirs.fresh, theirs.keep)


def test_a_longer_reach_reads_earlier_tokens_once_more() -> None:
    streams = Streams(np.arange(400, dtype=np.uint16), 2, 8, RunConfig(backprop_length=20))
    windows = [streams.next() for _ in range(6)]
    # 12 tokens more than a window, as soon as so many have been read
    assert [w.lead for w in windows] == [0, 8, 12, 12, 12, 12]
    for before, after in pairwise(windows):
        assert after.inputs[0, 0] == before.inputs[0, 0] + before.keep  # where the state is kept
        assert after.targets[0, 0] == before.targets[0, -1] + 1  # each token is learned from once


def test_the_carried_state_is_emptied_at_whole_sequences() -> None:
    streams = Streams(np.arange(400, dtype=np.uint16), 2, 8, RunConfig(carry_length=20))
    assert [streams.next().fresh for _ in range(7)] == [True, False, False] * 2 + [True]


def test_random_windows_come_from_anywhere_and_start_empty() -> None:
    ids = np.arange(1_000, dtype=np.uint16)
    windows = [Streams(ids, 4, 8, RunConfig(windows="random", seed=seed)).next() for seed in (1, 2)]
    assert all(w.fresh and torch.equal(w.targets, w.inputs + 1) for w in windows)
    assert not torch.equal(windows[0].inputs, windows[1].inputs)
    starts = torch.cat([Streams(ids, 64, 8, RunConfig(windows="random")).next().inputs[:, 0]])
    assert starts.min() < 200 and starts.max() > 800  # 64 draws miss a fifth once in 10^6


# -- which positions are scored -------------------------------------------------------------------
@pytest.mark.parametrize("start", [1, 2, WARM_UP, WARM_UP + 1, 900])
@pytest.mark.parametrize("count", [1, 8, 15, 16, 31, 32, 33, 511, 512, 513, 2_000])
def test_every_validation_position_is_scored_once(start: int, count: int) -> None:
    ids = np.arange(start + count).astype(np.uint16)  # the id is the position
    rows = ValidationRows.cut(ids, start)
    assert rows is not None
    scored = rows.targets[rows.targets >= 0]
    assert scored.tolist() == list(range(start, start + count))
    r, w = np.nonzero(rows.targets >= 0)
    # the input under each target is the token before it, and so is every warm-up input
    assert (rows.inputs[r, rows.warm_up + w] == scored - 1).all()
    for row, first in enumerate(rows.targets[:, 0]):
        if first >= 0:
            expected = list(range(first - 1 - rows.warm_up, first))
            assert rows.inputs[row, :rows.warm_up + 1].tolist() == expected
    assert rows.warm_up == min(WARM_UP, start - 1)
    assert rows.inputs.shape[1] == rows.warm_up + rows.targets.shape[1]
    assert len(rows.targets) <= ROWS


def test_no_rows_without_validation() -> None:
    assert ValidationRows.cut(np.zeros(50, np.uint16), 50) is None


def test_the_live_sample_is_the_head_of_every_row() -> None:
    rows = ValidationRows.cut(np.arange(3_000).astype(np.uint16), 1_000)
    assert rows is not None
    width = rows.live_width_for(500)
    assert 16 <= width < rows.targets.shape[1] and len(rows.targets) * width <= 500 * 2
    sample = ValidationRows(rows.inputs, rows.targets, rows.warm_up, width)
    losses = np.random.default_rng(0).random(2_000)
    by_hand = [losses[p - 1_000] for row in rows.targets for p in row[:width] if p >= 0]
    live, full = sample.live_and_full(losses)
    assert live == pytest.approx(np.mean(by_hand), rel=1e-12)
    assert full == pytest.approx(losses.mean(), rel=1e-12)


def test_a_slow_machine_still_scores_something() -> None:
    rows = ValidationRows.cut(np.arange(3_000).astype(np.uint16), 1_000)
    assert rows is not None
    assert rows.live_width_for(0.0) <= 16
    assert rows.live_width_for(1e9) == rows.targets.shape[1]


def trained(config: RunConfig) -> tuple[Trainer, np.ndarray]:
    ids, size = ids_of(small_text(1_500))
    trainer = Trainer(config, plan_of(config), ids[:1_000], size)
    for _ in range(5):
        trainer.step()
    return trainer, ids


def straight_loss(trainer: Trainer, ids: np.ndarray, start: int) -> float:
    """Reading the whole text in one go, one position after the other."""
    trainer.model.eval()
    tokens, carried, losses = torch.from_numpy(ids.astype(np.int64)), None, []
    with torch.no_grad():
        for at in range(len(ids) - 1):
            logits, carried = trainer.model(tokens[at:at + 1].view(1, 1), carried)
            if at + 1 >= start:
                losses.append(float(functional.cross_entropy(logits[0], tokens[at + 1:at + 2])))
    return float(np.mean(losses))


def test_rows_score_what_reading_straight_on_scores_without_memory() -> None:
    trainer, ids = trained(RunConfig(**{**vars(SMALL), "cell": "rnn"}))
    torch.nn.init.zeros_(trainer.model.layers[0].weight_hh_l0)
    rows = ValidationRows.cut(ids, 1_000)
    assert rows is not None
    assert trainer.evaluate(rows, live=False) == pytest.approx(
        straight_loss(trainer, ids, 1_000), abs=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_warm_up_is_enough_for_a_young_model(cell: str) -> None:
    trainer, ids = trained(RunConfig(**{**vars(SMALL), "cell": cell}))
    rows = ValidationRows.cut(ids, 1_000)
    assert rows is not None
    assert trainer.evaluate(rows, live=False) == pytest.approx(
        straight_loss(trainer, ids, 1_000), abs=1e-4)
