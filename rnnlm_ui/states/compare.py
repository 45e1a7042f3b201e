"""Compare: two networks, or two moments of one, on the same text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core import launch
from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.palette import value_fill, value_gradient
from rnnlm_core.figures.states import visible
from rnnlm_core.figures.states_compare import likeness_figure, likeness_height
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry, entries
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, percent, t
from rnnlm_ui.page import fault, plain
from rnnlm_ui.states.choice import text_box
from rnnlm_ui.states.findings import signed, unit_name
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.picture import unknown_note
from rnnlm_ui.states.reading import searched_characters
from rnnlm_ui.states.table import csv_button

if TYPE_CHECKING:
    from rnnlm_core.insight.alignment import Cka, Matching, UnitPair

MOST = 4_000  # characters of held-out text over which layers and units are compared
TOP = 4.0  # bits of difference at which the fill is full
PAIRS, PLACES, BEFORE = 8, 5, 12
_RUN, _STEP = "states_compare_run", "states_compare_step"


class Moment(NamedTuple):
    """One of the two networks: what the cached functions know it by."""

    path: str
    step: int
    digest: str


@dataclass(frozen=True)
class Likeness:
    """Over held-out text. `layers[i][j]`: layer i of this network with layer j of the other."""

    characters: int
    layers: list[list[Cka]]
    units: Matching  # of the chosen layers


@dataclass(frozen=True)
class Difference:
    """A text, and the bits each needed for every character, NaN where it has no id for it."""

    text: str
    this: NDArray[np.floating[Any]]
    other: NDArray[np.floating[Any]]
    unknown: tuple[str, ...]  # pieces that one of them has no id for

    @property
    def both(self) -> NDArray[np.bool_]:
        """The characters that both read."""
        return np.isfinite(self.this) & np.isfinite(self.other)


# -- computed once for all visitors ------------------------------------------------------------
@st.cache_data(max_entries=64, show_spinner=False)
def difference_of(this: Moment, other: Moment, text: str, from_start: bool = False) -> Difference:
    """`from_start`: both read their start mark first, as where they write without a beginning, so
    that the first character has bits, too."""
    from rnnlm_core.insight.alignment import common_text, surprise_of_characters
    from rnnlm_core.insight.expectation import token_surprise

    one, two = (runs.opened(RunFolder(m.path), m.step) for m in (this, other))
    common = common_text(text, one.tokenizer, two.tokenizer)
    bits = []
    for run, spelling in ((one, common.first), (two, common.second)):
        start = [run.tokenizer.first_known] if from_start else []
        read = token_surprise(run.model, run.tokenizer,
                              np.array([*start, *spelling.ids], np.int64))
        bits.append(surprise_of_characters(read[len(start):], spelling.owners))
    unknown = {*one.tokenizer.unknown_in(text), *two.tokenizer.unknown_in(text)}
    return Difference(text, *bits, tuple(sorted(unknown)))


@st.cache_data(max_entries=32, show_spinner=False)
def likeness_of(this: Moment, other: Moment, layer: int, other_layer: int) -> Likeness:
    from rnnlm_core.insight.alignment import common_text, linear_cka, match_units

    one, two = (runs.opened(RunFolder(m.path), m.step) for m in (this, other))
    text = look_inside.text_of(one)[0][:min(MOST, searched_characters(one.config))]
    common = common_text(text, one.tokenizer, two.tokenizer)
    characters = np.array([ord(text[place]) for place in common.places])
    first = _layers(one, common.first.ids, common.tokens[0], characters)
    second = _layers(two, common.second.ids, common.tokens[1], characters)
    return Likeness(len(common.places), [[linear_cka(x, y) for y in second] for x in first],
                    match_units(first[layer], second[other_layer]))


def _layers(run: Any, ids: NDArray[np.int64], places: NDArray[np.int64],
            characters: NDArray[np.int64]) -> list[NDArray[np.floating[Any]]]:
    """h (T, H) of each layer at these tokens, less the mean over all places with the same
    character: that both know which one was just read is no likeness."""
    from rnnlm_core.insight.states import without_character_means
    from rnnlm_core.insight.strips import all_units

    rows = run.config.hidden * run.config.layers
    h = all_units(run.model, ids)[:rows].reshape(run.config.layers, run.config.hidden, -1)
    return [without_character_means(layer[:, places].T, characters) for layer in h]


# -- the page ------------------------------------------------------------------------------------
def show(look: Look, answer: DeltaGenerator) -> None:
    this = Moment(look.path, look.shown.step, look.digest)
    place = st.container()
    other = _choose(look)
    if other is None:
        return
    folder, entry = other
    that = Moment(str(folder.path), entry.step, entry.sha256)
    if that == this:
        answer.markdown(t("states_compare.same"))
        return
    names = names_of((look.folder, look.shown), other)
    with place:
        try:
            surprises(difference_of(this, that, look.reading.text), names, answer)
        except UnrollError as error:
            with answer:
                fault(error)
            return
    with st.spinner(t("states_compare.reading")):
        other_layer = min(look.choice.layer, folder.config().layers - 1)
        found = likeness_of(this, that, look.choice.layer, other_layer)
    picture, side = st.columns([1, 1], gap="medium")
    with picture:
        _layers_picture(look, found, names, (this, that))
    with side:
        _units(look, folder, found, names, other_layer)


def _choose(look: Look) -> tuple[RunFolder, Entry] | None:
    """The text, and the other network."""
    text, run, moment = st.columns([3.2, 2, 1.6], gap="small")
    text_box(text)
    return choose_other(look.folder, run, moment)


def choose_other(this: RunFolder, run: DeltaGenerator, moment: DeltaGenerator,
                 keys: tuple[str, str] = (_RUN, _STEP), with_state: bool = True,
                 first: RunFolder | None = None, own: Callable[[list[int]], int] = min
                 ) -> tuple[RunFolder, Entry] | None:
    """The other network. Until the reader chooses: the run `first` at its newest moment, or this
    one at the moment that `own` picks."""
    run_key, step_key = keys
    listed, first = runs.listed(this, with_state), first or this
    if session.widget(run_key, None) not in listed:
        session.set_widget(run_key, first.id)
    chosen = run.selectbox(
        t("states_compare.other"), list(listed), key=run_key, format_func=listed.__getitem__,
        persist_state="session")
    folder = launch.find_run(chosen, launch.runs_root()) or this
    try:
        steps = {e.step: e for e in entries(folder.checkpoints)}
    except UnrollError as error:
        fault(error)
        return None
    if not steps:
        st.markdown(t("inside.waiting"))
        return None
    moved = session.recall(run_key, this.id) != folder.id
    if moved or session.widget(step_key, None) not in steps:
        session.set_widget(step_key, own([*steps]) if folder.id == this.id else max(steps))
    session.remember(run_key, folder.id)
    step = moment.selectbox(t("states_compare.moment"), list(steps), key=step_key,
                            format_func=lambda s: t("states_compare.step", step=number(s)),
                            persist_state="session")
    return folder, steps[step]


def names_of(this: tuple[RunFolder, Entry], other: tuple[RunFolder, Entry]) -> tuple[str, str]:
    """What the two are called: by their steps where they are of one run, else by their runs."""
    (folder, entry), (others, at) = this, other
    if folder.id == others.id:
        return (t("states_compare.step", step=number(entry.step)),
                t("states_compare.step", step=number(at.step)))
    return t("states_compare.this"), t("states_compare.run_at", run=runs.title(others),
                                       step=number(at.step))


def surprises(found: Difference, names: tuple[str, str], answer: DeltaGenerator) -> None:
    """The text, filled by who is less surprised, and the places where they differ most."""
    both = found.both
    this, other = (float(bits[both].mean()) for bits in (found.this, found.other))
    gain = np.nan_to_num(found.other - found.this)
    answer.markdown(t(
        "states_compare.answer" if this <= other else "states_compare.answer_worse",
        this=plain(names[0]), other=plain(names[1]), bits=f"{this:.2f}", others=f"{other:.2f}",
        share=percent((gain[both] > 0).mean()), n=number(int(both.sum()))))
    template = t("states_compare.tip")
    rows = zip(found.text, found.this.tolist(), found.other.tolist(), both, strict=True)
    tips = [template.format(character=visible(c), bits=f"{a:.1f}", others=f"{b:.1f}") if read
            else t("states_compare.unread") for c, a, b, read in rows]
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        coloured_text(
            found.text, value_fill(gain / TOP), key="states.compared", tips=tips, size="1.2rem",
            legend=(t("states_compare.worse", n=number(TOP)), t("states_compare.better"),
                    value_gradient()),
            label=t("states_compare.text_label"))
        unknown_note(found.unknown)
    with side:
        st.subheader(t("states_compare.places"), anchor=False)
        rows = [_place(found, int(i)) for i in np.argsort(-np.abs(gain), kind="stable")[:PLACES]]
        head = f"| {t('states_compare.place')} | {plain(names[0])} | {plain(names[1])} |"
        st.markdown("\n".join([head, "|:--|--:|--:|", *rows]))


def _place(found: Difference, index: int) -> str:
    before = visible(found.text[max(0, index - BEFORE):index])
    return (f"| {plain(f'{before}[{visible(found.text[index])}]')} "
            f"| {found.this[index]:.1f} | {found.other[index]:.1f} |")


def _layers_picture(look: Look, found: Likeness, names: tuple[str, str],
                    moments: tuple[Moment, Moment]) -> None:
    values = np.array([[cell.value for cell in row] for row in found.layers])
    best = max((cell for row in found.layers for cell in row), key=lambda cell: cell.value)
    st.markdown(t("states_compare.layers", value=f"{best.value:.2f}", chance=f"{best.chance:.2f}",
                  n=number(found.characters)))
    rows, columns = ([t("states_compare.layer", name=name, n=i + 1) for i in range(count)]
                     for name, count in zip(names, values.shape, strict=True))
    if values.size == 1:
        return
    live_plot(lambda: likeness_figure(values, rows, columns), key="states.likeness",
              height=likeness_height(len(rows)), alt=t("states_compare.layers_alt"), on=(),
              rev=(*moments, look.choice.layer))


def _units(look: Look, folder: RunFolder, found: Likeness, names: tuple[str, str],
           other_layer: int) -> None:
    """The strongest pairs, and how many there are beyond what chance gives."""
    pairs, chance = found.units.pairs, found.units.chance
    beyond = sum(abs(pair.correlation) > chance for pair in pairs)
    st.markdown(t("states_compare.units", n=number(beyond), all=number(len(pairs)),
                  chance=f"{chance:.2f}"))
    config = folder.config()
    rows = [f"| {unit_name('h', look.choice.layer, pair.first, look.config)} "
            f"| {unit_name('h', other_layer, pair.second, config)} "
            f"| {signed(pair.correlation)} |" for pair in pairs[:PAIRS]]
    head = f"| {plain(names[0])} | {plain(names[1])} | {t('states_compare.correlation')} |"
    st.markdown("\n".join([head, "|:--|:--|--:|", *rows]))
    if pairs:
        layers = (look.choice.layer + 1, other_layer + 1)  # counted as on the page
        csv_button(lambda: pairs_file(pairs, layers), f"{look.folder.id}-units",
                   t("states_compare.download"))
    st.markdown(t("states_compare.meaning"))


def pairs_file(pairs: Sequence[UnitPair], layers: tuple[int, int]) -> str:
    """All pairs with the layer, from 1, that each unit is of."""
    from rnnlm_core.insight.export import csv_of

    return csv_of(("this_layer", "this", "other_layer", "other", "correlation"),
                  [(layers[0], pair.first, layers[1], pair.second, f"{pair.correlation:.6f}")
                   for pair in pairs])
