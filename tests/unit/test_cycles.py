"""Loops of greedy writing: of networks whose loop is known, and against writing step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import RunError
from rnnlm_core.insight.cycles import greedy_ids, repeats, text_loop, write_greedily
from rnnlm_core.nets.build import build

TOKENIZER = CharTokenizer.fit("abcde")  # ids 1 to 5 behind <unk>


def ring(period: int):
    """An RNN whose state is the token just read and whose likeliest next one is the one after it:
    1, 2, …, period, 1, …"""
    size = TOKENIZER.size
    model = build(RunConfig(cell="rnn", hidden=size, embedding=size), size).eval()
    layer = model.layers[0]
    with torch.no_grad():
        model.embedding.weight.copy_(torch.eye(size))
        layer.weight_ih_l0.copy_(4 * torch.eye(size))
        layer.weight_hh_l0.zero_()
        layer.bias_ih_l0.zero_()
        layer.bias_hh_l0.zero_()
        model.output.bias.zero_()
        model.output.weight.zero_()
        for token in range(size):
            after = token % period + 1 if token else 1
            model.output.weight[after, token] = 5.0
    return model


@pytest.mark.parametrize("period", [1, 2, 3, 5])
def test_a_ring_has_the_period_it_was_built_with(period: int) -> None:
    found = write_greedily(ring(period), TOKENIZER, np.array([5, 4]), steps=240)

    assert found.period == found.text_period == period
    assert found.enters is not None and found.enters <= 1
    assert found.miss == 0
    loop = found.ids[found.enters:found.enters + period]
    assert sorted(loop.tolist()) == list(range(1, period + 1))
    assert "".join(found.pieces) == TOKENIZER.decode(found.ids)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_states_and_tokens_are_those_of_the_fused_network(cell: str, layers: int) -> None:
    model = build(RunConfig(cell=cell, hidden=7, embedding=4, layers=layers),
                  TOKENIZER.size).eval()
    start = np.array([1, 2, 3])
    found = write_greedily(model, TOKENIZER, start, steps=20)

    ids = torch.from_numpy(np.concatenate([start, found.ids]))[None]
    with torch.no_grad():
        logits, carried = model(ids)
    logits[..., 0] = -torch.inf  # <unk> is never written
    assert logits[0, 2:-1].argmax(-1).tolist() == found.ids.tolist()
    assert np.allclose(found.h[:, -1], carried[0][:, 0].numpy(), atol=1e-5)
    assert (found.c is not None) == (cell == "lstm")
    if found.c is not None:
        assert np.allclose(found.c[:, -1], carried[1][:, 0].numpy(), atol=1e-5)


def test_a_counter_repeats_its_text_but_not_its_state() -> None:
    ids = np.tile([1, 2], 150)
    states = np.arange(300, dtype=np.float32)[:, None]

    assert repeats(states, 1e-3, ids)[0] is None
    assert repeats(ids[:, None].astype(np.float32), 0.0, ids)[0] == 2


def test_a_long_run_of_one_letter_is_no_loop() -> None:
    ids = np.array([1, 2] * 100 + [1] * 60)
    assert repeats(ids[:, None].astype(np.float32), 0.0, ids)[0] is None


def test_an_approach_counts_from_where_it_is_near_enough() -> None:
    near = (0.9 ** np.arange(600)).astype(np.float32)
    period, miss = repeats(near[:, None], 1e-3, np.ones(600, int))

    assert period == 1 and miss < 1e-3


def test_weights_are_not_touched_and_numbers_that_are_none_are_said() -> None:
    model = ring(2)
    before = [p.clone() for p in model.parameters()]
    write_greedily(model, TOKENIZER, np.array([1]), steps=20)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))

    with torch.no_grad():
        model.output.bias.fill_(float("nan"))
    with pytest.raises(RunError) as caught:
        write_greedily(model, TOKENIZER, np.array([1]), steps=20)
    assert caught.value.code == "run.no_numbers"


def test_tokens_alone_are_the_same_and_have_the_same_loop() -> None:
    start = np.array([5, 4])
    found = write_greedily(ring(3), TOKENIZER, start, steps=240)
    ids = greedy_ids(ring(3), TOKENIZER, start, steps=240)
    assert ids.tolist() == found.ids.tolist()
    assert text_loop(ids) == (found.text_period, found.text_enters) == (3, found.enters)
    assert text_loop(np.array([1, 2, 3] * 20)) == (None, None), "too short to be sure"
    assert text_loop(np.array([], np.int64)) == (None, None)
    cnn = build(RunConfig(cell="cnn", hidden=6, embedding=6, receptive_field=4), TOKENIZER.size)
    assert len(greedy_ids(cnn.eval(), TOKENIZER, start, steps=30)) == 30
