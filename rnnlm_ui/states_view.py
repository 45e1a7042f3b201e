"""What units hold: the found ones, the chosen one over a text, its place among the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, Problem
from rnnlm_core.figures.palette import share_fill, share_gradient, value_fill, value_gradient
from rnnlm_core.figures.states import (
    HeatWords,
    PathWords,
    Scale,
    alternatives_figure,
    cell_width,
    heat_height,
    heatmap_figure,
    path_figure,
    visible,
)
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states_findings import (
    Choice,
    by_training,
    detail,
    doubt,
    entry,
    finding_of,
    is_memory,
    signed,
    tried,
    unit_name,
)
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.states import PrincipalPath, StateReading
    from rnnlm_core.insight.units import UnitFinding
    from rnnlm_core.lab import Run

PARTS = {"rnn": ("h",), "gru": ("h", "r", "z", "n"), "lstm": ("h", "c", "i", "f", "g", "o")}
ORDERS = ("activity", "similarity", "index")
ROWS = 24  # of the heatmap, the chosen unit among them
LONGEST_TEXT = 500
SEARCHED_STATES = 8_000_000
DEFAULT_TEXT, DEFAULT_LINES = 200, 4
RUN_UP = 20
_BEFORE = 12  # characters that are named before a place
PART, LAYER, UNIT, ORDER, PAGE, TEXT, FOUND, MEANS = (
    f"states_{name}" for name in ("part", "layer", "unit", "order", "page", "text", "found",
                                  "means"))
_SHARES = frozenset("rzifo")  # gates in [0, 1]


# -- what is computed once for all visitors ---------------------------------------------------
@st.cache_data(max_entries=32, show_spinner=False)
def found_units(path: str, digest: str) -> list[UnitFinding]:
    """The search on the held-out text of a run, as its newest checkpoint is. Raises as it does."""
    from rnnlm_core.insight.units import find_units

    run = runs.opened(RunFolder(path))
    text = run.validation_text[:searched_characters(run.config)]
    return by_training(find_units(run.model, run.untrained, run.tokenizer, text))


@st.cache_data(max_entries=256, show_spinner=False)
def score_then(path: str, step: int, digest: str, finding: UnitFinding) -> float:
    """How well a unit that was found in the newest weights did its work at an earlier moment."""
    from rnnlm_core.insight.units import score_again

    run = runs.opened(RunFolder(path), step)
    return score_again(run.model, run.tokenizer,
                       run.validation_text[:searched_characters(run.config)], finding)


def searched_characters(config: RunConfig) -> int:
    """Large networks are searched on less text: LSTM 512 × 2 took 12 s on 24,000 characters."""
    return max(6_000, min(look_inside.LONGEST, SEARCHED_STATES // (config.hidden * config.layers)))


@st.cache_resource(max_entries=24, show_spinner=False)
def read(path: str, step: int | None, digest: str, text: str) -> StateReading:
    """Every unit and gate over a short text. Raises where nothing of it is known."""
    run = runs.opened(RunFolder(path), step)
    unknown = run.tokenizer.unknown_in(text)
    if unknown and not run.tokenizer.known(text):
        raise BadInput("prompt.unknown_characters", characters=_listed(unknown))
    return run.states(text)


@st.cache_data(max_entries=64, show_spinner=False)
def path_of(path: str, step: int | None, digest: str, text: str, part: str, layer: int,
            without_means: bool) -> PrincipalPath:
    from rnnlm_core.insight.states import principal_path

    reading = read(path, step, digest, text)
    values = reading.c if part == "c" and reading.c is not None else reading.h
    return principal_path(values[layer], 2, reading.ids if without_means else None)


# -- what is chosen -----------------------------------------------------------------------------
def settle(folder: RunFolder, config: RunConfig, findings: Sequence[UnitFinding]) -> Choice:
    """Bring the widgets in line with this run; until the reader chooses, the best unit is shown."""
    if session.recall("states.run", None) != folder.id:
        session.remember("states.run", folder.id)
        session.remember("states.own_choice", False)
    if not session.recall("states.own_choice", False):
        best = findings[0] if findings else None
        _set(Choice(best.part, best.layer, best.unit) if best
             else Choice("h", config.layers - 1, 0))
    part = session.widget(PART, "h")
    choice = Choice(part if part in PARTS[config.cell] else "h",
                    min(max(0, session.widget(LAYER, 0) or 0), config.layers - 1),
                    min(max(0, session.widget(UNIT, 0) or 0), config.hidden - 1))
    _set(choice)
    return choice


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
    own, known = session.recall("states.own_text", ""), session.recall("states.text_of", None)
    if own:
        session.preset(TEXT, own)
    elif known != run.folder.id or session.widget(TEXT, None) is None:
        session.set_widget(TEXT, default_text(run))
    session.remember("states.text_of", run.folder.id)
    return session.widget(TEXT, "")[:LONGEST_TEXT]


def keep_text() -> None:
    session.remember("states.own_text", session.widget(TEXT, ""))


def default_text(run: Run) -> str:
    """Whole lines of the text, about three lines on the page."""
    text, _ = look_inside.text_of(run)
    start = "\n".join(text[:DEFAULT_TEXT].strip("\n").split("\n")[:DEFAULT_LINES])
    if "\n" in start[DEFAULT_TEXT // 3:]:  # the last line may have been cut
        start = start[:start.rindex("\n")]
    return start or run.tokenizer.decode([*range(1, min(41, run.tokenizer.size))])


# -- the values of a choice -----------------------------------------------------------------------
def values_of(reading: StateReading, choice: Choice) -> NDArray[np.float32]:
    """(T, H) of the chosen part and layer."""
    if choice.part == "h":
        return reading.h[choice.layer]
    if choice.part == "c" and reading.c is not None:
        return reading.c[choice.layer]
    return reading.gates[choice.part][choice.layer]


def scale_of(unit: NDArray[np.float32], part: str, config: RunConfig) -> Scale:
    """Gates and h have fixed ends; c and ReLU have none, so the chosen unit (T,) sets them.

    One unit that counts without limit would else turn the chosen one pale.
    """
    sigmoid = config.cell == "rnn" and config.activation == "sigmoid"
    if part in _SHARES or (part == "h" and sigmoid):
        return Scale(1.0, signed=False)
    if not has_no_limits(part, config):
        return Scale(1.0, signed=True)
    top = float(np.abs(unit[np.isfinite(unit)]).max(initial=0.0))
    return Scale(top if top > 1e-6 else 1.0, signed=True)


def has_no_limits(part: str, config: RunConfig) -> bool:
    return part == "c" or (config.cell == "rnn" and config.activation == "relu")


def shown_rows(order: NDArray[np.int64], unit: int, page: int) -> tuple[list[int], int]:
    """The units of a page of the heatmap, the chosen one first; and how many pages there are."""
    others = [int(u) for u in order if u != unit]
    pages = max(1, -(-len(others) // (ROWS - 1)))
    page = min(max(1, page), pages)
    return [unit, *others[(page - 1) * (ROWS - 1):page * (ROWS - 1)]], pages


# -- drawing --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Look:
    """All that a view is drawn from."""

    folder: RunFolder
    step: int | None  # the moment; None for the newest
    digest: str  # of the weights at that moment
    config: RunConfig
    reading: StateReading
    choice: Choice

    @property
    def values(self) -> NDArray[np.float32]:
        return values_of(self.reading, self.choice)

    @property
    def scale(self) -> Scale:
        return scale_of(self.values[:, self.choice.unit], self.choice.part, self.config)

    @property
    def name(self) -> str:
        return unit_name(self.choice.part, self.choice.layer, self.choice.unit, self.config)

    @property
    def words(self) -> dict[str, str]:
        """What its tokens are called."""
        return words_of(self.config)

    @property
    def place(self) -> int:
        """The token that is looked at: the reader's, else the one that surprised most."""
        text, index = session.recall("states.place", ("", 0))
        if text == self.reading.text and 0 <= index < len(self.reading.ids):
            return int(index)
        surprise = np.nan_to_num(self.reading.surprise, nan=-1.0)
        if len(surprise) > 2 * RUN_UP:
            surprise[:RUN_UP] = -1.0  # out of the blue, anything surprises
        return int(surprise.argmax())

    def go_to(self, index: int) -> None:
        session.remember("states.place", (self.reading.text, index))

    @property
    def revision(self) -> tuple[object, ...]:
        return self.folder.id, self.digest, self.reading.text, self.choice, self.place


def text_picture(look: Look) -> None:
    """The text, filled with the chosen unit's value after each token."""
    unit, scale, owners = look.values[:, look.choice.unit], look.scale, look.reading.owners
    shares = unit[owners] / scale.top
    low, high = signed(scale.low), signed(scale.top)
    if has_no_limits(look.choice.part, look.config):
        low, high = f"≤ {low}", f"≥ {high}"
    tips = [tip(look, int(i)) for i in owners]
    clicked = coloured_text(
        look.reading.text, value_fill(shares) if scale.signed else share_fill(shares),
        key="states.coloured", tips=tips, size="1.3rem",
        selected=min(int(np.searchsorted(owners, look.place)), len(owners) - 1),
        legend=(t("states.end", name=look.name, value=low), high,
                value_gradient() if scale.signed else share_gradient()),
        label=t("states.text_label", name=look.name, **look.words))
    if clicked is not None:
        look.go_to(int(owners[clicked]))


def tip(look: Look, index: int) -> str:
    """One line on a token, for the pointer."""
    value = signed(float(look.values[index, look.choice.unit]))
    surprise = float(look.reading.surprise[index])
    shown = visible(look.reading.pieces[index])
    if np.isnan(surprise):
        return t("states.tip_first", character=shown, name=look.name, value=value)
    return t("states.tip", character=shown, name=look.name, value=value, bits=f"{surprise:.1f}")


def heat_picture(look: Look) -> None:
    """The chosen unit's row on top of the others; a click chooses its row and its column."""
    from rnnlm_core.insight.states import order_units

    order = session.widget(ORDER, ORDERS[0])
    page_key = f"{PAGE}.{look.folder.id}.{order}"  # each begins on its first page
    units, pages = shown_rows(order_units(look.values, order), look.choice.unit,
                              session.widget(page_key, 1))
    place = look.place

    def draw() -> Any:
        words = HeatWords(t("states.unit"), t("states.value"))
        figure = heatmap_figure(look.values[:, units].T, units, look.reading.pieces, look.scale,
                                words, place)
        figure.update_layout(uirevision=look.reading.text)
        return figure

    point = live_plot(draw, key="states.heat", height=heat_height(len(units)),
                      cell=cell_width(look.reading.pieces),
                      alt=t("states.heat_alt", name=look.name, **look.words),
                      rev=(*look.revision, tuple(units))).click
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(t("states.pages", n=number(look.config.hidden)), width="content")
            st.pagination(pages, key=page_key, max_visible_pages=5)
    if point is not None and point.row is not None and point.column is not None:
        look.go_to(point.column)
        if units[point.row] != look.choice.unit:
            choose(Choice(look.choice.part, look.choice.layer, units[point.row]))
        st.rerun()


def found_list(look: Look, findings: Sequence[UnitFinding]) -> None:
    """The units that remember something, to choose from; the others behind a popover."""
    memories = [f for f in findings if is_memory(f)]
    rest = [f for f in findings if not is_memory(f)]
    own = finding_of([*memories, *rest], look.choice, session.recall("states.label", ""))
    st.subheader(t("states.found"), anchor=False)
    if memories:
        session.set_widget(FOUND, memories.index(own) if own in memories else None)

        def picked() -> None:
            if (index := session.widget(FOUND, None)) is not None:
                finding = memories[index]
                session.remember("states.label", finding.label)
                choose(Choice(finding.part, finding.layer, finding.unit))

        st.radio(t("states.found"), range(len(memories)), key=FOUND, on_change=picked,
                 label_visibility="collapsed",
                 format_func=lambda i: entry(memories[i], look.config))
    if rest:
        with st.popover(t("states.rest", n=len(rest)), type="tertiary"):
            for finding in rest:
                st.markdown(f"{entry(finding, look.config)}  \n:material/warning: {doubt(finding)}")
    if findings:
        if own is not None:
            st.markdown(detail(own, look.config))
        st.markdown(t("states.tried", **tried(findings, look.config)))


def character_panel(look: Look) -> None:
    """The token that is looked at: value, surprise, and what else was expected."""
    index, reading = look.place, look.reading
    before = visible("".join(reading.pieces[max(0, index - _BEFORE):index])[-_BEFORE:])
    came = visible(reading.pieces[index])
    st.subheader(t("states.here" if before else "states.here_start", character=plain(came),
                   before=plain(before)), anchor=False)
    value = signed(float(look.values[index, look.choice.unit]))
    if not reading.alternatives[index]:
        st.markdown(t("states.here_first", name=look.name, value=value))
        return
    st.markdown(t("states.here_value", name=look.name, value=value,
                  bits=f"{float(reading.surprise[index]):.1f}"))
    choices = reading.alternatives[index]
    live_plot(lambda: alternatives_figure(choices, reading.pieces[index]), key="states.expected",
              height=26 * len(choices) + 8, alt=t("states.expected_alt", **look.words), on=(),
              rev=look.revision)


def path_picture(look: Look) -> None:
    """The state's way through the two directions in which it varies most."""
    without = bool(session.widget(MEANS, False))
    part = "c" if look.choice.part == "c" else "h"
    path, explained = path_of(str(look.folder.path), look.step, look.digest, look.reading.text,
                              part, look.choice.layer, without)
    st.markdown(t("states.path_title", share=f"{float(explained.sum()):.0%}"))

    def draw() -> Any:
        shown = [visible(piece) for piece in look.reading.pieces]
        hovers = [f"…{''.join(shown[max(0, i - 8):i])[-_BEFORE:]}[{piece}]"
                  for i, piece in enumerate(shown)]
        words = PathWords(t("states.first", share=f"{explained[0]:.0%}"),
                          t("states.second", share=f"{explained[1]:.0%}"), look.name)
        figure = path_figure(path, look.values[:, look.choice.unit], look.scale, hovers, words,
                             look.place)
        figure.update_layout(uirevision=f"{look.reading.text} {part} {without}")
        return figure

    point = live_plot(draw, key="states.path", height=380, alt=t("states.path_alt", **look.words),
                      rev=(*look.revision, without)).click
    if point is not None and point.index is not None and point.trace == 1:
        look.go_to(point.index)
        st.rerun()


def path_settings(look: Look) -> None:
    """What the path shows, and the one thing that can be changed about it."""
    st.markdown(t("states.path_text", name=look.name, **look.words))
    st.toggle(t("states.means", **look.words), key=MEANS, persist_state="session")


def settings(config: RunConfig) -> None:
    """Text, part, layer, unit and order; the text comes first and is the widest."""
    several = config.layers > 1
    columns = st.columns([3.2, 1.6, *([0.8] if several else []), 0.9, 1.3], gap="small")
    columns[0].text_area(t("states.text", n=LONGEST_TEXT), key=TEXT, height=96,
                         max_chars=LONGEST_TEXT, on_change=keep_text, persist_state="session")
    columns[1].selectbox(t("states.show"), PARTS[config.cell], key=PART,
                         format_func=lambda p: t(f"states.part.{p}"), on_change=chosen_by_widget,
                         persist_state="session")
    if several:
        columns[2].selectbox(t("states.layer"), range(config.layers), key=LAYER,
                             format_func=lambda i: str(i + 1), on_change=chosen_by_widget,
                             persist_state="session")
    columns[-2].number_input(t("states.unit"), 0, config.hidden - 1, key=UNIT, step=1,
                             on_change=chosen_by_widget, persist_state="session")
    columns[-1].selectbox(t("states.order"), ORDERS, key=ORDER,
                          format_func=lambda o: t(f"states.order_name.{o}"),
                          persist_state="session")


def unknown_note(reading: StateReading) -> None:
    """What the network never saw, by name."""
    if reading.unknown:
        problem = Problem("prompt.unknown_characters", {"characters": _listed(reading.unknown)})
        st.markdown(":material/info: " + plain(error_text(problem)))


def _listed(pieces: Sequence[str]) -> str:
    """Pieces by sight, by code points where nothing would be seen; at most twenty."""
    shown = [visible(p) if visible(p).isprintable() and not visible(p).isspace()
             else " ".join(f"U+{ord(c):04X}" for c in p) for p in pieces[:20]]
    return " ".join(shown) + (" …" if len(pieces) > 20 else "")
