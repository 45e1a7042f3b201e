"""A text that one browser tab watches grow: started, stopped, cut back, gone on with. No widgets.

Time is passed in, so that its pace is testable without sleeping.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rnnlm_core.records import SampledToken

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.lab import Run

MOST = 1_500  # written tokens: more would make every refresh of the page heavy
PACES: dict[str, float | None] = {"slow": 4.0, "reading": 16.0, "fast": 60.0, "at_once": None}
_CATCH_UP = 1.0  # seconds; a tab that slept does not get all it missed at once
_READ_AT_ONCE = 128  # tokens


@dataclass
class Writing:
    """The beginning, the tokens after it, and what brings the next ones."""

    run: Run
    digest: str  # of the weights that write
    step: int
    prompt: str = ""  # as it was typed
    tokens: list[SampledToken] = field(default_factory=list)
    by_hand: bool = False  # whether a reader has cut or changed it
    moment: int | None = None  # the step that was asked for; None: whichever is the newest
    _more: Generator[SampledToken, None, Any] | None = None
    _left: int = 0
    _pace: str = ""
    _since: float = 0.0  # when the clock of this pace was started
    _taken: int = 0  # written since then

    @property
    def unknown(self) -> tuple[str, ...]:
        """Pieces of the beginning that the vocabulary lacks: they are left out."""
        return self.run.tokenizer.unknown_in(self.prompt)

    @property
    def beginning(self) -> str:
        tokenizer = self.run.tokenizer
        return tokenizer.decode(tokenizer.known(self.prompt))

    @property
    def text(self) -> str:
        return self.beginning + "".join(token.text for token in self.tokens)

    @property
    def owners(self) -> list[int]:
        """For each character of `text`, the token that brought it; −1 for the beginning."""
        found = [-1] * len(self.beginning)
        for index, token in enumerate(self.tokens):
            found += [index] * len(token.text)
        return found

    @property
    def active(self) -> bool:
        return self._more is not None

    @property
    def left(self) -> int:
        return self._left if self.active else 0

    @property
    def full(self) -> bool:
        return len(self.tokens) >= MOST

    # -- what a reader does -------------------------------------------------------------------
    def go_on(self, settings: SamplingSettings, now: float) -> None:
        """Write `settings.length` more tokens from here. Errors as `generate`, at once.

        Noise depends on seed and place alone: at one place, two continuations draw alike.
        """
        from rnnlm_core.generate import generate, starting_ids

        self.stop()
        tokenizer = self.run.tokenizer
        ids = starting_ids(tokenizer, self.prompt) + [token.id for token in self.tokens]
        length = min(settings.checked().length, MOST - len(self.tokens))
        settings = replace(settings, length=length, seed=(settings.seed + len(self.tokens)) % 2**63)
        stream = tokenizer.stream()
        for token in self.tokens:  # the beginning is whole; what follows may end within a character
            stream.push(token.id)
        more = generate(self.run.model, tokenizer, ids[-1:], settings,
                        carried=_state_after(self.run.model, ids[:-1]), stream=stream,
                        before=ids[:-1])
        if length:
            self._more, self._left, self._since, self._taken = more, length, now, 0

    def again(self, settings: SamplingSettings, now: float) -> None:
        """The same beginning once more."""
        self.tokens, self.by_hand = [], False
        self.go_on(settings, now)

    def stop(self) -> None:
        self._more = None

    def keep(self, count: int) -> None:
        """Take back what was written after the first `count` tokens."""
        self.stop()
        del self.tokens[max(0, count):]
        self.by_hand = True

    def put(self, index: int, piece: str) -> None:
        """Another token in place of the written one at `index`, and nothing after it.

        It has to be one of the alternatives that there were.
        """
        instead = self.tokens[index]
        probability, tokenizer = dict(instead.alternatives)[piece], self.run.tokenizer
        self.keep(index)
        stream = tokenizer.stream()
        for token in self.tokens:
            stream.push(token.id)
        token_id = tokenizer.id_of(piece)
        self.tokens.append(replace(instead, id=token_id, text=stream.push(token_id),
                                   probability=probability))

    # -- what time brings -----------------------------------------------------------------------
    def advance(self, now: float, pace: str, budget: float) -> None:
        """Write what is due by now at this pace, as far as the budget of seconds goes."""
        due = self._due(now, pace)
        until = time.monotonic() + budget
        while self._more is not None and due > 0 and time.monotonic() < until:
            more, self._more = self._more, None  # an error ends the writing
            token = next(more, None)
            if token is None:  # its documents are written
                return
            self.tokens.append(token)
            self._taken, self._left, due = self._taken + 1, self._left - 1, due - 1
            if self._left:
                self._more = more

    def _due(self, now: float, pace: str) -> int:
        if pace != self._pace:
            self._pace, self._since, self._taken = pace, now, 0
        rate = PACES[pace]
        if rate is None:
            return self._left
        due = 1 + int((now - self._since) * rate) - self._taken  # the first one at once
        if due > rate * _CATCH_UP:
            due = int(rate * _CATCH_UP)
            self._since, self._taken = now, 1 - due
        return due


def _state_after(model: Any, ids: list[int]) -> Any:
    """What the network carries after reading these; None before the first."""
    import torch

    carried = None
    with torch.no_grad():
        for start in range(0, len(ids), _READ_AT_ONCE):
            part = torch.tensor([ids[start:start + _READ_AT_ONCE]])
            _, carried = model(part, carried)
    return carried
