"""The first page's cards, out of the shipped runs' folders: nothing here waits for torch."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
import streamlit as st

from rnnlm_core import launch
from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.home import HEIGHT, fading_thumbnail, heat_thumbnail, loss_thumbnail
from rnnlm_core.figures.palette import (
    surprise_fill,
    surprise_gradient,
    value_fill,
    value_gradient,
)
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.showcase import FoundUnit, Showcase, read_showcase
from rnnlm_ui import runs, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import duration, number, t
from rnnlm_ui.live import tail_of, thinned
from rnnlm_ui.page import plain

KNOWS = 0.95  # AUC from which on a unit is said to know, and not to lean
HORIZON = -2.0  # powers of ten below lag 0: 1 %
_LINES, _LETTERS, _WIDTH = 5, 230, 44  # of a text in a card; characters that a line takes
_ROWS, _COLUMNS = 9, 80  # of the heat thumbnail
_TYPED_FROM = 12  # characters that stand there already when the typing begins
_DRAWN = ("uniform", "unigram", "kn2", "kn3", "kn5")


@st.cache_data(max_entries=8, show_spinner=False)
def showcase(path: str) -> Showcase | None:
    return read_showcase(RunFolder(path))


def own_run() -> tuple[RunFolder, str] | None:
    """The run this tab looked at last, else the newest one on this machine, with its name.

    None without any; damaged ones are passed over.
    """
    chosen, root = session.run_id(), launch.runs_root()
    last = launch.find_run(chosen, root) if chosen else None
    for folder in [*([last] if last else []), *launch.list_runs(root)]:
        with contextlib.suppress(UnrollError):
            if not runs.is_shipped(folder):
                return folder, runs.title(folder)
    return None


def go_on() -> None:
    """The way back to a run of one's own, where there is one."""
    own = own_run()
    if own is None:
        return
    folder, name = own
    there = {**session.url_parameters(), "run": folder.id}
    st.page_link("pages/train.py", label=t("home.go_on", run=plain(name)),
                 icon=":material/history:", query_params=there)


def finding(folder: RunFolder) -> str:
    """What the writing network has learned, in one sentence with its yardstick."""
    status = launch.status(folder)
    uniform = next((y.full for y in folder.yardsticks() if y.name == "uniform"), None)
    if status.final_validation is None or uniform is None:
        return t("home.finding_plain")
    return t("home.finding", time=duration(status.seconds), bits=_bits(status.final_validation),
             uniform=_bits(uniform))


def writing_card(folder: RunFolder) -> None:
    """A sample of the run, typed out in the browser, filled by the run's own surprise."""
    st.subheader(t("home.writing"), anchor=False)
    samples = tail_of(folder.path).refresh().samples
    if not samples:
        st.markdown(t("home.nothing_yet"))
        return
    sample = samples[-1]
    text = beginning(sample.text)
    coloured_text(text, surprise_fill(sample.surprise[:len(text)]), key="home.sample",
                  size="1.2rem", stream_from=_TYPED_FROM, cursor=True,
                  legend=(t("home.expected"), t("home.surprising"), surprise_gradient()),
                  label=t("home.sample_label"))
    st.markdown(t("home.written_by", run=plain(runs.title(folder)), step=number(sample.step),
                  temperature=f"{sample.temperature:g}"))


def unit_card(folder: RunFolder, shown: Showcase | None) -> None:
    """One unit's value after each character of a text that the run was not trained on."""
    config = folder.config()
    if shown is None:
        st.subheader(t("home.unit_any", units=config.hidden), anchor=False)
        st.markdown(t("home.nothing_yet"))
        return
    found = shown.found
    st.subheader(claim(found, config.hidden), anchor=False)
    text = beginning(shown.text)
    unit = 0 if found is None else found.unit
    values = shown.states[:len(text), unit].astype(np.float64)
    top = max(1.0, float(np.abs(values).max()))
    coloured_text(text, value_fill(values / top), key="home.unit", size="1.2rem",
                  legend=(t("home.low", unit=unit), t("home.high"), value_gradient()),
                  label=t("home.unit_label", unit=unit))
    st.markdown(evidence(folder, found))


def claim(found: FoundUnit | None, units: int) -> str:
    """A title that says no more than the score does."""
    if found is None:
        return t("home.unit_any", units=units)
    knows = "knows" if found.kind == "binary" and found.score >= KNOWS else "leans"
    return t(f"home.{knows}.{found.label}", units=units)


def evidence(folder: RunFolder, found: FoundUnit | None) -> str:
    run = plain(runs.title(folder))
    if found is None:
        return t("home.unit_of", run=run)
    return t("home.evidence", run=run, unit=found.unit,
             score=t(f"states.score.{found.kind}", value=f"{found.score:.2f}"),
             control=f"{found.control:.2f}", chance=f"{found.chance:.2f}")


def beginning(text: str) -> str:
    """As much as five lines of a card hold; whole lines where the text has short ones."""
    kept, room = [], _LINES
    for line in text[:_LETTERS].split("\n"):
        needed = max(1, math.ceil(len(line) / _WIDTH))
        if needed > room:
            if not kept or room > 1:
                kept.append(line[:room * _WIDTH])
            break
        kept.append(line)
        room -= needed
    return "\n".join(kept)


# -- the three ways onward ------------------------------------------------------------------------
def train_card(folder: RunFolder) -> None:
    steps, losses = tail_of(folder.path).refresh().validation()
    bits = losses / math.log(2)
    drawn = [y for y in folder.yardsticks() if y.name in _DRAWN]
    lines, config = [y.live / math.log(2) for y in drawn], folder.config()
    name = t(f"choice.cell.{config.cell}")
    live_plot(lambda: loss_thumbnail(thinned(steps, bits), lines, config.cell, name),
              key="home.loss", height=HEIGHT, alt=t("home.loss_alt"), on=(), rev=folder.id)
    final = launch.status(folder).final_validation
    passed = sum(final is not None and final < y.full for y in drawn)
    onward("train", t("home.train"), t("home.train_text", n=passed))


def states_card(shown: Showcase | None) -> None:
    if shown is not None:
        rows = most_active(shown)
        live_plot(lambda: heat_thumbnail(shown.states[:_COLUMNS, rows].T.astype(np.float64)),
                  key="home.heat", height=HEIGHT, alt=t("home.heat_alt", rows=len(rows)), on=(),
                  rev=shown.text)
    onward("states", t("home.states"), t("home.states_text"))


def most_active(shown: Showcase) -> list[int]:
    """The found unit, then those that vary most."""
    order = np.argsort(-shown.states.astype(np.float64).std(0), kind="stable").tolist()
    if shown.found is not None:
        order = [shown.found.unit, *(u for u in order if u != shown.found.unit)]
    return order[:_ROWS]


def gradients_card(shown: Showcase | None) -> None:
    text = t("home.gradients_plain")
    if shown is not None and shown.fading:
        curves: dict[str, Any] = {cell: shown.fading[cell] for cell in ("rnn", "gru", "lstm")}
        names = {cell: t(f"choice.cell.{cell}") for cell in curves}
        live_plot(lambda: fading_thumbnail(curves, names), key="home.fading", height=HEIGHT,
                  alt=t("home.fading_alt"), on=(), rev=shown.text)
        text = t("home.gradients_text", **{cell: horizon(curves[cell]) for cell in curves})
    onward("gradients", t("home.gradients"), text)


def horizon(curve: Any) -> str:
    """The first lag from which on the gradient stays below 1 % of that at lag 0."""
    first = int(np.flatnonzero(np.asarray(curve) >= HORIZON)[-1]) + 1
    return str(first) if first < len(curve) else f"> {len(curve) - 1}"


def onward(page: str, label: str, text: str) -> None:
    st.page_link(f"pages/{page}.py", label=f"**{label}**", icon=":material/arrow_forward:",
                 icon_position="right", query_params=session.url_parameters())
    st.markdown(f":gray[{text}]")


def _bits(nats: float) -> str:
    return f"{nats / math.log(2):.2f}"
