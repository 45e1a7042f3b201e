"""The state's way through the two directions in which it varies most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.data.marks import short
from rnnlm_core.figures.palette import SURPRISE_TOP
from rnnlm_core.figures.states import Scale, visible
from rnnlm_core.figures.states_move import HEIGHT, PathWords, path_figure
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.states.choice import MEANS
from rnnlm_ui.states.findings import Choice, percent, signed
from rnnlm_ui.states.long_reading import long_reading
from rnnlm_ui.states.look import Look, values_of
from rnnlm_ui.states.move import part_of
from rnnlm_ui.states.picture import BEFORE
from rnnlm_ui.states.reading import read

if TYPE_CHECKING:
    from rnnlm_core.insight.labels import Label

DRAWN = 1500  # points of the longer text
PLANES = ("pca", "umap")
_PLANE, _FILL, _BACKGROUND = (f"move.{name}" for name in ("plane", "fill", "background"))
_TRACE_WITH, _TRACE_WITHOUT = 2, 1  # that can be clicked, with and without points behind it

Points = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Laid:
    """A path (T, 2), the longer text's states behind it (N, 2), and the shares of the two axes."""

    path: Points
    behind: Points | None
    explained: Points | None  # None: not by principal components
    untrained: float | None  # share of both axes in the network before its first step


@dataclass(frozen=True)
class Fill:
    """What the points are filled with (T,), and how its scale reads."""

    name: str
    values: Points
    scale: Scale
    low: str
    high: str


@st.cache_data(max_entries=64, show_spinner=False)
def laid(path: str, step: int | None, digest: str, text: str, part: str, layer: int,
         without_means: bool, behind: bool, plane: str) -> Laid:
    from rnnlm_core.insight.plane import plane_of
    from rnnlm_core.insight.umap_plane import umap_map

    reading = read(path, step, digest, text)
    own = values_of(reading, Choice(part, layer, 0))
    if not behind and plane == "pca":
        found = plane_of(own, 2, reading.ids if without_means else None)
        return Laid(found.of(own, reading.ids), None, found.explained, None)
    long = long_reading(path, step, digest, part, layer)
    found = plane_of(long.values, 2, long.ids if without_means else None)
    if plane == "umap":
        cloud, points = umap_map(found.rest(long.values, long.ids), found.rest(own, reading.ids))
        return Laid(points, cloud if behind else None, None, None)
    control = long_reading(path, step, digest, part, layer, untrained=True)
    start = plane_of(control.values, 2, control.ids if without_means else None)
    points = found.of(long.values, long.ids)
    return Laid(found.of(own, reading.ids), points[::-(-len(points) // DRAWN)],
                found.explained, float(start.explained.sum()))


def show(look: Look, answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.umap_plane import PACKAGE, installed

    picture, side = st.columns([2.1, 1], gap="medium", vertical_alignment="center")
    with side:
        st.markdown(t("states_move.path_text", **look.words))
        fills = fills_of(look)
        fill = fills[_chosen_fill(list(fills))]
        session.preset(_BACKGROUND, True)
        st.toggle(t("states_move.background"), key=_BACKGROUND, persist_state="session")
        st.toggle(t("states.means", **look.words), key=MEANS, persist_state="session")
        session.preset(_PLANE, PLANES[0])
        st.segmented_control(t("states_move.plane"), PLANES, key=_PLANE, required=True,
                             format_func=lambda p: t(f"states_move.plane_name.{p}"),
                             persist_state="session")
        plane = session.widget(_PLANE, PLANES[0]) or PLANES[0]
        if plane == "umap" and not installed():
            st.markdown(f":gray[:material/info: {t('states_move.no_umap', package=PACKAGE)}]")
            plane = "pca"
    with picture:
        _picture(look, answer, fill, plane)


def _chosen_fill(names: list[str]) -> str:
    if session.widget(_FILL, None) not in names:  # a label of another text
        session.set_widget(_FILL, names[0])
    return st.selectbox(t("states_move.fill"), names, key=_FILL, persist_state="session",
                        format_func=_fill_name) or names[0]


def _fill_name(name: str) -> str:
    return t(f"states.label.{name}") if name not in ("unit", "surprise") \
        else t(f"states_move.fill_{name}")


def fills_of(look: Look) -> dict[str, Fill]:
    """What the path can be filled with: the chosen unit, the surprise, the labels of the text."""
    from rnnlm_core.insight.long_reading import telling_labels

    reading, scale = look.reading, look.scale
    fills = {
        "unit": Fill(t("states_move.unit_value", name=look.name),
                     look.values[:, look.choice.unit], scale, signed(scale.low),
                     signed(scale.top)),
        "surprise": Fill(t("states_move.fill_surprise"), np.nan_to_num(reading.surprise),
                         Scale(SURPRISE_TOP, False), t("states_move.bits", n=0),
                         t("states_move.bits_or_more", n=int(SURPRISE_TOP)))}
    for label in telling_labels(look.config.corpus, reading.text, reading.owners, reading.ids):
        fills[label.name] = _label_fill(label)
    return fills


def _label_fill(label: Label) -> Fill:
    name, top = t(f"states.label.{label.name}"), float(np.abs(label.values).max())
    if label.kind == "binary":
        return Fill(name, label.values, Scale(1.0, False), t("states_move.no"),
                    t("states_move.yes"))
    below = float(label.values.min()) < 0
    return Fill(name, label.values, Scale(top, below), signed(-top) if below else "0",
                f"{top:.0f}")


def _picture(look: Look, answer: DeltaGenerator, fill: Fill, plane: str) -> None:
    without, part = bool(session.widget(MEANS, False)), part_of(look)
    behind = bool(session.widget(_BACKGROUND, True))
    with st.spinner(t("states_move.umap_wait" if plane == "umap" else "states_move.reading")):
        found = laid(look.path, look.step, look.digest, look.reading.text, part,
                     look.choice.layer, without, behind, plane)
    answer.markdown(_answer(found, behind))
    _text(look, fill)

    def draw() -> Any:
        shown = [visible(short(piece)) for piece in look.reading.pieces]
        hovers = [f"…{''.join(shown[max(0, i - 8):i])[-BEFORE:]}[{piece}]"
                  for i, piece in enumerate(shown)]
        first, second = (t(f"states.{name}", share=f"{share:.0%}") for name, share in
                         zip(("first", "second"), found.explained, strict=True)) \
            if found.explained is not None else ("UMAP 1", "UMAP 2")
        words = PathWords(first, second, fill.name, fill.low, fill.high)
        figure = path_figure(found.path, fill.values, fill.scale, hovers, words, look.place,
                             found.behind)
        figure.update_layout(uirevision=f"{look.reading.text} {part} {without} {behind} {plane}")
        return figure

    point = live_plot(draw, key="states.path", height=HEIGHT,
                      alt=t("states_move.umap_alt" if plane == "umap" else "states.path_alt",
                            **look.words),
                      rev=(*look.revision, without, behind, plane, fill.name),
                      link=look.link).click
    clickable = _TRACE_WITHOUT if found.behind is None else _TRACE_WITH
    if point is not None and point.index is not None and point.trace == clickable \
            and point.index != look.place:
        look.go_to(point.index)
        session.page_again()


def _text(look: Look, fill: Fill) -> None:
    """The text that the path goes along, filled alike."""
    owners = look.reading.owners
    clicked = coloured_text(
        look.reading.text, fill.scale.fills(fill.values[owners]),
        key="states.walked", size="1.05rem", link=look.link, owners=owners.tolist(),
        selected=min(int(np.searchsorted(owners, look.place)), len(owners) - 1),
        label=t("states.text_label", name=fill.name, **look.words))
    if clicked is not None and int(owners[clicked]) != look.place:
        look.go_to(int(owners[clicked]))
        session.page_again()


def _answer(found: Laid, behind: bool) -> str:
    if found.explained is None:
        return t("states_move.umap_answer")
    share = percent(float(found.explained.sum()))
    told = [t("states_move.path_answer" if behind else "states_move.path_answer_own", share=share)]
    if found.untrained is not None:
        told.append(t("states_move.path_untrained", share=percent(found.untrained)))
    return joined(told)
