"""Writing with the model: sampling as an iterator, one token at a time.

The order of the cuts is fixed: temperature, top-k, top-p, min-p, renormalise. The noise of a
position depends on the seed and the position alone (common random numbers), so that turning the
temperature deforms the same text instead of drawing another. The global generators are not touched.

Source: Holtzman et al. 2020 (arXiv 1904.09751, top-p); Nguyen et al. 2024 (arXiv 2407.01082,
min-p); Gumbel-max: Maddison et al. 2014 (arXiv 1411.0030).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.data.tokenizer import TextStream, Tokenizer
from rnnlm_core.errors import ConfigError, Problem, RunError
from rnnlm_core.nets.cells import (
    Hook,
    State,
    advance,
    detached,
    input_product,
    layer_weights,
    recurrent,
    state_of,
    with_state,
)
from rnnlm_core.nets.language_model import Carried, LanguageModel
from rnnlm_core.records import SampledToken

MAX_LENGTH = 100_000
ALTERNATIVES = 5
_TABLE_LIMIT = 4_000_000  # numbers; a larger V × GH table costs more to make than it saves

Floats = NDArray[np.float64]
Noise = Iterator[Floats]


@dataclass(frozen=True)
class SamplingSettings:
    """How to draw. Each cut is off at its default; temperature 0 is greedy."""

    temperature: float = 0.8  # divides the logits; 0 takes the likeliest
    top_k: int = 0  # keep the k likeliest; 0 keeps all, as does any k ≥ V
    top_p: float = 1.0  # keep the fewest likeliest that together reach p, the crossing one included
    min_p: float = 0.0  # keep those with at least min_p times the probability of the likeliest
    seed: int = 1
    length: int = 500  # tokens at most
    documents: int = 0  # stop at the end of so many, of a model that knows marks; 0: go on

    def problems(self) -> list[Problem]:
        """Everything wrong with these settings, as `generate.bad_setting`."""
        rules = {  # in signs, so that they read the same in every language
            "temperature": (0 <= _number(self.temperature) < math.inf, "≥ 0, < ∞"),
            "top_k": (_whole(self.top_k) and self.top_k >= 0, "0, 1, 2, …"),
            "top_p": (0 < _number(self.top_p) <= 1, "> 0, ≤ 1"),
            "min_p": (0 <= _number(self.min_p) <= 1, "≥ 0, ≤ 1"),
            "seed": (_whole(self.seed) and 0 <= self.seed < 2**63, "0, 1, …, 2⁶³ − 1"),
            "length": (_whole(self.length) and 0 <= self.length <= MAX_LENGTH,
                       f"0, 1, …, {MAX_LENGTH}"),
            "documents": (_whole(self.documents) and self.documents >= 0, "0, 1, 2, …"),
        }
        return [Problem("generate.bad_setting", {
            "field": name, "value": repr(getattr(self, name)), "rule": rule})
            for name, (good, rule) in rules.items() if not good]

    def checked(self) -> SamplingSettings:
        """These settings, or a `ConfigError` that lists everything wrong with them."""
        if found := self.problems():
            raise ConfigError(found)
        return self


def _number(value: object) -> float:
    """The value as a float; NaN, which fails every comparison, where it is none."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if good else math.nan  # type: ignore[arg-type]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# -- from logits to a draw ----------------------------------------------------------------------
def reshape(logits: NDArray[np.floating], settings: SamplingSettings) -> Floats:
    """Logits (V,) → the probabilities (V,) to draw from: temperature, top-k, top-p, min-p.

    Each cut sees the renormalised rest of the one before. Ties are cut in favour of the lower id,
    so top-k leaves exactly k. At least one candidate always remains. Logits of −inf stay at 0.
    """
    scores = np.asarray(logits, np.float64)
    best = int(scores.argmax())
    if settings.temperature == 0:
        certain = np.zeros(len(scores))
        certain[best] = 1.0
        return certain
    with np.errstate(over="ignore", under="ignore"):  # the likeliest is exactly 1
        p: Floats = np.exp((scores - scores[best]) / settings.temperature)
    k = settings.top_k
    if 0 < k < len(p) or settings.top_p < 1:
        order = np.argsort(-p, kind="stable")
        if 0 < k < len(p):
            p[order[k:]] = 0.0
        if settings.top_p < 1:
            ranked = p[order]
            before = np.cumsum(ranked) - ranked  # probability of all likelier ones
            p[order[before >= settings.top_p * p.sum()]] = 0.0
            p[best] = 1.0
    if settings.min_p > 0:
        p[p < settings.min_p] = 0.0  # relative to the likeliest, whose value is 1
    p /= p.sum()
    return p


def draw(p: Floats, noise: Floats) -> int:
    """Draw from p (V,) with noise E (V,) ~ Exp(1), one a token: argmax p/E.

    This is the Gumbel-max trick, argmax(ln p + G) with G = −ln E, without the logarithms.
    """
    return int((p / noise).argmax())


def noise_of(seed: int, size: int) -> Noise:
    """Exp(1) noise (V,) for position 0, 1, 2, …: fixed by the seed, the position and V alone."""
    rng = np.random.Generator(np.random.PCG64(seed))
    block = max(1, min(64, 65_536 // size))
    while True:
        yield from np.maximum(rng.standard_exponential((block, size)), 1e-300)


def _sampled(logits: Floats, settings: SamplingSettings, noise: Floats, tokenizer: Tokenizer,
             stream: TextStream, last: int, forced: int | None) -> SampledToken:
    logits[tokenizer.barred_after(last)] = -np.inf
    p = reshape(logits, settings)
    chosen = forced if forced is not None else \
        int(p.argmax()) if settings.temperature == 0 else draw(p, noise)
    model_p = np.exp(logits - logits.max())
    model_p /= model_p.sum()
    kept = p[p > 0]
    return SampledToken(
        id=chosen, text=stream.push(chosen), probability=float(model_p[chosen]),
        kept=len(kept), entropy=max(0.0, float(-(kept @ np.log2(kept)))),
        alternatives=_likeliest(model_p, tokenizer, int(np.isfinite(logits).sum())))


def _likeliest(p: Floats, tokenizer: Tokenizer, allowed: int) -> list[tuple[str, float]]:
    count = min(ALTERNATIVES, allowed)
    best = np.argpartition(p, -count)[-count:]
    best = best[np.argsort(-p[best], kind="stable")]
    return [(tokenizer.pieces[i], q) for i, q in zip(best.tolist(), p[best].tolist(), strict=True)]


# -- the network, one token at a time -------------------------------------------------------------
class Writer:
    """The network as a machine that takes one id and gives the logits of the next.

    The same equations as `nets.cells.unroll`, without a graph; W_ih E[w] + b_ih is looked up in a
    V × GH table made once, where that is small. Twice as fast as the fused layer, which packs its
    weights at every call.
    """

    def __init__(self, model: LanguageModel, carried: Carried | None = None,
                 hook: Hook | None = None) -> None:
        config = model.config
        model = recurrent(model if model.device.type == "cpu" else copy.deepcopy(model).cpu())
        self.cell, self.activation, self.hook = config.cell, config.activation, hook
        self.model = model
        self.weights = detached([layer_weights(model, layer) for layer in range(config.layers)])
        self.embedding = model.embedding.weight.detach()  # (V, D)
        carried = model.zero_state(1) if carried is None else carried
        carried = tuple(part.detach().to(self.embedding) for part in carried)
        self.states: list[State] = [tuple(part[layer] for part in carried)
                                    for layer in range(config.layers)]  # each (1, H)
        self.position = 0
        small = model.vocabulary * len(self.weights[0].b_ih) <= _TABLE_LIMIT
        self.table = input_product(self.embedding, self.weights[0]) if small else None

    @torch.no_grad()
    def step(self, token: int) -> Floats:
        """Read one token; the logits (V,) of the next."""
        x = self.embedding[token:token + 1]
        for layer, weights in enumerate(self.weights):
            wx = self.table[token:token + 1] if self.table is not None and layer == 0 \
                else input_product(x, weights)
            step = advance(self.cell, wx, self.states[layer], weights, self.activation)
            if self.hook is not None:
                step = with_state(step, self.hook(layer, self.position, state_of(step)))
            self.states[layer] = state_of(step)
            x = self.model.above(layer, step.h, x)
        self.position += 1
        logits: Tensor = self.model.output(x)[0]
        return logits.numpy().astype(np.float64)

    @property
    def carried(self) -> Carried:
        """The state now, each (L, 1, H)."""
        return tuple(torch.stack(parts) for parts in zip(*self.states, strict=True))


class ConvolutionWriter:
    """The same for a CNN, which has no state to hold a unit of: what it carries is its context."""

    def __init__(self, model: LanguageModel, carried: Carried | None = None) -> None:
        self.model = model
        self.carried: Carried = model.zero_state(1) if carried is None else carried

    @torch.no_grad()
    def step(self, token: int) -> Floats:
        """Read one token; the logits (V,) of the next."""
        ids = torch.full((1, 1), token, device=self.model.device)
        logits, self.carried = self.model(ids, self.carried)
        found: Floats = logits[0, 0].float().cpu().numpy().astype(np.float64)
        return found


def writer_of(model: LanguageModel, carried: Carried | None = None, hook: Hook | None = None
              ) -> Writer | ConvolutionWriter:
    """Whichever suits the network. Raises `BadInput` where a CNN's state is to be held."""
    if model.config.cell == "cnn" and hook is None:
        return ConvolutionWriter(model, carried)
    return Writer(model, carried, hook)


def generate(model: LanguageModel, tokenizer: Tokenizer, prompt: str | Sequence[int],
             settings: SamplingSettings | None = None, hook: Hook | None = None,
             carried: Carried | None = None, stream: TextStream | None = None,
             writer: Writer | ConvolutionWriter | None = None, forced: Sequence[int] = ()
             ) -> Generator[SampledToken, None, Carried]:
    """Read the prompt, then yield `settings.length` tokens, each with what else it could have been.

    The prompt is text, or ids to go on from. Pieces of it that the vocabulary lacks are left out
    (`tokenizer.unknown_in` names them). Where nothing is left, the network reads the start mark
    first, a newline where it knows no marks, or the vocabulary's first piece where it has no
    newline; that start is not part of the text. With `settings.documents`, writing may end sooner:
    at the end mark of the last of them.
    `carried` is the state in front of the prompt; the generator returns (`StopIteration.value`) the
    state before the last token, so a continuation takes it with that token's id as its prompt, and
    with the `stream` that has seen all ids so far. `hook(layer, t, state)` sees every state, those
    of the prompt included (t counts from its first token).

    The first tokens are `forced`, where there are such, and the rest is drawn. `writer` is one that
    has read all in front of the prompt, in place of a new one with `carried` and `hook`: when a
    token is yielded, it has read what comes before that token, and its state may be looked at.

    `text` is what becomes visible with a token: of a byte that only begins a character it is
    empty, and bytes that make none give �; a character that the last token leaves open is never
    shown. `probability` and `alternatives` are at temperature 1 before any cut, without `<unk>`
    and marks where none can stand, which are masked before everything; `entropy` and `kept` are of
    the distribution drawn from. Errors, at once and not at the first token: `generate.bad_setting`
    (a `ConfigError` with all), `generate.no_marks` where documents are asked of a model that knows
    none, `run.mismatch` where tokenizer and model differ; while writing, `run.no_numbers`.
    """
    settings = (settings or SamplingSettings()).checked()
    if tokenizer.size != model.vocabulary or tokenizer.size < 2:
        raise RunError("run.mismatch",
                       what=f"{tokenizer.size} tokens for {model.vocabulary} outputs")
    if settings.documents and tokenizer.end_id is None:
        raise ConfigError([Problem("generate.no_marks")])
    start = starting_ids(tokenizer, prompt) if isinstance(prompt, str) else list(prompt)
    return _write(writer or writer_of(model, carried, hook), tokenizer, start, settings,
                  stream or tokenizer.stream(), forced)


def starting_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """The known pieces of the prompt, or the start that stands in for an empty one."""
    return tokenizer.known(prompt) or [tokenizer.first_known]


def _write(writer: Writer | ConvolutionWriter, tokenizer: Tokenizer, start: list[int],
           settings: SamplingSettings, stream: TextStream, forced: Sequence[int]
           ) -> Generator[SampledToken, None, Carried]:
    noise = noise_of(settings.seed, tokenizer.size)
    for token in start[:-1]:
        writer.step(token)
    last, ended, chosen = start[-1], 0, iter(forced)
    carried = writer.carried
    for remaining in range(settings.length, 0, -1):
        logits = writer.step(last)
        if not np.isfinite(logits).all():  # their sum would warn where it is inf − inf
            raise RunError("run.no_numbers")
        sampled = _sampled(logits, settings, next(noise), tokenizer, stream, last,
                           next(chosen, None))
        last = sampled.id
        ended += last == tokenizer.end_id
        done = remaining == 1 or 0 < settings.documents <= ended
        if done:
            carried = writer.carried
        yield sampled
        if done:
            break
    return carried


def written(tokens: Iterator[SampledToken]) -> str:
    """All of it as one text."""
    return "".join(token.text for token in tokens)


def character_surprise(tokens: Sequence[SampledToken]) -> list[float]:
    """Bits of each written character: a token's are shared evenly among the characters it brings.

    The bytes of one character are added up. So the sum is that of the tokens (but for a character
    left open at the end), the mean is bits a character, and all kinds of tokens compare.
    """
    bits: list[float] = []
    open_bits = 0.0
    for token in tokens:
        open_bits += token.surprise
        if token.text:
            bits += [open_bits / len(token.text)] * len(token.text)
            open_bits = 0.0
    return bits
