"""The states in a few clusters, and the graph of what leads from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.data.marks import short
from rnnlm_core.figures.states import Scale, visible
from rnnlm_core.figures.states_graph import HEIGHT, GraphWords, graph_figure
from rnnlm_core.figures.template import esc
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.findings import percent
from rnnlm_ui.states.long_reading import long_labels, long_reading
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.move import part_of
from rnnlm_ui.states.table import csv_button, table

if TYPE_CHECKING:
    from rnnlm_core.insight.automaton import Automaton, Seen

FEWEST, MOST, DEFAULT = 5, 30, 12
GAIN = 0.05  # of a label's variance, above what the token and an untrained network hold
ECHO = 0.8  # of a cluster's places end in the same token
_K = "move.k"

Points = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Held:
    """The label of which the clusters hold most: shares of its variance, and its mean in each."""

    name: str
    clusters: float
    token: float
    untrained: float
    means: Points  # (k,)

    @property
    def gain(self) -> float:
        return self.clusters - max(self.token, self.untrained)


@dataclass(frozen=True)
class Clustered:
    automaton: Automaton
    untrained_bits: float  # as many clusters of the network before its first step
    held: Held | None
    places: Points  # (k, 2)


@st.cache_resource(max_entries=48, show_spinner=False)
def clustered(path: str, step: int | None, digest: str, part: str, layer: int, k: int,
              vocabulary: int) -> Clustered:
    from rnnlm_core.insight.automaton import automaton_of
    from rnnlm_core.insight.layout import force_layout
    from rnnlm_core.insight.plane import plane_of

    reading = long_reading(path, step, digest, part, layer)
    found = automaton_of(reading, vocabulary, k)
    control = automaton_of(long_reading(path, step, digest, part, layer, untrained=True),
                           vocabulary, k)
    start = plane_of(reading.values).of(found.centres.astype(np.float32)).astype(np.float64)
    return Clustered(found, control.bits.cluster, _held(path, step, digest, found, control,
                                                        reading.ids),
                     force_layout(found.transitions, start))


def _held(path: str, step: int | None, digest: str, found: Automaton, control: Automaton,
          ids: NDArray[np.int64]) -> Held | None:
    from rnnlm_core.insight.automaton import explained

    held = []
    for label in long_labels(path, step, digest):
        shares = [explained(label, classes) for classes in (found.states, ids, control.states)]
        if not np.isfinite(shares).all():
            continue
        weights = label.where.astype(float)
        k = len(found.clusters)
        counts = np.bincount(found.states, weights=weights, minlength=k)
        sums = np.bincount(found.states, weights=weights * label.values, minlength=k)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        held.append(Held(label.name, *shares, means))
    best = max(held, key=lambda one: one.gain, default=None)
    return best if best is not None and best.gain > GAIN else None


def show(look: Look, answer: DeltaGenerator) -> None:
    picture, side = st.columns([2.1, 1], gap="medium", vertical_alignment="center")
    with side:
        session.preset(_K, DEFAULT)
        k = st.slider(t("states_move.k"), FEWEST, MOST, key=_K, persist_state="session")
        st.markdown(t("states_move.clusters_text", **look.words))
    with st.spinner(t("states_move.reading")):
        found = clustered(look.path, look.step, look.digest, part_of(look), look.choice.layer, k,
                          look.run.tokenizer.size)
    answer.markdown(_answer(found, look))
    with picture:
        live_plot(lambda: _figure(found, look), key="move.clusters", height=HEIGHT, on=(),
                  alt=t("states_move.clusters_alt", k=len(found.automaton.clusters), **look.words),
                  rev=(look.digest, part_of(look), look.choice.layer, k))
    _table(found, look)


def _answer(found: Clustered, look: Look) -> str:
    bits, clusters = found.automaton.bits, found.automaton.clusters
    told = [t("states_move.clusters_answer", k=len(clusters), **look.words,
              **{name: f"{getattr(bits, name):.2f}" for name in bits._fields},
              share=percent(bits.share),
              untrained=f"{found.untrained_bits:.2f}")]
    if found.held is not None:
        told.append(t("states_move.held", label=t(f"states.label.{found.held.name}"), **look.words,
                      **{name: percent(getattr(found.held, name))
                         for name in ("clusters", "token", "untrained")}))
    echoes = sum(cluster.last.share >= ECHO for cluster in clusters)
    told.append(t("states_move.echoes", n=echoes, k=len(clusters), **look.words))
    if part_of(look) == "c":
        told.append(t("states_move.clusters_c"))
    return joined(told)


def _figure(found: Clustered, look: Look) -> Any:
    automaton, held = found.automaton, found.held
    names = [_gram(cluster.before[0], look) if cluster.before else "" for cluster in
             automaton.clusters]
    hovers = ["<br>".join([
        esc(t("states_move.cluster", n=i + 1, share=percent(cluster.share))),
        esc(t("states_move.cluster_before", grams=_listed(cluster.before, look))),
        esc(t("states_move.cluster_after", tokens=_listed(cluster.after, look)))])
        for i, cluster in enumerate(automaton.clusters)]
    fills, scale, words = None, Scale(1.0, False), GraphWords("", "", "")
    if held is not None:
        fills = np.nan_to_num(held.means)
        top = float(np.abs(fills).max()) or 1.0
        scale = Scale(top, bool((fills < 0).any()))
        words = GraphWords(t("states_move.mean_of", label=t(f"states.label.{held.name}")),
                           f"{scale.low:.1f}", f"{top:.1f}")
    figure = graph_figure(found.places, automaton.transitions,
                          np.array([cluster.share for cluster in automaton.clusters]), names,
                          hovers, fills, scale, words)
    figure.update_layout(uirevision=f"{look.digest} {len(names)}")
    return figure


def _table(found: Clustered, look: Look) -> None:
    """Each cluster: how common, what was read up to it, what comes next, where it leads."""
    clusters, held = found.automaton.clusters, found.held
    columns = {
        t("states_move.column.number"): [f"**{i + 1}**" for i in range(len(clusters))],
        t("states_move.column.share"): [percent(cluster.share) for cluster in clusters],
        t("states_move.column.before"): [_shown(cluster.before, look) for cluster in clusters],
        t("states_move.column.after"): [_shown(cluster.after, look) for cluster in clusters],
        t("states_move.column.leads"): [_leads(row) for row in found.automaton.transitions]}
    if held is not None:
        columns[t(f"states.label.{held.name}")] = [
            "–" if np.isnan(mean) else f"{mean:.1f}" for mean in held.means]
    table(columns)
    csv_button(lambda: _file(found, look), f"{look.folder.id}-clusters")


def _file(found: Clustered, look: Look) -> str:
    """Each cluster with its share, its commonest contexts and next tokens, and its transitions."""
    from rnnlm_core.insight.export import csv_of

    def told(seen: Sequence[Seen]) -> str:
        pieces = look.run.tokenizer.pieces
        return " | ".join("".join(pieces[i] for i in one.ids) for one in seen)

    clusters, held = found.automaton.clusters, found.held
    names = ["cluster", "share", "before", "after",
             *(f"to_{j + 1}" for j in range(len(clusters))), *([held.name] if held else [])]
    return csv_of(names, [
        [i + 1, f"{cluster.share:.6f}", told(cluster.before), told(cluster.after),
         *(f"{p:.6f}" for p in found.automaton.transitions[i]),
         *([f"{held.means[i]:.6f}"] if held else [])] for i, cluster in enumerate(clusters)])


def _gram(seen: Seen, look: Look) -> str:
    pieces = look.run.tokenizer.pieces
    return visible("".join(short(pieces[i]) for i in seen.ids))


def _listed(seen: list[Seen], look: Look) -> str:
    return "  ".join(f"{_gram(one, look)} {percent(one.share)}" for one in seen)


def _shown(seen: list[Seen], look: Look) -> str:
    return ", ".join(f"**{plain(_gram(one, look))}** :gray[{percent(one.share)}]" for one in seen)


def _leads(row: Points) -> str:
    """The three likeliest next clusters."""
    order = [int(j) for j in np.argsort(-row, kind="stable")[:3] if row[j] > 0]
    return ", ".join(f"{j + 1} :gray[{percent(float(row[j]))}]" for j in order)
