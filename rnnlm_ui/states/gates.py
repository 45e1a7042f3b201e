"""Gates: how open they stand, and how long each unit really holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures import states_gates as figures
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import t
from rnnlm_ui.states import gates_words as words
from rnnlm_ui.states.choice import choose
from rnnlm_ui.states.findings import Choice
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.reading import searched_characters

if TYPE_CHECKING:
    from rnnlm_core.insight.gates import GatesReading
    from rnnlm_core.insight.unit_memory import UnitMemory

_GATE = "gate"


@dataclass(frozen=True)
class Found:
    """What was read of one network."""

    gates: GatesReading
    memory: UnitMemory

    @property
    def alone(self) -> NDArray[np.float64] | None:
        """Half-lives by the gate that keeps, (L, H); None without one."""
        from rnnlm_core.insight.gates import half_lives

        return None if self.gates.log_kept is None else half_lives(self.gates.log_kept)


@st.cache_data(max_entries=64, show_spinner=False)
def found_gates(path: str, step: int | None, digest: str) -> Found:
    """Of a run at a moment, on its held-out text. Raises where that is too short."""
    return _read(runs.opened(RunFolder(path), step), untrained=False)


@st.cache_data(max_entries=32, show_spinner=False)
def untrained_gates(path: str) -> Found:
    """The same of its network before the first step."""
    return _read(runs.opened(RunFolder(path)), untrained=True)


def _read(run: Any, untrained: bool) -> Found:
    from rnnlm_core.insight.gates import read_gates
    from rnnlm_core.insight.unit_memory import unit_memory

    text = look_inside.text_of(run)[0][:searched_characters(run.config)]
    ids, model = run.tokenizer.encode(text), run.untrained if untrained else run.model
    gates = read_gates(model, ids)
    return Found(gates, unit_memory(model, ids, gates))


def show(look: Look, answer: DeltaGenerator) -> None:
    try:
        with st.spinner(t("states_gates.reading")):
            found = found_gates(look.path, look.step, look.digest)
            start = untrained_gates(look.path)
    except UnrollError as error:  # a text that is too short: a limit, not a fault
        answer.markdown(look_inside.note(error))
        return
    answer.markdown(words.answer(look, found, start))
    part = _gate(look)
    _saturation(look, part, found, start)
    _memories(look, part, found, start)
    st.markdown(words.chosen(look, part, found))
    st.markdown(words.caption(look, found))
    if look_inside.text_of(look.run)[1] is not None:
        st.markdown(t("states_gates.own_text"))


def _gate(look: Look) -> str:
    """Which gate is looked at; a vanilla RNN has none to choose from."""
    from rnnlm_core.insight.gates import parts_of

    parts = parts_of(look.config)
    if len(parts) == 1:
        st.markdown(t("states_gates.no_gates"))
        return parts[0]
    if session.widget(_GATE, None) not in (None, *parts):  # of another cell
        session.set_widget(_GATE, parts[0])
    return st.segmented_control(
        t("states_gates.gate"), parts, key=session.choice(_GATE, parts, parts[0]), required=True,
        format_func=lambda p: t(f"states.part.{p}"), label_visibility="collapsed") or parts[0]


def _saturation(look: Look, part: str, found: Found, start: Found) -> None:
    """A triangle and a histogram a layer: side by side for one layer, else below each other."""
    st.markdown(words.saturation(look, part, found, start))
    layers = look.config.layers
    columns = st.columns(2 if layers == 1 else layers, gap="medium")
    for layer in range(layers):
        with columns[layer]:
            if layers > 1:
                st.markdown(t("states_gates.layer", n=layer + 1))
            if not words.is_relu(look):
                _triangle(look, part, layer, found, start)
        with columns[-1 if layers == 1 else layer]:
            _spread(look, part, layer, found, start)


def _triangle(look: Look, part: str, layer: int, found: Found, start: Found) -> None:
    own, before = found.gates.parts[part], start.gates.parts[part]
    selected = look.choice.unit if look.choice.layer == layer else None

    def draw() -> Any:
        return figures.triangle_figure(
            own.low[layer], own.high[layer], words.hovers(look, part, layer, found),
            look.config.cell, words.triangle(look, part), (before.low[layer], before.high[layer]),
            selected)

    point = live_plot(draw, key=f"gates.triangle.{layer}", height=figures.HEIGHT,
                      alt=t("states_gates.triangle_alt", part=t(f"states.part.{part}")),
                      rev=(look.folder.id, look.digest, part, layer, selected)).click
    if point is not None and point.trace == figures.DOTS and point.index is not None:
        _go_to(look, part, layer, point.index)


def _spread(look: Look, part: str, layer: int, found: Found, start: Found) -> None:
    own, before = found.gates.parts[part], start.gates.parts[part]
    # what has no ends of its own has other edges in each network: not to be laid over each other
    control = before.shares[layer] if np.array_equal(own.edges, before.edges) else None
    live_plot(
        lambda: figures.spread_figure(
            own.edges, own.shares[layer], look.config.cell, words.names(),
            t("states_gates.value", part=t(f"states.part.{part}")), t("states_gates.share"),
            control),
        key=f"gates.spread.{layer}", height=figures.HEIGHT, on=(),
        alt=t("states_gates.spread_alt", part=t(f"states.part.{part}")),
        rev=(look.folder.id, look.digest, part, layer))


def _memories(look: Look, part: str, found: Found, start: Found) -> None:
    """How many units hold for how long, and each unit by itself."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(words.spread_title(look, found, start))
        own, before = (one.alone if one.alone is not None else one.memory.steps
                       for one in (found, start))
        live_plot(lambda: figures.half_life_figure(
                      own.ravel(), before.ravel(), look.config.cell, words.names(),
                      words.spread_axis(look), t("states_gates.units")),
                  key="gates.half_lives", height=figures.HEIGHT, on=(),
                  alt=t("states_gates.half_life_alt"), rev=(look.folder.id, look.digest))
    with right:
        st.markdown(words.memory_title(look, found))
        _dots(look, part, found, start)


def _dots(look: Look, part: str, found: Found, start: Found) -> None:
    hidden = look.config.hidden
    selected = look.choice.layer * hidden + look.choice.unit
    shares = found.alone is None
    pairs = [((_flat(one) if one.alone is None else one.alone).ravel(), one.memory.steps.ravel())
             for one in (found, start)]

    def draw() -> Any:
        hovers = [hover for layer in range(look.config.layers)
                  for hover in words.hovers(look, part, layer, found)]
        return figures.memory_figure(*pairs[0], hovers, look.config.cell, words.memory(look),
                                     pairs[1], selected, shares)

    point = live_plot(draw, key="gates.memory", height=figures.HEIGHT,
                      alt=t("states_gates.memory_alt", **look.words),
                      rev=(look.folder.id, look.digest, part, selected)).click
    if point is not None and point.trace == figures.DOTS and point.index is not None:
        _go_to(look, part, *divmod(point.index, hidden))


def _flat(found: Found) -> NDArray[np.float64]:
    """Share of the time that the activation of a vanilla RNN is where it is flat, (L, H)."""
    return found.gates.parts["h"].low + found.gates.parts["h"].high


def _go_to(look: Look, part: str, layer: int, unit: int) -> None:
    if look.choice != (wanted := Choice(part, layer, unit)):
        choose(wanted)
        session.page_again()
