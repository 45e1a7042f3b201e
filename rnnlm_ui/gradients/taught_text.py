"""The text of `taught`: pointed at, a token shows how strongly each earlier one pulls on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.figures.palette import share_fill, share_gradient
from rnnlm_core.figures.states import visible
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.i18n import percent, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.picture import unknown_note
from rnnlm_ui.states.pull import FAINTEST
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnlm_core.insight.credit import Credit
    from rnnlm_ui.gradients.taught import Window


def text_picture(seen: Window, found: Credit, place: int, config: RunConfig) -> None:
    """The text, filled for the guess at `place` or for the one that is pointed at."""
    words, over = words_of(config), [[], *(fills_of(row) for row in found.pulls)]
    tips = [tip(seen, found, int(i), words) for i in range(len(seen.ids))]
    clicked = coloured_text(
        seen.text, [over[place][i] if i < len(over[place]) else "" for i in seen.owners],
        key="taught.text", tips=[tips[i] for i in seen.owners], owners=seen.owners.tolist(),
        selected=min(int(np.searchsorted(seen.owners, place)), len(seen.owners) - 1), over=over,
        legend=(t("states_context.faint", share=percent(FAINTEST)),
                t("states_context.strong"), share_gradient()),
        label=t("gradients_taught.text_label", **words))
    if clicked is not None and 0 < int(seen.owners[clicked]) != place:
        session.remember("taught.place", (seen.ids.tobytes(), int(seen.owners[clicked])))
        session.page_again()
    st.markdown(pull_sentence(seen, found, place, words))
    unknown_note(seen.unknown)


def fills_of(pull: NDArray[np.float64]) -> list[str]:
    """Of all tokens (T,) for one guess, logarithmic as on the States page: else only the last few
    would have any."""
    if not pull.max(initial=0.0) > 0:
        return []
    with np.errstate(divide="ignore"):
        return share_fill(np.clip(1 - np.log(pull / pull.max()) / np.log(FAINTEST), 0, 1))


def pull_sentence(seen: Window, found: Credit, place: int, words: dict[str, str]) -> str:
    """What the guess that is looked at hangs on."""
    from rnnlm_core.insight.connectivity import reach

    pull = found.pulls[place - 1, :place]
    came = plain(visible(seen.pieces[place]))
    if not pull.sum() > 0:
        return t("gradients_taught.no_pull", guess=came, **words)
    top = int(pull.argmax())
    return t("gradients_taught.pull", guess=came, n=reach(pull), back=place - top,
             strongest=plain(visible(seen.pieces[top])), **words)


def tip(seen: Window, found: Credit, place: int, words: dict[str, str]) -> str:
    """One line on a token, for the pointer."""
    from rnnlm_core.insight.connectivity import reach

    shown = visible(seen.pieces[place])
    if place == 0:
        return t("gradients_taught.tip_first", guess=shown)
    pull = found.pulls[place - 1, :place]
    bits = f"{found.losses[place - 1] / np.log(2):.1f}"
    return t("gradients_taught.tip", guess=shown, n=reach(pull), bits=bits, **words)
