"""The figures behind `docs/claims.json`: each function holds one claim against a run.

Cheap ones compute; `recall` reads what `python -m benchmarks.reproduce recall` measured.
"""

from __future__ import annotations

import json
import statistics
from functools import lru_cache

import numpy as np
import torch

from benchmarks.reproduced import DOCS
from rnnlm_core.insight import driven, driven_gates, small_maps
from rnnlm_core.insight.textbook import RIGHT, TUTORIAL, gradients
from rnnlm_core.insight.textbook_losses import of_delta, pull, steps_to_turn
from rnnlm_core.insight.textbook_network import THROUGH_DELTA, example, random_network, read
from rnnlm_core.insight.textbook_training import PASSES, leak
from rnnlm_core.insight.textbook_truth import by_differences, nearness
from rnnlm_core.nets.cells import unroll_layer

Values = dict[str, float]
_STEPS, _NEAR_STEPS = 100, 20


@lru_cache(maxsize=1)
def _reproduced() -> dict[str, dict[str, object]]:
    rows = json.loads((DOCS / "reproduced.json").read_text("utf-8"))
    return {row["figure"]: row for row in rows if row["section"] == "recall"}


def recall(lag: int, start: str) -> Values:
    """Of five seeds how many learned to recall the first of `lag` symbols, and in how many steps
    (the median of those that did)."""
    row = _reproduced()[f"T = {lag}, {start}"]
    each: list[int | None] = row["each"]  # type: ignore[assignment]
    solved = [step for step in each if step is not None]
    found = {"solved": len(solved), "seeds": len(each), "steps": int(str(row["steps"])),
             "r0": float(str(row["ours"]).rpartition("r₀ ")[2])}
    return found | ({"median": statistics.median(solved)} if solved else {})


def recalls(**starts: tuple[int, str]) -> Values:
    """Several of them, each figure under its name: `a_solved`, `b_steps`."""
    return {f"{name}_{key}": value for name, which in starts.items()
            for key, value in recall(*which).items()}


def gate(cell: driven_gates.Gated, bias: float) -> Values:
    """Of an untrained gated network: factor a step, what 100 steps leave, the gate's part alone."""
    found = driven_gates.gated_network(cell, bias, seed=driven.SHOWN)  # as the room shows
    rate, direct = found.whole.rate, found.direct.rate
    assert rate is not None
    assert direct is not None
    return {"bias": bias, "rate": rate, "left": float(found.whole.mean[100]), "direct": direct}


def gain(g: float, activation: driven.Slope, noise: float) -> Values:
    found, = driven.sweep("random", activation, 0.0, noise, driven.SHOWN, np.array([g]))
    assert found.curve.rate is not None
    return {"g": g, "noise": noise, "rate": found.curve.rate, "bound": found.bound}


def lstm_vanishes() -> Values:
    return gate("lstm", 0.0) | recall(30, "lstm_default")


def g_one() -> Values:
    return {"still": gain(1.0, "tanh", 0.0)["rate"], "weak": gain(1.0, "tanh", 0.3)["rate"],
            "strong": gain(1.0, "tanh", 1.0)["rate"]}


def relu() -> Values:
    return {"one": gain(1.0, "relu", 1.0)["rate"], "more": gain(1.6, "relu", 1.0)["rate"]}


def growing_matrix() -> Values:
    norms = small_maps.powers(0.9, 10.0, 100).norms
    return {"radius": 0.9, "largest": float(norms.max()), "at": int(norms.argmax())}


def one_unit() -> Values:
    """∂h₅₀/∂h₀ of h ← tanh(w h) from 0.5."""
    return {f"at_{name}": float(torch.tensor(small_maps.scalar_map(w, 0.5, 50)[1][-1]).exp())
            for name, w in (("one", 1.0), ("more", 1.5))}


def gru_convention() -> Values:
    return {"plus": gate("gru", 5.0)["rate"], "minus": gate("gru", -1.0)["rate"]}


def total_norm() -> Values:
    """‖∂L_T/∂W_hh‖ of an untrained RNN over 100 steps, and when only the last 20 are kept."""
    full, near, by_lag = _reaching(1.0)
    return {"full": full, "near": near, "left": by_lag[-1] / by_lag[0]}


def clipping() -> Values:
    """What lag 30 has of lag 0 before and after the gradient is clipped to a hundredth."""
    (_, _, before), (_, _, after) = _reaching(1.0), _reaching(0.01)
    return {"before": before[30] / before[0], "after": after[30] / after[0]}


def _reaching(scale: float) -> tuple[float, float, list[float]]:
    """Of an untrained tanh RNN with H = 32 and a loss (times `scale`) at its last step: the norm of
    ∂L/∂W_hh, that of its last 20 steps alone, ‖∂L/∂h_{T−k}‖ for k = 0 … 99."""
    network = random_network(32, 1)
    W_hh = network.weights.W_hh.requires_grad_()
    tokens = torch.randint(32, (1, _STEPS + 1), generator=torch.Generator().manual_seed(1))
    x = network.E[tokens[:, :-1]]

    def loss_after(steps: list[torch.Tensor]) -> torch.Tensor:
        s = steps[-1] @ network.W_o.T
        return scale * torch.nn.functional.cross_entropy(s, tokens[:, -1])

    zero = torch.zeros(1, 32, dtype=torch.float64)
    states = [step.h for step in unroll_layer("rnn", x, (zero,), network.weights)]
    whole = torch.autograd.grad(loss_after(states), [W_hh, *states], retain_graph=True)
    late = unroll_layer("rnn", x[:, -_NEAR_STEPS:], (states[-_NEAR_STEPS - 1].detach(),),
                        network.weights)
    near = torch.autograd.grad(loss_after([step.h for step in late]), W_hh)[0]
    return (float(whole[0].norm()), float(near.norm()),
            [float(g.norm()) for g in whole[:0:-1]])


def clip_by_value() -> Values:
    """The angle between g = (3, 4) and the same after each entry is cut at ½."""
    g = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    g.grad = torch.tensor([3.0, 4.0], dtype=torch.float64)
    before = g.grad.clone()
    torch.nn.utils.clip_grad_value_([g], 0.5)
    cosine = torch.nn.functional.cosine_similarity(before, g.grad, 0)
    return {"degrees": float(cosine.acos().rad2deg())}


def truncation() -> Values:
    """Backpropagation cut into chunks of 64, the state carried on: how many lags the loss at the
    end of the second chunk reaches, what is left beyond, and how far credit goes on the mean."""
    chunk = 64
    network = random_network(4, 0)
    network.weights.W_hh.requires_grad_()
    tokens = torch.randint(4, (1, 2 * chunk), generator=torch.Generator().manual_seed(1))
    x = network.E[tokens]
    zero = torch.zeros(1, 4, dtype=torch.float64)
    first = unroll_layer("rnn", x[:, :chunk], (zero,), network.weights)
    second = unroll_layer("rnn", x[:, chunk:], (first[-1].h.detach(),), network.weights)
    found = torch.autograd.grad(second[-1].h.sum(), [step.h for step in (*first, *second)],
                                allow_unused=True)
    sizes = [0.0 if g is None else float(g.abs().max()) for g in found]
    return {"chunk": chunk, "reached": sum(size > 0 for size in sizes),
            "beyond": sum(sizes[:chunk]), "mean": (chunk - 1) / 2}


def tutorial_backward() -> Values:
    network, tokens = example()
    reading, truth = read(network, tokens), by_differences(network, tokens)
    found = {name: nearness(gradients(rule, reading), truth, THROUGH_DELTA)
             for name, rule in (("theirs", TUTORIAL), ("right", RIGHT))}
    assert found["theirs"].cosine is not None
    return {"cosine": found["theirs"].cosine, "error": found["right"].error}


def tutorial_loss() -> Values:
    found = of_delta()
    return {"undefined": found.undefined, "steps": len(found.true), "here": found.own_loss,
            "elsewhere": found.own_loss_elsewhere}


def squared_error() -> Values:
    return {"epsilon": 0.001, "squared": pull(0.001, "squared"),
            "entropy": pull(0.001, "cross_entropy"),
            "squared_steps": steps_to_turn(0.001, "squared"),
            "entropy_steps": steps_to_turn(0.001, "cross_entropy")}


def test_text() -> Values:
    found = leak()
    return {"passes": PASSES, "before": found.test[0], "after": found.test[-1],
            "best": found.best, "other_before": found.untouched[0],
            "other_after": found.untouched[-1], "fixed": found.fixed, "dynamic": found.dynamic}
