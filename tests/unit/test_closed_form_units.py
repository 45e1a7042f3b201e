"""Networks whose weights are set by hand: the unit that counts, or holds, must be found first."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from rnnlm_core.config import Cell, RunConfig
from rnnlm_core.data.generated import teaching
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.insight.accuracies import accuracies
from rnnlm_core.insight.strips import all_units
from rnnlm_core.insight.units import (
    find_units,
    first_list,
    search,
    token_labels,
    unit_names,
)
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import CELLS, layer_weights
from rnnlm_core.nets.language_model import LanguageModel

COUNTING = teaching("anbn").text()[:12_000]
OWN = 4  # the unit whose weights are set
FAR = 60.0  # σ(±60) and tanh(±60) are 1 and 0 (or −1) to the last bit of float32


def quotations(sentences: int = 300) -> str:
    draw = np.random.default_rng(0)
    words = ["river", "stone", "green", "lamp", "often"]

    def some() -> str:
        return " ".join(draw.choice(words, draw.integers(2, 6)))

    return "".join(f"{some()} “{some()}” {some()}\n" for _ in range(sentences))


HOLDING = quotations()


def network(cell: Cell, text: str, layers: int = 1, **changes: object
            ) -> tuple[LanguageModel, CharTokenizer]:
    """Random weights, one-hot input."""
    tokenizer = CharTokenizer.fit(text)
    config = RunConfig(cell=cell, hidden=9, embedding=0, layers=layers, seed=3,
                       **changes)  # type: ignore[arg-type]
    return build(config, tokenizer.size).eval(), tokenizer


def set_unit(model: LanguageModel, blocks: dict[int, dict[int, float]], *, otherwise: list[float],
             own: float = 0.0) -> None:
    """Block k of the lowest layer's unit `OWN`: by input id, else `otherwise[k]`; no other unit
    reaches it, itself by `own` (the last block)."""
    weights = layer_weights(model, 0)
    count = weights.W_hh.shape[0] // weights.W_hh.shape[1]
    with torch.no_grad():
        for block in range(count):
            row = block * weights.W_hh.shape[1] + OWN
            weights.W_hh[row] = 0.0
            weights.b_ih[row] = weights.b_hh[row] = 0.0
            weights.W_ih[row] = otherwise[block]
            for token, value in blocks.get(block, {}).items():
                weights.W_ih[row, token] = value
        weights.W_hh[row, OWN] = own


def counter(cell: Cell) -> tuple[LanguageModel, CharTokenizer]:
    """a: one more; b: one less; newline: 0. In the LSTM's c, or in h of a ReLU network."""
    model, tokenizer = network(cell, COUNTING, **({"activation": "relu"} if cell == "rnn" else {}))
    a, b, end = (tokenizer.id_of(character) for character in "ab\n")
    if cell == "lstm":  # i, f, g, o
        set_unit(model, {0: {end: -FAR}, 1: {end: -FAR}, 2: {a: FAR, b: -FAR}},
                 otherwise=[FAR, FAR, 0.0, FAR])
    else:
        set_unit(model, {0: {a: 1.0, b: -1.0, end: -100.0}}, otherwise=[0.0], own=1.0)
    return model, tokenizer


def latch(cell: Cell) -> tuple[LanguageModel, CharTokenizer]:
    """Set by “, let go by ”, kept by all else."""
    model, tokenizer = network(cell, HOLDING)
    opens, closes = tokenizer.id_of("“"), tokenizer.id_of("”")
    if cell == "lstm":
        set_unit(model, {0: {opens: FAR}, 1: {opens: -FAR, closes: -FAR}},
                 otherwise=[-FAR, FAR, FAR, FAR])
    elif cell == "gru":  # r, z (keeps), n
        set_unit(model, {1: {opens: -FAR, closes: -FAR}, 2: {opens: FAR, closes: -FAR}},
                 otherwise=[0.0, FAR, 0.0])
    else:
        set_unit(model, {0: {opens: 200.0, closes: -200.0}}, otherwise=[0.0], own=50.0)
    return model, tokenizer


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_a_counter_is_found_first_with_a_correlation_of_one(cell: Cell) -> None:
    model, tokenizer = counter(cell)
    untrained, _ = network(cell, COUNTING)
    found = find_units(model, untrained, tokenizer, COUNTING, corpus="anbn")[0]
    assert (found.label, found.unit) == ("counter", OWN)
    assert found.part == ("c" if cell == "lstm" else "h")
    assert found.score == pytest.approx(1.0, abs=1e-12)
    assert found.correlation == pytest.approx(1.0, abs=1e-9)
    assert found.within_character == pytest.approx(1.0, abs=1e-9)
    assert found.trusted and found.control < 1


@pytest.mark.parametrize("cell", CELLS)
def test_a_latch_is_found_first_with_an_auc_of_one(cell: Cell) -> None:
    model, tokenizer = latch(cell)
    untrained, _ = network(cell, HOLDING)
    ids, labels = token_labels(tokenizer, HOLDING)
    early = first_list(all_units(model, ids), unit_names(model.config), labels)[0]
    assert (early.label, early.unit, early.picked_score) == ("inside_quotes", OWN, 1.0)
    found = find_units(model, untrained, tokenizer, HOLDING)[0]
    assert (found.label, found.unit, found.score) == ("inside_quotes", OWN, 1.0)
    assert found.trusted and found.control < 1


@pytest.mark.parametrize("cell", CELLS)
def test_one_unit_that_holds_all_decides_every_case(cell: Cell) -> None:
    model, tokenizer = latch(cell)
    ids, labels = token_labels(tokenizer, HOLDING)
    label = next(one for one in labels if one.name == "inside_quotes")
    row = unit_names(model.config).index(("h", 0, OWN))
    found = accuracies(all_units(model, ids), label, ids, row)
    share = label.values[label.where & (np.arange(len(ids)) >= len(ids) // 2)].mean()
    assert found.unit == 1.0 and found.probe > 0.995
    assert found.base == pytest.approx(max(share, 1 - share))
    assert found.character < 0.8


def test_the_layer_is_named_too() -> None:
    model, tokenizer = network("lstm", HOLDING, layers=2)
    opens, closes = tokenizer.id_of("“"), tokenizer.id_of("”")
    set_unit(model, {0: {opens: FAR}, 1: {opens: -FAR, closes: -FAR}},
             otherwise=[-FAR, FAR, FAR, FAR])
    untrained, _ = network("lstm", HOLDING, layers=2)
    found = find_units(model, untrained, tokenizer, HOLDING)[0]
    assert (found.layer, found.unit, found.score) == (0, OWN, 1.0)


def test_noise_labels_come_out_at_chance() -> None:
    """Sixteen labels that have nothing to do with the text, in stretches as real ones have them."""
    model, tokenizer = latch("lstm")
    untrained, _ = network("lstm", HOLDING)
    ids, labels = token_labels(tokenizer, HOLDING)
    draw = np.random.default_rng(1)
    noise = []
    for number in range(16):
        values = np.repeat(draw.random(len(ids) // 12 + 1) < 0.3, 12)[:len(ids)].astype(float)
        noise.append(type(labels[0])(f"noise_{number}", "binary", values,
                                     np.ones(len(ids), bool), False))
    states, control = all_units(model, ids), all_units(untrained, ids)
    found = search(states, control, unit_names(model.config), noise, ids, None)
    assert len(found) == 16
    assert [f.label for f in found if f.trusted] == []
    assert np.mean([f.score for f in found]) == pytest.approx(0.5, abs=0.02)
    assert max(abs(f.score - 0.5) for f in found) < 0.08
    assert max(abs(f.within_character) for f in found) < 0.1
    said = [accuracies(states, label, ids, 0) for label in noise]
    assert max(a.unit - a.base for a in said) < 0.03
    assert max(a.probe - a.base for a in said) < 0.03


def test_the_reported_correlation_is_scipys() -> None:
    model, tokenizer = network("gru", HOLDING)
    ids, labels = token_labels(tokenizer, HOLDING)
    states = all_units(model, ids)
    for found in search(states, states, unit_names(model.config), labels, ids, None):
        label = next(one for one in labels if one.name == found.label)
        held = label.where & (np.arange(len(ids)) >= len(ids) // 2)
        assert found.correlation == pytest.approx(
            pearsonr(states[found.unit][held], label.values[held]).statistic, abs=1e-6)
