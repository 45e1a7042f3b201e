"""Loop: where the network ends up that always writes the likeliest, from the end of the text on."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import BadInput
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.generate.check_text import Checked, held_out_passages
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.states import move_loop
from rnnlm_ui.states.prove_words import share_text
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

READ = 500  # characters at the end of the text, from which it goes on
SHOWN = 600


@st.cache_data(max_entries=24, show_spinner=False)
def greedy_of(path: str, step: int | None, digest: str, text: str) -> NDArray[np.int64]:
    """The tokens alone, of any network."""
    from rnnlm_core.insight.cycles import greedy_ids

    run = runs.opened(RunFolder(path), step)
    return greedy_ids(run.model, run.tokenizer, np.array(run.tokenizer.known(text), np.int64))


def show(scene: Scene, checked: Checked, answer: DeltaGenerator) -> None:
    text, tokenizer = checked.text[-READ:], runs.opened(scene.folder, scene.step).tokenizer
    if not tokenizer.known(text):
        raise BadInput("text.too_short", value=0, limit=1)
    if scene.config.cell == "cnn":
        _without_state(scene, text, answer)
        return
    with st.spinner(t("states_move.writing")):
        found = move_loop.greedy(scene.path, scene.step, scene.digest, text)
    answer.markdown(joined([move_loop.told(found, words_of(scene.config)), _repeated(
        scene, tokenizer.decode(found.ids))]))
    picture, side = st.columns([2.1, 1], gap="medium", vertical_alignment="center")
    with picture:
        move_loop.plot(found, move_loop.Plane(
            scene.path, scene.step, scene.digest, "h", scene.config.layers - 1),
            scene.config.cell, text)
    with side:
        st.markdown(t("states_move.loop_text", **words_of(scene.config)))
        st.page_link("pages/states.py", label=t("generate_check.loop.link"),
                     icon=":material/arrow_forward:", icon_position="right",
                     query_params=session.url_parameters() | {"tool": "move", "move": "loop"})
    move_loop.written(found, tokenizer, text, scene.config.cell)


def _repeated(scene: Scene, written: str) -> str:
    """How much of what was written so stood before, beside held-out text of that length."""
    from rnnlm_core.insight.repeats import repeated_share

    share = share_text(repeated_share(written))
    others = [repeated_share(passage) for passage in held_out_passages(scene, len(written))]
    if not others:
        return t("generate_check.loop.repeated_alone", share=share)
    return t("generate_check.loop.repeated", share=share, mean=share_text(float(np.mean(others))))


def _without_state(scene: Scene, text: str, answer: DeltaGenerator) -> None:
    """A CNN: its context decides, so text that repeats beyond it repeats for ever."""
    from rnnlm_core.insight.cycles import text_loop

    ids = greedy_of(scene.path, scene.step, scene.digest, text)
    period, enters = text_loop(ids)
    many = words_of(scene.config)
    tokenizer = runs.opened(scene.folder, scene.step).tokenizer
    written, owners = tokenizer.owners(ids)
    if period is None or enters is None:
        answer.markdown(joined([t("generate_check.loop.cnn_none", steps=number(len(ids)), **many),
                                _repeated(scene, written)]))
        inside = np.zeros(len(owners), bool)
    else:
        answer.markdown(joined([t("generate_check.loop.cnn", period=number(period),
                                  enters=number(enters + 1), **many), _repeated(scene, written)]))
        inside = (owners >= enters) & (owners < enters + period)
    hue = fade(LIGHT["cnn"], 0.22)
    begin = text[-move_loop.BEFORE:]
    coloured_text(begin + written[:SHOWN] + "…",
                  [*[""] * len(begin), *(hue if one else "" for one in inside[:SHOWN])],
                  key="check.written", prompt=len(begin), size="1.1rem",
                  label=t("states_move.written_label"))
