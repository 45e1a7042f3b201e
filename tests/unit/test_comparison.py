"""Runs side by side: what is counted, and what may be claimed of them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from rnnlm_core.comparison import (
    Lane,
    Measured,
    common_loss,
    differing,
    flop_per_token,
    lanes,
    on_whole_text,
    verdict,
)
from rnnlm_core.config import RunConfig
from rnnlm_core.nets.cnn_shape import dilations
from rnnlm_core.records import Yardstick

BASE = RunConfig(hidden=12, embedding=6)


def run(name: str, losses: list[float], seconds: list[float] | None = None,
        final: float | None = None, **changes: object) -> Measured:
    steps = np.arange(1.0, len(losses) + 1) * 100
    return Measured(name, replace(BASE, **changes), steps, np.array(seconds or steps / 10),
                    np.array(losses), 512, 2e6, final)


def test_the_differing_settings_come_in_the_order_of_the_form() -> None:
    configs = [BASE, replace(BASE, seed=2, cell="gru"), replace(BASE, learning_rate=0.1)]
    assert differing(configs) == ["cell", "learning_rate", "seed"]
    assert differing([BASE, replace(BASE)]) == []


# -- arithmetic -----------------------------------------------------------------------------------
def matrix_flop(weights: list[tuple[int, int]]) -> int:
    """What PyTorch counts for one column through these matrices, forward and backward."""
    layers = [torch.nn.Linear(inputs, outputs, bias=False) for outputs, inputs in weights]
    with FlopCounterMode(display=False) as counter:
        for layer in layers:
            x = torch.ones(1, layer.in_features, requires_grad=True)
            layer(x).sum().backward()
    return counter.get_total_flops()


@pytest.mark.parametrize(("cell", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_arithmetic_is_that_of_the_matrix_products(cell: str, gates: int) -> None:
    config = replace(BASE, cell=cell, layers=2)
    products = [(gates * 12, 6), (gates * 12, 12), (gates * 12, 12), (gates * 12, 12), (40, 12)]
    assert flop_per_token(config, 40) == matrix_flop(products)


def test_arithmetic_of_a_one_hot_input_counts_the_vocabulary() -> None:
    more = flop_per_token(replace(BASE, embedding=0), 40) - flop_per_token(BASE, 40)
    assert more == matrix_flop([(48, 40)]) - matrix_flop([(48, 6)])


def test_arithmetic_of_a_cnn_is_its_input_blocks_and_output() -> None:
    blocks = len(dilations(16))
    products = [(12, 6), *[(12, 24)] * blocks, (40, 12)]
    assert flop_per_token(replace(BASE, cell="cnn", receptive_field=16), 40) \
        == matrix_flop(products)


def test_a_gradient_that_reaches_back_beyond_the_window_costs_its_layers_again() -> None:
    once = flop_per_token(BASE, 40)
    twice = flop_per_token(replace(BASE, backprop_length=2 * BASE.sequence_length), 40)
    assert twice - once == matrix_flop([(48, 6), (48, 12)])


def test_an_adaptive_softmax_is_cheaper_on_a_large_vocabulary() -> None:
    full = flop_per_token(replace(BASE, hidden=256), 10_000)
    adaptive = flop_per_token(replace(BASE, hidden=256, softmax="adaptive"), 10_000)
    # at least its head of 1002 rows, at most all of its weights
    layers = 6 * 4 * 256 * (6 + 256)
    assert layers + 6 * 1002 * 256 < adaptive < full / 2


# -- losses ---------------------------------------------------------------------------------------
def test_a_loss_moves_to_the_whole_text_as_the_simpler_models_do() -> None:
    known = [Yardstick("uniform", 3.0, 3.0), Yardstick("kn2", 2.0, 2.4), Yardstick("kn3", 1.0, 1.2),
             Yardstick("xz", 2.2, 2.2)]  # known of the whole text alone: it moves nothing
    moved = on_whole_text(np.array([3.5, 3.0, 2.5, 2.0, 1.0, 0.5]), known)
    assert moved == pytest.approx([3.5, 3.0, 2.7, 2.4, 1.2, 0.7])
    assert on_whole_text(np.array([1.5]), []) == pytest.approx([1.5])


# -- curves ---------------------------------------------------------------------------------------
def test_axes_count_what_they_say() -> None:
    one = run("a", [3.0, 2.0], seconds=[1.0, 4.0])
    assert one.along("steps").tolist() == [100, 200]
    assert one.along("seconds").tolist() == [1, 4]
    assert one.along("tokens").tolist() == [51_200, 102_400]
    assert one.along("gflop") == pytest.approx([102.4, 204.8])


def test_a_loss_is_reached_where_the_drawn_line_crosses_it() -> None:
    one = run("a", [4.0, 2.0, 1.0, 3.0])
    assert one.reached(2.0, "steps") == 200
    assert one.reached(np.sqrt(2.0), "steps") == pytest.approx(250)  # halfway on a log axis
    assert one.reached(5.0, "steps") == 100
    assert one.reached(0.9, "steps") is None


def test_runs_that_differ_in_the_seed_alone_are_one_lane_and_the_best_is_first() -> None:
    found = lanes([run("a", [3.0, 2.0], seed=1), run("b", [3.0, 1.0], cell="gru"),
                   run("c", [3.0, 2.2], seed=2), run("d", [], cell="rnn")])
    assert [[r.id for r in lane.runs] for lane in found] == [["b"], ["a", "c"]]
    assert found[1].loss == pytest.approx(2.1) and found[1].seeds == 2


def test_a_run_that_was_changed_while_it_ran_is_a_lane_of_its_own() -> None:
    changed = replace(run("b", [1.5], seed=2), turned=(("learning_rate", 0.1),))
    assert len(lanes([run("a", [1.0]), changed])) == 2


def test_final_losses_count_once_all_runs_have_one() -> None:
    ended, other = run("a", [2.0], final=2.5), run("b", [2.1], cell="gru", final=2.3)
    assert [lane.loss for lane in lanes([ended, other])] == [2.3, 2.5]
    assert [lane.loss for lane in lanes([ended, replace(other, final=None)])] == [2.0, 2.1]


def test_a_band_goes_as_far_as_all_seeds_and_stands_at_their_median_time() -> None:
    lane = Lane((run("a", [4.0, 2.0], seconds=[1, 2], seed=1),
                 run("b", [5.0, 3.0, 1.0], seconds=[3, 6, 9], seed=2),
                 run("c", [6.0, 2.5, 1.0], seconds=[2, 4, 6], seed=3)), ended=False)
    band = lane.band("seconds")
    assert band.x.tolist() == [2, 4]
    assert band.low.tolist() == [4, 2] and band.high.tolist() == [6, 3]
    assert band.middle.tolist() == [5, 2.5]


# -- what may be said -----------------------------------------------------------------------------
def test_the_second_needs_so_many_times_as_much() -> None:
    found = lanes([run("fast", [4.0, 2.0, 1.0], seconds=[10, 20, 30]),
                   run("slow", [4.0, 3.0, 2.0], seconds=[10, 30, 50], cell="gru")])
    assert common_loss(found) == 2.0
    said = verdict(found, "seconds")
    assert said is not None and (said.ratio, said.at) == (50 / 20, 2.0)
    assert verdict(found, "steps").ratio == 300 / 200  # type: ignore[union-attr]
    assert verdict(found, "seconds", comparable=False).ratio is None  # type: ignore[union-attr]
    assert verdict(found[:1], "seconds") is None


def seeds(losses: list[float], **changes: object) -> list[Measured]:
    return [run(f"{changes}{n}", [loss], seed=n, **changes) for n, loss in enumerate(losses)]


@pytest.mark.parametrize(("one", "other", "apart"), [
    ([1.0], [2.0], None), ([1.0, 1.1, 1.2], [2.0, 2.1], None),
    ([1.0, 1.1, 1.2], [1.3, 1.4, 1.5], True), ([1.0, 1.1, 1.3], [1.2, 1.4, 1.5], False)])
def test_luck_is_ruled_out_by_three_seeds_that_keep_apart(
        one: list[float], other: list[float], apart: bool | None) -> None:
    said = verdict(lanes([*seeds(one), *seeds(other, cell="gru")]), "steps")
    assert said is not None and said.apart is apart


def test_the_same_seed_again_is_no_second_seed() -> None:
    again = [run(str(n), [1.0 + n / 10], seed=7) for n in range(3)]
    said = verdict(lanes([*again, *seeds([2.0, 2.1, 2.2], cell="gru")]), "steps")
    assert said is not None and said.apart is None


def test_the_chance_is_that_of_all_orders_of_the_losses() -> None:
    said = verdict(lanes([*seeds([1.0, 1.1, 1.2]), *seeds([2.0, 2.1, 2.2, 2.3], cell="gru")]),
                   "steps")
    assert said is not None
    choices = list(itertools.combinations(range(7), 3))
    apart = [c for c in choices if c in ((0, 1, 2), (4, 5, 6))]
    assert said.chance == pytest.approx(len(apart) / len(choices))


def test_settings_that_do_nothing_make_no_difference() -> None:
    cnn = RunConfig(cell="cnn", layers=4, residual=True, receptive_field=9)
    assert differing([RunConfig(), cnn]) == ["cell"]
    assert differing([cnn, replace(cnn, layers=1)]) == []
    assert differing([cnn, replace(cnn, receptive_field=33)]) == ["receptive_field"]
