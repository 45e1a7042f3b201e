"""Several runs over each other: the answer in one sentence, the curves, what each needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from rnnlm_core.comparison import AXES, Axis, Lane, common_loss, lanes
from rnnlm_core.figures.compare import HEIGHT, Curve, overlay_figure
from rnnlm_core.figures.training import Line
from rnnlm_ui import session
from rnnlm_ui.compare_findings import bits, finding, notes
from rnnlm_ui.compare_runs import Row, comparable, lane_names, measured, seen, short_names
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import duration, joined, language, number, t
from rnnlm_ui.live import POINTS, thinned
from rnnlm_ui.loss_units import DRAWN, FLOOR, yardstick_name
from rnnlm_ui.page import plain

_AXIS: Axis = "seconds"
_SHORT = 10  # letters of a label on a phone
_MANY = 4  # curves, beside which only few yardsticks have room


def axis_switch() -> Axis:
    """What the curves are drawn over, and what is counted as the price of a loss."""
    chosen: Axis = st.segmented_control(
        t("compare.axis_label"), AXES, key=session.choice("axis", AXES, _AXIS), required=True,
        format_func=lambda axis: t(f"compare.axis.{axis}"),
        label_visibility="collapsed") or _AXIS
    return chosen


@dataclass(frozen=True)
class Look:
    """Everything that is shown of the chosen runs, until one of them has been evaluated again."""

    lanes: list[Lane]
    names: list[str]
    yardsticks: list[tuple[str, float]]
    finding: str
    notes: str
    standings: str


def picture(chosen: Sequence[Row], axis: Axis) -> None:
    """The answer, the curves with their yardsticks, and the table beside them."""
    revision = tuple(seen(row) for row in chosen)
    look = session.once_per("compare.look", (revision, axis, language()),
                            lambda: _look(chosen, axis))
    st.markdown(look.finding)
    if not look.lanes:
        st.skeleton(height=HEIGHT)
        return
    # always a place: what comes and goes above the chart would make the browser draw it anew
    with st.container():
        if look.notes:
            st.markdown(f":gray[:material/info: {look.notes}]")
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        live_plot(lambda: _figure(look, axis, [row.id for row in chosen]),
                  key="compare.curves", height=HEIGHT, alt=t("compare.alt", n=len(look.lanes)),
                  on=(), rev=(revision, axis))
    with right:
        st.markdown(look.standings)


def _look(chosen: Sequence[Row], axis: Axis) -> Look:
    found = lanes([measured(row) for row in chosen])
    names = lane_names(found, chosen)
    return Look(found, names, _yardsticks(chosen), finding(found, names, chosen, axis),
                joined(notes(chosen)), standings(found, names, chosen, axis) if found else "")


# -- the curves -----------------------------------------------------------------------------------
def _yardsticks(chosen: Sequence[Row]) -> list[tuple[str, float]]:
    """In nats a character, on the whole validation text; only where all have the same tokens."""
    alike = {(row.facts.text, row.facts.config.tokenizer, row.facts.config.marks,
              row.facts.vocabulary) for row in chosen}
    if len(alike) > 1:
        return []
    share = chosen[0].facts.characters or 1.0
    known = max((row.folder.yardsticks() for row in chosen), key=len)
    return [(y.name, y.full / share) for y in sorted(known, key=lambda y: y.full)]


def _lines(yardsticks: Sequence[tuple[str, float]], best: float, curves: int) -> list[Line]:
    """The best possible, those passed and the next two; beside many curves only the last passed."""
    drawn = [(name, value) for name, value in yardsticks if name in DRAWN and name != FLOOR]
    passed = [y for y in drawn if best < y[1]][:1 if curves > _MANY else None]
    ahead = [y for y in drawn if best >= y[1]][-2:]
    floor = [y for y in yardsticks if y[0] == FLOOR]
    return [Line(value / math.log(2), yardstick_name(name), yardstick_name(name),
                 name != FLOOR and best < value, (name, value) in ahead[-1:], name == FLOOR)
            for name, value in [*floor, *ahead, *passed]]


def _curve(lane: Lane, name: str, short: str, axis: Axis) -> Curve:
    """Thinned for the browser, in bits; the band of repeated seeds on the line's own points."""
    band, unit = lane.band(axis), math.log(2)
    short = short if len(short) <= _SHORT else short[:_SHORT - 1] + "…"
    if len(lane.runs) == 1:
        line = thinned(band.x, band.middle / unit)
        return Curve(line.x, line.y, name, short, lane.config.cell)
    kept = np.unique(np.linspace(0, len(band.x) - 1, POINTS).round().astype(int))
    x, low, middle, high = (values[kept] for values in (
        band.x, band.low / unit, band.middle / unit, band.high / unit))
    return Curve(x.tolist(), middle.tolist(), name, short, lane.config.cell, low.tolist(),
                 high.tolist())


def _figure(look: Look, axis: Axis, ids: Sequence[str]) -> go.Figure:
    curves = [_curve(lane, name, short, axis) for lane, name, short
              in zip(look.lanes, look.names, short_names(look.lanes), strict=True)]
    best = min(float(run.loss.min()) for lane in look.lanes for run in lane.runs)
    figure = overlay_figure(curves, _lines(look.yardsticks, best, len(curves)),
                            t(f"compare.axis_title.{axis}"), t("compare.bits_axis"))
    figure.update_layout(uirevision=f"{axis} {' '.join(ids)}")
    return figure


# -- beside them ----------------------------------------------------------------------------------
def amount(value: float, axis: Axis) -> str:
    if axis == "seconds":
        return duration(value)
    if axis == "steps":
        return number(value)
    if axis == "tokens":
        return t("compare.thousand", n=number(value / 1e3))
    return f"{number(value)} GFLOP" if value >= 10 else f"{value:.2g} GFLOP"


def standings(found: Sequence[Lane], names: Sequence[str], chosen: Sequence[Row], axis: Axis
              ) -> str:
    """A line a setting: its loss, what it needed for the loss that all have, the hardest n-gram it
    passed and when."""
    at, alike = common_loss(found), comparable(chosen)
    yardsticks = [y for y in _yardsticks(chosen) if y[0].startswith("kn")] \
        if len(found) <= _MANY else []  # the column has no room beside many
    head = [t("compare.column_setting"), t("compare.column_bits")]
    if alike:
        head += [t("compare.column_needs", at=bits(at))]
    if yardsticks:
        head += [t("compare.column_passed")]
    lines = [" | ".join(["", *head, ""]).strip(),
             "|" + "|".join([":--"] + ["--:"] * (len(head) - 1)) + "|"]
    for place, (lane, name) in enumerate(zip(found, names, strict=True)):
        cells = [f"**{_cell(name)}**" if place == 0 else _cell(name), _range(lane)]
        if alike:
            needed = lane.reached(at, axis)
            cells.append("–" if needed is None else _unbroken(amount(needed, axis)))
        if yardsticks:
            cells.append(_passed(lane, yardsticks))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _unbroken(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _range(lane: Lane) -> str:
    if len(lane.runs) == 1:
        return bits(lane.loss)
    # on one line: word joiners around the dash
    return f"{bits(min(lane.losses))}\u2060–\u2060{bits(max(lane.losses))}"


def _cell(name: str) -> str:
    """A name in a table: its parts stay whole."""
    return " · ".join(_unbroken(plain(part)) for part in name.split(" · "))


def _passed(lane: Lane, hardest_first: Sequence[tuple[str, float]]) -> str:
    for name, value in hardest_first:
        when = lane.reached(value, "seconds")
        if when is not None:
            return f"{_unbroken(yardstick_name(name))} ·\u00a0{_unbroken(duration(when))}"
    return "–"
