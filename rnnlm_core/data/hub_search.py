"""Datasets by a few letters of their names: what the hub's own search says, asked for sparingly.

A server asks for all its readers under one address, and the hub counts requests by address. So one
search runs at a time, what was found is kept for ten minutes, and who has typed on in the meantime
leaves the line.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnnlm_core.data.hub_call import FIRST_ANSWER_SECONDS, Job, supervise
from rnnlm_core.data.hub_choice import tagged
from rnnlm_core.data.hub_client import prepare_client
from rnnlm_core.data.hub_errors import timeout
from rnnlm_core.errors import CorpusError

SHORTEST = 2  # letters; one letter finds everything
_LONGEST = 100
_MOST = 12
_KEPT_SECONDS = 600.0
_KEPT = 256
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class HubHit:
    """A dataset as a search shows it."""

    id: str
    downloads: int  # as the hub counts them, in the last month
    gated: bool
    licence: str  # as its page says, "" where it says nothing
    languages: tuple[str, ...]  # codes, as its page says


_turn = threading.Lock()
_found: dict[str, tuple[float, tuple[HubHit, ...]]] = {}


def search_hub(words: str, *, seconds: float = FIRST_ANSWER_SECONDS,
               cancelled: Callable[[], bool] | None = None) -> tuple[HubHit, ...]:
    """The most downloaded datasets with these letters in their id; none for fewer than two.

    Waiting for one's turn counts: an answer or a `CorpusError` (hub.*) comes within `seconds`.
    `cancelled` is called by the caller's own thread, 20 times a second, and may raise.
    """
    words = " ".join(words.casefold().split())[:_LONGEST]
    if len(words) < SHORTEST:
        return ()
    until = time.monotonic() + seconds
    if (known := _kept(words)) is not None:
        return known
    while not _turn.acquire(timeout=_POLL_SECONDS):
        if cancelled and cancelled():
            raise CorpusError("hub.cancelled", id=words)
        if time.monotonic() > until:
            raise timeout(seconds)
    try:
        if (known := _kept(words)) is not None:  # somebody else asked the same
            return known
        left = max(1.0, until - time.monotonic())
        job = Job(words, left, left, max_seconds=seconds, max_characters=0)
        hits = supervise(job, lambda: _ask(words, job), None, cancelled)
        _keep(words, hits)
        return hits
    finally:
        _turn.release()


def _ask(words: str, job: Job) -> tuple[HubHit, ...]:
    """One request. (`HfApi.list_datasets` would try again for a quarter of a minute.)"""
    with job.importing():
        from huggingface_hub import constants, get_session
        from huggingface_hub.utils._http import hf_raise_for_status

        prepare_client()
    answer = get_session().get(
        f"{constants.ENDPOINT}/api/datasets", timeout=job.seconds,
        params={"search": words, "sort": "downloads", "limit": _MOST})
    hf_raise_for_status(answer)
    return tuple(_hit(info) for info in answer.json())


def _hit(info: dict[str, Any]) -> HubHit:
    tags = info.get("tags")
    return HubHit(str(info["id"]), int(info.get("downloads") or 0), bool(info.get("gated")),
                  ", ".join(tagged(tags, "license:")), tagged(tags, "language:"))


def _kept(words: str) -> tuple[HubHit, ...] | None:
    at, hits = _found.get(words, (float("-inf"), ()))
    return hits if time.monotonic() - at < _KEPT_SECONDS else None


def _keep(words: str, hits: tuple[HubHit, ...]) -> None:
    while len(_found) >= _KEPT:
        _found.pop(next(iter(_found)))  # the oldest
    _found[words] = (time.monotonic(), hits)
