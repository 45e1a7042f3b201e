"""Which earlier tokens a guess hangs on: the gradient of its log-probability by each input.

Source: Madsen 2019, Visualizing memorization in RNNs (distill.pub/2019/memorization-in-rnns), where
it is called connectivity; here of the log-probability of the token that came.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from rnnlm_core.errors import BadInput
from rnnlm_core.nets.cells import recurrent, unroll
from rnnlm_core.nets.language_model import LanguageModel

Floats = NDArray[np.float64]


def connectivity(model: LanguageModel, ids: NDArray[np.integer], place: int) -> Floats:
    """‖∂ log p(w_place | all before) / ∂ e_j‖ for each j < place, (place,), in nats.

    e_j is the input at j as the first layer sees it: the embedding, or the unit vector of a token
    where there is none. From the zero state over ids (T,), in float64; the model is not touched.
    Errors: `text.too_short` where nothing stands before the place; `run.no_state` of a CNN.
    """
    if not 0 < place < len(ids):
        raise BadInput("text.too_short", value=place, limit=1)
    explained = copy.deepcopy(recurrent(model)).to("cpu", torch.float64).eval()
    explained.requires_grad_(False)
    # the inputs themselves are the leaves: a unit vector has no weights that gradients flow from
    explained.embedding.register_forward_hook(as_leaf)
    text = torch.from_numpy(np.asarray(ids, np.int64)[None])
    trace = unroll(explained, text[:, :place])
    log_p = log_softmax(explained.output(trace.top(-1)), -1)[0, text[0, place]]
    by_input = torch.autograd.grad(log_p, trace.embedded, materialize_grads=True)[0]
    pull: Floats = torch.linalg.vector_norm(by_input[0], dim=-1).numpy()
    return pull


def as_leaf(_module: nn.Module, _inputs: object, embedded: Tensor) -> Tensor:
    """A forward hook: what the module gives has a gradient of its own, cut off from its weights."""
    return embedded.detach().requires_grad_()


def reach(pull: Floats, share: float = 0.9) -> int:
    """How many of the nearest tokens have this share of the whole pull (place,); 0 of nothing."""
    total = float(pull.sum())
    if total <= 0:
        return 0
    return int(np.searchsorted(np.cumsum(pull[::-1]), share * total * (1 - 1e-12))) + 1
