"""A label of the reader's own: by a pattern over the held-out text, or marked in the text below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from rnnlm_core.errors import Problem, UnrollError
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.states import visible
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault, plain
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.reading import held_out, unit_states, untrained_states

if TYPE_CHECKING:
    from rnnlm_core.insight.labels import Label
    from rnnlm_core.insight.picking import Floats
    from rnnlm_core.insight.states import StateReading
    from rnnlm_core.insight.units import UnitFinding

LABEL = "find.label"  # which label is looked at
_EXAMPLE = r"\b(is|was|are|were)\b"
OWN_PATTERN, OWN_MARKS = "own_pattern", "own_marks"
OWN_UNIT = "find.own_unit"  # the choice that was made for such a label
PATTERN_LENGTH = 200
MOST_MARKS = 40
_PATTERN, _MARKING = "find.pattern", "find.marking"
_MARKS, _START, _ASKED = "find.marks", "find.start", "find.asked"

Stretch = tuple[int, int]


class Own(NamedTuple):
    """What was found for the reader's own labels, and what is wrong with them."""

    findings: list[UnitFinding]
    problems: dict[str, Problem]  # by label


# -- a pattern ----------------------------------------------------------------------------------
@st.cache_data(max_entries=32, show_spinner=False)
def found_by_pattern(path: str, step: int | None, digest: str, pattern: str
                     ) -> UnitFinding | Problem:
    """The best unit for the matches, or what is wrong: kept, as a slow pattern takes a second."""
    from rnnlm_core.insight.picking import FEWEST_CASES
    from rnnlm_core.insight.units import search, unit_names

    try:
        label = label_of_pattern(path, pattern)
    except UnrollError as error:
        return error.problem
    config = runs.opened(RunFolder(path), step).config
    found = search(unit_states(path, step, digest), untrained_states(path), unit_names(config),
                   [label], held_out(path).ids, None, echoes=True)
    return found[0] if found else Problem("label.few_cases",
                                          {"label": pattern, "limit": FEWEST_CASES})


@st.cache_resource(max_entries=32, show_spinner=False)
def label_of_pattern(path: str, pattern: str) -> Label:
    """At every token of the held-out text. Raises what is wrong with the pattern."""
    from rnnlm_core.insight.labels import label_of_tokens
    from rnnlm_core.insight.own_labels import pattern_label

    text = held_out(path)
    return label_of_tokens(pattern_label(pattern, text.text), text.owners, text.ids)


def pattern() -> str:
    return session.widget(_PATTERN, "")[:PATTERN_LENGTH]


# -- marked stretches ---------------------------------------------------------------------------
@st.cache_resource(max_entries=24, show_spinner=False)
def untrained_reading(path: str, text: str) -> StateReading:
    from rnnlm_core.insight.states import read_states

    run = runs.opened(RunFolder(path))
    return read_states(run.untrained, run.tokenizer, text)


def units_of(reading: StateReading) -> Floats:
    """(U, T), rows as `insight.units.unit_names` has them."""
    parts = [reading.h] + ([reading.c] if reading.c is not None else [])
    return np.concatenate([layer.T for part in parts for layer in part])


def marked_label_of(look: Look) -> Label:
    """At every token of the text that is read."""
    from rnnlm_core.insight.labels import label_of_tokens
    from rnnlm_core.insight.own_labels import marked_label

    return label_of_tokens(marked_label(marks(look), len(look.reading.text)), look.reading.owners,
                           look.reading.ids)


def found_by_marks(look: Look) -> UnitFinding | Problem:
    from rnnlm_core.insight.picking import FEWEST_MARKED
    from rnnlm_core.insight.units import search, unit_names

    control = untrained_reading(look.path, look.reading.text)
    found = search(units_of(look.reading), units_of(control), unit_names(look.config),
                   [marked_label_of(look)], look.reading.ids, None, echoes=True, halves=False)
    return found[0] if found else Problem("label.few_marked", {"limit": FEWEST_MARKED})


def marks(look: Look) -> list[Stretch]:
    """First and last character of each stretch of this text, in its order."""
    text, stretches = session.recall(_MARKS, ("", []))
    return stretches if text == look.reading.text else []


def mark(look: Look, stretch: Stretch) -> None:
    kept = sorted({*marks(look), (min(stretch), max(stretch))})[:MOST_MARKS]
    session.remember(_MARKS, (look.reading.text, kept))
    _ask(OWN_MARKS)


def unmark(look: Look, gone: Sequence[Stretch]) -> None:
    session.remember(_MARKS, (look.reading.text, [one for one in marks(look) if one not in gone]))


# -- both ---------------------------------------------------------------------------------------
def _ask(label: str) -> None:
    """Look at this label, and at its unit as soon as that is known."""
    session.remember(LABEL, label)
    session.remember(_ASKED, label)


def just_asked(own: Own) -> UnitFinding | None:
    """What was found for the label that the reader has just made or changed; once."""
    asked = session.recall(_ASKED, "")
    session.forget(_ASKED)
    return next((finding for finding in own.findings if finding.label == asked), None)


def own_is_gone(look: Look, own: Own) -> bool:
    """Whether a label of the reader's own that is no more, or that failed, leaves its unit behind
    as the one that is looked at; once."""
    label = session.recall(LABEL, "")
    if label not in (OWN_PATTERN, OWN_MARKS) or label in {f.label for f in own.findings}:
        return False
    session.remember(LABEL, "")
    unit = session.recall(OWN_UNIT, None)
    session.forget(OWN_UNIT)
    return bool(unit == look.choice)


def own_findings(look: Look) -> Own:
    """For the pattern and the marks as they are now; a pattern needs a held-out text."""
    found: list[UnitFinding] = []
    problems: dict[str, Problem] = {}
    asked: dict[str, UnitFinding | Problem] = {}
    if pattern().strip() and look.unsearched is None:
        asked[OWN_PATTERN] = found_by_pattern(look.path, look.step, look.digest, pattern())
    if marks(look):
        asked[OWN_MARKS] = found_by_marks(look)
    for name, outcome in asked.items():
        if isinstance(outcome, Problem):
            problems[name] = outcome
        else:
            found.append(outcome)
    return Own(found, problems)


def own_settings(look: Look, own: Own) -> None:
    """The pattern and the switch to marking, in one row; what is wrong with them below."""
    columns = st.columns([1.6, 1], gap="medium", vertical_alignment="bottom")
    columns[0].text_input(
        t("states_find.pattern"), key=_PATTERN, max_chars=PATTERN_LENGTH, persist_state="session",
        placeholder=_EXAMPLE, help=t("states_find.pattern_help"),
        disabled=look.unsearched is not None,
        on_change=_ask, args=(OWN_PATTERN,))
    columns[1].toggle(t("states_find.mark"), key=_MARKING, persist_state="session",
                      help=t("states_find.mark_help", **look.words))
    for problem in own.problems.values():
        fault(problem)
    if session.widget(_MARKING, False):
        _marking(look, marks(look))


@st.fragment
def _marking(look: Look, stretches: list[Stretch]) -> None:
    """The text to mark in: a click on the first character of a stretch, one on its last.

    A fragment, so that the second click may follow at once; the page is drawn anew when its
    stretches are no more those that it was drawn with.
    """
    if marks(look) != stretches:
        session.page_again()
    text = look.reading.text
    start_text, start = session.recall(_START, ("", None))
    start = start if start_text == text else None
    told = st.empty()
    inside = {i for first, last in stretches for i in range(first, last + 1)}
    clicked = coloured_text(
        text, [fade(LIGHT["dim"], 0.35 if i in inside else 0.0) for i in range(len(text))],
        key="find.text", size="1.15rem", selected=start, label=t("states_find.mark_text"))
    if clicked is not None and start is not None:
        session.forget(_START)
        mark(look, (start, clicked))
        session.page_again()
    if clicked is not None:
        start = clicked
        session.remember(_START, (text, start))
    told.markdown(t("states_find.mark_first") if start is None else
                  t("states_find.mark_last", character=plain(visible(text[start]))))
    if stretches:
        _marked(look, stretches)


def _marked(look: Look, stretches: list[Stretch]) -> None:
    """Each stretch as a button that takes it away."""
    with st.container(horizontal=True, gap="xsmall"):
        for first, last in stretches:
            st.button(f"“{_short(look.reading.text[first:last + 1])}” ✕",
                      key=f"find.unmark.{first}.{last}", help=t("states_find.unmark"),
                      on_click=unmark, args=(look, [(first, last)]))
        if len(stretches) > 1:
            st.button(t("states_find.unmark_all"), key="find.unmark_all", type="tertiary",
                      on_click=unmark, args=(look, stretches))


def _short(text: str) -> str:
    return plain(visible(text if len(text) <= 16 else f"{text[:8]}…{text[-6:]}"))
