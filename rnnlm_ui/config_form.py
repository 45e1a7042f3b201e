"""The settings of the next run as widgets: `RunConfig` in, `RunConfig` out.

Five open fields, the rest in popovers by group, all derived from the fields of `RunConfig`. A
change goes into the draft at once, so it is the same on every page and in the URL.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import DROPOUTS, FIELD_TYPES, FIELDS, GROUPS
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.corpus import HUB, stored_manifests
from rnnlm_core.data.generated import family_of
from rnnlm_core.data.own_parts import on_text
from rnnlm_core.data.vector_table import stored_tables, titled
from rnnlm_core.errors import Problem
from rnnlm_core.idle import idle
from rnnlm_ui import session
from rnnlm_ui.i18n import duration, error_text, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.runs import corpus_title

SIZES = (4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
RATES = (1e-4, 3e-4, 5e-4, 1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 8e-3, 1e-2, 2e-2, 5e-2, 1e-1, 3e-1, 1.0)
SECONDS = (5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0)
OPEN = ("corpus", "cell", "hidden", "learning_rate", "max_seconds")
ICONS = {"text": "text_fields", "network": "memory", "start": "flag", "optimizer": "speed",
         "stopping": "timer", "batches": "shuffle", "machine": "tune"}
_STEP = {**dict.fromkeys(DROPOUTS, 0.05), "validation_share": 0.05, "test_share": 0.05,
         "gap": 100, "forget_bias": 0.5,
         "update_bias": 0.5, "gain": 0.1, "clip_norm": 0.1, "weight_decay": 0.01,
         "decay_factor": 0.05, "label_smoothing": 0.05, "averaging": 0.01, "target_loss": 0.05,
         "max_seconds": 5.0, "max_characters": 100_000, "max_vocabulary": 1_000}


def change(name: str, value: Any) -> None:
    """One setting of the draft."""
    session.set_draft(replace(session.draft(), **{name: value}))


def open_fields() -> None:
    """Text, cell, size, learning rate and time, in one row."""
    # the cells need 200 px, or the first of the three is cut at 1152 px
    corpus, cell, size, rate, seconds = st.columns([1.15, 1.25, 1, 1, 1], gap="small")
    with corpus:
        corpus_field()
    with cell:
        cell_field()
    with size:
        _slider("hidden", SIZES, number)
    with rate:
        _slider("learning_rate", RATES, lambda rate: f"{rate:g}")
    with seconds:
        _slider("max_seconds", SECONDS, lambda s: duration(s) if s else t("config.no_limit"))


def popovers() -> None:
    """One closed popover a group; its label says how many settings differ from the defaults."""
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        for group in ICONS:
            group_popover(group)


def group_popover(group: str, without: Collection[str] = ()) -> None:
    """The settings of a group that are not open on this page already."""
    names = [name for name in GROUPS[group] if name not in OPEN and name not in without]
    changed = session.draft().changed_fields() & set(names)
    label = t(f"config.group.{group}")
    if changed:
        label += " · **" + t("config.changed", n=len(changed)) + "**"
    with st.popover(label, icon=f":material/{ICONS[group]}:", type="tertiary"):
        for name in names:
            field(name)
        if group == "machine":
            _unavailable_devices()


def field(name: str) -> None:
    """The widget of one setting, its help, and the way back to its default where it was changed."""
    draft, kind, meta = session.draft(), FIELD_TYPES[name], FIELDS[name].metadata
    key, help_text = f"form.{name}", t(f"config.help.{name}")
    session.set_widget(key, getattr(draft, name))
    callback = {"key": key, "help": help_text, "label": t(f"config.{name}"),
                "on_change": lambda: change(name, session.widget(key, getattr(draft, name)))}
    callback["disabled"] = name in idle(draft)
    if name == "vectors":
        tables = titled(stored_tables(launch.runs_root() / "corpora"))
        names = {draft.vectors: table_name(draft.vectors), **tables, "": t("config.no_table")}
        st.selectbox(options=list(names), format_func=lambda s: names.get(s, s), **callback)
    elif choices := get_args(kind):
        st.selectbox(options=choices, format_func=lambda c: choice(name, c), **callback)
    elif kind is bool:
        st.toggle(**callback)
    else:
        step = _STEP.get(name, 1 if kind is int else 0.001)
        st.number_input(min_value=kind(meta["low"]), max_value=kind(meta["high"]), step=step,
                        format="%d" if kind is int else "%.4g", **callback)
    default = FIELDS[name].default
    if getattr(draft, name) != default:
        st.button(t("config.reset", value=shown(name, default)), key=f"reset.{name}",
                  type="tertiary", icon=":material/undo:", on_click=lambda: change(name, default))


def shown(name: str, value: Any) -> str:
    """A value of a setting in the reader's words."""
    if isinstance(value, bool):
        return t("common.yes" if value else "common.no")
    if get_args(FIELD_TYPES[name]):
        return choice(name, value)
    if name in ("max_steps", "max_seconds") and not value:
        return t("config.no_limit")
    if name == "max_seconds":
        return duration(value)
    if isinstance(value, int) and name != "seed":  # a seed is a name, no amount
        return number(value)
    if name == "vectors":
        return table_name(value) if value else t("config.no_table")
    return f"{value:g}" if isinstance(value, float) else str(value)


def table_name(vectors: str) -> str:
    """Of a table that is not here: where it is to come from, or the beginning of its hash."""
    return vectors if vectors.startswith(HUB) else vectors[:6]


def choice(name: str, value: str) -> str:
    """How one of several values is called."""
    return t(f"choice.{name}.{value}")


def corpus_field(label_visibility: str = "visible") -> None:
    """Built-in texts, then the texts that were fetched or pasted on the Data page."""
    draft = session.draft()
    titles = {source: corpus_title(source) for source in _built_in(draft.corpus)}
    parts: dict[str, tuple[int, ...]] = {}
    for papers in stored_manifests(launch.runs_root() / "corpora"):
        if family_of(papers.source) is not None:
            continue  # in the list once, as it is chosen now
        name = corpus_title(papers.source, papers.title)
        if papers.source not in titles and name in titles.values():
            name = f"{name} · {papers.sha256[:6]}"  # the browser tells options apart by name
        titles.setdefault(papers.source, name)
        parts.setdefault(papers.source, papers.parts)
    titles.setdefault(draft.corpus, draft.corpus)
    session.set_widget("form.corpus", draft.corpus)
    st.selectbox(t("config.corpus"), list(titles), format_func=titles.__getitem__,
                 key="form.corpus", label_visibility=label_visibility,
                 on_change=lambda: _choose_text(session.widget("form.corpus", draft.corpus), parts))


def _choose_text(source: str, parts: dict[str, tuple[int, ...]]) -> None:
    session.set_draft(on_text(session.draft(), source, parts.get(source, ())))


def _built_in(chosen: str) -> list[str]:
    """Every built-in text; what is chosen of a family (`recall:50`) stands in its place."""
    family = family_of(chosen)
    return [chosen if family is not None and family_of(name) == family else name
            for name in BUILTIN]


def cell_field(label_visibility: str = "visible") -> None:
    """RNN, GRU, LSTM or CNN."""
    draft = session.draft()
    session.set_widget("form.cell", draft.cell)
    st.segmented_control(t("config.cell"), get_args(FIELD_TYPES["cell"]), key="form.cell",
                         format_func=lambda cell: choice("cell", cell), required=True,
                         width="stretch", label_visibility=label_visibility,
                         on_change=lambda: change("cell", session.widget("form.cell", draft.cell)))


def _slider(name: str, steps: tuple[Any, ...], label: Any) -> None:
    value, key = getattr(session.draft(), name), f"form.{name}"
    options = sorted({*steps, value})
    session.set_widget(key, value)
    st.select_slider(t(f"config.{name}"), options, format_func=label, key=key,
                     on_change=lambda: change(name, session.widget(key, value)))


def _unavailable_devices() -> None:
    """Why a device is not to be had here. Asked only once torch is there: never a wait for it."""
    if "rnnlm_core.nets.devices" not in sys.modules:
        return
    from rnnlm_core.nets.devices import DEVICES, unavailable

    for device in DEVICES:
        if code := unavailable(device):
            st.markdown(":gray[" + plain(error_text(Problem(code, {"value": device}))) + "]")
