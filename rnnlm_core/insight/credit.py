"""Who taught whom: the share that each loss of a text has in the gradient of each earlier state.

∂(L_0 + … + L_{T−1})/∂h_s is a sum over the losses t ≥ s of vectors ∂L_t/∂h_s. Their lengths do not
add up (vectors that point apart cancel), so what is stacked is each one's part along the sum:
⟨∂L_t/∂h_s, ĝ_s⟩ with ĝ_s the direction of the sum. These parts are signed (a loss may pull against
the others) and add up exactly to the length of the whole gradient. All in float64.

Source: Cashman et al. 2018, RNNbow (IEEE CG&A 38(6)), whose bars stack the gradients of each loss.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from rnnlm_core.config import Cell
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.connectivity import as_leaf
from rnnlm_core.insight.gradients import LagCurve, lag_curve, log_norms
from rnnlm_core.insight.states import refuse_no_numbers
from rnnlm_core.nets.cells import LSTMStep, recurrent, unroll
from rnnlm_core.nets.language_model import LanguageModel

Floats = NDArray[np.float64]
Part = Literal["h", "c"]


@dataclass(frozen=True)
class Credit:
    """Row t is the loss of guessing token t + 1, column s the state after reading token s.

    Nothing stands above the diagonal: a loss does not depend on later states, so these are exact
    zeros. The state's other half is held: ∂/∂h_s with c_s fixed, ∂/∂c_s with all that follows.
    """

    cell: Cell
    layer: int  # 0 is the lowest
    part: Part
    sizes: Floats  # (T, T) ‖∂L_t/∂h_s‖: these do not add up
    parts: Floats  # (T, T) signed parts along the whole gradient: column s adds up to whole[s]
    whole: Floats  # (T,) ‖∂(Σ_t L_t)/∂h_s‖
    pulls: Floats  # (T, T) ‖∂ log p(token t + 1)/∂x_s‖, x_s the input of the first layer
    losses: Floats  # (T,) nats

    @property
    def length(self) -> int:
        return len(self.whole)

    @property
    def farthest(self) -> int:
        """How many guesses ahead are told of: so many follow every state of the first half."""
        return max(1, self.length // 2)

    def within(self) -> Floats:
        """Share of a state's gradient that comes from the next n guesses, n = 1 … `farthest`.

        Over the states that so many follow, the strongly taught ones counting more: the sum of the
        parts over the sum of the wholes. Not a number where no gradient arrives at all.
        """
        counted = self.length - self.farthest + 1
        total = self.whole[:counted].sum()
        by_distance = np.array([self.parts.diagonal(-d)[:counted].sum()
                                for d in range(self.farthest)])
        with np.errstate(invalid="ignore"):
            share: Floats = np.cumsum(by_distance) / total
        return share

    def by_lag(self) -> LagCurve:
        """How large a loss's gradient is so many states back, over the losses of the second half:
        each of these has `farthest` states before it."""
        most = min(self.farthest, self.length - 1)
        lags, losses = np.arange(most + 1), np.arange(most, self.length)
        with np.errstate(divide="ignore"):
            return lag_curve(np.log(self.sizes[losses, losses - lags[:, None]]))

    def guesses_for(self, share: float) -> int | None:
        """The fewest next guesses that have this share, and keep it with each further one; None
        where that takes more than `farthest`."""
        below = np.flatnonzero(~(self.within() >= share - 1e-12))
        first = int(below[-1]) + 2 if len(below) else 1
        return first if first <= self.farthest else None


def credit(model: LanguageModel, ids: NDArray[np.integer], before: NDArray[np.integer],
           layer: int = -1, part: Part = "h") -> Credit:
    """Of a text of T + 1 tokens, read after the tokens `before` (which may be none).

    T copies of the text are one batch and copy t has only loss t, so that one backward pass gives
    all T × T gradients, by all paths (layers above included). The model is not touched.

    Errors: `text.too_short` below two tokens, `run.no_state` of a CNN, `run.no_numbers` of a
    network that diverged. ValueError for c of a cell that has none.
    """
    text = torch.from_numpy(np.asarray(ids, np.int64))
    if len(text) < 2:
        raise BadInput("text.too_short", value=len(text), limit=2)
    explained = copy.deepcopy(recurrent(model)).to("cpu", torch.float64).eval()
    explained.requires_grad_(False)
    cell, layer = explained.config.cell, layer % explained.config.layers
    if part == "c" and cell != "lstm":
        raise ValueError(f"a {cell} has no state {part!r}")
    with torch.no_grad():
        carried = explained.zero_state(1)
        if len(before):
            _, carried = explained(torch.from_numpy(np.asarray(before, np.int64))[None], carried)
    length = len(text) - 1
    # the inputs themselves are leaves, as a unit vector has no weights that gradients flow from
    explained.embedding.register_forward_hook(as_leaf)
    trace = unroll(explained, text[:-1].expand(length, -1),
                   tuple(state.expand(-1, length, -1) for state in carried))
    each = torch.arange(length)
    losses = cross_entropy(explained.output(trace.seen[each, each]), text[1:], reduction="none")
    steps = trace.layers[layer].steps
    states = [step.c if part == "c" and isinstance(step, LSTMStep) else step.h for step in steps]
    *by_state, by_input = torch.autograd.grad(losses.sum(), [*states, trace.embedded],
                                              materialize_grads=True)
    sizes, parts, whole = _shares(torch.stack(by_state, 1))
    found = Credit(cell, layer, part, sizes, parts, whole,
                   log_norms(by_input).exp().numpy(), losses.detach().numpy())
    refuse_no_numbers(found.sizes, found.pulls, found.losses)
    return found


def _shares(gradients: Tensor) -> tuple[Floats, Floats, Floats]:
    """∂L_t/∂h_s (T losses, T states, H) → sizes (T, T), parts (T, T), wholes (T,)."""
    total = gradients.sum(0)  # (T, H)
    whole = log_norms(total).exp()
    direction = total / torch.where(whole > 0, whole, torch.ones_like(whole))[:, None]
    parts = (gradients * direction).sum(-1)
    return log_norms(gradients).exp().numpy(), parts.numpy(), whole.numpy()
