"""Several ways on from one place, side by side: what chance alone does; one of them is taken."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from rnnlm_core.figures.palette import surprise_fill
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.generate.place import first_of, own_place, shown_place, where
from rnnlm_ui.generate.ways import ways_on
from rnnlm_ui.generate.wishes import adopt, settings
from rnnlm_ui.generate.writing import MOST, Writing
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import words_of

COUNTS = ("4", "6", "8")
_TOKENS = 60  # of each


def panel(writing: Writing) -> None:
    """The ways on from the outlined place, in place of what stands there."""
    from rnnlm_core.generate import character_surprise

    place, index = _from(writing)
    count = int(session.widget("ways", COUNTS[1]) or COUNTS[1])
    st.subheader(where(writing, place), anchor=False)
    wishes = replace(settings(writing.run.config), length=min(_TOKENS, MOST - index), documents=0)
    names = words_of(writing.run.config)
    revision = (writing.digest, writing.prompt, tuple(token.id for token in writing.tokens[:index]),
                wishes, count)
    ways = session.once_per("generate.ways", revision,
                            lambda: ways_on(writing, index, wishes, count))
    st.markdown(t("generate.ways_say", n=count, seed=number(wishes.seed),
                  last=number(wishes.seed + count - 1), **names))
    st.segmented_control(t("generate.ways_count"), COUNTS, key=session.choice(
        "ways", COUNTS, COUNTS[1]), required=True, label_visibility="collapsed")
    for rank, tokens in enumerate(ways):
        bits = character_surprise(tokens)
        with st.container(border=True, gap="xsmall"):
            coloured_text("".join(token.text for token in tokens), surprise_fill(bits),
                          key=f"generate.way.{rank}", size="1rem",
                          label=t("generate.way_label", n=rank + 1))
            mean = f"{sum(bits) / len(bits):.2f}" if bits else "–"
            st.button(t("generate.adopt", bits=mean), icon=":material/alt_route:", type="tertiary",
                      key=f"generate.adopt.{rank}", on_click=adopt, args=(index, tokens))


def _from(writing: Writing) -> tuple[int, int]:
    """The place in the shown text, and how many tokens are written before it: the place of "What
    else". Where that is in the beginning, and while the text grows and nothing is outlined: where
    the network began to write, as that stays."""
    place, owners = own_place(writing) if writing.active else shown_place(writing), writing.owners
    index = owners[place] if place is not None else -1
    if index < 0:
        return len(writing.start.shown), 0
    return owners.index(index), first_of(writing, index)
