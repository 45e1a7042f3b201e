"""The table of labels, each with its best unit and the guards; before those, the first list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_ui import session
from rnnlm_ui.i18n import number, t
from rnnlm_ui.states.choice import choose
from rnnlm_ui.states.findings import Choice, doubt, is_memory, tried, unit_name
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.own_label import LABEL, OWN_MARKS, OWN_PATTERN, OWN_UNIT, pattern

if TYPE_CHECKING:
    from rnnlm_core.insight.units import Candidate, UnitFinding

_ROW, _HEAD, _MOST = 35, 38, 8  # pixels of a line and of the head; lines before it scrolls
_FEW = 10  # spans


def label_name(label: str) -> str:
    """What a label is called; a pattern by itself."""
    if label == OWN_PATTERN:
        return t("states_find.own_pattern", pattern=pattern())
    return t("states_find.own_marks") if label == OWN_MARKS else t(f"states.label.{label}")


def label_title(label: str) -> str:
    """The same at the beginning of a sentence."""
    name = label_name(label)
    return name[:1].upper() + name[1:]


def verdict(finding: UnitFinding) -> str:
    return f"✓ {t('states_find.passes')}" if is_memory(finding) else f"✗ {doubt(finding)}"


# -- with every guard -----------------------------------------------------------------------------
def guarded_table(look: Look, findings: Sequence[UnitFinding], chosen: UnitFinding,
                  place: DeltaGenerator) -> None:
    """In `place`: a line a label, those that pass first; a click chooses label and unit."""
    import pandas as pd  # late: the first page is painted without it

    frame = pd.DataFrame([_cells(finding, look.config) for finding in findings])
    # the sign goes into what is shown, so that the column still sorts by number
    styled = frame.style.format({"spans": lambda n: f"⚠ {n}" if n < _FEW else number(n)})
    key = f"find.table.{look.folder.id}"  # the same while it trains, so that its order stays
    session.set_widget(key, _selection(list(findings).index(chosen)))
    with place.container():
        st.dataframe(
            styled, key=key, hide_index=True, placeholder="–", row_height=_ROW,
            height=_HEAD + _ROW * min(_MOST, len(frame)), alt=t("states_find.table_alt"),
            column_config=_columns(), selection_mode=("single-row-required", "single-cell"),
            on_select=lambda: _picked(findings, key))
        st.markdown(t("states_find.tried", **tried(look.findings, look.config))
                    if look.findings else t("states_find.tried_marks"))


def _picked(findings: Sequence[UnitFinding], key: str) -> None:
    """The row whose circle or one of whose cells was clicked; it may be of an older table."""
    state = session.widget(key, {}).get("selection", {})
    rows = [row for row, _ in state.get("cells", [])] or state.get("rows", [])
    if rows and 0 <= rows[0] < len(findings):
        look_at(findings[rows[0]])


def _selection(row: int) -> dict[str, Any]:
    return {"selection": {"rows": [row], "columns": [], "cells": []}}


def look_at(finding: UnitFinding) -> None:
    """This label and its unit, here and in the other tools."""
    session.remember(LABEL, finding.label)
    session.remember("states.label", finding.label)
    choice = Choice(finding.part, finding.layer, finding.unit)
    if finding.label in (OWN_PATTERN, OWN_MARKS):
        session.remember(OWN_UNIT, choice)
    choose(choice)


def _cells(finding: UnitFinding, config: RunConfig) -> dict[str, Any]:
    binary = finding.kind == "binary"
    return {"label": label_name(finding.label),
            "unit": unit_name(finding.part, finding.layer, finding.unit, config),
            "verdict": verdict(finding),
            "auc": finding.score if binary else None,
            "rank": None if binary else finding.score,
            "correlation": finding.correlation, "within": finding.within_character,
            "control": finding.control, "chance": finding.chance, "spans": finding.spans}


def _columns() -> dict[str, Any]:
    column = st.column_config

    def figure(name: str, width: int) -> Any:
        return column.NumberColumn(t(f"states_find.column.{name}"), format="%.2f", width=width,
                                   help=t(f"states_find.column_help.{name}"))

    return {
        "label": column.TextColumn(t("states_find.column.label"), width=165, pinned=True),
        "unit": column.TextColumn(t("states_find.column.unit"), width=85),
        "verdict": column.TextColumn(t("states_find.column.verdict"), width=250),
        "auc": figure("auc", 65), "rank": figure("rank", 85),
        "correlation": figure("correlation", 95), "within": figure("within", 95),
        "control": figure("control", 85), "chance": figure("chance", 80),
        "spans": column.NumberColumn(t("states_find.column.spans"), width=85,
                                     help=t("states_find.column_help.spans"))}


# -- before the guards ----------------------------------------------------------------------------
def first_table(config: RunConfig, found: Sequence[Candidate], place: DeltaGenerator) -> None:
    """In `place`: the same lines without guards, said to be so."""
    import pandas as pd

    names = ("label", "unit", "verdict", "auc", "rank")
    frame = pd.DataFrame([
        {"label": label_name(one.label), "unit": unit_name(one.part, one.layer, one.unit, config),
         "verdict": f"… {t('states_find.unguarded')}",
         "auc": one.picked_score if one.kind == "binary" else None,
         "rank": None if one.kind == "binary" else one.picked_score} for one in found],
        columns=list(names))
    columns = _columns()
    with place.container():
        st.dataframe(frame, hide_index=True, placeholder="–", row_height=_ROW,
                     height=_HEAD + _ROW * min(_MOST, max(1, len(frame))),
                     alt=t("states_find.first_alt"),
                     column_config={name: columns[name] for name in names})
        st.markdown(t("states_find.first"))
