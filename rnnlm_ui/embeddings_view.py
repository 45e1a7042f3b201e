"""Which tokens the network takes for alike: their map at a moment, and who is near whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.embeddings import HEIGHT, map_figure
from rnnlm_core.figures.states import visible
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import entries
from rnnlm_ui import look_inside, runs, session, time_machine
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import fault, plain

if TYPE_CHECKING:
    from rnnlm_core.insight.embeddings import Neighbour, Plane

MOST = 120  # tokens written on the map: more would cover each other
NEAREST = 5
_CHOSEN = "time.token"
Chain = tuple[tuple[int, str], ...]  # the moments up to one, each with its digest


# -- what is computed once for all visitors ---------------------------------------------------
@st.cache_data(max_entries=128, show_spinner=False)
def vectors_of(path: str, step: int, digest: str) -> tuple[str, NDArray[np.float64]]:
    """The rows (N, D) of the tokens on the map at a moment, and which array they are of.

    Raises as the checkpoint does.
    """
    from rnnlm_core.insight.embeddings import INPUT, OUTPUT, token_vectors
    from rnnlm_core.run.checkpoint import load_weights

    weights = load_weights(RunFolder(path).checkpoints, step).weights()
    source, rows = token_vectors({name: weights[name].float().numpy()
                                  for name in (INPUT, OUTPUT) if name in weights})
    return source, rows[tokens_on_map(path)]


@st.cache_data(max_entries=256, show_spinner=False)
def plane_of(path: str, chain: Chain) -> Plane:
    """The map at the last moment of the chain, turned onto the map of the moment before."""
    from rnnlm_core.insight.embeddings import aligned, plane

    found = plane(vectors_of(path, *chain[-1])[1])
    if len(chain) == 1:
        return found
    return found._replace(points=aligned(found.points, plane_of(path, chain[:-1]).points))


def chain_to(folder: RunFolder, step: int) -> Chain:
    return tuple((e.step, e.sha256) for e in time_machine.offered(folder) if e.step <= step)


@st.cache_data(max_entries=32, show_spinner=False)
def tokens_on_map(path: str) -> NDArray[np.int64]:
    """The ids to write on the map: the most frequent ones of the held-out text, without `<unk>`."""
    run = runs.opened(RunFolder(path))
    text, _ = look_inside.text_of(run)
    counts = np.bincount(run.tokenizer.encode(text), minlength=run.tokenizer.size)
    order = np.argsort(-counts, kind="stable")
    return order[order != run.tokenizer.unknown_id][:MOST]


@st.cache_data(max_entries=32, show_spinner=False)
def untrained_cosine(path: str, step: int, digest: str) -> float:
    from rnnlm_core.insight.embeddings import nearest_cosine

    return nearest_cosine(vectors_of(path, step, digest)[1])


# -- drawing ----------------------------------------------------------------------------------
def section(folder: RunFolder) -> None:
    """The map, and beside it the neighbours of the token that was clicked."""
    try:
        shown = time_machine.entry(folder)
        tokens = tokens_on_map(str(folder.path)) if shown is not None else np.empty(0, np.int64)
        if shown is None or len(tokens) < 3:  # no cloud to speak of
            return
        pieces = runs.opened(folder).tokenizer.pieces
        names = ["".join(visible(c) for c in pieces[token]) for token in tokens]
        st.subheader(t("time.map"), anchor=False)
        _draw(folder, names, shown.step, shown.sha256)
    except UnrollError as error:
        fault(error)


def _draw(folder: RunFolder, names: Sequence[str], step: int, digest: str) -> None:
    from rnnlm_core.insight.embeddings import neighbours

    path, chain = str(folder.path), chain_to(folder, step)
    source, vectors = vectors_of(path, step, digest)
    found = plane_of(path, chain)
    name = session.recall(_CHOSEN, None)  # by name, so that it is the same one in another run
    chosen = names.index(name) if name in names else None
    near = neighbours(vectors, chosen, NEAREST) if chosen is not None else []
    picture, side = st.columns([2.1, 1], gap="medium")

    def draw() -> Any:
        figure = map_figure(found.points, names, _extent(path, chain_to(folder, 2**62)),
                            t("time.map_axis"), chosen, [one.row for one in near])
        figure.update_layout(uirevision=folder.id)
        return figure

    with picture:
        click = live_plot(draw, key="embeddings.map", height=HEIGHT, alt=t("time.map_alt"),
                          rev=(folder.id, chain, chosen)).click
    with side:
        st.markdown(t(f"time.map_of.{source.split('.')[0]}", step=number(step),
                      share=f"{found.explained:.0%}", size=number(vectors.shape[1])))
        _neighbours(folder, names, chosen, near)
    if click is not None and click.trace == 0 and click.index is not None:
        session.remember(_CHOSEN, names[click.index])
        session.page_again()


def _neighbours(folder: RunFolder, names: Sequence[str], chosen: int | None,
                near: Sequence[Neighbour]) -> None:
    if chosen is None:
        st.markdown(t("time.map_click"))
        return
    neighbour_table(names, chosen, near)
    first = entries(folder.checkpoints)[0]
    if first.step == 0 and folder.config().embedding_source == "scratch":  # else it knew more
        chance = untrained_cosine(str(folder.path), 0, first.sha256)
        st.markdown(t("time.map_chance", value=f"{chance:.2f}"))


def neighbour_table(names: Sequence[str], chosen: int, near: Sequence[Neighbour]) -> None:
    """The nearest tokens to the chosen one, and the cosine of each."""
    rows = [f"| {plain(names[one.row])} | {f'{one.cosine:+.2f}'.replace('-', '−')} |"
            for one in near]
    head = f"| {t('time.map_nearest', token=plain(names[chosen]))} | {t('time.cosine')} |"
    st.markdown("\n".join([head, "|:--|--:|", *rows]))


def _extent(path: str, whole: Chain) -> float:
    """The largest distance from the middle at any moment: axes that do not change show growth."""
    return max((float(np.abs(plane_of(path, whole[:i + 1]).points).max())
                for i in range(len(whole))), default=1.0) or 1.0
