"""What has been measured of a racer's kept moments: bit by bit, and once for all visitors.

Measuring takes a core from the training beside it, so while a race runs there is a rest after each
measurement that is many times as long, however many tabs look on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.insight.race import Moment
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry, entries
from rnnlm_ui import look_inside, warm

if TYPE_CHECKING:
    from rnnlm_core.data.tokenizer import Tokenizer

LAGS, WINDOWS = 100, 64
_REST = 8.0  # times as long as the last measurement took, while a run is training
_FEWEST_LAGS = 20
_resting = {"until": 0.0}  # of all racers together: time.monotonic()


class Album:
    """The moments of one run by the digest of their weights. Belongs to the server."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._moments: dict[str, Moment] = {}
        self._lock = threading.Lock()
        self._text: tuple[Tokenizer, str, int] | None = None

    @property
    def lags(self) -> int:
        """How far back is measured: less in a short text."""
        return self._read()[2]

    def kept(self) -> list[Entry]:
        """The moments there are. Raises `RunError` where their index is damaged."""
        return entries(self.folder.checkpoints)

    def seen(self) -> dict[int, Moment]:
        """By step, as far as measured; also those that are kept no longer."""
        return {moment.step: moment for moment in list(self._moments.values())}

    def measured(self, entry: Entry) -> Moment | None:
        """This moment, now; None where the run has replaced it by a later one meanwhile. Of a file
        that cannot be read it is one without numbers."""
        with self._lock:
            if entry.sha256 not in self._moments:
                try:
                    self._moments[entry.sha256] = self._measure(entry)
                except RunError:
                    if not any(e.sha256 == entry.sha256 for e in self.kept()):
                        return None
                    self._moments[entry.sha256] = Moment(entry.step, None, None)
            return self._moments[entry.sha256]

    def first_look(self) -> None:
        """Newest and first, so that there is something to show at once."""
        if not self._moments:
            for entry in spread_out(self.kept())[:2]:
                self.measured(entry)

    def missing(self) -> list[Entry]:
        """What is not measured yet: the newest first, then the first, then from both sides in
        turn, so that a line over the steps is whole early and then gets finer."""
        return [entry for entry in spread_out(self.kept()) if entry.sha256 not in self._moments]

    # -- one moment -------------------------------------------------------------------------------
    def _read(self) -> tuple[Tokenizer, str, int]:
        if self._text is None:
            from rnnlm_core.lab import Run

            run = Run(self.folder)
            text, _ = look_inside.text_of(run)
            self._text = run.tokenizer, text, lags_for(len(run.tokenizer.encode(text)))
        return self._text

    def _measure(self, entry: Entry) -> Moment:
        """Not through `runs.opened`: dozens of moments would push out what other pages look at."""
        warm.ready()
        from rnnlm_core.insight.answers import answers_by_lag
        from rnnlm_core.insight.gradients import lag_profile
        from rnnlm_core.lab import Run

        tokenizer, text, lags = self._read()
        model = Run(self.folder, entry.step).model
        if not all(bool(p.isfinite().all()) for p in model.parameters()):
            return Moment(entry.step, None, None)
        profile = lag_profile(model, np.asarray(tokenizer.encode(text)), lags, WINDOWS)
        answers = None
        with suppress(BadInput):  # too short for this one alone: its chart says so
            answers = answers_by_lag(model, tokenizer, text, model.config)
        return Moment(entry.step, profile, answers)


def lags_for(tokens: int) -> int:
    """How far back so many tokens let one measure, with room for windows to differ. Raises
    `BadInput` where that is not far."""
    lags = min(LAGS, tokens // 2 - 2)
    if lags < _FEWEST_LAGS:
        raise BadInput("text.too_short", value=tokens, limit=2 * (_FEWEST_LAGS + 2))
    return lags


@st.cache_resource(max_entries=32, show_spinner=False)
def album_of(path: Path) -> Album:
    return Album(RunFolder(path))


def spread_out(kept: Sequence[Entry]) -> list[Entry]:
    """All of them: the newest, the first, and of what is left the middle one of each gap."""
    order, gaps = list(dict.fromkeys([*kept[-1:], *kept[:1]])), [(0, len(kept) - 1)]
    while gaps:
        low, high = gaps.pop(0)
        if high - low > 1:
            middle = (low + high) // 2
            order.append(kept[middle])
            gaps += [(low, middle), (middle, high)]
    return order


def look_on(albums: Sequence[Album], training: bool) -> bool:
    """Measure one more moment, if it is time; whether any is missing.

    The racer of which least has been measured comes first.
    """
    waiting = [(album, left) for album in albums if (left := album.missing())]
    if not waiting:
        return False
    if time.monotonic() >= _resting["until"]:
        album, left = min(waiting, key=lambda pair: len(pair[0].seen()))
        begin = time.monotonic()
        _resting["until"] = begin + 60.0  # nobody else meanwhile
        try:
            if album.seen():
                album.measured(left[0])
            else:  # with its first moment beside the newest: how far it reached untrained
                album.first_look()
        finally:
            took = time.monotonic() - begin
            _resting["until"] = time.monotonic() + (_REST * took if training else 0.0)
    return True
