"""The chosen label: the unit over the text, its values inside and outside, and three accuracies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.figures.states_find import (
    BARS_HEIGHT,
    SIDES_HEIGHT,
    AgainstWords,
    SidesWords,
    accuracy_figure,
    against_figure,
    sides_figure,
)
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import t
from rnnlm_ui.page import plain
from rnnlm_ui.states.find_table import label_name, label_title
from rnnlm_ui.states.findings import Choice, signed, unit_name
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.own_label import (
    OWN_MARKS,
    OWN_PATTERN,
    label_of_pattern,
    marked_label_of,
    pattern,
    units_of,
)
from rnnlm_ui.states.picture import text_picture
from rnnlm_ui.states.reading import held_out, unit_states

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnlm_core.insight.accuracies import Accuracies
    from rnnlm_core.insight.labels import Label
    from rnnlm_core.insight.units import UnitFinding

_DRAWN = 2_000  # places


def label_view(look: Look, finding: UnitFinding) -> None:
    unit = _unit(look, finding)
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        text_picture(look)
        _values(look, finding, unit)
    with side:
        if finding.elsewhere:
            _bars(look, finding, unit)
        else:
            st.markdown(t("states_find.one_text"))


def _unit(look: Look, finding: UnitFinding) -> Choice:
    """The chosen unit, if it is one that was searched; else the one that was found."""
    return look.choice if look.choice.part in ("h", "c") else \
        Choice(finding.part, finding.layer, finding.unit)


def _row(look: Look, unit: Choice) -> int:
    from rnnlm_core.insight.units import unit_names

    return unit_names(look.config).index((unit.part, unit.layer, unit.unit))  # type: ignore[arg-type]


# -- three readers --------------------------------------------------------------------------------
@st.cache_data(max_entries=256, show_spinner=False)
def accuracies_of(path: str, step: int | None, digest: str, label: str, asked: str, row: int
                  ) -> Accuracies:
    """`asked` is the pattern of a label of the reader's own."""
    from rnnlm_core.insight.accuracies import accuracies

    return accuracies(unit_states(path, step, digest), label_on(path, label, asked),
                      held_out(path).ids, row)


def label_on(path: str, name: str, asked: str) -> Label:
    """At the tokens of the held-out text."""
    if name == OWN_PATTERN:
        return label_of_pattern(path, asked)
    return next(label for label in held_out(path).labels if label.name == name)


def _bars(look: Look, finding: UnitFinding, unit: Choice) -> None:
    asked = pattern() if finding.label == OWN_PATTERN else ""
    found = accuracies_of(look.path, look.step, look.digest, finding.label, asked,
                          _row(look, unit))
    name = unit_name(unit.part, unit.layer, unit.unit, look.config)
    kind = "real" if finding.kind == "real" else "binary"
    st.markdown(t(f"states_find.bars_{kind}", label=plain(label_title(finding.label)), name=name,
                  unit=f"{found.unit:.1%}", probe=f"{found.probe:.1%}", base=f"{found.base:.1%}",
                  cut=f"{found.cut:g}"))
    bars = [(t("states_find.bar_unit", name=name), found.unit),
            (t("states_find.bar_probe"), found.probe),
            (t("states_find.bar_character", **look.words), found.character)]
    live_plot(lambda: accuracy_figure(bars, found.base, t("states_find.base")), key="find.bars",
              height=BARS_HEIGHT, on=(), alt=t("states_find.bars_alt"),
              rev=(look.folder.id, look.digest, finding.label, asked, unit))
    st.markdown(t("states_find.bars_text", n=f"{found.cases:,}", **look.words))


# -- the unit's values ----------------------------------------------------------------------------
def _values(look: Look, finding: UnitFinding, unit: Choice) -> None:
    label, held, values = _on_scored_half(look, finding, unit)
    name, called = unit_name(unit.part, unit.layer, unit.unit, look.config), label_name(
        finding.label)
    rev = (look.folder.id, look.digest, look.reading.text, finding, pattern(), unit)
    axis = t("states_find.value", name=name)
    if label.kind == "real":
        st.markdown(t("states_find.against_title", name=name, label=plain(called)))
        live_plot(lambda: against_figure(held, values, AgainstWords(axis, called, t(
            "states_find.mean"))), key="find.values", height=SIDES_HEIGHT, on=(), rev=rev,
            alt=t("states_find.against_alt", name=name, label=called))
        return
    inside, outside = values[held > 0.5], values[held <= 0.5]
    st.markdown(t("states_find.sides_title", name=name, label=plain(label_title(finding.label)),
                  on=signed(float(inside.mean())), off=signed(float(outside.mean()))))
    live_plot(lambda: sides_figure(inside, outside, SidesWords(
        axis, t("states_find.with_label", label=called), t("states_find.without_label"))),
        key="find.values", height=SIDES_HEIGHT, on=(), rev=rev,
        alt=t("states_find.sides_alt", name=name, label=called))


def _on_scored_half(look: Look, finding: UnitFinding, unit: Choice
                    ) -> tuple[Label, NDArray[np.float64], NDArray[np.float32]]:
    """The label, its values and the unit's, where a finding is scored; at most 2,000 places."""
    from rnnlm_core.insight.picking import places_of, thinned

    row = _row(look, unit)
    if finding.label == OWN_MARKS:
        label, states = marked_label_of(look), units_of(look.reading)
    else:
        label = label_on(look.path, finding.label, pattern())
        states = unit_states(look.path, look.step, look.digest)
    where = places_of(label, finding.elsewhere).scored
    if label.kind == "real":
        where = thinned(where, _DRAWN)
    return label, label.values[where], states[row, where]
