"""What could be better about a run: findings with their evidence, each with a change to try."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import GROUPS, RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.forks import FORK_FIXED
from rnnlm_core.insight.diagnosis import Case, Course, Evidence, Finding, Health, diagnose
from rnnlm_core.records import Status, Yardstick
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry, entries
from rnnlm_ui import config_form, deeds, session, time_machine, warm
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import RunTail
from rnnlm_ui.page import fault, plain

MOST = 3
_LOSSES = {"best", "now", "training", "before", "first", "loss", "worst"}  # nats
_DIFFERENCES = {"swing", "fall", "late"}  # nats
_SHARES = {"share", "jumps"}
_COUNTS = {"step", "best_step", "tokens", "batch", "horizon", "length", "scale"}


def could_be_better(folder: RunFolder, status: Status, tail: RunTail, config: RunConfig,
                    yardsticks: list[Yardstick], unit: str) -> None:
    """At most three findings, and a look into the weights for who wants more.

    From the curves it is a millisecond, once an evaluation; from the weights only when asked.
    """
    place = st.container()
    if session.recall("diagnosis.deeper", False):
        with place:
            _look_deeper(folder, status)
        session.forget("diagnosis.deeper")  # only now: a newer look may have interrupted it
    health = _health(folder)
    revision = (folder.id, status.state, tail.visible, len(yardsticks), health and health.step)
    found = session.once_per("diagnosis", revision, lambda: diagnose(
        Case(config, status.state, course_of(tail), yardsticks, health)))
    if not found:
        return
    place.subheader(t("diagnosis.title"), anchor=False)
    for finding in found[:MOST]:
        _row(folder, config, _undone(folder, finding), unit)
    try:
        if deeds.carry_out("try", _tried, lambda made: time_machine.go_to(made, None)):
            session.page_again()
    except BadInput as error:
        fault(error)
    _deeper(folder, health)


def course_of(tail: RunTail) -> Course:
    return Course(*(tail.even(name) for name in Course.__dataclass_fields__))


# -- a finding in words ----------------------------------------------------------------------------
def _row(folder: RunFolder, config: RunConfig, finding: Finding, unit: str) -> None:
    changes = {n: v for n, v in finding.suggestion.items() if getattr(config, n) != v}
    if not changes:
        st.markdown(words(finding, unit))
        return
    said, action = st.columns([3.4, 1], gap="medium", vertical_alignment="center")
    with said:
        st.markdown(words(finding, unit) + "  \n" + changes_text(config, changes))
    step = fork_step(folder, finding)
    text = t("diagnosis.anew") if step is None else t("diagnosis.fork", step=number(step))
    with action:
        st.button(text, key=f"diagnosis.{finding.code}", width="stretch",
                  icon=":material/add:" if step is None else ":material/call_split:",
                  on_click=lambda: deeds.press(
                      "try", folder, replace(folder.config(), **changes), step))


def words(finding: Finding, unit: str) -> str:
    """The sentence, how sure it is, and its evidence in grey, as markdown."""
    said = t(f"diagnosis.says.{finding.code}", **_shown(finding.values, unit))
    grey = [t(f"diagnosis.sure.{finding.sure}")] if finding.code != "fine" else []
    grey += [evidence_text(evidence, unit) for evidence in finding.evidence]
    gap = "" if t("diagnosis.gap") == "none" else " "
    return said + (f"  \n:gray[{gap.join(grey)}]" if grey else "")


def evidence_text(evidence: Evidence, unit: str) -> str:
    return t(f"diagnosis.evidence.{evidence.code}", **_shown(evidence.values, unit))


def _shown(values: dict[str, Any], unit: str) -> dict[str, str]:
    return {name: _value(name, value, unit) for name, value in values.items()}


def _value(name: str, value: Any, unit: str) -> str:
    if name in _LOSSES:
        return loss(value, unit)
    if name in _DIFFERENCES:  # a difference of perplexities would say nothing
        bits = unit != "nats"
        return t(f"diagnosis.loss.{'bits' if bits else 'nats'}",
                 value=f"{value / math.log(2) if bits else value:.2f}")
    if name in _SHARES:
        return f"{value:.0%}"
    if name in _COUNTS:
        return number(value)
    if name == "part":
        return part(value)
    if name == "passage":
        return plain(value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def loss(nats: float, unit: str) -> str:
    """A loss as short as it goes."""
    value = {"bits": nats / math.log(2), "nats": nats}.get(unit, math.exp(min(nats, 700.0)))
    return t(f"diagnosis.loss.{unit}", value=f"{value:.2f}")


def part(name: str) -> str:
    """A part of the network by its name in `Plan.layer_names`."""
    kind, _, index = name.partition(".")
    if kind == "layers":
        return t("diagnosis.part.layer", n=int(index) + 1)
    named = kind in ("embedding", "projection", "output")
    return t(f"diagnosis.part.{kind}") if named else plain(name)


# -- what can be tried -----------------------------------------------------------------------------
def _undone(folder: RunFolder, finding: Finding) -> Finding:
    """Where the knob that is to change was turned while it trained, the change to try is back to
    before that."""
    for event in folder.events()[0]:
        name = event.values.get("name") if event.kind == "knob" else None
        if name in finding.suggestion:
            at = event.step if finding.at is None else min(event.step, finding.at)
            return replace(finding, at=at, suggestion={
                **finding.suggestion, name: event.values["before"]})
    return finding


def fork_step(folder: RunFolder, finding: Finding) -> int | None:
    """The kept moment to fork from, at or before the one wished; None where only a new run can."""
    if set(finding.suggestion) & {*FORK_FIXED, *GROUPS["start"]}:
        return None
    fit = [e.step for e in _kept(folder) if finding.at is None or e.step <= finding.at]
    return max(fit, default=None)


def changes_text(config: RunConfig, changes: dict[str, Any]) -> str:
    """`Try: Learning rate 0.01 → 0.001`, as markdown."""
    parts = [t("diagnosis.change", name=t(f"config.{name}"),
               before=config_form.shown(name, getattr(config, name)),
               after=config_form.shown(name, value)) for name, value in changes.items()]
    return t("diagnosis.try", changes=plain(t("diagnosis.and").join(parts)))


def _tried(folder: RunFolder, config: RunConfig, step: int | None) -> RunFolder:
    """Start it, as a fork where that goes. Raises `BadInput` where the settings do not go."""
    root = launch.runs_root()
    made = launch.create_run(config, root) if step is None else \
        launch.fork(folder, step, config, root)
    launch.start(made)
    return made


# -- into the weights ------------------------------------------------------------------------------
def _health(folder: RunFolder) -> Health | None:
    """What was measured of this run when it was last asked for."""
    run, health = session.recall("diagnosis.health", ("", None))
    return health if run == folder.id else None


def _deeper(folder: RunFolder, health: Health | None) -> None:
    listed = _kept(folder)
    if not listed:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(t("diagnosis.deeper"), icon=":material/search_insights:",
                  key="diagnosis.deeper", type="tertiary", help=t("diagnosis.deeper_help"),
                  on_click=lambda: session.remember("diagnosis.deeper", True),
                  disabled=health is not None and health.step == listed[-1].step)
        if health is not None:
            st.markdown(":gray[" + t("diagnosis.looked", step=number(health.step)) + "]")


def _look_deeper(folder: RunFolder, status: Status) -> None:
    listed = _kept(folder)
    try:
        with st.spinner(t("diagnosis.looking")):
            measured = _examined(str(folder.path), listed[-1].sha256 if listed else "",
                                 status.state == "diverged")
    except BadInput as error:
        fault(error)
        return
    session.remember("diagnosis.health", (folder.id, measured))


def _kept(folder: RunFolder) -> list[Entry]:
    try:
        return entries(folder.checkpoints)
    except UnrollError:
        return []  # damaged: other places of the page say so


@st.cache_data(max_entries=32, show_spinner=False)
def _examined(path: str, digest: str, diverged: bool) -> Health:
    """Kept for all visitors. `digest` of the newest checkpoint is a part of the key, no more."""
    warm.ready()
    from rnnlm_core.insight.health import examine

    return examine(RunFolder(path), diverged)
