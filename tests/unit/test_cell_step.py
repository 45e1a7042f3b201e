"""The numbers of the Cell page against PyTorch's own cells, autograd and finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.insight.cell_back import against_autograd, back_step, by_autograd
from rnnlm_core.insight.cell_step import CellReading, cell_step, read_cells, rest_of
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import advance, input_product, layer_weights, state_of

TEXT = "abba cad deed face bead"
CELLS = {
    "tanh": {"cell": "rnn"}, "relu": {"cell": "rnn", "activation": "relu"},
    "sigmoid": {"cell": "rnn", "activation": "sigmoid"}, "gru": {"cell": "gru"},
    "lstm": {"cell": "lstm"}, "one-hot": {"cell": "lstm", "embedding": 0},
    "norm, residual": {"cell": "gru", "layers": 2, "layer_norm": True, "residual": True},
    "adaptive": {"cell": "lstm", "layers": 2, "softmax": "adaptive"},
    "tied": {"cell": "rnn", "layers": 2, "tie_weights": True, "embedding": 6},
    "one unit": {"cell": "lstm", "hidden": 1}}
EVERY = pytest.mark.parametrize("changes", CELLS.values(), ids=CELLS)


def reading_of(text: str = TEXT, **changes: object) -> CellReading:
    config = RunConfig(**{"embedding": 4, "hidden": 6, "seed": 3, **changes})  # type: ignore[arg-type]
    tokenizer = CharTokenizer.fit(TEXT)
    return read_cells(build(config, tokenizer.size).eval(), tokenizer, text)


def places(reading: CellReading) -> list[tuple[int, int]]:
    return [(layer, place) for layer in range(reading.model.config.layers)
            for place in (0, 7, reading.places - 1)]


@EVERY
def test_the_step_is_that_of_the_fused_network(changes: dict[str, object]) -> None:
    reading = reading_of(**changes)
    logits = reading.model(reading.ids[None])[0][0]
    losses = cross_entropy(logits[:-1], reading.ids[1:], reduction="none")
    for place in (0, 7, reading.places - 1):
        top = cell_step(reading, reading.model.config.layers - 1, place)
        assert top.prediction.loss == pytest.approx(float(losses[place]), abs=1e-12)
        assert top.prediction.p.sum() == pytest.approx(1, abs=1e-12)
        assert reading.surprise[place + 1] == pytest.approx(
            top.prediction.loss / math.log(2), abs=1e-12)


@EVERY
def test_each_gate_is_its_sum_through_its_function(changes: dict[str, object]) -> None:
    """Two ways: from the matrices (numpy), and from the equations (`nets.cells`)."""
    phi = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0),
           "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "softmax": lambda a: np.exp(a) / np.exp(
               a).sum()}
    reading = reading_of(**changes)
    for layer, place in places(reading):
        step = cell_step(reading, layer, place)
        for name, block in step.blocks.items():
            np.testing.assert_allclose(phi[block.function](block.a), block.value, atol=1e-12)
            for element in (0, len(block.a) - 1):
                row = step.row(name, element)
                assert math.fsum(t.product for t in row.terms) == pytest.approx(
                    row.total, abs=1e-12)
                assert [abs(t.product) for t in row.terms] == sorted(
                    (abs(t.product) for t in row.terms), reverse=True)


def test_products_make_the_new_state() -> None:
    lstm = cell_step(reading_of(cell="lstm"), 0, 5).values
    np.testing.assert_allclose(lstm["f*c"] + lstm["i*g"], lstm["c"], atol=1e-15)
    np.testing.assert_allclose(lstm["o"] * np.tanh(lstm["c"]), lstm["h"], atol=1e-15)
    gru = cell_step(reading_of(cell="gru"), 0, 5).values
    np.testing.assert_allclose(gru["z*h"] + gru["n*z"], gru["h"], atol=1e-15)


def test_the_terms_left_out_are_counted_and_summed() -> None:
    row = cell_step(reading_of(cell="gru"), 0, 5).row("n", 2)
    count, rest = rest_of(row.terms, 3)
    assert count == 4 + 1 + 6 + 1 - 3
    assert rest + sum(t.product for t in row.terms[:3]) == pytest.approx(row.total, abs=1e-13)
    assert rest_of(row.terms, 99) == (0, 0.0)


@EVERY
@pytest.mark.parametrize("later", [False, True], ids=["this loss", "later too"])
def test_backwards_agrees_with_autograd(changes: dict[str, object], later: bool) -> None:
    reading = reading_of(**changes)
    for layer, place in places(reading):
        found = back_step(reading, layer, place, later)
        theirs = by_autograd(reading, layer, place, later)
        assert against_autograd(reading, layer, place, later, found) < 1e-13
        assert {"W_hh", "W_ih", "h_before", "h", "s", "x"} <= set(theirs)
        assert found.values["s"].sum() == pytest.approx(0, abs=1e-12)  # e = p − y


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_wrong_derivative_is_seen(cell: str) -> None:
    reading = reading_of(cell=cell)
    found = back_step(reading, 0, 5, True)
    found.values["h_before"][2] += 1e-6
    assert against_autograd(reading, 0, 5, True, found) == pytest.approx(1e-6, rel=1e-6)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_gradients_of_the_gates_by_finite_differences(cell: str) -> None:
    """∂L_t/∂gate: the state after the step is made from changed gates, in numpy, and read off."""
    reading = reading_of(cell=cell)
    step, back = cell_step(reading, 0, 6), back_step(reading, 0, 6, False)
    W, b = (getattr(reading.model.output, n).numpy() for n in ("weight", "bias"))

    def loss(changed: dict[str, np.ndarray]) -> float:
        v = step.values | changed
        h = (v["o"] * np.tanh(v["f"] * v["c_before"] + v["i"] * v["g"]) if cell == "lstm"
             else (1 - v["z"]) * v["n"] + v["z"] * v["h_before"])
        s = W @ h + b
        return float(np.log(np.exp(s).sum()) - s[step.prediction.target])

    for gate in {"lstm": "ifgo", "gru": "zn"}[cell]:
        for k in range(6):
            ends = []
            for sign in (1, -1):
                changed = step.values[gate].copy()
                changed[k] += sign * 1e-6
                ends.append(loss({gate: changed}))
            assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(back.values[gate][k], abs=1e-8)


def test_what_comes_back_is_what_the_next_step_sends() -> None:
    reading = reading_of(cell="lstm", layers=2)
    now, after = (back_step(reading, 0, place, True) for place in (5, 6))
    np.testing.assert_allclose(now.later["h"], after.values["h_before"], atol=1e-15)
    np.testing.assert_allclose(now.later["c"], after.values["c_before"], atol=1e-15)
    np.testing.assert_allclose(now.here + now.later["h"], now.values["h"], atol=1e-15)
    alone = back_step(reading, 0, 5, False)
    assert not alone.later["h"].any() and not alone.later["c"].any()


def test_reading_changes_nothing_and_refuses_what_has_no_numbers() -> None:
    tokenizer = CharTokenizer.fit(TEXT)
    model = build(RunConfig(embedding=4, hidden=6), tokenizer.size).eval()
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    reading = read_cells(model, tokenizer, TEXT)
    back_step(reading, 0, 3, True)
    by_autograd(reading, 0, 3, True)
    for name, value in model.state_dict().items():
        assert torch.equal(value, kept[name]) and value.dtype == kept[name].dtype
    with torch.no_grad():
        next(model.parameters())[:] = math.nan
    with pytest.raises(RunError) as refused:
        read_cells(model, tokenizer, TEXT)
    assert refused.value.code == "run.no_numbers"


@pytest.mark.parametrize("text", ["", "a", "??"])
def test_a_text_needs_a_next_token(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        reading_of(text)
    assert refused.value.code == "text.too_short"


def test_a_convolution_has_no_state() -> None:
    with pytest.raises(BadInput) as refused:
        reading_of(cell="cnn")
    assert refused.value.code == "run.no_state"


@pytest.mark.parametrize("layers", [1, 2])
def test_the_total_of_c_counts_what_goes_through_h(layers: int) -> None:
    """By finite differences: every later loss as a function of c_{t−1}, h_{t−1} made from it."""
    reading = reading_of(cell="lstm", layers=layers)
    model, place = reading.model, 5
    found = back_step(reading, 0, place, True)

    def loss(nudge: np.ndarray) -> float:
        """The losses from `place` on, with c after the step before nudged."""
        step = reading.trace.layers[0].steps[place - 1]
        c = step.c + torch.from_numpy(nudge)
        h = step.o * torch.tanh(c)
        states = [(h, c)]
        seen = h
        for index in range(layers):
            weights = layer_weights(model, index)
            if index:  # the layer above reads the changed h at the step before, too
                states.append(state_of(advance("lstm", input_product(seen, weights),
                                               reading.before(index, place - 1), weights)))
        total = 0.0
        for at in range(place, reading.places):
            x = reading.trace.embedded[:, at]
            for index in range(layers):
                weights = layer_weights(model, index)
                states[index] = state_of(advance("lstm", input_product(x, weights), states[index],
                                                 weights))
                x = states[index][0]
            total += float(cross_entropy(model.output(x), reading.ids[at + 1:at + 2]))
        return total

    for k in range(6):
        nudge = np.zeros((1, 6))
        nudge[0, k] = 1e-6
        assert (loss(nudge) - loss(-nudge)) / 2e-6 == pytest.approx(
            found.values["c_total"][k], abs=1e-8)
    assert not np.allclose(found.values["c_total"], found.values["c_before"])
