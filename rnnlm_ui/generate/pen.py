"""What brings the next token of a branch, at a pace, until it is stopped.

Time is passed in, so that the pace is testable without sleeping.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from rnnlm_core.records import SampledToken
from rnnlm_ui.generate.branches import Branch

if TYPE_CHECKING:
    from rnnlm_core.generate import ConvolutionWriter, SamplingSettings, Writer
    from rnnlm_core.lab import Run

PACES: dict[str, float | None] = {"slow": 4.0, "reading": 16.0, "fast": 60.0, "at_once": None}
_CATCH_UP = 1.0  # seconds; a tab that slept does not get all it missed at once


class Pen:
    """Writes on one branch, and notes in its trail the states it comes by."""

    def __init__(self) -> None:
        self.writer: Writer | ConvolutionWriter | None = None
        self.unread: list[int] = []  # of the text so far, by the writer
        self.left = 0  # tokens still to be written
        self._branch = Branch(0)
        self._more: Generator[SampledToken, None, Any] | None = None
        self._read = 0  # ids that the writer has read
        self._pace = ""
        self._since = 0.0  # when the clock of this pace was started
        self._taken = 0  # written since then

    @property
    def active(self) -> bool:
        return self._more is not None

    def start(self, run: Run, branch: Branch, ids: list[int], settings: SamplingSettings,
              now: float, forced: Sequence[int] = ()) -> None:
        """Go on from the end of `ids`, all that the branch says. Errors as `generate`, at once."""
        from rnnlm_core.generate import generate, writer_of

        stream = run.tokenizer.stream()
        for token in branch.tokens:  # the beginning is whole; the rest may end within a character
            stream.push(token.id)
        self._branch = branch
        self._read, carried = branch.trail.before(len(ids) - 1)
        self.writer = writer_of(run.model, carried)
        self.unread = ids[self._read:-1]
        more = generate(run.model, run.tokenizer, ids[-1:], settings, stream=stream,
                        writer=self.writer, forced=dict(enumerate(forced)), before=ids[:-1])
        if settings.length:
            self._more, self.left, self._since, self._taken = more, settings.length, now, 0

    def stop(self) -> None:
        self._more = None

    def advance(self, now: float, pace: str, budget: float) -> None:
        """Write what is due by now at this pace, as far as the budget of seconds goes."""
        until = time.monotonic() + budget
        if self.active and self.unread:
            self._read_on(until)
            self._since = now
        due = self._due(now, pace)
        while (self._more is not None and not self.unread and due > 0
               and time.monotonic() < until):
            more, self._more = self._more, None  # an error ends the writing
            token = next(more, None)
            if token is None:  # its documents are written
                return
            self._note()
            self._branch.tokens.append(token)
            self._taken, self.left, due = self._taken + 1, self.left - 1, due - 1
            if self.left:
                self._more = more

    def _read_on(self, until: float) -> None:
        """Read more of the text so far: interrupted and stopped as writing is."""
        assert self.writer is not None
        place = 0
        while place == 0 or (place < len(self.unread) and time.monotonic() < until):
            self.writer.read([self.unread[place]])
            self._note()
            place += 1
        del self.unread[:place]

    def _note(self) -> None:
        assert self.writer is not None
        self._read += 1
        self._branch.trail.note(self._read, self.writer)

    def _due(self, now: float, pace: str) -> int:
        if pace != self._pace:
            self._pace, self._since, self._taken = pace, now, 0
        rate = PACES[pace]
        if rate is None:
            return self.left
        due = 1 + int((now - self._since) * rate) - self._taken  # the first one at once
        if due > rate * _CATCH_UP:
            due = int(rate * _CATCH_UP)
            self._since, self._taken = now, 1 - due
        return due
