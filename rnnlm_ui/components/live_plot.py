"""`live_plot`: a Plotly chart that keeps its place, its zoom and its theme while it is refreshed.

Figures are drawn in the light palette (`rnnlm_core.figures.palette`), never with `rgba()`. On a
screen narrower than 480 px `layout.meta["narrow"]` (a dict of margins) and `meta["narrow_axes"]`
(by axis, what changes of it) are applied and annotations show their `name` in place of their text
(`end_label(short=...)`).

`layout.meta["walk"]` (`figures.states_move`) lets the reader walk along the points of one trace, by
a button that plays and a slider below the chart, all in the browser; where they stop is a click.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

import plotly.graph_objects as go
import streamlit as st

from rnnlm_core.figures.template import TEMPLATE
from rnnlm_ui import session
from rnnlm_ui.components.shared import ignore_event, is_index, script, style
from rnnlm_ui.i18n import language, t

Event = Literal["click", "hover", "relayout"]
LONGEST_NAME = 200  # characters of a category that a click may name
_HTML = ('<div class="live-plot-frame"><div class="live-plot" role="img"></div>'
         '<i class="live-plot-cursor" hidden></i>'
         '<div class="live-plot-walk" hidden><button type="button"></button>'
         '<input type="range" min="0" step="1"><output></output></div>'
         '<div class="live-plot-save"><button type="button" aria-expanded="false">⤓</button>'
         '<span hidden></span></div></div>'
         '<p class="live-plot-note" role="status" hidden></p>')
_component = st.components.v2.component(
    "unroll_live_plot", html=_HTML, css=style("live_plot") + style("walk"),
    js=script("live_plot", "export", "walk"),
    isolate_styles=False)


@dataclass(frozen=True)
class Point:
    """A point of the chart. `row` and `column` for a heatmap, `index` for everything else."""

    trace: int
    x: float | str
    y: float | str
    index: int | None = None
    row: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class View:
    """The part that is looked at, in axis units (log10 on a log axis); None: all of it."""

    x: tuple[float, float] | None
    y: tuple[float, float] | None


@dataclass(frozen=True)
class PlotEvents:
    """What the reader has just done to the chart; each is None but in the run it causes."""

    click: Point | None = None
    hover: Point | None = None
    relayout: View | None = None


def live_plot(fig: go.Figure | Callable[[], go.Figure], *, key: str, alt: str, height: int = 340,
              cell: int = 0, on: Sequence[Event] = ("click",), rev: Hashable = None, link: str = ""
              ) -> PlotEvents:
    """Show a figure, or refresh the one with this key in place.

    `alt` is the sentence that says what it shows. `cell` > 0: x counts character columns of that
    many pixels, and the browser shows as many as fit. `rev`: while it is the same, the figure is
    not even built (pass a function) and nothing heavy is sent. Zoom is kept until
    `fig.layout.uirevision` changes, by default never. The reader can save the chart as PNG, SVG,
    HTML or CSV.

    `link` names the text whose tokens it shows: the token that is pointed at here is marked in
    every other view with this link, and the other way round. Tokens are the columns of a heatmap,
    or the points of the trace `layout.meta["linked"]`.
    """
    figure, sizes = (_prepared(fig, key) if rev is None else session.once_per(
        f"live_plot.{key}", (rev, language()), lambda: _prepared(fig, key)))
    result = _component(
        key=key,
        # no list or dict inside: Streamlit would import pandas to see whether it is a table
        data={"key": key, "figure": figure, "height": height, "alt": alt, "cell": cell,
              "on": tuple(on), "rev": "" if rev is None else str(rev), "link": link,
              "save": t("component.save"),
              "failed": t("component.plot_failed"), "broken": t("component.plot_broken"),
              "walk": tuple(t(f"component.walk_{name}") for name in ("play", "pause", "place"))},
        on_click_change=ignore_event, on_hover_change=ignore_event,
        on_relayout_change=ignore_event)
    return PlotEvents(
        click=_point(result.get("click"), sizes), hover=_point(result.get("hover"), sizes),
        relayout=_view(result.get("relayout")))


Sizes = tuple[tuple[int, ...], ...]


def _prepared(fig: go.Figure | Callable[[], go.Figure], key: str) -> tuple[str, Sizes]:
    """The figure as JSON, and the size of each trace, against which events are checked."""
    figure = fig if isinstance(fig, go.Figure) else fig()
    if figure.layout.uirevision is None:
        figure.update_layout(uirevision=key)
    figure.update_layout(template=TEMPLATE)
    return figure.to_json(), tuple(_size(trace) for trace in figure.data)


def _size(trace: Any) -> tuple[int, ...]:
    z = getattr(trace, "z", None)
    if z is not None and trace.type in ("heatmap", "contour"):
        return (len(z), len(z[0]) if len(z) else 0)
    return (max((len(v) for v in (getattr(trace, "x", None), getattr(trace, "y", None))
                 if v is not None), default=0),)


# -- what comes back is a stranger's input -----------------------------------------------------
def _point(value: Any, sizes: Sizes) -> Point | None:
    if not isinstance(value, dict):
        return None
    trace, index, x, y = (value.get(name) for name in ("trace", "index", "x", "y"))
    if not (is_index(trace, len(sizes)) and _coordinate(x) and _coordinate(y)):
        return None
    size = sizes[trace]
    if len(size) == 1 and is_index(index, size[0]):
        return Point(trace, x, y, index=index)
    if len(size) == 2 and isinstance(index, list) and len(index) == 2 \
            and is_index(index[0], size[0]) and is_index(index[1], size[1]):
        return Point(trace, x, y, row=index[0], column=index[1])
    return None


def _view(value: Any) -> View | None:
    if not isinstance(value, dict):
        return None
    return View(_range(value.get("x")), _range(value.get("y")))


def _range(value: Any) -> tuple[float, float] | None:
    if isinstance(value, list) and len(value) == 2 and all(_is_number(v) for v in value):
        return float(value[0]), float(value[1])
    return None


def _coordinate(value: Any) -> TypeGuard[float | str]:
    return _is_number(value) or (isinstance(value, str) and len(value) <= LONGEST_NAME)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
