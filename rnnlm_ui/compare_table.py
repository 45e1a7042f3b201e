"""All runs in one table: stars, names and notes in place, and which ones are compared."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from rnnlm_core.comparison import differing
from rnnlm_core.config import FIELD_TYPES
from rnnlm_core.errors import storage_error
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_ui import runs, session
from rnnlm_ui.compare_runs import Row
from rnnlm_ui.config_form import shown as value_text
from rnnlm_ui.i18n import error_text, t
from rnnlm_ui.page import plain

_CARD = ("star", "name", "note")  # what a person writes
_OWN = {"corpus": "text", "cell": "cell"}  # settings that have a column anyway
_LONGEST = {"name": 60, "note": 500}  # characters
_ROW, _HEAD, _MOST = 35, 38, 14  # pixels of a line and of the head; lines before it scrolls
_MISSING = 5  # ids that are named in a sentence
_OUTSIDE, _REFUSED = "compare.outside", "compare.refused"


def select(ids: list[str]) -> None:
    """Compare these; the table's own marks are drawn anew."""
    session.compare(ids)
    session.remember(_OUTSIDE, session.recall(_OUTSIDE, 0) + 1)


def missing_note(named: Sequence[str]) -> None:
    """Which runs of the address are not here, in one sentence."""
    if named:
        shown = [plain(run[:_LONGEST["name"]]) for run in named[:_MISSING]]
        more = " …" if len(named) > _MISSING else ""
        st.error(t("compare.missing", runs=t("data.list_separator").join(shown) + more),
                 icon=":material/error:")


def section(listed: Sequence[Row], chosen: Sequence[Row]) -> None:
    """The filters, then the table."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(t("compare.table"), anchor=False, width="content")
        session.preset("compare.filter", "")
        st.text_input(t("compare.filter"), key="compare.filter", width=230,
                      placeholder=t("compare.filter"), label_visibility="collapsed",
                      icon=":material/search:")
        groups = list(dict.fromkeys(row.group for row in listed if row.group))
        st.selectbox(t("compare.group"), ["", *groups], key="compare.group", width=260,
                     format_func=lambda group: group_name(listed, group),
                     label_visibility="collapsed")
        st.toggle(t("compare.starred"), key="compare.starred")
    if refused := session.recall(_REFUSED, ""):
        session.forget(_REFUSED)
        st.error(plain(refused), icon=":material/error:")
    kept = filtered(listed, session.widget("compare.filter", ""),
                    session.widget("compare.group", "") or "",
                    session.widget("compare.starred", False))
    if kept:
        _table(kept, chosen)
    else:
        st.markdown(t("compare.no_rows"))


def filtered(listed: Sequence[Row], text: str, group: str, starred: bool) -> list[Row]:
    """The rows in which every word occurs somewhere, of this group, with a star if asked for."""
    words = text.lower().split()
    return [row for row in listed
            if (not group or row.group == group) and (not starred or row.card.star)
            and all(word in _searched(row) for word in words)]


def _searched(row: Row) -> str:
    return " ".join([row.id, row.card.name, row.card.note, row.facts.title,
                     runs.cell_title(row.facts.config), _state(row)]).lower()


def group_name(listed: Sequence[Row], group: str) -> str:
    """`Sweep · 9 runs · 14:05`"""
    if not group:
        return t("compare.all_groups")
    members = [row for row in listed if row.group == group]
    origin = members[0].facts.origin if members else None
    kind = t(f"compare.kind.{origin.kind}") if origin else group
    return t("compare.group_name", kind=kind, n=len(members), time=f"{group[9:11]}:{group[11:13]}")


# -- the table ------------------------------------------------------------------------------------
def _table(kept: Sequence[Row], chosen: Sequence[Row]) -> None:
    import pandas as pd  # late: the first page is painted without it

    ids = [row.id for row in kept]
    marked = {row.id for row in chosen}
    unlike = differing([row.facts.config for row in chosen])
    varied = [name for name in unlike if name not in _OWN]
    lit = [_OWN.get(name, name) for name in unlike]
    frame = pd.DataFrame([_cells(row, row.id in marked, varied) for row in kept])
    styled = frame.style.set_properties(
        subset=lit, **{"background-color": fade(LIGHT["posfill"], 0.3)}) if lit else frame
    digest = hashlib.sha256(" ".join([*ids, *varied]).encode()).hexdigest()[:12]
    key = f"compare.table.{digest}.{session.recall(_OUTSIDE, 0)}"
    st.data_editor(
        styled, key=key, hide_index=True, num_rows="fixed", placeholder="–",
        width="stretch",
        height=_HEAD + _ROW * min(_MOST, len(kept)), row_height=_ROW,
        column_config=_columns(varied), alt=t("compare.table_alt"),
        disabled=[c for c in frame.columns if c not in ("shown", *_CARD)],
        on_change=lambda: _edited(kept, [row.id for row in chosen], key))


def _cells(row: Row, marked: bool, varied: Sequence[str]) -> dict[str, Any]:
    config, status, share = row.facts.config, row.status, row.facts.characters or 1.0
    losses = {name: None if value is None else value / share / math.log(2)
              for name, value in (("best", status.best_validation),
                                  ("final", status.final_validation))}
    done: dict[str, Any] = {"best": losses["best"], "steps": status.step,
                            "seconds": round(status.seconds, 1)}
    if runs.is_active(status.state):  # the table stands still while they run
        done = dict.fromkeys(done)
    return {"shown": marked, "star": row.card.star, "name": row.card.name,
            "text": row.facts.title, "cell": runs.cell_title(config),
            **{name: _value(config, name) for name in varied},
            "final": losses["final"], "best": done["best"], "parameters": row.parameters,
            "steps": done["steps"], "seconds": done["seconds"], "state": _state(row),
            "note": row.card.note, "run": row.id}


def _value(config: Any, name: str) -> Any:
    value = getattr(config, name)
    return value_text(name, value) if get_args(FIELD_TYPES[name]) or isinstance(value, bool) \
        else value


def _state(row: Row) -> str:
    if row.place is not None:
        return t("compare.state.place", place=row.place)
    return t("common.shipped") if runs.is_shipped(row.folder) else \
        t(f"compare.state.{row.status.state}")


def _columns(varied: Sequence[str]) -> dict[str, Any]:
    column = st.column_config
    return {
        "shown": column.CheckboxColumn(t("compare.column.shown"), width=100, pinned=True),
        "star": column.CheckboxColumn(t("compare.column.star"), width=50, pinned=True),
        "name": column.TextColumn(t("compare.column.name"), max_chars=_LONGEST["name"], width=120),
        "note": column.TextColumn(t("compare.column.note"), max_chars=_LONGEST["note"], width=220),
        "text": column.TextColumn(t("compare.column.text"), width=150),
        "cell": column.TextColumn(t("compare.column.cell"), width=100),
        **{name: _varied(name) for name in varied},
        "final": column.NumberColumn(t("compare.column.final"), format="%.3f", width=110,
                                     help=t("compare.column.final_help")),
        "best": column.NumberColumn(t("compare.column.best"), format="%.3f", width=110,
                                    help=t("compare.column.best_help")),
        "parameters": column.NumberColumn(t("compare.column.parameters"), format="localized",
                                          width=100),
        "steps": column.NumberColumn(t("compare.column.steps"), format="localized", width=80),
        "seconds": column.NumberColumn(t("compare.column.seconds"), format="%.0f", width=80),
        "state": column.TextColumn(t("compare.column.state"), width=120),
        "run": column.TextColumn(t("compare.column.run"), width=180),
    }


def _varied(name: str) -> Any:
    """The column of a setting that differs between the compared runs."""
    head = f"≠ {t(f'config.{name}')}"
    if FIELD_TYPES[name] in (int, float):
        return st.column_config.NumberColumn(head, format="%g s" if name == "max_seconds" else "%g",
                                             width=120)
    return st.column_config.TextColumn(head, width=120)


def _edited(kept: Sequence[Row], chosen: list[str], key: str) -> None:
    edits = session.widget(key, {}).get("edited_rows", {})
    done: dict[int, dict[str, Any]] = session.recall(key, {})
    session.remember(key, {at: dict(values) for at, values in edits.items()})
    fresh = {at: {name: value for name, value in values.items()
                  if name not in done.get(at, {}) or done[at][name] != value}
             for at, values in edits.items()}
    try:
        keep_said(kept, fresh)
    except OSError as error:
        session.remember(_REFUSED, error_text(storage_error(error)))
    marks = {kept[at].id: values["shown"] for at, values in fresh.items() if "shown" in values}
    if not marks:
        return
    toggle(chosen, marks)


def toggle(chosen: Sequence[str], marks: Mapping[str, bool]) -> None:
    """Add and leave out runs. Too many are refused, and none means what the page chooses."""
    ids = list(dict.fromkeys(run for run in [*chosen, *marks] if marks.get(run, True)))
    if len(ids) > session.MOST_COMPARED:
        session.remember(_REFUSED, t("compare.most", limit=session.MOST_COMPARED))
        ids = list(chosen)
    elif ids:
        session.compare(ids)
        return
    select(ids)


def keep_said(kept: Sequence[Row], edits: Mapping[int, Mapping[str, Any]]) -> None:
    """Write what a person said of a run to its card. The shipped runs keep theirs."""
    for at, values in edits.items():
        folder = kept[at].folder
        said = {name: values[name] for name in _CARD if name in values}
        if not said or runs.is_shipped(folder):
            continue
        for name, most in _LONGEST.items():
            if name in said:
                said[name] = " ".join(str(said[name] or "").split())[:most]
        folder.write_card(replace(folder.card(), **said))
