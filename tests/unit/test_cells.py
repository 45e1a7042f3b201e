"""Cells against the figures of SCIENCE.md 2d, torch's own cells, jacrev and an explicit loop."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import (
    CellWeights,
    gru_step,
    layer_weights,
    lstm_step,
    rnn_step,
    state_of,
    unroll,
    unroll_layer,
)
from rnnlm_core.nets.jacobians import (
    gru_jacobian,
    lstm_jacobian,
    rnn_jacobian,
    step_jacobian,
)
from tests.small_runs import dropouts

H, D = 5, 3
GATE_BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}


def wave(*shape: int, phase: float, scale: float = 0.8) -> Tensor:
    """scale · sin(0.7 k + phase) with k the flat index from 0: the parameters of section 2d A."""
    k = np.arange(int(np.prod(shape)), dtype=np.float64)
    return torch.from_numpy(scale * np.sin(0.7 * k + phase)).reshape(shape)


def waves(cell: str) -> CellWeights:
    rows = GATE_BLOCKS[cell] * H
    return CellWeights(wave(rows, D, phase=0.1), wave(rows, H, phase=0.2), wave(rows, phase=0.3),
                       wave(rows, phase=0.4))


X, H0, C0 = wave(D, phase=1, scale=1), wave(H, phase=2, scale=0.9), wave(H, phase=3, scale=1.2)

# cell: Σ new state, ‖J‖_F, σ_max, ρ, trace
SECTION_2D_A = {
    "tanh": (4.0787226413, 1.1026437439, 1.0596038454, 0.2025835361, 0.2820688763),
    "sigmoid": (3.9057901794, 0.4817636119, 0.4423813132, 0.0581206744, 0.0139398292),
    "relu": (6.8113291269, 2.8216787607, 2.4902227669, 0.3083091993, -0.5987386496),
    "gru": (1.5987517572, 1.3884371780, 0.9742285703, 0.8431103862, 1.8738533301),
    "lstm": (0.3849990261, 1.4135289183, 0.8949481638, 0.8468566802, 2.0149719455),
}


def step_and_jacobian(name: str) -> tuple[Tensor, Tensor]:
    if name == "gru":
        gru = gru_step(X, H0, waves("gru"))
        return gru.h, gru_jacobian(gru, H0, waves("gru"))
    if name == "lstm":
        lstm = lstm_step(X, H0, C0, waves("lstm"))
        return torch.cat([lstm.h, lstm.c]), lstm_jacobian(lstm, C0, waves("lstm"))
    rnn = rnn_step(X, H0, waves("rnn"), name)
    return rnn.h, rnn_jacobian(rnn, waves("rnn"), name)


@pytest.mark.parametrize("name", SECTION_2D_A)
def test_step_and_jacobian_give_the_figures_of_section_2d_a(name):
    state, J = step_and_jacobian(name)

    found = (state.sum().item(), J.norm().item(), torch.linalg.matrix_norm(J, 2).item(),
             torch.linalg.eigvals(J).abs().max().item(), J.trace().item())

    assert found == pytest.approx(SECTION_2D_A[name], rel=1e-8)


def random_weights(cell: str, hidden: int, seed: int) -> CellWeights:
    make = torch.Generator().manual_seed(seed)
    rows = GATE_BLOCKS[cell] * hidden
    return CellWeights(*(torch.randn(*shape, generator=make, dtype=torch.float64) * 0.5
                         for shape in ((rows, D), (rows, hidden), (rows,), (rows,))))


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_rnn_jacobian_equals_jacrev(activation):
    w, x, h = random_weights("rnn", 8, 1), X, wave(8, phase=2)

    J = rnn_jacobian(rnn_step(x, h, w, activation), w, activation)

    oracle = torch.func.jacrev(lambda h: rnn_step(x, h, w, activation).h)(h)
    assert torch.allclose(J, oracle, rtol=0, atol=1e-12)


def test_gru_jacobian_equals_jacrev():
    w, h = random_weights("gru", 8, 2), wave(8, phase=2)

    J = gru_jacobian(gru_step(X, h, w), h, w)

    oracle = torch.func.jacrev(lambda h: gru_step(X, h, w).h)(h)
    assert torch.allclose(J, oracle, rtol=0, atol=1e-12)


def test_lstm_jacobian_equals_jacrev_of_the_joint_state():
    w, joint = random_weights("lstm", 8, 3), wave(16, phase=2)

    def advance(joint: Tensor) -> Tensor:
        step = lstm_step(X, joint[:8], joint[8:], w)
        return torch.cat([step.h, step.c])

    J = lstm_jacobian(lstm_step(X, joint[:8], joint[8:], w), joint[8:], w)

    assert torch.allclose(J, torch.func.jacrev(advance)(joint), rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_batch_of_jacobians_is_the_jacobian_of_each(cell):
    w = random_weights(cell, H, 4)
    h, c, x = wave(3, H, phase=2), wave(3, H, phase=1), wave(3, D, phase=0)
    state = (h, c) if cell == "lstm" else (h,)
    take = {"rnn": lambda x, s: rnn_step(x, s[0], w), "gru": lambda x, s: gru_step(x, s[0], w),
            "lstm": lambda x, s: lstm_step(x, s[0], s[1], w)}[cell]

    batched = step_jacobian(take(x, state), state, w)

    for b in range(3):
        one = tuple(part[b] for part in state)
        assert torch.allclose(batched[b], step_jacobian(take(x[b], one), one, w), atol=1e-14)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_step_equals_torchs_own_cell(cell, dtype):
    torch.manual_seed(0)
    fused = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}[cell](D, H).to(dtype)
    w = CellWeights(fused.weight_ih, fused.weight_hh, fused.bias_ih, fused.bias_hh)
    x, h, c = torch.randn(4, D, dtype=dtype), torch.randn(4, H, dtype=dtype), torch.randn(
        4, H, dtype=dtype)

    if cell == "lstm":
        expected = fused(x, (h, c))
        found = state_of(lstm_step(x, h, c, w))
    else:
        expected = (fused(x, h),)
        found = state_of(gru_step(x, h, w) if cell == "gru" else rnn_step(x, h, w))

    tolerance = 1e-6 if dtype == torch.float32 else 1e-14
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == dtype
        assert torch.allclose(a, b, rtol=0, atol=tolerance)


def test_backpropagation_through_time_gives_the_figures_of_section_2d_b():
    w = waves("rnn")
    W_hh = w.W_hh.clone().requires_grad_()
    W_o, b_o = wave(4, H, phase=0.5), wave(4, phase=0.6)
    x, targets = wave(7, D, phase=1.5, scale=1)[None], torch.tensor([0, 1, 2, 3, 0, 1, 2])

    steps = unroll_layer("rnn", x, (torch.zeros(1, H, dtype=torch.float64),),
                         w._replace(W_hh=W_hh), "tanh")
    logits = torch.cat([s.h for s in steps]) @ W_o.T + b_o
    loss = nn.functional.cross_entropy(logits, targets, reduction="sum")
    gradients = torch.autograd.grad(loss, [W_hh, *(s.h for s in steps)])

    assert loss.item() == pytest.approx(11.7810694917, rel=1e-8)
    assert gradients[0].norm().item() == pytest.approx(5.0510193731, rel=1e-8)
    norms = [g.norm().item() for g in gradients[1:4]]
    assert norms == pytest.approx([3.52249639, 4.13393142, 2.32632009], rel=1e-8)


def test_sigmoid_network_has_the_gradients_of_an_explicit_loop():
    model = build(RunConfig(cell="rnn", activation="sigmoid", hidden=6, embedding=4, layers=2,
                            **dropouts(0.0)), 7).double()
    ids = torch.arange(12).reshape(2, 6) % 7
    parameters = list(model.parameters())

    fused = torch.autograd.grad(model(ids)[0].square().sum(), parameters)
    x = model.embedding(ids)
    for layer in range(2):
        W, U, b, d = layer_weights(model, layer)
        h, hs = x.new_zeros(2, 6), []
        for t in range(6):
            h = 1 / (1 + torch.exp(-(x[:, t] @ W.T + b + h @ U.T + d)))
            hs.append(h)
        x = torch.stack(hs, 1)
    loop = torch.autograd.grad(model.output(x).square().sum(), parameters)

    for a, b in zip(fused, loop, strict=True):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-12)


def test_hook_holds_a_unit_at_a_value_from_its_step_on():
    model = build(RunConfig(cell="lstm", hidden=4, embedding=3), 5).eval()
    ids = torch.tensor([[1, 2, 3, 4]])

    def hold(layer, t, state):
        h, c = state
        if t == 2:
            h = h.clone()
            h[..., 1] = 0.9
        return h, c

    free, held = unroll(model, ids), unroll(model, ids, hook=hold)

    assert held.layers[0].h[0, 2, 1].item() == pytest.approx(0.9)
    assert torch.equal(free.logits[:, :2], held.logits[:, :2])
    assert not torch.allclose(free.logits[:, 3], held.logits[:, 3])


def test_gates_are_named_and_one_step_obeys_its_equation():
    model = build(RunConfig(cell="gru", hidden=4, embedding=3, layers=2), 5).eval().double()

    layer = unroll(model, torch.tensor([[1, 2, 3]])).layers[1]

    r, z, n = (layer.gates[name] for name in "rzn")
    assert r.shape == z.shape == (1, 3, 4)
    assert torch.allclose(layer.h[:, 2], (1 - z[:, 2]) * n[:, 2] + z[:, 2] * layer.h[:, 1])
    assert layer.c is None
