"""One time step backwards: from the loss to every gate, to the weights, and to the step before.

The derivatives are written out by hand (`insight.bptt`); `against_autograd` runs the same losses
through PyTorch's own differentiation and says how far the two are apart.

What counts as the loss: that of this step alone, or those of this step and all later ones of the
text, summed. (Training takes the mean over all tokens of a batch: the same, divided by their
number.) What earlier losses say of this step is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from rnnlm_core.insight.bptt import StepAdjoint, adjoints
from rnnlm_core.insight.cell_step import CellReading, Floats, as_numpy, output_weights
from rnnlm_core.nets.cells import (
    GATES,
    CellWeights,
    GRUStep,
    LSTMStep,
    State,
    Step,
    advance,
    input_product,
    layer_weights,
    state_of,
    unroll_layer,
)
from rnnlm_core.nets.recurrent import RecurrentModel


@dataclass(frozen=True)
class BackStep:
    """∂L/∂ everything that `insight.cell_step` names, by the same names.

    `c_before` is the direct path c̄ ⊙ f alone, h held; `c_total` has all that follows from c_{t−1},
    h_{t−1} = o ⊙ tanh c_{t−1} included. `values` lacks p: the loss and softmax together give
    e = p − y, which stands at `s`. A gate's `a.GATE` is its δ.
    `hidden_side` is what goes through W_hh: δ, but r ⊙ δ_n of a GRU's candidate.
    """

    values: dict[str, Floats]
    hidden_side: dict[str, Floats]  # by gate (H,)
    here: Floats  # (H,) of h, what comes down from this step's output and the layers above
    later: dict[str, Floats]  # of h, and of c of an LSTM, what comes back from the next step
    before: dict[str, Floats]  # of h and c of the step before: total, through layers above, too


def back_step(reading: CellReading, layer: int, place: int, later: bool) -> BackStep:
    """By hand, of layer `layer` at `place`: L is the loss there, with `later` all from there on."""
    end, begin = reading.places if later else place + 1, max(0, place - 1)
    at = place - begin  # the step before comes along, with no loss of its own
    e = torch.softmax(reading.model.output(reading.trace.seen[:, begin:end]), -1)[0]
    e[torch.arange(end - begin), reading.ids[begin + 1:end + 1]] -= 1
    e[:at] = 0
    over_seen = _through_output(reading, begin, end, e)[None]  # (1, n, H)
    for index in reversed(range(layer, len(reading.trace.layers))):
        steps = reading.trace.layers[index].steps[begin:end]
        weights = layer_weights(reading.model, index)
        direct, past = _through_above(reading.model, index, reading.trace.layers[index].h[
            :, begin:end], over_seen)
        went = adjoints(steps, reading.before(index, begin), weights, direct,
                        reading.model.config.activation)
        over_seen = past + torch.stack([a.input_side for _, a in went], 1) @ weights.W_ih
    over, adjoint = went[at]
    # before the first step there is none: of its state nothing else follows
    total = _total(steps[0], went[0][0]) if at else adjoint.before
    values = {"x": over_seen[:, at], "h_before": adjoint.before[0], "h": over[0]}
    values |= _inside(steps[at], over, adjoint, reading.before(layer, place))
    if len(total) > 1:
        values["c_total"] = total[1]
    found = {name: as_numpy(value[0]) for name, value in values.items()}
    back = went[at + 1][1].before if len(went) > at + 1 else tuple(
        torch.zeros_like(v) for v in over)
    return BackStep(found | {"s": as_numpy(e[at])}, _by_gate(steps[at], adjoint.hidden_side),
                    as_numpy(direct[0, at]), _by_part(back), _by_part(total))


def _by_part(state: State) -> dict[str, Floats]:
    return {name: as_numpy(part[0]) for name, part in zip("hc", state, strict=False)}


def _total(step: Step, over: State) -> State:
    """∂L/∂ the state after a step: of c also what goes through h = o ⊙ tanh c."""
    if isinstance(step, LSTMStep):
        return over[0], over[1] + over[0] * step.o * (1 - torch.tanh(step.c)**2)
    return over


def _inside(step: Step, over: State, adjoint: StepAdjoint, before: State) -> dict[str, Tensor]:
    """∂L/∂ what lies between the state before and after, in the order of the equations."""
    deltas = adjoint.input_side.chunk(max(1, len(GATES[_cell(step)])), -1)
    if isinstance(step, LSTMStep):
        tau, over_c = torch.tanh(step.c), _total(step, over)[1]
        return {"c_before": adjoint.before[1], "c": over_c, "f*c": over_c, "i*g": over_c,
                "tanh_c": over[0] * step.o, "i": over_c * step.g, "f": over_c * before[1],
                "g": over_c * step.i, "o": over[0] * tau,
                **{f"a.{n}": d for n, d in zip("ifgo", deltas, strict=True)}}
    if isinstance(step, GRUStep):
        delta_n = deltas[2]
        return {"r*m": delta_n, "z*h": over[0], "n*z": over[0], "r": delta_n * step.m,
                "z": over[0] * (before[0] - step.n), "n": over[0] * (1 - step.z),
                **{f"a.{n}": d for n, d in zip("rzn", deltas, strict=True)}}
    return {"a.h": deltas[0]}


def _by_gate(step: Step, hidden_side: Tensor) -> dict[str, Floats]:
    names = GATES[_cell(step)] or ("h",)
    return {name: as_numpy(part[0])
            for name, part in zip(names, hidden_side.chunk(len(names), -1), strict=True)}


def _cell(step: Step) -> str:
    return "lstm" if isinstance(step, LSTMStep) else "gru" if isinstance(step, GRUStep) else "rnn"


def _through_output(reading: CellReading, place: int, end: int, e: Tensor) -> Tensor:
    """W_oᵀ e (n, H). An adaptive output layer has no W_o: there PyTorch differentiates it."""
    weights = output_weights(reading.model)
    if weights is not None:
        return e @ weights[0]
    seen = reading.trace.seen[0, place:end].detach().requires_grad_()
    found: Tensor = torch.autograd.grad(reading.model.output(seen), seen, e)[0]
    return found


def _through_above(model: RecurrentModel, layer: int, h: Tensor, over: Tensor
                   ) -> tuple[Tensor, Tensor]:
    """Down through norm and residual (`RecurrentModel.above`): ∂L/∂h, and what goes past the layer.

    Layer norm: y = γ x̂ + β, so ∂L/∂x = (v − mean v − x̂ mean(v x̂)) / σ with v = γ ∂L/∂y.
    Source: Ba et al. 2016 (arXiv 1607.06450).
    """
    past = over if model.config.residual and layer else over.new_zeros(())
    if not model.config.layer_norm:
        return over, past
    norm = model.norms[layer]
    sigma = (h.var(-1, unbiased=False, keepdim=True) + norm.eps).sqrt()  # type: ignore[operator]
    x = (h - h.mean(-1, keepdim=True)) / sigma
    v = over * norm.weight  # type: ignore[operator]
    return (v - v.mean(-1, keepdim=True) - x * (v * x).mean(-1, keepdim=True)) / sigma, past


# -- the same by PyTorch ---------------------------------------------------------------------
def against_autograd(reading: CellReading, layer: int, place: int, later: bool,
                     found: BackStep) -> float:
    """The largest difference between `found` and what autograd says, over all that is compared:
    e, every gate's δ on both sides, ∂L/∂h and ∂L/∂c, what this step adds to W_ih and W_hh, and
    what goes to x and to the step before, direct and in total."""
    theirs = by_autograd(reading, layer, place, later)
    ours = found.values | {f"before.{name}": value for name, value in found.before.items()}
    names = GATES[reading.trace.layers[layer].cell] or ("h",)
    deltas = np.concatenate([found.values[f"a.{name}"] for name in names])
    hidden = np.concatenate([found.hidden_side[name] for name in names])
    x, before = reading.input(layer)[0, place], reading.before(layer, place)[0][0]
    ours |= {"b_ih": deltas, "b_hh": hidden, "W_ih": np.outer(deltas, as_numpy(x)),
             "W_hh": np.outer(hidden, as_numpy(before))}
    return max(float(np.abs(ours[name] - value).max()) for name, value in theirs.items())


def by_autograd(reading: CellReading, layer: int, place: int, later: bool) -> dict[str, Floats]:
    """The step is run again with parameters of its own, so that their gradients are what this one
    step adds: b_ih, b_hh (the δ of both sides), W_ih, W_hh, x, h_before, c_before, h, c, s. Also
    the totals of the step before, `before.h` and `before.c`, from a run that begins there."""
    model, end = reading.model, reading.places if later else place + 1
    cell, activation = reading.trace.layers[layer].cell, model.config.activation
    x = reading.input(layer)[:, place:end]
    shared = layer_weights(model, layer)
    own = CellWeights(*(w.detach().clone().requires_grad_() for w in shared))
    first = x[:, 0].clone().requires_grad_()
    before = tuple(part.clone().requires_grad_() for part in reading.before(layer, place))
    step = advance(cell, input_product(first, own), before, own, activation)
    rest = unroll_layer(cell, x[:, 1:], state_of(step), shared, activation) if end > place + 1 \
        else []
    logits = _logits(reading, layer, [step, *rest], torch.cat([first[:, None], x[:, 1:]], 1), place)
    loss = cross_entropy(logits, reading.ids[place + 1:end + 1], reduction="sum")
    nodes = {"b_ih": own.b_ih, "b_hh": own.b_hh, "W_ih": own.W_ih, "W_hh": own.W_hh, "x": first,
             "h_before": before[0], "h": step.h}
    if isinstance(step, LSTMStep):
        nodes |= {"c_before": before[1], "c": step.c}
    gradients = torch.autograd.grad(loss, [*nodes.values(), logits])
    named = dict(zip(nodes, gradients, strict=False))
    shaped = {n: v[0] if v.dim() == 2 and n not in ("W_ih", "W_hh") else v
              for n, v in named.items()}
    totals = _total_by_autograd(reading, layer, place, end) if place else {
        f"before.{name}": shaped[f"{name}_before"] for name, _ in zip("hc", before, strict=False)}
    return {n: as_numpy(v) for n, v in (shaped | totals | {"s": gradients[-1][0]}).items()}


def _total_by_autograd(reading: CellReading, layer: int, place: int, end: int) -> dict[str, Tensor]:
    """∂L/∂ the state after the step before, whose own loss does not count."""
    begin, x = place - 1, reading.input(layer)[:, place - 1:end]
    start = tuple(part.clone().requires_grad_() for part in reading.before(layer, begin))
    steps = unroll_layer(reading.trace.layers[layer].cell, x, start,
                         layer_weights(reading.model, layer), reading.model.config.activation)
    logits = _logits(reading, layer, steps, x, begin)[1:]
    loss = cross_entropy(logits, reading.ids[place + 1:end + 1], reduction="sum")
    found = torch.autograd.grad(loss, state_of(steps[0]))
    return {f"before.{name}": part[0] for name, part in zip("hc", found, strict=False)}


def _logits(reading: CellReading, layer: int, steps: Sequence[Step], x: Tensor, begin: int
            ) -> Tensor:
    """(n, V): from the steps of a layer from `begin` on, which read x, through all above."""
    model = reading.model
    seen = model.above(layer, torch.stack([s.h for s in steps], 1), x)
    for index in range(layer + 1, len(reading.trace.layers)):
        above = unroll_layer(reading.trace.layers[index].cell, seen, reading.before(index, begin),
                             layer_weights(model, index), model.config.activation)
        seen = model.above(index, torch.stack([s.h for s in above], 1), seen)
    logits: Tensor = model.output(seen)[0]
    return logits
