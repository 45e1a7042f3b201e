"""One place of a text: the network's probabilities, and what each rule makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.cuts import Panel, panels_figure, panels_height
from rnnlm_core.figures.generate import percent
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_core.figures.states import visible
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session, time_machine
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate import cuts_words
from rnnlm_ui.generate.cuts_dials import (
    LONGEST_TEXT,
    beginning_box,
    dialled,
    dials,
    rule_name,
)
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import tail_of
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.cuts import Stage

SOURCES = ("text", "toy")
TOY = (2.0, 1.0, 0.0, -1.0, -2.0)
OF, AT = "cut_of", "cut_at"
_FOUND = "cuts.found"  # the place that was chosen for the reader, as it stands in the field
CANDIDATES, FEWER = 20, 10  # rows of the picture; on a phone
SHOWN = 240  # characters of the run's own text
_ROW, _TALL_ROW = 21, 30  # pixels
_PANELS = 6  # beside each other: the network and five rules


@dataclass(frozen=True)
class Places:
    """A text with what the network held at each of its characters, and after the last one."""

    ids: tuple[int, ...]
    text: str
    owners: tuple[int, ...]  # of each character, its token
    bits: tuple[float, ...]  # surprise of each character; of the first token it is not known
    widest: int  # the character before which the network is least sure


@dataclass(frozen=True)
class Choice:
    """The distribution that is looked at: its logits, what its candidates are called, the ids that
    came before, and the one that stands there, where one does."""

    logits: NDArray[np.float64]  # (V,)
    pieces: Sequence[str]
    before: Sequence[int] = ()
    here: int | None = None


@st.cache_data(max_entries=64, show_spinner=False)
def places_of(path: str, step: int | None, digest: str, text: str) -> Places:
    from rnnlm_core.insight.alignment import surprise_of_characters
    from rnnlm_core.insight.decoding import read

    run = runs.opened(RunFolder(path), step)
    ids = run.tokenizer.known(text)
    shown, owners = run.tokenizer.owners(ids)
    if len(ids) < 2:
        return Places(tuple(ids), shown, tuple(owners.tolist()), (0.0,) * len(shown), len(shown))
    entropy, surprise = read(run.model, run.tokenizer, np.array([ids], np.int64), 1)
    bits = surprise_of_characters(np.concatenate([[0.0], surprise[0]]), owners)
    token = 1 + int(entropy[0].argmax())
    widest = int(np.searchsorted(owners, token)) if len(owners) else 0
    return Places(tuple(ids), shown, tuple(owners.tolist()), tuple(bits.tolist()),
                  min(widest, len(shown)))


@st.cache_data(max_entries=256, show_spinner=False)
def logits_at(path: str, step: int | None, digest: str, ids: tuple[int, ...]
              ) -> NDArray[np.float64]:
    from rnnlm_core.insight.cuts import logits_after

    run = runs.opened(RunFolder(path), step)
    return logits_after(run.model, run.tokenizer, ids)


def show(scene: Scene, answer: DeltaGenerator, line: DeltaGenerator, narrow: bool) -> None:
    """`line`: the row of the views, which what is looked at stands in, too."""
    of = line.segmented_control(
        t("generate_cuts.of"), SOURCES, key=session.choice(OF, SOURCES, SOURCES[0]),
        required=True, format_func=lambda s: t(f"generate_cuts.source.{s}"),
        label_visibility="collapsed", wrap=True) or SOURCES[0]
    choice = _of_toy() if of == "toy" else _of_text(scene, line, narrow)
    dials(scene.config, narrow)
    from rnnlm_core.insight.cuts import stages

    settings = dialled()
    if of == "toy":  # nothing stands before it that could be repeated
        settings = replace(settings, repetition_penalty=1.0)
    found = stages(choice.logits, settings, choice.before)
    order = np.argsort(-found[0].p, kind="stable")
    allowed = int((found[0].p[order] > 0).sum())
    order = order[:min(FEWER if narrow else CANDIDATES, allowed)]
    answer.markdown(cuts_words.place_answer(found, settings, choice))
    names = [visible(choice.pieces[i]) for i in order]
    exact = of == "toy"
    row = _TALL_ROW if len(order) <= FEWER else _ROW
    beside = 2 if narrow else max(3, min(_PANELS, len(found)))
    live_plot(lambda: panels_figure(_panels(found, settings, order, choice.here, exact), names,
                                    beside, row),
              key="cuts.stages", height=panels_height(len(found), len(order), beside, row), on=(),
              alt=t("generate_cuts.stages_alt", **words_of(scene.config)),
              rev=(scene.digest, tuple(order), settings, choice.here, beside, exact,
                   tuple(choice.logits[order]), tuple(choice.before)))
    st.markdown(cuts_words.rule_by_rule(found, settings, choice))


def _of_toy() -> Choice:
    return Choice(np.array(TOY), [f"{score:g}".replace("-", "−") for score in TOY])


def _of_text(scene: Scene, line: DeltaGenerator, narrow: bool) -> Choice:
    """The text and the place in it, which the reader clicks or types."""
    pieces = runs.opened(scene.folder, scene.step).tokenizer
    line = line.popover(t("generate_cuts.text"), icon=":material/edit:", type="tertiary")
    text = beginning_box(line, t("generate_cuts.text"), narrow) or own_text(scene)
    found = places_of(scene.path, scene.step, scene.digest, text)
    at = session.widget(AT, 0) or 0
    chosen = at not in (0, session.recall(_FOUND, 0))  # by the reader, or a link
    place = min(at - 1, len(found.text)) if chosen else found.widest
    clicked = coloured_text(
        cuts_words.flat(found.text), surprise_fill(found.bits), key="cuts.text",
        selected=place if place < len(found.text) else None, cursor=place == len(found.text),
        size="1.15rem", label=t("generate_cuts.text_label"),
        legend=(t("generate.expected"), t("generate.surprising"), surprise_gradient()))
    if unknown := pieces.unknown_in(text):
        st.markdown(look_inside.note(cuts_words.unknown_problem(unknown)))
    if clicked is not None and clicked != place:
        place, chosen = clicked, True
    session.remember(_FOUND, 0 if chosen else place + 1)
    if at != place + 1:  # the field says where the outline is
        session.set_widget(AT, place + 1)
    line.number_input(t("generate_cuts.place"), 0, LONGEST_TEXT + SHOWN, key=AT,
                      bind="query-params", width="stretch" if narrow else 150,
                      help=t("generate_cuts.place_help"))
    here = found.owners[place] if place < len(found.text) else None
    before = found.ids if here is None else found.ids[:here]
    logits = logits_at(scene.path, scene.step, scene.digest, before)
    return Choice(logits, pieces.pieces, before or (pieces.first_known,),
                  None if here is None else found.ids[here])


def own_text(scene: Scene) -> str:
    """What the run wrote itself up to this moment, else the beginning of its held-out text."""
    samples = time_machine.written_before(tail_of(scene.path).refresh().samples, scene.step)
    own = samples[-1].text if samples else ""
    if len(own) < FEWER:
        own = look_inside.text_of(runs.opened(scene.folder, scene.step))[0]
    return own[:SHOWN]


def _panels(found: Sequence[Stage], settings: Any, order: NDArray[np.int64], here: int | None,
            exact: bool) -> list[Panel]:
    """A panel for each stage. What a rule has cut keeps the bar that it had before, hollow."""
    panels = []
    top = max(float(stage.p.max()) for stage in found)
    for index, stage in enumerate(found):
        before = found[index - 1].p if index else stage.p
        cut = stage.cut[order]
        values = np.where(cut, before[order], stage.p[order])
        texts = ["" if gone or not value else f"{value:.6f}" if exact else percent(float(value))
                 for gone, value in zip(cut, values, strict=True)]
        kept = int((stage.p[order] > 0).sum())
        # one line tells the kept from the cut only where they follow each other in this order
        in_order = bool(cut.any()) and not cut[:kept].any() and stage.rule in ("top_k", "top_p")
        panels.append(Panel(
            rule_name(stage.rule, settings),
            t("generate_cuts.kept_bits", kept=number(stage.kept),
              bits=f"{stage.entropy:.{6 if exact else 2}f}"),
            values.tolist(), texts, cut.tolist(), [i == here for i in order], stage.threshold,
            kept - 1 if in_order else None, top))
    return panels
