"""New experiments from the present settings: a race of the cells, repeated seeds, a sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import streamlit as st

from rnnlm_core import launch, sweep
from rnnlm_core.comparison import flop_per_token
from rnnlm_core.config import FIELD_TYPES, FIELDS, GROUPS, RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.idle import idle
from rnnlm_core.run import waiting
from rnnlm_core.sweep import Variant
from rnnlm_ui import deeds, runs, session
from rnnlm_ui.compare_runs import Row
from rnnlm_ui.compare_table import select
from rnnlm_ui.config_form import choice, shown
from rnnlm_ui.i18n import duration, t
from rnnlm_ui.page import fault, plain, primary_label

Kind = Literal["race", "repeat", "sweep"]
# what must be equal, or is chosen elsewhere
_FIXED = ("corpus", "seed", "device", "max_steps", "max_seconds", "target_loss", "patience",
          "max_characters", "validation_share", "test_share", "division", "gap")
_EQUAL, _OF = ("seconds", "steps"), ("settings", "race")
_STEPS, _SECONDS = 500, 60.0  # a budget, where the settings have none of that kind
_OPEN = "experiment.open.{}"  # whether a popover is
_BETWEEN_RUNS = 5.0  # seconds, about: a worker starts, and reads the whole validation text


def row(listed: Sequence[Row]) -> None:
    """The page's one primary button, and beside it the other ways to start several runs."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(primary_label(t("experiment.race"), "flag"), type="primary",
                  key="experiment.race", help=t("experiment.race_help"),
                  on_click=lambda: deeds.press(
                      "race", base(), session.widget("experiment.same_size", False)))
        with st.popover(t("experiment.repeat"), icon=":material/repeat:",
                        key=_OPEN.format("repeat"), on_change="rerun"):
            _repeat(listed)
        with st.popover(t("experiment.sweep"), icon=":material/grid_view:",
                        key=_OPEN.format("sweep"), on_change="rerun"):
            _sweep(listed)
        with st.popover(_budget_label(), icon=":material/timer:", type="tertiary"):
            _budget()
        st.markdown(":gray[" + t("experiment.from", settings=plain(_settings())) + "]",
                    width="stretch")
    _start_what_was_pressed()


def _settings() -> str:
    draft = session.draft()
    return f"{runs.cell_title(draft)} · {runs.corpus_title(draft.corpus)} · " \
           f"{choice('optimizer', draft.optimizer)} {draft.learning_rate:g}"


# -- what is equal for all ------------------------------------------------------------------------
def _budget_label() -> str:
    return t("experiment.each_seconds", time=duration(_seconds())) if _equal() == "seconds" \
        else t("experiment.each_steps", n=_steps())


def _budget() -> None:
    st.segmented_control(
        t("experiment.equal"), _EQUAL, key="experiment.equal", required=True,
        format_func=lambda kind: t(f"experiment.equal_{kind}"), persist_state="session")
    if _equal() == "seconds":
        limits = FIELDS["max_seconds"].metadata
        st.number_input(t("experiment.seconds"), 1.0, limits["high"], _seconds(), 10.0,
                        format="%.0f", key="experiment.seconds", persist_state="session")
    else:
        limits = FIELDS["max_steps"].metadata
        st.number_input(t("experiment.steps"), 1, int(limits["high"]), _steps(), 100,
                        key="experiment.steps", persist_state="session")
    st.markdown(":gray[" + t(f"experiment.equal_{_equal()}_help") + "]")
    st.toggle(t("experiment.same_size"), key="experiment.same_size", persist_state="session",
              help=t("experiment.same_size_help"))


def _equal() -> str:
    session.preset("experiment.equal", "seconds" if session.draft().max_seconds else "steps")
    return session.widget("experiment.equal", "seconds") or "seconds"


def _seconds() -> float:
    return session.widget("experiment.seconds", session.draft().max_seconds or _SECONDS)


def _steps() -> int:
    return session.widget("experiment.steps", session.draft().max_steps or _STEPS)


def base() -> RunConfig:
    """The present settings with the budget that all runs of the experiment share."""
    draft = session.draft()
    return sweep.equal_seconds(draft, _seconds()) if _equal() == "seconds" \
        else sweep.equal_steps(draft, _steps())


# -- the three kinds ------------------------------------------------------------------------------
def _race(seeds: Sequence[int] = ()) -> list[Variant]:
    config = base()
    if not session.widget("experiment.same_size", False):
        return sweep.race(config, seeds=seeds)
    text = tuple(getattr(config, name) for name in GROUPS["text"])
    return sweep.race(config, session.once_per(
        "experiment.vocabulary", text, lambda: sweep.vocabulary(config, launch.runs_root())), seeds)


def _repeat(listed: Sequence[Row]) -> None:
    st.markdown(t("experiment.repeat_text"))
    count = st.slider(t("experiment.seeds"), 2, 5, 3, key="experiment.seeds")
    what = st.segmented_control(
        t("experiment.of"), _OF, key="experiment.of", required=True,
        default=_OF[0], format_func=lambda of: t(f"experiment.of_{of}"))
    seeds = sweep.seeds_from(session.draft(), count)

    def made() -> list[Variant]:
        return _race(seeds) if what == "race" else sweep.repeated(base(), seeds)

    _offer("race" if what == "race" else "repeat", made, listed)


def _sweep(listed: Sequence[Row]) -> None:
    st.markdown(t("experiment.sweep_text", limit=sweep.MAX_SETTINGS))
    names = st.multiselect(
        t("experiment.settings"), swept(session.draft()), key="experiment.settings",
        max_selections=sweep.MAX_SETTINGS, format_func=lambda name: t(f"config.{name}"),
        placeholder=t("experiment.settings"), label_visibility="collapsed", select_all=False)
    values = {name: _values(name) for name in names}
    count = st.slider(t("experiment.seeds_each"), 1, 5, 1, key="experiment.seeds_each")
    if names:
        seeds = sweep.seeds_from(session.draft(), count) if count > 1 else ()
        _offer("sweep", lambda: sweep.grid(base(), values, seeds), listed)


def swept(draft: RunConfig) -> list[str]:
    """Settings that can vary; not those that do nothing beside the others."""
    return [name for name in FIELDS if name not in _FIXED and name not in idle(draft)]


def _values(name: str) -> Any:
    """A list of choices, or numbers as one types them."""
    kind, now = FIELD_TYPES[name], getattr(session.draft(), name)
    choices = (False, True) if kind is bool else get_args(kind)
    label, key = t(f"config.{name}"), f"experiment.values.{name}"
    if choices:
        return st.multiselect(
            label, choices, choices, key=key, placeholder=label, select_all=False,
            format_func=lambda value: shown(name, value))
    return st.text_input(label, suggested(name, now), key=key, help=t("experiment.values_help"))


def suggested(name: str, now: Any) -> str:
    """Half, the same and twice, as far as the setting goes; from zero, a first step up."""
    kind, limits = FIELD_TYPES[name], FIELDS[name].metadata
    tried = [now / 2, now, now * 2] if now else [0, 0.1, 0.2] if kind is float else [0, 1, 2]
    inside = [min(limits["high"], max(limits["low"], value)) for value in tried]
    return ", ".join(dict.fromkeys(f"{kind(value):g}" for value in inside))


# -- start ----------------------------------------------------------------------------------------
def _offer(kind: Kind, make: Callable[[], list[Variant]], listed: Sequence[Row]) -> None:
    """How many runs that is and about how long they take, and the button; or what is wrong."""
    try:
        variants = make()
    except UnrollError as error:
        fault(error)
        return
    taken = seconds_for([variant.config for variant in variants], listed)
    cores = waiting.cores()
    st.markdown(t("experiment.count", n=len(variants), cores=cores) if taken is None else
                t("experiment.count_time", n=len(variants), time=duration(taken), cores=cores))
    st.button(t("experiment.start", n=len(variants)), icon=":material/play_arrow:",
              key=f"experiment.start.{kind}",
              on_click=lambda: _press(kind, variants))


def _press(kind: Kind, variants: list[Variant]) -> None:
    deeds.press("experiment", kind, variants)
    for name in ("repeat", "sweep"):  # what was asked for is under way
        session.set_widget(_OPEN.format(name), False)


def _start_what_was_pressed() -> None:
    try:
        if deeds.carry_out("race", raced, select) or deeds.carry_out(
                "experiment", started, select):
            session.page_again()
    except BadInput as error:
        fault(error)


def raced(config: RunConfig, same_size: bool) -> list[str]:
    """The three cells from one set-up, where wanted with about equally many parameters."""
    vocabulary = sweep.vocabulary(config, launch.runs_root()) if same_size else None
    return started("race", sweep.race(config, vocabulary))


def started(kind: Kind, variants: list[Variant]) -> list[str]:
    """Make the runs and let them wait for a core each; their ids, to be compared from now on."""
    made = sweep.create_group(kind, variants, launch.runs_root())
    launch.enqueue(made)
    return [folder.id for folder in made]


def seconds_for(configs: Sequence[RunConfig], listed: Sequence[Row]) -> float | None:
    """About how long these take on the cores of this machine, nothing else running.

    Equal steps are reckoned by arithmetic, at the rate of the newest own run that has ended; None
    where there is none.
    """
    rate = next((rate for row in listed if (rate := _rate(row)) is not None), None)
    jobs = []
    for config in configs:
        seconds = config.max_seconds
        if not seconds:
            if rate is None:
                return None
            seconds = config.max_steps * config.batch * config.sequence_length \
                * flop_per_token(config, rate[1]) / rate[0]
        jobs.append((min(config.threads, waiting.cores()), seconds + _BETWEEN_RUNS))
    # when a job that needs every core could start
    return waiting.seconds_to_wait(jobs, [], waiting.cores(), waiting.cores())


def _rate(row: Row) -> tuple[float, int] | None:
    """Floating point operations a second of an own run, and the vocabulary it had."""
    status, plan, facts = row.status, row.folder.plan(), row.facts
    if plan is None or runs.is_shipped(row.folder) or status.state != "finished" \
            or not status.seconds:
        return None
    tokens = status.step * plan.batch * plan.sequence_length
    return tokens * flop_per_token(facts.config, facts.vocabulary) / status.seconds, \
        facts.vocabulary
