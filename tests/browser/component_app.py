"""A small app that shows both components; tests/browser/test_components.py drives it."""

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from rnnlm_core.errors import Problem
from rnnlm_core.figures.palette import (
    DASH,
    LIGHT,
    diverging,
    surprise_fill,
    surprise_gradient,
    value_fill,
)
from rnnlm_core.figures.template import end_label, esc
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import language
from rnnlm_ui.page import fault, head, how_to_read
from rnnlm_ui.static_files import ensure_plotly

HOSTILE = "<b>bold</b> <img src=x onerror='window.__pwn=1'> <script>window.__pwn=1</script>"
PICTURE = "![x](http://outside.test/p.png) :red[a] $b$ <i>"
SAMPLE = "she said \"hello\"\n\tand then 中文，全角。"


def loss_figure(points: int) -> go.Figure:
    x = np.arange(points)
    figure = go.Figure()
    for cell, scale in (("rnn", 1.0), ("lstm", 0.6)):
        figure.add_scatter(x=x, y=scale * (1 + 4 * np.exp(-x / 30)), name=cell, mode="lines",
                           line={"color": LIGHT[cell], "dash": DASH[cell], "width": 3})
    figure.add_annotation(**end_label(1.0, "RNN 1.00 bits", short="RNN", colour=LIGHT["rnn"]))
    figure.add_annotation(**end_label(0.6, esc("#FFFFFF<b>"), short="LSTM", colour=LIGHT["lstm"]))
    figure.update_layout(title_text=esc(HOSTILE), xaxis_range=[0, 400], margin_r=130,
                         meta={"narrow": {"l": 44, "r": 60}})
    return figure


def dots_figure() -> go.Figure:
    """A point is named by its hover text, by its text and data, or by its data alone."""
    figure = go.Figure()
    figure.add_scatter(x=[0.25], y=[1], mode="markers", name="hover",
                       hovertext=["unit 3, <b>o</b>"])
    figure.add_scatter(x=[0.5, 0.75], y=[2, 3], mode="markers", name="both", text=["a", "b"],
                       customdata=[0.5, 1.5], hovertemplate="%{text}: %{customdata:.1f}")
    figure.add_scatter(x=[1], y=[4], mode="markers", name="data", customdata=[["unit 9", 7]],
                       hovertemplate="%{customdata[0]}")
    figure.add_scatter(x=[1], y=[5], mode="markers", name="one for all", text="best")
    figure.update_layout(xaxis_title_text="shut: share of time<br>below 0.1",
                         yaxis_title_text="open, in %")
    return figure


@st.fragment(run_every=0.5)
def live() -> None:
    step = session.recall("step", 0) + 1
    session.remember("step", step)
    events = live_plot(lambda: loss_figure(100 + step), key="loss", alt="The loss falls.", rev=step,
                       on=("click", "relayout"))
    if events.relayout:
        session.remember("view", events.relayout)
    st.text(f"view: {session.recall('view', None)}")


def plots() -> None:
    head("Is it learning?", "**1.00 bits.** Still falling.")
    live()
    live_plot(dots_figure, key="dots", alt="Five points.", rev=0)


def still() -> None:
    head("What does each unit remember?")
    text = "the old door " * 30
    states = np.sin(np.outer(np.arange(1, 13), np.arange(len(text))) / 17)
    figure = go.Figure(go.Heatmap(z=states, colorscale=diverging(), zmid=0, showscale=False))
    figure.update_layout(hovermode="closest")
    events = live_plot(figure, key="states", alt="States of 12 units.", cell=12, rev="same",
                       link="door")
    coloured_text(text[:20], value_fill(states[0][:20]), key="linked", label="The beginning",
                  bands=value_fill(states[1][:20]), link="door", owners=range(20))
    st.text(f"cell: {events.click}")
    first, second = st.tabs(["one", "two"])
    first.text("nothing here")
    with second:
        live_plot(lambda: loss_figure(50), key="hidden", alt="Behind a tab.", rev=0)
    st.button("again")


def text() -> None:
    head("What would it write next?")
    bits = np.linspace(0, 8, len(SAMPLE))
    clicked = coloured_text(
        SAMPLE, surprise_fill(bits), key="sample", tips=[f"{b:.1f} bits" for b in bits], prompt=3,
        legend=("expected", "surprising", surprise_gradient()), label="A sample")
    st.text(f"clicked: {clicked}")
    coloured_text(HOSTILE, [], key="hostile", tips=[HOSTILE] * len(HOSTILE))
    coloured_text("typed out by hand", value_fill([0.5] * 17), key="typed", stream_from=6,
                  cursor=True)
    growing()
    how_to_read("Rose is surprise.")
    st.text(f"language {language()}, run {session.run_id()}, hidden {session.draft().hidden}")
    if st.button("fail"):
        fault(Problem("corpus.no_file", {"name": PICTURE}))


@st.fragment(run_every=0.5)
def growing() -> None:
    length = session.recall("length", 0) + 5
    session.remember("length", length)
    written = ("abcdefghij" * 300)[:min(length, 2000)]
    coloured_text(written, value_fill(np.sin(np.arange(len(written)))), key="growing", cursor=True)


st.set_page_config(layout="wide", initial_sidebar_state="collapsed")
ensure_plotly(Path(__file__).parent / "static")
with session.address():
    with st.sidebar:
        session.language_switch("Language")
    st.navigation([st.Page(plots, title="Plots", default=True), st.Page(still, url_path="still"),
                   st.Page(text, url_path="text")], position="top").run()
