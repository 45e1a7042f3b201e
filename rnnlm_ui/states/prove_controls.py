"""What can be chosen in an experiment: span, kind, value, units, the other text."""

from __future__ import annotations

import streamlit as st

from rnnlm_ui import session
from rnnlm_ui.i18n import t
from rnnlm_ui.states.choice import chosen_by_widget
from rnnlm_ui.states.findings import signed
from rnnlm_ui.states.prove_start import partnered
from rnnlm_ui.states.prove_trial import (
    FACTOR,
    KIND,
    KINDS,
    LONGEST_OTHER,
    OTHER,
    PLACE,
    SPAN,
    UNITS,
    VALUE,
    Bench,
    place_of,
    span_of,
)

_FACTORS = (-3.0, 3.0)


def controls(made: Bench) -> None:
    """What is done, to which units, how much, and over which span."""
    reading, kind = made.reading, session.widget(KIND, KINDS[0])
    length = len(reading.ids)
    if length > 1:
        session.set_widget(SPAN, (span_of(reading)[0] + 1, span_of(reading)[1]))
        st.slider(t("states_prove.span", **made.look.words), 1, length, key=SPAN,
                  on_change=lambda: _keep_place(made), persist_state="session")
    st.segmented_control(
        t("states_prove.kind_label"), KINDS, key=session.choice(KIND, KINDS, KINDS[0]),
        required=True, format_func=lambda k: t(f"states_prove.kind.{k}"),
        on_change=lambda: _other_kind(made), label_visibility="collapsed", wrap=True)
    if kind == "clamp":
        low, high = made.limits
        st.slider(t("states_prove.value"), low, high, step=0.01, key=VALUE,
                  on_change=chosen_by_widget, persist_state="session")
        _means(made)
    elif kind == "scale":
        st.slider(t("states_prove.factor"), *_FACTORS, step=0.05, key=FACTOR,
                  on_change=chosen_by_widget, persist_state="session")
    elif kind == "patch":
        st.text_area(t("states_prove.other", n=LONGEST_OTHER), key=OTHER, height=68,
                     max_chars=LONGEST_OTHER, persist_state="session")
    st.multiselect(t("states_prove.units"), range(made.look.config.hidden), key=UNITS,
                   format_func=made.name, on_change=chosen_by_widget, persist_state="session")


def _means(made: Bench) -> None:
    """What the unit is on the two sides of its label: the marks of the slider, to go to."""
    finding = made.finding
    if finding is None:
        return
    with st.container(horizontal=True, gap="small"):
        for side, mean in (("on", finding.mean_on), ("off", finding.mean_off)):
            st.button(t(f"states_prove.mean_{side}.{finding.kind}", value=signed(mean),
                        label=t(f"states.label.{finding.label}")),
                      key=f"prove.mean.{side}", type="tertiary", icon=":material/adjust:",
                      on_click=_set_value, args=(round(mean, 2),))


def _keep_place(made: Bench) -> None:
    """A span that was moved past the place takes it along."""
    since, until = span_of(made.reading)
    place = place_of(made.reading)
    session.remember(PLACE, place if since < place else until)


def _other_kind(made: Bench) -> None:
    chosen_by_widget()
    session.set_widget(UNITS, partnered(made, list(session.widget(UNITS, []))))


def _set_value(value: float) -> None:
    chosen_by_widget()
    session.set_widget(VALUE, value)
