"""Reaching into a network while it writes, against plain reading and writing without any reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.insight.interventions import Intervention
from rnnlm_core.insight.steering import (
    Held,
    Way,
    exchange,
    read,
    way,
    while_reading,
    write,
)
from rnnlm_core.nets.build import build

TOKENIZER = CharTokenizer.fit("abcdefgh()\n")
A, B = TOKENIZER.known("abc(de"), TOKENIZER.known("fgh)ab\nc")
SETTINGS = SamplingSettings(1.0, length=40, seed=5)
CELLS = [{"cell": "rnn"}, {"cell": "gru", "layers": 2}, {"cell": "lstm"},
         {"cell": "lstm", "layers": 3},
         {"cell": "gru", "layers": 3, "residual": True, "layer_norm": True}]


def network(**changes: Any) -> Any:
    config = RunConfig(**{"hidden": 6, "embedding": 4, "seed": 2, **changes})
    model = build(config, TOKENIZER.size).eval()
    with torch.no_grad():  # untrained, all is nearly uniform: the state shall matter
        model.output.weight *= 4
        model.output.bias.zero_()
    return model


def parts_of(model: Any) -> tuple[str, ...]:
    return ("h", "c") if model.config.cell == "lstm" else ("h",)


def ids_of(tokens: Any) -> list[int]:
    return [token.id for token in tokens]


# -- the state of another text --------------------------------------------------------------------
@pytest.mark.parametrize("changes", CELLS, ids=str)
def test_with_all_of_the_state_of_b_it_writes_what_b_would_to_the_bit(changes: dict[str, Any]
                                                                      ) -> None:
    model = network(**changes)
    before_a, _ = read(model, A)
    _, state_b = read(model, B)
    layers = range(model.config.layers)
    exchanged = write(model, TOKENIZER, A[-1:], SETTINGS, exchange(
        state_b, layers, parts_of(model)), before_a)
    of_b = list(generate(model, TOKENIZER, B, SETTINGS))
    assert exchanged == of_b  # ids, probabilities and entropies, all exact
    assert exchanged != list(generate(model, TOKENIZER, A, SETTINGS))
    found = way(model, TOKENIZER, A, B, [], layers, parts_of(model), ids_of(of_b))
    assert found.exchanged == pytest.approx(0, abs=1e-5)  # read in one go, so not to the bit
    assert found.share(found.exchanged, 40) == pytest.approx(1, abs=1e-3)
    assert found.own[0] > 0 and found.share(found.own, 40) == 0


def test_nothing_exchanged_changes_nothing_and_its_own_state_neither() -> None:
    model = network(cell="lstm", layers=2)
    before, after = read(model, A)
    untouched = list(generate(model, TOKENIZER, A, SETTINGS))
    for hook in (exchange(after, [], ["h", "c"]), exchange(after, [0, 1], ["h", "c"])):
        assert write(model, TOKENIZER, A[-1:], SETTINGS, hook, before) == untouched


@pytest.mark.parametrize(("layers", "parts"), [((0,), ("h", "c")), ((1,), ("h",)), ((1,), ("c",)),
                                               ((0, 1), ("c",))])
def test_a_part_of_the_state_is_exchanged_and_the_rest_stays(layers: tuple[int, ...],
                                                             parts: tuple[str, ...]) -> None:
    model = network(cell="lstm", layers=2)
    _, state_b = read(model, B)
    own = tuple(torch.full((1, 6), value) for value in (0.25, 0.5))
    for layer in (0, 1):
        changed = exchange(state_b, layers, parts, at=3)(layer, 3, own)
        for k, name in enumerate(("h", "c")):
            given = layer in layers and name in parts
            assert torch.equal(changed[k], state_b[k][layer] if given else own[k])
        assert exchange(state_b, layers, parts, at=3)(layer, 2, own) is own


def test_the_way_is_counted_from_a_to_b() -> None:
    found = Way(np.array([0.5, 0.3]), np.array([0.1, 0.1]), np.array([[0.5, 0.3]]))
    assert found.share(found.exchanged, 1) == pytest.approx(0.8)
    assert found.share(found.exchanged, 2) == pytest.approx(0.75)
    assert found.share(found.controls[0], 2) == 0
    assert Way(np.zeros(2), np.zeros(2), np.zeros((0, 2))).share(np.zeros(2), 2) == 0


# -- a forced token -------------------------------------------------------------------------------
def test_a_forced_token_stands_there_and_the_rest_meets_the_same_chance() -> None:
    model = network(cell="gru")
    free = ids_of(write(model, TOKENIZER, A, SETTINGS))
    bracket = TOKENIZER.id_of("(")
    forced = ids_of(write(model, TOKENIZER, A, SETTINGS, forced={10: bracket}))
    assert forced[:10] == free[:10] and forced[10] == bracket != free[10]
    assert ids_of(write(model, TOKENIZER, A, SETTINGS, forced={10: free[10]})) == free
    # with weights that forget everything, only the forced one differs: the noise is the same
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name != "output.bias":
                weight.zero_()
    free = ids_of(write(model, TOKENIZER, A, SETTINGS))
    forced = ids_of(write(model, TOKENIZER, A, SETTINGS, forced={10: bracket}))
    assert forced == [*free[:10], bracket, *free[11:]]


# -- a held unit ----------------------------------------------------------------------------------
def test_a_held_unit_is_measured_on_the_same_text() -> None:
    model = network(cell="gru")
    text = TOKENIZER.known("gh(ab)")
    change = Intervention((2,), "clamp", 0.9)
    found = while_reading(model, TOKENIZER, A, text, change, [Intervention((4,), "clamp", -0.9)])
    p = []
    for unit, value in ((None, 0.0), (2, 0.9), (4, -0.9)):
        h, rows = model.zero_state(1)[0], []
        for at, token in enumerate([*A, *text[:-1]]):
            with torch.no_grad():
                logits, (h,) = model(torch.tensor([[token]]), (h,))
                if unit is not None and at >= len(A) - 1:
                    h[-1, 0, unit] = value
                    logits = model.output(h[-1])[None]
            rows.append(logits[0, 0].double().numpy())
        exact = np.exp(np.stack(rows)[len(A) - 1:])
        exact[:, 0] = 0
        p.append(exact / exact.sum(1, keepdims=True))
    free, held, control = p
    for mine, other in zip(found.moved, (held, control), strict=True):
        assert mine == pytest.approx(np.maximum(other - free, 0).sum(1), abs=1e-6)
    means = [one.mean(0) for one in p]
    assert found.token == int((abs(means[1] - means[0]) - abs(means[2] - means[0])).argmax())
    assert found.path == pytest.approx(np.stack([one[:, found.token] for one in p]), abs=1e-6)
    place = int(np.maximum(held - free, 0).sum(1).argmax())
    assert found.most == place
    token = int(abs(held - free)[place].argmax())
    assert found.there == token
    assert found.jump == pytest.approx((free[place, token], held[place, token]), abs=1e-6)


def of_two_tokens(held: list[float], *controls: list[float]) -> Held:
    """What is moved of two tokens at 0.5 each: a change up at one place and down at another."""
    free = np.full(len(held), 0.5)
    return Held(np.abs(np.array([held, *controls])), 0, np.stack([free, free + np.array(held)]), 0,
                (0.5, 0.5))


def test_changes_that_cancel_out_in_the_mean_are_changes_all_the_same() -> None:
    swings = of_two_tokens([0.3, -0.3, 0.3, -0.3], [0.01, 0.02, 0.0, 0.0])
    assert swings.path[1].mean() == pytest.approx(swings.path[0].mean())  # nothing in the mean
    assert swings.verdict == "moves" and swings.moved[0].mean() == pytest.approx(0.3)
    assert of_two_tokens([0.3, -0.3], [-0.4, 0.4], [0.0, 0.0]).verdict == "no_more"
    assert of_two_tokens([0.009, -0.009], [0.001, 0.0]).verdict == "nothing"
    rare = of_two_tokens([0.0] * 99 + [0.32], [0.001] * 100)
    assert (rare.verdict, rare.most) == ("moves", 99)
    assert of_two_tokens([0.2, -0.1]).verdict == "moves"


def test_a_network_without_state_and_one_without_numbers() -> None:
    with pytest.raises(BadInput, match="CNN"):
        read(network(cell="cnn", receptive_field=8), A)
    broken = network()
    with torch.no_grad():
        broken.output.weight[:] = np.nan
    with pytest.raises(RunError, match="no numbers"):
        way(broken, TOKENIZER, A, B, [], [0], ["h"], B)
