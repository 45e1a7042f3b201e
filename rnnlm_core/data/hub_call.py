"""One call to the hub: a thread that works, a caller that keeps the time.

The caller stops waiting when no first answer comes, when nothing moves any more, or when it is
cancelled. The hooks of `hub_client` tell the `Job` of every request of such a thread.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, TypeVar

from rnnlm_core.data.hub_errors import BUSY, as_corpus_error, busy, timeout
from rnnlm_core.errors import CorpusError

FIRST_ANSWER_SECONDS = 4.0  # leaves a second of the five that a person waits for an error

TRIES = 3
_POLL_SECONDS = 0.05
_TOKEN = re.compile(r"[!-~]{1,400}")  # what may stand in a header; the hub says what is a token
_T = TypeVar("_T")


@dataclass(frozen=True)
class HubProgress:
    """How far a call has come."""

    characters: int
    rows: int
    megabytes: float  # moved over the network, metadata included


class _Abandoned(BaseException):
    """Ends a worker thread. No `Exception`, since libraries catch and retry those."""


class Job:
    """One call from both sides: its thread notes what moves, its caller looks at the clock.

    Raises `CorpusError` (hub.token) where `token` cannot be one.
    """

    def __init__(self, id: str, seconds: float, stall_seconds: float, max_seconds: float,
                 max_characters: int = 0, token: str | None = None) -> None:
        if token is not None and not _TOKEN.fullmatch(token):
            raise CorpusError("hub.token")  # in a header it would end up in an exception's text
        self.token = token
        self.id, self.seconds, self.stall_seconds = id, seconds, stall_seconds
        self.max_seconds, self.max_characters = max_seconds, max_characters
        # Small blocks for small texts; large ones for large texts, since each is a round trip.
        self.block_bytes = min(max(max_characters // 4, 1 << 16), 1 << 22)
        # Some formats must be read whole (a JSON list, an archive): that has to end as well.
        self.most_bytes = 64_000_000 + 20 * max_characters
        self.progress = HubProgress(0, 0, 0.0)
        self.bytes_moved = 0
        self.verdict: CorpusError | None = None
        self._started = self._heard = time.monotonic()
        self._answered = self._importing = False
        self._unanswered = self._refusals = self._status = 0
        self._abandoned = threading.Event()

    @property
    def sent_token(self) -> str | Literal[False]:
        """For the libraries, which would take the token of the server's owner for None."""
        return self.token or False

    @property
    def patience(self) -> float:
        """The longest silence, in seconds."""
        return self.stall_seconds if self._answered else self.seconds

    # the caller's side
    def abandon(self) -> None:
        self._abandoned.set()

    def raise_if_late(self) -> None:
        now = time.monotonic()
        if now - self._started > self.max_seconds + self.stall_seconds:
            raise timeout(self.max_seconds)
        if self._importing:
            return
        if self._answered:
            late = now - self._heard > self.stall_seconds
        else:  # where the import was slow, the hub still gets half of its time
            late = now > max(self._started + self.seconds, self._heard + self.seconds / 2)
        if late:
            raise busy(self._status) if self._refusals else timeout(self.patience)

    # the thread's side
    @contextmanager
    def importing(self) -> Iterator[None]:
        """Meanwhile nobody is late: an import takes seconds, and is not the hub's fault."""
        self._importing = True
        yield
        self._heard = time.monotonic()
        self._importing = False

    def asks(self) -> None:
        """Before each request."""
        self.end_if_abandoned()
        self._unanswered += 1
        if self._unanswered > TRIES:
            self._give_up(CorpusError("hub.offline"))

    def hears(self, status: int) -> None:
        """After the head of each answer."""
        self._answered, self._unanswered, self._heard = True, 0, time.monotonic()
        self._status = status
        self._refusals = self._refusals + 1 if status in BUSY else 0
        if self._refusals >= TRIES:
            self._give_up(busy(status))

    def moves(self, count: int) -> None:
        """After each piece of an answer's body."""
        self.end_if_abandoned()
        self.bytes_moved += count
        self._heard = time.monotonic()
        if self.bytes_moved > self.most_bytes:
            limit = self.most_bytes // 1_000_000
            self._give_up(CorpusError("corpus.too_large", name=self.id, limit=limit))

    def end_if_abandoned(self) -> None:
        """Also in between, where a thread works without asking for anything."""
        if self._abandoned.is_set():
            raise _Abandoned

    def _give_up(self, verdict: CorpusError) -> None:
        self.verdict = verdict
        raise _Abandoned


CURRENT_JOB: ContextVar[Job | None] = ContextVar("hub_job", default=None)


def supervise(job: Job, work: Callable[[], _T], progress: Callable[[HubProgress], None] | None,
               cancelled: Callable[[], bool] | None) -> _T:
    """The result of `work`, done by a thread that is left behind when it takes too long."""
    outcome: futures.Future[_T] = futures.Future()

    def run() -> None:
        CURRENT_JOB.set(job)
        try:
            outcome.set_result(work())
        except _Abandoned:
            outcome.set_exception(job.verdict or CorpusError("hub.cancelled", id=job.id))
        except Exception as error:
            outcome.set_exception(job.verdict or as_corpus_error(
                error, job.id, job.patience, with_token=job.token is not None))
        finally:
            if job.token is not None:
                forget_token()

    threading.Thread(target=run, name=f"hub {job.id}", daemon=True).start()
    shown = job.progress
    try:
        while True:
            done, _ = futures.wait([outcome], timeout=_POLL_SECONDS)
            if progress and job.progress != shown:
                shown = job.progress
                progress(shown)
            if done:
                return outcome.result()
            if cancelled and cancelled():
                raise CorpusError("hub.cancelled", id=job.id)
            job.raise_if_late()
    finally:
        job.abandon()


def forget_token() -> None:
    """fsspec keeps every file system it has made, this one with the token that it was made with."""
    from huggingface_hub import HfFileSystem

    HfFileSystem.clear_instance_cache()
