"""Which unit and which text the page shows: widgets, and what they hold for this run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, session
from rnnlm_ui.i18n import number, t
from rnnlm_ui.states.findings import Choice
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.units import UnitFinding
    from rnnlm_core.lab import Run

PARTS = {"rnn": ("h",), "gru": ("h", "r", "z", "n"), "lstm": ("h", "c", "i", "f", "g", "o")}
ORDERS = ("activity", "similarity", "index")
LONGEST_TEXT = 2_000
DEFAULT_TEXT, DEFAULT_LINES = 200, 4
FEWEST_TO_SEE = 80  # characters: a memory needs room to show
COLOURS = ("unit", "two", "surprise")
_WHOLE = re.compile(r"[0-9]{1,5}")
PART, LAYER, UNIT, ORDER, PAGE, TEXT, FOUND, MEANS, COLOUR, SECOND, EXPECTED = (
    f"states_{name}" for name in ("part", "layer", "unit", "order", "page", "text", "found",
                                  "means", "colour", "second", "expected"))


def settle(folder: RunFolder, config: RunConfig, findings: Sequence[UnitFinding]) -> Choice:
    """Bring the widgets in line with this run; until the reader chooses, the best unit is shown."""
    before = session.recall("states.run", None)
    session.remember("states.run", folder.id)
    asked = [session.news(key) for key in (PART, LAYER, UNIT)]
    if asked[0] is not None:  # a link, or Back
        linked = _of_link(config, *(said or "" for said in asked))
        session.remember("states.own_choice", linked is not None)
        if linked is not None:
            _set(linked)
    elif before != folder.id:
        session.remember("states.own_choice", False)
    own = session.recall("states.own_choice", False)
    if not own:
        best = findings[0] if findings else None
        _set(Choice(best.part, best.layer, best.unit) if best
             else Choice("h", config.layers - 1, 0))
    session.preset(SECOND, next((f.unit for f in findings[1:] if f.unit != findings[0].unit), 0))
    part = session.widget(PART, "h")
    choice = Choice(part if part in PARTS[config.cell] else "h",
                    min(max(0, session.widget(LAYER, 0) or 0), config.layers - 1),
                    min(max(0, session.widget(UNIT, 0) or 0), config.hidden - 1))
    _set(choice)
    for key, value in ((PART, choice.part), (LAYER, str(choice.layer)), (UNIT, str(choice.unit))):
        needed = own and (key != LAYER or config.layers > 1)
        session.stand(key, value if needed else "")
    return choice


def _of_link(config: RunConfig, part: str, layer: str, unit: str) -> Choice | None:
    """What a link asks for; None where that is nothing, or no unit that this run has."""
    part, layer = part or "h", layer or str(config.layers - 1)
    if part not in PARTS[config.cell] or not _is_below(layer, config.layers) \
            or not _is_below(unit, config.hidden):
        return None
    return Choice(part, int(layer), int(unit))


def _is_below(said: str, limit: int) -> bool:
    return bool(_WHOLE.fullmatch(said)) and int(said) < limit


def choose(choice: Choice) -> None:
    """The reader's own choice, kept until they look at another run."""
    session.remember("states.own_choice", True)
    _set(choice)


def chosen_by_widget() -> None:
    session.remember("states.own_choice", True)


def _set(choice: Choice) -> None:
    for key, value in ((PART, choice.part), (LAYER, choice.layer), (UNIT, choice.unit)):
        session.set_widget(key, value)


def text_to_read(run: Run) -> str:
    """The reader's own text, whichever the run; else the beginning of the run's held-out text."""
    return session.widget(session.text(TEXT, default_text(run)), "")[:LONGEST_TEXT]


def default_text(run: Run) -> str:
    """Whole lines of the text, about three lines on the page; of short ones as many more."""
    text, _ = look_inside.text_of(run)
    lines = text[:DEFAULT_TEXT].strip("\n").split("\n")
    start = "\n".join(lines[:DEFAULT_LINES])
    if len(start) < FEWEST_TO_SEE:
        start = "\n".join(lines[:-1] or lines)
    if "\n" in start[DEFAULT_TEXT // 3:]:  # the last line may have been cut
        start = start[:start.rindex("\n")]
    return start or run.tokenizer.decode([*range(1, min(41, run.tokenizer.size))])


def text_box(place: DeltaGenerator) -> None:
    """Where the reader writes a text of their own."""
    # no `max_chars`: the browser would keep a longer text back without a word
    written = place.text_area(t("states.text", n=number(LONGEST_TEXT)), key=TEXT, height=96,
                              persist_state="session")
    if len(written or "") > LONGEST_TEXT:
        place.markdown(t("states.text_cut", n=number(LONGEST_TEXT)))


def settings(config: RunConfig, unit: bool = True, order: bool = False) -> None:
    """Text, part and layer, where a tool asks for one the unit, and the order of rows; the text
    comes first and is the widest."""
    several = config.layers > 1
    widths = [3.2, 1.6, *([0.8] if several else []), *([0.9] if unit else []),
              *([1.3] if order else [])]
    text, show, *more = st.columns(widths, gap="small")
    text_box(text)
    show.selectbox(t("states.show"), PARTS[config.cell], key=PART,
                   format_func=lambda p: t(f"states.part.{p}"), on_change=chosen_by_widget,
                   persist_state="session")
    if several:
        more[0].selectbox(t("states.layer"), range(config.layers), key=LAYER,
                          format_func=lambda i: str(i + 1), on_change=chosen_by_widget,
                          persist_state="session")
    if unit:
        more[1 if several else 0].number_input(
            t("states.unit"), 0, config.hidden - 1, key=UNIT, step=1, on_change=chosen_by_widget,
            persist_state="session")
    if order:
        more[-1].selectbox(t("states.order"), ORDERS, key=ORDER,
                           format_func=lambda o: t(f"states.order_name.{o}"),
                           persist_state="session")


def reading_settings(config: RunConfig) -> None:
    """What fills the text, and whether what was expected stands above the units."""
    session.preset(COLOUR, COLOURS[0])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        colour = st.segmented_control(
            t("states.colour"), COLOURS, key=COLOUR, required=True, persist_state="session",
            format_func=lambda c: t(f"states.colour_name.{c}"))
        if colour == "two":
            st.number_input(t("states.second_unit"), 0, config.hidden - 1, key=SECOND, step=1,
                            width=140, persist_state="session")
        st.toggle(t("states.expected_rows", **words_of(config)), key=EXPECTED,
                  persist_state="session")
