"""What one guess hangs on: the text before it, filled by how strongly each token pulls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.data.marks import short
from rnnlm_core.figures.palette import share_fill, share_gradient
from rnnlm_core.figures.states import alternatives_figure, visible
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import percent, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.choice import text_box
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.picture import BEFORE, unknown_note
from rnnlm_ui.states.reading import read

if TYPE_CHECKING:
    Pull = NDArray[np.float64]

FAINTEST = 0.01  # of the strongest: what pulls less has no fill
LISTED = 5


@st.cache_data(max_entries=512, show_spinner=False)
def pull_of(path: str, step: int | None, digest: str, text: str, place: int) -> Pull:
    from rnnlm_core.insight.connectivity import connectivity

    run = runs.opened(RunFolder(path), step)
    return connectivity(run.model, read(path, step, digest, text).ids, place)


def section(look: Look, answer: DeltaGenerator) -> None:
    """The text, its fill for the token that is looked at, and the strongest of those before it."""
    reading, place = look.reading, look.place
    pull = pull_of(look.path, look.step, look.digest, reading.text, place) if place else np.zeros(0)
    answer.markdown(finding(look, pull))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        _text(look, pull)
        unknown_note(reading.unknown)
    with side:
        if pull.sum() > 0:
            _strongest(look, pull)
        st.markdown(t("states_context.pull_text", **look.words))
    text_box(st.container())


def finding(look: Look, pull: Pull) -> str:
    """How many of the tokens before have most of the pull, and which pulls most."""
    from rnnlm_core.insight.connectivity import reach

    pieces, place = look.reading.pieces, look.place
    came = plain(visible(pieces[place]))
    if not pull.sum() > 0:
        return t("states_context.no_pull", character=came, **look.words)
    before = plain(visible("".join(map(short, pieces[max(0, place - BEFORE):place]))[-BEFORE:]))
    top = int(pull.argmax())
    return t("states_context.pulls", n=reach(pull), character=came, before=before,
             strongest=plain(visible(pieces[top])), back=place - top,
             share=percent(pull[top] / pull.sum()),
             **look.words)


def _text(look: Look, pull: Pull) -> None:
    reading, place = look.reading, look.place
    shares = np.zeros(len(reading.ids))
    if pull.sum() > 0:
        with np.errstate(divide="ignore"):  # logarithmic: else all but the last few would be empty
            shares[:place] = np.clip(1 - np.log(pull / pull.max()) / np.log(FAINTEST), 0, 1)
    clicked = coloured_text(
        reading.text, share_fill(shares[reading.owners]), key="context.pull",
        tips=[_tip(look, int(i), pull) for i in reading.owners], size="1.3rem",
        selected=min(int(np.searchsorted(reading.owners, place)), len(reading.owners) - 1),
        legend=(t("states_context.faint", share=percent(FAINTEST)),
                t("states_context.strong"), share_gradient()),
        label=t("states_context.text_label", **look.words))
    if clicked is not None and int(reading.owners[clicked]) != place:
        look.go_to(int(reading.owners[clicked]))
        session.page_again()


def _tip(look: Look, index: int, pull: Pull) -> str:
    """One line on a token before the place; nothing on the others."""
    if index >= len(pull) or not pull.sum() > 0:
        return ""
    share = pull[index] / pull.sum()
    return t("states_context.tip", character=visible(look.reading.pieces[index]),
             n=look.place - index, share="< 0.1 %" if share < 0.001 else f"{share:.1%}".replace(
                 "%", " %"), value=f"{pull[index]:.2g}")


def _strongest(look: Look, pull: Pull) -> None:
    top = np.argsort(-pull, kind="stable")[:LISTED]
    total = float(pull.sum())
    bars = [(f"{look.reading.pieces[i][:6]}\N{EN SPACE}−{look.place - i}", float(pull[i]) / total)
            for i in top]
    st.markdown(t("states_context.strongest"))
    live_plot(lambda: alternatives_figure(bars, ""), key="context.strongest",
              height=26 * len(bars) + 8, alt=t("states_context.strongest_alt", **look.words),
              on=(), rev=(look.folder.id, look.digest, look.reading.text, look.place))
