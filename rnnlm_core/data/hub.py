"""Texts from the Hugging Face hub: only as much as asked for, and never a long silence.

    a few letters    →  search_hub (hub_search): ids
    HubSpec          →  inspect_hub: what is there to choose
                     →  fetch_hub_text: the rows of one column, joined

Parquet files are read by pieces of one column; all other formats are streamed by `datasets`, which
also decides what the configurations, splits and files of a repository are. A dataset that needs a
script is read from the hub's own Parquet export. Nothing is cleaned here but byte order marks.

Deadlines are our own, since those of the libraries add up (measured: 7 s for `timeout=4`, 23 s of
retries offline, 20 minutes while streaming). Each call works in a daemon thread, and the caller
stops waiting when no first answer comes, when nothing moves any more, or when it is cancelled. Two
hooks in the HTTP client see every request of such a thread: they count its bytes, end its retries
after the third refusal, and end the thread itself when nobody waits for it.

`datasets` and `huggingface_hub` are imported by the first call, because it takes seconds. They read
HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE at that moment, so these must be set before; importing this
module neither reads nor sets any. The first call does change, for the whole process: the client
factory of huggingface_hub (the hooks), the retry constants of datasets, both libraries' progress
bars (off), the download count that datasets sends to another host (off), the import of torch by
datasets (off), and the hub cache where the usual place cannot be written.

The token of the server's owner is never sent: a stranger at the page must not read what the owner
may. A reader's own `token` goes with the requests of that one call and is kept nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from rnnlm_core.data.hub_call import FIRST_ANSWER_SECONDS, HubProgress, Job, supervise
from rnnlm_core.data.hub_choice import HubDataset, Source, open_source
from rnnlm_core.data.hub_spec import HubSpec
from rnnlm_core.data.joining import JoinedRows, RowCounts
from rnnlm_core.data.own_parts import beginning, budgets, closed
from rnnlm_core.errors import CorpusError

__all__ = ["HubDataset", "HubProgress", "HubSpec", "HubText", "fetch_hub_text", "inspect_hub"]

Ended = Literal["all", "characters", "seconds"]  # what was reached first
STALL_SECONDS = 20.0
READ_SECONDS = 180.0


@dataclass(frozen=True)
class HubText:
    """The text, and what it was made of."""

    parts: tuple[str, ...]  # one for each split that was asked for
    spec: HubSpec  # with every choice made
    revision: str
    counts: RowCounts  # of lines, where the dataset is plain text files
    bytes_moved: int
    from_export: bool
    ended: Ended

    @property
    def text(self) -> str:
        return "".join(self.parts)


def inspect_hub(spec: HubSpec, *, token: str | None = None, seconds: float = FIRST_ANSWER_SECONDS,
                stall_seconds: float = STALL_SECONDS) -> HubDataset:
    """What the dataset of `spec` offers, with a choice made where it leaves one open:
    configuration `default` or the first, split `train` or the first, column `text` or the first
    of a usual name.

    Raises `CorpusError` (hub.*): within `seconds` where the hub does not answer at all, within
    `stall_seconds` where it stops answering.
    """
    job = Job(spec.id, seconds, stall_seconds, max_seconds=READ_SECONDS, max_characters=0,
              token=token)
    return supervise(job, lambda: open_source(spec, job).dataset, None, None)


def fetch_hub_text(spec: HubSpec, *, max_characters: int, token: str | None = None,
                   seconds: float = FIRST_ANSWER_SECONDS, stall_seconds: float = STALL_SECONDS,
                   max_seconds: float = READ_SECONDS,
                   progress: Callable[[HubProgress], None] | None = None,
                   cancelled: Callable[[], bool] | None = None) -> HubText:
    """`max_characters` of a column, its rows joined by line ends, blank ones and copies left out:
    the first ones, or those from the place of `spec` on, going on at the beginning after the end.

    Of several splits each has its share of the characters and of the time (`own_parts.budgets`),
    and no row that an earlier one of them has.

    After `max_seconds` the text read so far is returned (`ended` says so). `progress` and
    `cancelled` are called by the caller's own thread, 20 times a second. Raises `CorpusError` like
    `inspect_hub`, and hub.cancelled.
    """
    job = Job(spec.id, seconds, stall_seconds, max_seconds, max_characters, token=token)
    return supervise(job, lambda: _read(open_source(spec, job), spec, job), progress, cancelled)


def _read(source: Source, spec: HubSpec, job: Job) -> HubText:
    dataset, rows = source.dataset, JoinedRows(lines=source.reader.keeps_lines)
    parts: list[str] = []
    ends: set[Ended] = set()
    until = time.monotonic()
    shares = budgets(job.max_characters, 1 + len(source.others))
    for (reader, leaf), share in zip(source.readers(), shares, strict=True):
        until += job.max_seconds * share / job.max_characters
        ends.add(_read_split(reader.values(leaf, spec.place), rows, share, until, job,
                             sum(map(len, parts))))
        parts.append(rows.take())
    if not rows.counts.rows:
        raise CorpusError("hub.no_rows", id=job.id, value=dataset.column)
    kept = [beginning(closed(part), share) for part, share in zip(parts, shares, strict=True)] \
        if source.others else [parts[0][:job.max_characters]]
    read = HubSpec(dataset.id, dataset.config, dataset.split, dataset.column, spec.revision,
                   spec.place)
    first: Ended = "seconds" if "seconds" in ends else "characters" if "characters" in ends \
        else "all"
    return HubText(tuple(kept), read, dataset.revision, rows.counts, job.bytes_moved,
                   dataset.from_export, first)


def _read_split(batches: Iterator[list[str | None]], rows: JoinedRows, characters: int,
                until: float, job: Job, before: int) -> Ended:
    """So many characters of a split after the `before` ones of earlier splits."""
    for values in batches:
        full = rows.fill(values, characters)
        job.progress = HubProgress(before + rows.characters, rows.counts.rows,
                                   job.bytes_moved / 1e6)
        if full:
            return "characters"
        if time.monotonic() > until:
            return "seconds"
    return "all"
