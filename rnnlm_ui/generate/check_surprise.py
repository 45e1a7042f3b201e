"""Surprise beside entropy: does the text come as the network expects text to come?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import BadInput
from rnnlm_core.figures.generate import candidates_figure, candidates_height, percent, with_written
from rnnlm_core.figures.generate_check import STRIP_HEIGHT, StripWords, strip_figure
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_core.figures.states import visible
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate.check_text import Checked
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.picture import unknown_note
from rnnlm_ui.states.table import table
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.expectation import Expectation

YARDSTICK = 4_000  # characters of held-out text
ROWS = ("surprise", "entropy", "difference", "candidates")
FEWEST = 20  # scored tokens: of fewer, the normal band of the difference means nothing
BEFORE = 12  # characters that are named before a place
_SAME = 1e-3  # bits: entropies of the same distribution, worked out in two ways
_PLACE = "check.selected"
_RUN_UP = 20  # characters: out of the blue, anything surprises


class Mean(NamedTuple):
    """In bits a character."""

    surprise: float
    entropy: float
    band: float
    candidates: float
    scored: int  # tokens

    @property
    def excess(self) -> float:
        return self.surprise - self.entropy

    @property
    def told(self) -> bool:
        """Whether there is enough of it for a verdict."""
        return self.scored >= FEWEST

    @property
    def relation(self) -> str:
        return "within" if abs(self.excess) <= self.band else \
            "above" if self.excess > 0 else "below"


@st.cache_data(max_entries=64, show_spinner=False)
def expectation_of(path: str, step: int | None, digest: str, ids: NDArray[np.int64], given: int
                   ) -> Expectation:
    from rnnlm_core.insight.expectation import expectation

    run = runs.opened(RunFolder(path), step)
    return expectation(run.model, run.tokenizer, ids, given)


def show(scene: Scene, checked: Checked, answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.alignment import surprise_of_characters

    if len(checked.ids) <= checked.given:
        raise BadInput("text.too_short", value=len(checked.ids), limit=checked.given + 1)
    found = expectation_of(scene.path, scene.step, scene.digest, checked.ids, checked.given)
    own = mean_of(found, checked)
    answer.markdown(_answer(scene, own, found, checked))
    bits = surprise_of_characters(found.surprise, checked.owners)
    entropy = surprise_of_characters(found.entropy, checked.owners)
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        _text(checked, bits, entropy, scene)
        unknown_note(checked.unknown)
        _strip(checked, found, bits, entropy, scene)
    with side:
        _table(scene, own)
        _place(checked, found, bits, scene)


def mean_of(found: Expectation, checked: Checked) -> Mean:
    """Per character: what a token has is shared by the characters that it brings."""
    from rnnlm_core.insight.expectation import balance

    means = balance(found)
    share = means.tokens / max(1, int((checked.owners >= 0).sum()))
    return Mean(means.surprise * share, means.entropy * share, means.band * share,
                float(found.candidates[checked.given:].mean()), means.tokens)


def _answer(scene: Scene, own: Mean, found: Expectation, checked: Checked) -> str:
    lost = sum(checked.owners < 0) - checked.beginning
    if checked.unknown and 2 * lost > len(checked.text):
        return t("generate_check.surprise.mostly_unknown", n=number(int(lost)),
                 whole=number(len(checked.text)))
    if not own.told:
        return t("generate_check.surprise.short", n=number(own.scored), limit=FEWEST,
                 **words_of(scene.config))
    kind = "other"
    if checked.by_itself:
        drawn = np.array(checked.drawn_entropy) - found.entropy
        kind = "believed" if float(np.nanmax(np.abs(drawn))) < _SAME else "bent"
    return t(f"generate_check.surprise.{kind}_{own.relation}", bits=f"{own.surprise:.2f}",
             entropy=f"{own.entropy:.2f}", more=f"{abs(own.excess):.2f}", band=f"{own.band:.2f}")


def _text(checked: Checked, bits: NDArray[np.floating], entropy: NDArray[np.floating],
          scene: Scene) -> None:
    template, read = t("generate_check.tip"), np.isfinite(bits)
    unread = t("generate_check.not_guessed")
    tips = [template.format(bits=f"{b:.1f}", entropy=f"{e:.1f}") if known else unread
            for b, e, known in zip(bits, entropy, read, strict=True)]
    clicked = coloured_text(
        checked.text, [fill if known else "" for fill, known in
                       zip(surprise_fill(np.nan_to_num(bits)), read, strict=True)],
        key="check.text", tips=tips, prompt=checked.beginning, size="1.2rem",
        legend=(t("generate.expected"), t("generate.surprising"), surprise_gradient()),
        label=t("generate.text_label"), selected=place_of(checked, bits), link=_link(scene),
        owners=list(range(len(checked.text))))
    if clicked is not None:
        session.remember(_PLACE, (checked.text, clicked))
        session.again()


def place_of(checked: Checked, bits: NDArray[np.floating]) -> int:
    """The character that is looked at: the reader's, else the most surprising one."""
    text, place = session.recall(_PLACE, ("", 0))
    if text == checked.text:
        return int(place)
    ranked = np.nan_to_num(bits, nan=-1.0)
    if len(ranked) > 2 * _RUN_UP:
        ranked[:_RUN_UP] = -1.0
    return int(ranked.argmax())


def _link(scene: Scene) -> str:
    return f"check {scene.folder.id}"


def _strip(checked: Checked, found: Expectation, bits: NDArray[np.floating],
           entropy: NDArray[np.floating], scene: Scene) -> None:
    candidates = np.where(checked.owners >= 0, found.candidates[checked.owners], np.nan)
    words = StripWords(*(t(f"generate_check.strip.{name}") for name in (
        "place", "bits", "surprise", "entropy", "candidates")))
    live_plot(lambda: strip_figure(bits, entropy, candidates, [*map(visible, checked.text)], words),
              key="check.strip", height=STRIP_HEIGHT, on=(), link=_link(scene),
              alt=t("generate_check.strip_alt"), rev=(scene.digest, checked.revision))


def _table(scene: Scene, own: Mean) -> None:
    """This text beside held-out text."""
    texts = {t("generate_check.this_text"): own}
    if (held_out := held_out_mean(scene.path, scene.step, scene.digest)) is not None:
        texts[t("generate_check.held_out")] = held_out
    table({" ": [t(f"generate_check.row.{row}") for row in ROWS],
           **{name: [_cell(mean, row) for row in ROWS] for name, mean in texts.items()}})
    st.markdown(t("generate_check.table_note", **words_of(scene.config)))


def _cell(mean: Mean, row: str) -> str:
    if row == "difference":
        if not mean.told:
            return "–"
        return f"{mean.excess:+.2f} ± {mean.band:.2f}".replace("-", "−")
    return f"{getattr(mean, row):.{1 if row == 'candidates' else 2}f}"


@st.cache_data(max_entries=64, show_spinner=False)
def held_out_mean(path: str, step: int | None, digest: str) -> Mean | None:
    """Over held-out text; None where it is gone."""
    from rnnlm_core.data.tokenizer.spelling import spelled

    run = runs.opened(RunFolder(path), step)
    text, gone = look_inside.text_of(run)
    text = text[:YARDSTICK]
    ids, owners = spelled(text, run.tokenizer)
    if gone is not None or len(ids) < 2:
        return None
    found = expectation_of(path, step, digest, ids, 1)
    return mean_of(found, Checked("held_out", text, ids, np.where(owners > 0, owners, -1), 1))


def _place(checked: Checked, found: Expectation, bits: NDArray[np.floating], scene: Scene) -> None:
    """What else could have come at the place that is looked at."""
    place = place_of(checked, bits)
    token = int(checked.owners[place])
    if token < 0:
        st.markdown(t("generate_check.not_guessed"))
        return
    start = int(np.flatnonzero(checked.owners == token)[0])
    before = visible(checked.text[max(0, start - BEFORE):start])
    cut = "…" if start > BEFORE else ""
    st.subheader(t("generate.after", before=plain(cut + before)) if before
                 else t("generate.at_start"), anchor=False)
    piece = runs.opened(scene.folder, scene.step).tokenizer.pieces[int(checked.ids[token])]
    came = 2.0 ** -float(found.surprise[token])
    candidates = with_written(found.alternatives[token], piece, came)
    kept = checked.kept[token] if checked.kept else len(candidates)
    word = t("generate.written" if checked.kept else "generate_check.came")
    live_plot(lambda: candidates_figure(candidates, piece, kept, word, t("generate.cut")),
              key="check.candidates", height=candidates_height(len(candidates)), on=(),
              alt=t("generate.candidates_alt", **words_of(scene.config)),
              rev=(tuple(candidates), piece, kept, word))
    st.markdown(t("generate_check.place", share=percent(came),
                  entropy=f"{found.entropy[token]:.2f}",
                  candidates=number(int(found.candidates[token]))))
    if checked.kept:
        st.markdown(t("generate_check.drawn_from", kept=number(checked.kept[token]),
                      entropy=f"{checked.drawn_entropy[token]:.2f}"))
