"""What changing units does: to the next token, to the text that is written, to the loss.

Everything is computed side by side: the untouched run, the change, the same change of control
units. Nothing trains and nothing is kept in the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.split import WARM_UP, ValidationRows
from rnnlm_core.data.tokenizer import Ids, Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.insight.interventions import Intervention, side_by_side
from rnnlm_core.insight.states import StateReading
from rnnlm_core.nets.cells import Hook, Trace, unroll
from rnnlm_core.nets.language_model import Carried, LanguageModel

NOTHING = 0.01  # of one token's probability: less is no change to speak of
TURNS = 0.05  # rise of the token that becomes the likeliest: less is a near tie tipped over
LOSS_ROWS = 32
_CHUNK = 2_000_000  # logits at a time

Floats = NDArray[np.float64]
Changes = Sequence[Intervention | None]
Verdict = Literal["turns", "moves", "nothing", "no_more"]


@dataclass(frozen=True)
class Effect:
    """P of the next token untouched and changed (V,), and with each of C control sets changed.

    `states` (steps, H) are the changed layer's, as the change left them on the way to the place.
    """

    before: Floats
    after: Floats
    controls: Floats  # (C, V)
    states: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @property
    def moved(self) -> float:
        """Probability that went from some tokens to others: total variation, 0 to 1."""
        return _moved(self.before, self.after)

    @property
    def moved_by_controls(self) -> list[float]:
        return [_moved(self.before, p) for p in self.controls]

    @property
    def verdict(self) -> Verdict:
        """`nothing`: no token's probability moved by a point. `turns`: another token is the
        likeliest, and has risen by five points and by more than under any control. `moves`: more
        probability moved than under any control, of some token too. Else `no_more`.
        """
        rises = self.after - self.before
        if np.abs(rises).max() < NOTHING:
            return "nothing"
        best = int(self.after.argmax())
        by_controls = float((self.controls[:, best] - self.before[best]).max(initial=0.0))
        if best != self.before.argmax() and rises[best] >= TURNS and rises[best] > by_controls:
            return "turns"
        if self.moved <= max(self.moved_by_controls, default=0.0) or self._beyond.max() <= 0:
            return "no_more"
        return "moves"

    @property
    def token(self) -> int:
        """Whose probability tells the verdict."""
        told = {"turns": self.after, "nothing": self.before, "moves": self._beyond,
                "no_more": np.abs(self.after - self.before)}
        return int(told[self.verdict].argmax())

    @property
    def _beyond(self) -> Floats:
        """By how much more each token moved than under the strongest control; −∞ for no change."""
        change = np.abs(self.after - self.before)
        controls = np.abs(self.controls - self.before).max(axis=0, initial=0.0)
        return np.where(change < NOTHING, -np.inf, change - controls)


def moved_at(model: LanguageModel, reading: StateReading, change: Intervention,
             places: Sequence[int]) -> Floats:
    """How much probability of the token at each of N places moves (N,), 0 to 1, where `change` is
    made at the steps just before it, as many as its span has from 0.

    All places at once, each from the state that the untouched network has there. Places before
    the end of the first span cannot be told and are an error of the caller.
    """
    steps, at = change.until or 1, np.asarray(places)
    parts = [reading.h] if reading.c is None else [reading.h, reading.c]
    starts = [np.concatenate([np.zeros_like(part[:, :1]), part], 1)[:, at - steps]
              for part in parts]
    dtype = next(model.parameters()).dtype
    carried = tuple(torch.from_numpy(part).to(model.device, dtype) for part in starts)
    ids = torch.from_numpy(reading.ids.astype(np.int64))[at[:, None] + np.arange(-steps, 0)]
    with torch.no_grad():
        trace = unroll(model, ids.to(model.device).repeat(2, 1),
                       tuple(part.repeat(1, 2, 1) for part in carried),
                       side_by_side([None, change]))
        p = model.output(trace.seen[:, -1]).double().softmax(-1).cpu().numpy()
    before, after = np.split(p, 2)
    moved: Floats = np.abs(after - before).sum(1) / 2
    return moved


def _moved(before: Floats, after: Floats) -> float:
    return float(np.abs(after - before).sum() / 2)


def state_before(reading: StateReading, model: LanguageModel, at: int) -> Carried:
    """What the network carries just before token `at` of a text that was read."""
    if at == 0:
        return model.zero_state(1)
    parts = [reading.h] + ([reading.c] if reading.c is not None else [])
    like = next(model.parameters())
    return tuple(torch.from_numpy(part[:, at - 1:at].copy()).to(like) for part in parts)


def next_token(model: LanguageModel, tokenizer: Tokenizer, reading: StateReading, since: int,
               place: int, change: Intervention, controls: Sequence[Intervention] = ()) -> Effect:
    """What is expected at token `place`, of a text that is read again from token `since` on.

    Steps of the changes count from `since`. `<unk>` is left out, as nothing writes it.
    """
    changes: Changes = [None, change, *controls]
    ids = torch.from_numpy(reading.ids[since:place])[None].repeat(len(changes), 1)
    carried = tuple(part.repeat(1, len(changes), 1)
                    for part in state_before(reading, model, since))
    with torch.no_grad():
        trace = unroll(model, ids.to(model.device), carried, side_by_side(changes))
        logits = model.output(trace.seen[:, -1]).double().cpu()
    if tokenizer.unknown_id is not None:
        logits[:, tokenizer.unknown_id] = -torch.inf
    p = torch.softmax(logits, -1).numpy()
    return Effect(p[0], p[1], p[2:], _states(trace, change.part, change.layer)[1])


def _states(trace: Trace, part: str, layer: int) -> NDArray[np.float32]:
    """(B, T, H) of h, or of c where it is asked for and there is one"""
    one = trace.layers[layer]
    chosen = one.c if part == "c" and one.c is not None else one.h
    found: NDArray[np.float32] = chosen.float().cpu().numpy()
    return found


class Written(NamedTuple):
    """Text that goes on from a place, and a unit's value after each of its characters."""

    text: str
    values: NDArray[np.float32]  # one a character of the text


def write_on(model: LanguageModel, tokenizer: Tokenizer, reading: StateReading, since: int,
             place: int, settings: SamplingSettings, hook: Hook | None,
             shown: tuple[str, int, int]) -> Written:
    """The continuation from token `place`; with equal settings always by the same random numbers.

    `shown` is (part, layer, unit) of the values. The hook's steps count from token `since` on,
    where reading begins again.
    """
    part, layer, unit = shown
    carried = state_before(reading, model, since)
    start = [int(i) for i in reading.ids[since:place]]
    ids = [token.id for token in
           generate(model, tokenizer, start, settings, hook=hook, carried=carried)]
    with torch.no_grad():
        trace = unroll(model, torch.tensor([start + ids]).to(model.device), carried, hook)
    text, owners = tokenizer.owners(np.array(ids, np.int64))
    return Written(text, _states(trace, part, layer)[0, len(start):, unit][owners])


def first_difference(one: Sequence[object], other: Sequence[object]) -> int | None:
    """The first place at which two texts, or lists of ids, differ; None where they are the same."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return None if len(one) == len(other) else min(len(one), len(other))


class LossUnderChange(NamedTuple):
    nats: list[float]  # a token, one for each change
    tokens: int  # that were scored


def loss_rows(ids: Ids, tokens: int) -> ValidationRows:
    """About `tokens` scored positions, spread over the whole text in rows with a run-up.

    Errors: `text.too_short` below two tokens.
    """
    if len(ids) < 2:
        raise BadInput("text.too_short", value=len(ids), limit=2)
    rows = ValidationRows.cut(ids, min(WARM_UP + 1, len(ids) // 2), LOSS_ROWS)
    assert rows is not None
    width = max(1, min(rows.targets.shape[1], tokens // rows.targets.shape[0]))
    return ValidationRows(rows.inputs, rows.targets, rows.warm_up, width)


def loss_under(model: LanguageModel, rows: ValidationRows, changes: Changes) -> LossUnderChange:
    """Mean loss over the live sample of the rows, with each change made at every step."""
    count = len(changes)
    inputs = torch.from_numpy(rows.inputs[:, :rows.warm_up + rows.live_width]).to(model.device)
    targets = torch.from_numpy(rows.targets[:, :rows.live_width].copy()).to(model.device).flatten()
    with torch.no_grad():
        trace = unroll(model, inputs.repeat(count, 1), hook=side_by_side(changes))
        seen = trace.seen[:, rows.warm_up:].chunk(count)  # each (R, W, H)
        step = max(1, _CHUNK // model.vocabulary)
        totals = [sum((float(model.output.losses(h, y, "sum")) for h, y in zip(
            torch.split(one.flatten(0, 1), step), torch.split(targets, step), strict=True)), 0.0)
            for one in seen]
    scored = int((targets >= 0).sum())
    return LossUnderChange([total / scored for total in totals], scored)
