"""The runs that can be compared, those that are, and what tells them apart."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import streamlit as st

from rnnlm_core import launch
from rnnlm_core.comparison import (
    Lane,
    Measured,
    differing,
    flop_per_token,
    on_whole_text,
)
from rnnlm_core.config import FIELD_TYPES, RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_core.nets.parameters import parameter_count
from rnnlm_core.prepared import manifest, tokenizer
from rnnlm_core.records import Card, Origin, Status
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session
from rnnlm_ui.config_form import shown
from rnnlm_ui.i18n import t
from rnnlm_ui.live import tail_of
from rnnlm_ui.tokens import tokens_of

LISTED = 200  # own runs in the table, the newest
_BESIDE = 6  # the newest runs that are shown where nobody has chosen
_SIMPLE = 2  # yardsticks that are there at once: uniform and unigram
_NAMED = 3  # settings that one label names
_SHORT = ("learning_rate", "batch", "sequence_length", "embedding", "weight_decay")
_SHAPE = ("cell", "activation", "hidden", "layers")  # named together: LSTM 256 × 2


@dataclass(frozen=True)
class Facts:
    """What never changes of a run."""

    config: RunConfig
    origin: Origin | None
    source: tuple[str, str]  # of its text: code and title
    text: tuple[str, float]  # runs with the same one are scored on the same positions of a text
    vocabulary: int
    characters: float | None  # a token of the validation text; None where the text is gone
    unknown: float  # share of tokens that have no id

    @property
    def title(self) -> str:
        """Of its text, in the reader's language."""
        return runs.corpus_title(*self.source)


@dataclass(frozen=True)
class Row:
    """A run in the table."""

    folder: RunFolder
    facts: Facts
    card: Card
    status: Status
    parameters: int
    place: int | None = None  # in the queue

    @property
    def id(self) -> str:
        return self.folder.id

    @property
    def group(self) -> str:
        return self.facts.origin.group if self.facts.origin else ""


def facts_of(folder: RunFolder) -> Facts:
    return _facts(str(folder.path))


@st.cache_data(max_entries=512, show_spinner=False)
def _facts(path: str) -> Facts:
    folder = RunFolder(path)
    config, papers = folder.config(), manifest(folder)
    cut = papers.parts if config.division == "own" else (
        config.validation_share, config.test_share, config.gap, config.marks == "paragraphs")
    tokens = tokens_of(folder) if not config.by_character else None
    return Facts(config, folder.origin(), (papers.source, papers.title),
                 (papers.sha256, config.division, *cut), tokenizer(folder).size,
                 tokens.characters if tokens else 1.0, tokens.unknown if tokens else 0.0)


def rows() -> list[Row]:
    """Own runs, the newest experiment first, then the shipped ones. Damaged ones are left out:
    their page says what is wrong."""
    root = launch.runs_root()
    folders = launch.list_runs(root)[:LISTED]
    folders += [RunFolder(launch.models_root() / name) for name in (runs.NAMES, runs.DIALOGUE)]
    places: dict[str, int] = {}
    with contextlib.suppress(UnrollError):
        waiting = launch.in_queue(root, "waiting")
        places = {folder.id: at for at, folder in enumerate(waiting, start=1)}
    found = []
    for folder in folders:
        with contextlib.suppress(UnrollError, OSError):
            facts, plan = facts_of(folder), folder.plan()
            count = plan.parameters if plan else parameter_count(facts.config, facts.vocabulary)
            found.append(Row(folder, facts, folder.card(), launch.status(folder), count,
                             places.get(folder.id)))
    found.sort(key=_within_group)
    found.sort(key=lambda row: row.group or row.id, reverse=True)
    return sorted(found, key=lambda row: runs.is_shipped(row.folder))


def _within_group(row: Row) -> list[tuple[bool, Any]]:
    """The runs of a group in the order of what varies, numbers by size."""
    changed = row.facts.origin.changed if row.facts.origin else {}
    return [(isinstance(value, str), value) for value in changed.values()]


def chosen(listed: Sequence[Row]) -> list[Row]:
    """Those of the address; else the newest group, the newest runs of a text, the shipped ones."""
    known = {row.id: row for row in listed}
    if found := [known[run] for run in session.compared() if run in known]:
        return found
    own = [row for row in listed if not runs.is_shipped(row.folder) and _worth_a_look(row)]
    if not own:
        return list(listed)
    if own[0].group:
        return in_group(listed, own[0].group)[:session.MOST_COMPARED]
    return [row for row in own if row.facts.text == own[0].facts.text][:_BESIDE]


def missing(listed: Sequence[Row]) -> list[str]:
    """What the address names and the table has not."""
    known = {row.id for row in listed}
    named = (*session.compared(), *session.no_runs())
    return [run for run in named if run not in known and run.isprintable() and run.strip()]


def _worth_a_look(row: Row) -> bool:
    """Not one that ended before it made a step, nor a range test, which is no way to train."""
    ended = not runs.is_active(row.status.state)
    return row.facts.config.schedule != "range" and not (ended and row.status.step == 0)


def in_group(listed: Sequence[Row], group: str) -> list[Row]:
    """The runs made together."""
    return [row for row in listed if group and row.group == group]


# -- what is measured -----------------------------------------------------------------------------
def measured(row: Row) -> Measured:
    """Its validation curve as far as it has been written; only what is new is read."""
    tail, plan, facts = tail_of(row.folder.path).refresh(), row.folder.plan(), row.facts
    steps, losses = tail.validation()
    seconds = np.interp(steps, tail.column("step"), tail.column("seconds")) if len(steps) \
        else np.array([])
    status, share = launch.status(row.folder), facts.characters or 1.0
    final = None if status.final_validation is None else status.final_validation / share
    knobs = tuple(sorted(row.folder.control().knobs.items())) or None
    config = facts.config
    a_step = plan.batch * plan.sequence_length if plan else config.batch * config.sequence_length
    losses = on_whole_text(losses, row.folder.yardsticks()) / share
    if final is not None and len(steps) and status.step > steps[-1]:  # the last point of all
        steps, seconds, losses = (np.append(column, value) for column, value in (
            (steps, status.step), (seconds, status.seconds), (losses, final)))
    return Measured(row.id, config, steps, seconds, losses, a_step,
                    flop_per_token(config, facts.vocabulary), final, knobs)


def seen(row: Row) -> Hashable:
    """Changes when what is shown of a run does; only what its files have new is read."""
    tail = tail_of(row.folder.path).refresh()
    try:
        known = (row.folder.path / "yardsticks.json").stat().st_mtime_ns
    except OSError:
        known = 0
    return row.id, tail.visible[1], row.status.state, row.card, known


def comparable(chosen: Sequence[Row]) -> bool:
    """Whether the curves of all tell of one text, and on the same part of it.

    Live samples of different size do where the n-grams say how they differ.
    """
    if len({row.facts.text for row in chosen}) > 1:
        return False
    widths = {plan.live_width for row in chosen if (plan := row.folder.plan())}
    return len(widths) < 2 or all(len(row.folder.yardsticks()) > _SIMPLE for row in chosen)


# -- names ----------------------------------------------------------------------------------------
def lane_names(found: Sequence[Lane], listed: Sequence[Row]) -> list[str]:
    """What tells each line from the others; the name a person gave to a run counts more."""
    cards = {row.id: row.card for row in listed}
    names = [n for n in differing([replace(lane.config, seed=0) for lane in found])]
    told = []
    for lane in found:
        given = cards[lane.runs[0].id].name.strip() if len(lane.runs) == 1 else ""
        name = given[:40] or setting_name(lane.config, names)
        told.append(name + (" ✎" if lane.runs[0].turned else ""))
    twice = {name for name in told if told.count(name) > 1}
    return [f"{name} · {lane.runs[0].id[-4:]}" if name in twice else name
            for name, lane in zip(told, found, strict=True)]


def short_names(found: Sequence[Lane]) -> list[str]:
    """The same for a phone: values alone, `LSTM·256`."""
    names = differing([replace(lane.config, seed=0) for lane in found])
    return ["·".join(shown(name, getattr(lane.config, name)) for name in names[:2]
                     ) or runs.cell_title(lane.config) for lane in found]


def setting_name(config: RunConfig, names: Sequence[str]) -> str:
    """`LSTM 256`, `rate 0.004`: these settings of a run, or all of its shape."""
    if not names:
        return runs.cell_title(config)
    parts = []
    shape = [name for name in names if name in _SHAPE]
    if {"cell", "activation"} & set(shape):
        full = runs.cell_title(config)
        parts.append(full if {"hidden", "layers"} & set(shape)
                     else full.rsplit(f" {config.hidden}", 1)[0])
    else:
        parts += [f"{name[0].upper()} {getattr(config, name)}" for name in shape]
    # beside another text, whatever else differs says little
    rest = ["corpus"] if "corpus" in names else [name for name in names if name not in _SHAPE]
    parts += [value_name(config, name) for name in rest]
    return " · ".join(parts[:_NAMED]) + (" …" if len(parts) > _NAMED else "")


def value_name(config: RunConfig, name: str) -> str:
    """A setting with its value; of a choice the value alone says it."""
    value = getattr(config, name)
    if name == "corpus":
        return runs.corpus_title(value)
    return shown(name, value) if get_args(FIELD_TYPES[name]) else \
        f"{short_name(name)} {shown(name, value)}"


def short_name(name: str) -> str:
    """A setting as a label has room for it."""
    return t(f"compare.short.{name}" if name in _SHORT else f"config.{name}")
