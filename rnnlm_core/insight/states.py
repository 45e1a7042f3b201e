"""What the network holds after each token of a text: states, gates and what it expected.

Source: Karpathy et al. 2015 (arXiv 1506.02078); Strobelt et al. 2018, LSTMVis (arXiv 1606.07461).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.nets.cells import Hook, unroll
from rnnlm_core.nets.language_model import LanguageModel

Floats = NDArray[np.float32]
UnitOrder = Literal["index", "activity", "similarity"]
Alternatives = list[tuple[str, float]]


@dataclass(frozen=True)
class StateReading:
    """A text as the network read it. L layers (lowest first), T tokens, H units.

    States and gates at index t are those after reading token t; probability, surprise and
    expected at index t are what the network said of token t before reading it. Nothing comes
    before the first token: its surprise and probability are NaN, its alternatives empty.
    """

    text: str  # what was read
    owners: NDArray[np.int64]  # of each character of the text, the token that ends it; ascending
    pieces: tuple[str, ...]  # T; what stands for each token
    unknown: tuple[str, ...]  # pieces that the vocabulary lacks, each once: they were left out
    ids: NDArray[np.int64]  # (T,)
    h: Floats  # (L, T, H)
    c: Floats | None  # (L, T, H), LSTM only
    gates: dict[str, Floats]  # r, z, n or i, f, g, o: (L, T, H); empty for the vanilla RNN
    probability: Floats  # (T,) of each token as it came
    surprise: Floats  # (T,) bits: −log₂ probability
    entropy: Floats  # (T,) bits: how open the network held each place
    alternatives: list[Alternatives]  # T; the five likeliest at each place
    following: Alternatives  # the five likeliest after the last token


def read_states(model: LanguageModel, tokenizer: Tokenizer, text: str,
                hook: Hook | None = None) -> StateReading:
    """Read `text` from the zero state, without dropout. `hook` can hold a unit at a value.

    Probabilities are the network's own softmax over all V outputs, `<unk>` included, so surprise is
    the loss it is trained on; `<unk>` is never listed as an alternative.
    Errors: `text.too_short` where no known piece is left.
    """
    known = np.array(tokenizer.known(text), np.int64)
    if len(known) == 0:
        raise BadInput("text.too_short", value=0, limit=1)
    with torch.no_grad():
        trace = unroll(model, torch.from_numpy(known)[None].to(model.device),
                       hook=hook)
        log_p = torch.log_softmax(trace.logits[0].float(), -1).cpu()  # (T, V)
    cells = [layer.c for layer in trace.layers if layer.c is not None]
    names = trace.layers[0].gates
    before = log_p[:-1]
    own = before.gather(1, torch.from_numpy(known)[1:, None])[:, 0].numpy()
    alternatives = top_alternatives(log_p, tokenizer)
    read, owners = tokenizer.owners(known)
    return StateReading(
        text=read, owners=owners, pieces=tuple(tokenizer.pieces[i] for i in known),
        unknown=tokenizer.unknown_in(text), ids=known,
        h=_numpy([layer.h for layer in trace.layers]), c=_numpy(cells) if cells else None,
        gates={name: _numpy([layer.gates[name] for layer in trace.layers]) for name in names},
        probability=_after_first(np.exp(own)), surprise=_after_first(-own / np.log(2)),
        entropy=_after_first(-(before.exp() * before).sum(-1).numpy() / np.log(2)),
        alternatives=[[], *alternatives[:-1]], following=alternatives[-1])


def refuse_no_numbers(*values: NDArray[np.floating] | None) -> None:
    """Raises `RunError`, run.no_numbers, where states of a network that diverged are among these:
    what is said of them (a mean, an axis, a correlation) would say nothing."""
    if not all(np.isfinite(v).all() for v in values if v is not None):
        raise RunError("run.no_numbers")


def top_alternatives(log_p: Tensor, tokenizer: Tokenizer, count: int = 5
                     ) -> list[Alternatives]:
    """The likeliest next pieces of log-probabilities (T, V), likeliest first; no `<unk>`."""
    first = 0 if tokenizer.unknown_id is None else tokenizer.unknown_id + 1
    best = log_p[:, first:].topk(min(count, log_p.shape[1] - first))
    ids, p = (best.indices + first).tolist(), best.values.exp().tolist()
    return [[(tokenizer.pieces[i], q) for i, q in zip(*row, strict=True)]
            for row in zip(ids, p, strict=True)]


def _numpy(layers: list[Tensor]) -> Floats:
    return torch.stack([layer[0] for layer in layers]).float().cpu().numpy()


def _after_first(values: NDArray[np.floating]) -> Floats:
    return np.concatenate([[np.nan], values]).astype(np.float32)


def without_character_means(values: NDArray[np.floating], ids: NDArray[np.integer]
                            ) -> NDArray[np.float64]:
    """values (T, …) less the mean over all places with the same token: what is not its echo."""
    _, index, counts = np.unique(ids, return_inverse=True, return_counts=True)
    flat = np.asarray(values, np.float64).reshape(len(ids), -1)
    order = np.argsort(index, kind="stable")  # sorted by token, each mean is one slice's
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    means = np.add.reduceat(flat[order], first, axis=0) / counts[:, None]
    rest: NDArray[np.float64] = flat - means[index]
    return rest.reshape(np.shape(values))


def order_units(h: Floats, by: UnitOrder) -> NDArray[np.int64]:
    """An order of the H units of h (T, H), as a permutation of 0…H−1.

    `index`: as stored. `activity`: largest standard deviation over the text first. `similarity`:
    units that rise and fall together side by side, by the angle in the plane of the correlation
    matrix' two leading eigenvectors, cut at the widest gap; units that never move come last.
    Source: Friendly 2002, Corrgrams, The American Statistician 56 (angular order of eigenvectors).
    """
    units = np.arange(h.shape[1], dtype=np.int64)
    if by == "index":
        return units
    spread = h.std(0, dtype=np.float64)
    if by == "activity":
        return np.argsort(-spread, kind="stable").astype(np.int64)
    moving = units[spread > 1e-9]
    if len(moving) < 3:
        return np.concatenate([moving, units[spread <= 1e-9]])
    standard = (h[:, moving] - h[:, moving].mean(0, dtype=np.float64)) / spread[moving]
    axes, variances = principal_axes(standard, 2)
    loadings = axes * np.sqrt(variances)  # (moving, ≤2)
    angle = np.arctan2(loadings[:, -1], loadings[:, 0])
    around = np.argsort(angle, kind="stable")
    gaps = np.diff(np.append(angle[around], angle[around[0]] + 2 * np.pi))
    return np.concatenate([moving[np.roll(around, -int(gaps.argmax()) - 1)],
                           units[spread <= 1e-9]])


def principal_axes(values: NDArray[np.float64], count: int
                    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Leading right singular vectors (H, ≤count) and squared singular values of centred (T, H).

    By the eigenvectors of whichever of values' two Gram matrices is smaller.
    """
    wide = values.shape[0] < values.shape[1]
    gram = values @ values.T if wide else values.T @ values
    squares, vectors = np.linalg.eigh(gram)
    squares, vectors = np.maximum(squares[::-1][:count], 0), vectors[:, ::-1][:, :count]
    solid = squares > max(float(squares[:1].sum()), 1e-30) * 1e-12
    squares, vectors = squares[solid], vectors[:, solid]
    return (values.T @ vectors / np.sqrt(squares) if wide else vectors), squares
