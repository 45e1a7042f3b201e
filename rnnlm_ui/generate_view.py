"""The writing page: settings, the text as it grows, and what else each character could have been.

Callbacks only leave a wish; `bring` carries it out, where an error finds its place on the page.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.errors import Problem, UnrollError
from rnnlm_core.figures.generate import (
    MARKS,
    candidates_figure,
    candidates_height,
    percent,
    with_written,
)
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_core.records import SampledToken, WrittenSample
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session, time_machine
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.live import tail_of
from rnnlm_ui.page import fault, plain, primary_label
from rnnlm_ui.tokens import tokens_of, words_of
from rnnlm_ui.writing import MOST, PACES, Writing

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings

KEEP = ("all", "top_k", "top_p")
TICK = 0.25  # seconds between two looks while it writes
PROMPT = "generate.prompt"  # the key of its widget
LONGEST_PROMPT = 500
LENGTHS = (1, 1_000)
_MOST_SEED = 2**53 - 1  # what a browser can count to
_DEFAULTS: dict[str, Any] = {
    "temperature": 0.8, "keep": "all", "top_k": 5, "top_p": 0.9, "length": 240}
_HURRY_BUDGET = 0.35  # seconds: a text under another setting comes whole where that is quick
_EXAMPLE_BUDGET = 1.5  # the page's own example: nothing else waits for it
_PACE = "reading"  # as fast as the browser types what it is sent
_CONTEXT = 12  # characters named before a place
_WRITING, _WISH, _SELECTED, _PAINTED, _HURRY, _SHOWN = (
    f"generate.{name}" for name in ("writing", "wish", "selected", "painted", "hurry", "shown"))


# -- wishes ----------------------------------------------------------------------------------------
def wish(what: str, *values: Any) -> None:
    """Asked for by a button or a setting; `bring` carries it out."""
    session.remember(_WISH, (what, *values))


def put(index: int, piece: str) -> None:
    """Go on with this token in place of the written one."""
    wish("put", index, piece)


def take_prompt() -> None:
    """Write from what was just typed."""
    if typed := session.widget(PROMPT, None):
        wish("prompt", typed)


def is_active() -> bool:
    """Whether this tab's text is growing, or is just about to."""
    writing: Writing | None = session.recall(_WRITING, None)
    wanted = session.recall(_WISH, ("",))[0]
    if wanted in ("go_on", "prompt", "put"):
        return True
    return writing is not None and writing.active and wanted not in ("stop", "keep")


def bring(folder: RunFolder) -> Writing:
    """This tab's text as of now: opened, as wished, and grown by what is due."""
    settings().checked()  # said for as long as it holds, not only once
    writing = _current(folder)
    what, *values = session.recall(_WISH, ("",))
    now, hurry, budget = time.monotonic(), session.recall(_HURRY, False), _HURRY_BUDGET
    if what:
        hurry = what == "rewrite" and (hurry or not writing.active)
        try:
            _carry_out(writing, what, values, now)
        except UnrollError:
            session.forget(_WISH)  # told once
            raise
        # only now: a newer look at the page may interrupt this one at any access to session state,
        # and a wish that was taken but not yet carried out would be lost (carrying it out twice
        # does no harm)
        session.forget(_WISH)
    elif not writing.tokens and not writing.active and not writing.by_hand:
        writing.again(settings(), now)
        hurry, budget = True, _EXAMPLE_BUDGET
    session.remember(_HURRY, hurry)
    if hurry:
        writing.advance(now, "at_once", budget)
    else:
        writing.advance(now, session.widget("pace", _PACE))
    return writing


def _current(folder: RunFolder) -> Writing:
    """The text kept in this tab; an untouched example gives way to newer weights.

    At another moment the same beginning is gone on with by the weights of that moment.
    """
    entry, kept = time_machine.entry(folder), session.recall(_WRITING, None)
    digest, moment = entry.sha256 if entry is not None else "", time_machine.moment(folder)
    same_run = isinstance(kept, Writing) and kept.run.path == folder.path
    same_moment = same_run and kept.moment == moment
    if same_run and (kept.digest == digest or kept.by_hand or (
            same_moment and (kept.prompt or kept.active))):
        return kept
    run = runs.opened(folder, moment)
    _ = run.model  # raises before anything is kept
    writing = Writing(run, digest, entry.step if entry is not None else 0,
                      kept.prompt if same_run else "", moment=moment)
    session.remember(_WRITING, writing)
    session.forget(_SELECTED)
    return writing


def _renew(writing: Writing) -> None:
    """What is written from now on is written by the weights that are looked at."""
    folder = writing.run.folder
    entry, writing.moment = time_machine.entry(folder), time_machine.moment(folder)
    if entry is not None and entry.sha256 != writing.digest:
        writing.run = runs.opened(folder, writing.moment)
        writing.digest, writing.step = entry.sha256, entry.step


def _carry_out(writing: Writing, what: str, values: list[Any], now: float) -> None:
    if what == "stop":
        writing.stop()
        return
    session.forget(_SELECTED)
    _renew(writing)
    if what == "prompt":
        writing.prompt = values[0]
        session.forget(_SHOWN)
        writing.again(settings(), now)
    elif what == "go_on":
        writing.go_on(settings(), now)
    elif what == "keep":
        writing.keep(values[0])
    elif what == "put":
        index, piece = values
        if index < len(writing.tokens):
            writing.put(index, piece)
            writing.go_on(settings(), now)
    elif what == "rewrite" and writing.active:
        writing.go_on(settings(writing.left), now)
    elif what == "rewrite" and not writing.by_hand:
        writing.again(settings(), now)


def settings(length: int | None = None) -> SamplingSettings:
    """As the widgets stand."""
    from rnnlm_core.generate import SamplingSettings

    values = {name: session.widget(name, default) for name, default in _DEFAULTS.items()}
    return SamplingSettings(
        temperature=values["temperature"], seed=session.widget("draw", 1),
        top_k=values["top_k"] if values["keep"] == "top_k" else 0,
        top_p=values["top_p"] if values["keep"] == "top_p" else 1.0,
        length=values["length"] if length is None else length)


# -- settings --------------------------------------------------------------------------------------
def controls(folder: RunFolder, narrow: bool) -> None:
    """Temperature, what is kept, pace; the rest behind "More". On a phone all behind one button."""
    config = folder.config()
    seed, names = config.seed, words_of(config)
    if narrow:
        with st.popover(t("generate.settings"), icon=":material/tune:"):
            _common(names, "stretch", "stretch")
            _more(names, seed)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _common(names, 260, 180)
        with st.popover(t("generate.more"), icon=":material/tune:"):
            _more(names, seed)


def _common(names: dict[str, str], width: Any, pace_width: Any) -> None:
    st.slider(t("generate.temperature"), 0.0, 2.0, _DEFAULTS["temperature"], step=0.05,
              key="temperature", width=width, on_change=_turned, bind="query-params",
              help=t("generate.temperature_help", **names))
    keep = st.segmented_control(
        t("generate.keep"), KEEP, default=KEEP[0], key="keep", required=True, on_change=_turned,
        format_func=lambda k: t(f"generate.kept.{k}"), bind="query-params",
        help=t("generate.keep_help", **names))
    if keep == "top_k":
        st.number_input(t("generate.k"), 1, 20_000, _DEFAULTS["top_k"], key="top_k", width=110,
                        on_change=_turned, bind="query-params")
    elif keep == "top_p":
        st.number_input(t("generate.p"), 0.01, 1.0, _DEFAULTS["top_p"], step=0.05, key="top_p",
                        width=110, on_change=_turned, bind="query-params")
    st.select_slider(t("generate.pace"), list(PACES), _PACE, key="pace", width=pace_width,
                     format_func=lambda p: t(f"generate.paces.{p}"), persist_state="session")


def _more(names: dict[str, str], seed: int) -> None:
    st.number_input(t("generate.length", **names), *LENGTHS, _DEFAULTS["length"], key="length",
                    step=20, on_change=_turned, bind="query-params")
    st.number_input(t("generate.seed"), 0, _MOST_SEED, seed, key="draw", step=1, on_change=_turned,
                    bind="query-params", help=t("generate.seed_help"))
    st.button(t("generate.another"), icon=":material/casino:", key="generate.another",
              on_click=_another)
    st.button(t("generate.no_beginning"), icon=":material/first_page:", key="generate.clear",
              on_click=lambda: wish("prompt", ""))
    writing: Writing | None = session.recall(_WRITING, None)
    if writing is not None and not writing.active:
        st.download_button(t("common.download"), writing.text, t("generate.file_name"),
                           icon=":material/download:", key="generate.download")


def _turned() -> None:
    """The same noise under another setting: the text deforms, in place of being another one."""
    if session.recall(_WISH, None) is None:
        wish("rewrite")


def _another() -> None:
    session.set_widget("draw", (int(session.widget("draw", 1)) + 1) % _MOST_SEED)
    writing: Writing | None = session.recall(_WRITING, None)
    wish("prompt", writing.prompt if writing is not None else "")


def main_button(active: bool) -> None:
    """The page's one primary button: stop, or go on."""
    writing: Writing | None = session.recall(_WRITING, None)
    full = writing is not None and writing.full
    if active:
        st.button(primary_label(t("common.stop"), "stop"), type="primary", key="generate.stop",
                  on_click=lambda: wish("stop"))
    else:
        label = t("generate.go_on")
        st.button(f":material/play_arrow: {label}" if full else primary_label(label, "play_arrow"),
                  type="primary", key="generate.go_on", on_click=lambda: wish("go_on"),
                  disabled=full, help=t("generate.full", n=number(MOST), **words_of(
                      writing.run.config)) if writing is not None and full else None)


# -- the text --------------------------------------------------------------------------------------
def live(folder: RunFolder, ticking: bool, narrow: bool) -> None:
    """All below the title, as one fragment: looks again while the text grows."""
    place = st.container()
    controls(folder, narrow)
    if _first_paint(folder) and (sample := _newest_sample(folder)) is not None:
        _example(folder, sample, place)
        return
    try:
        writing = bring(folder)
    except UnrollError as error:
        with place:
            fault(error)
        if (kept := session.recall(_WRITING, None)) is not None and kept.run.path == folder.path:
            _show(folder, kept)
        elif (sample := _newest_sample(folder)) is not None:
            _text_of_sample(sample)
        return
    if writing.active != ticking:
        st.rerun()
    with place:
        from rnnlm_core.generate import character_surprise

        st.markdown(finding(folder, character_surprise(writing.tokens)))
    _show(folder, writing)


def opening(folder: RunFolder) -> bool:
    """Whether torch is still to be loaded: the run's own sample stands there meanwhile."""
    return ("rnnlm_core.lab" not in sys.modules and session.recall(_PAINTED, None) != folder.id
            and _newest_sample(folder) is not None and session.recall(_WISH, None) is None)


def _first_paint(folder: RunFolder) -> bool:
    first = opening(folder)
    session.remember(_PAINTED, folder.id)
    return first


def _newest_sample(folder: RunFolder) -> WrittenSample | None:
    samples = time_machine.written_before(tail_of(folder.path).refresh().samples,
                                          time_machine.moment(folder))
    return samples[-1] if samples else None


def _example(folder: RunFolder, sample: WrittenSample, place: Any) -> None:
    with place:
        st.markdown(finding(folder, sample.surprise))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        _text_of_sample(sample)
    side.skeleton(height=candidates_height(5))


def _text_of_sample(sample: WrittenSample) -> None:
    _coloured(sample.text, surprise_fill(sample.surprise), [], 0, None, False, None)


def _show(folder: RunFolder, writing: Writing) -> None:
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        _text(writing)
        _notes(writing)
    with side:
        _panel(folder, writing)


def _tips(tokens: list[SampledToken]) -> list[str]:
    """For each written character how likely it was; where several bytes make it, all of them."""
    template, tips, share = t("generate.tip"), list[str](), 1.0
    for token in tokens:
        share *= token.probability
        if token.text:
            bits = -math.log2(max(share, 1e-300))
            tips += [template.format(share=percent(share), bits=f"{bits:.1f}")] * len(token.text)
            share = 1.0
    return tips


def _text(writing: Writing) -> None:
    from rnnlm_core.generate import character_surprise

    beginning = writing.beginning
    before, whole = len(beginning), len(writing.text)
    fills, tips = surprise_fill(character_surprise(writing.tokens)), _tips(writing.tokens)
    typed = None
    if writing.active and session.widget("pace", _PACE) == _PACE \
            and not session.recall(_HURRY, False):
        typed = min(session.recall(_SHOWN, 0), whole)
    session.remember(_SHOWN, whole)
    place = shown_place(writing)
    clicked = _coloured(writing.text, [""] * before + fills, [""] * before + tips, before,
                        place if not writing.active or _own(writing) is not None else None,
                        writing.active, typed)
    if clicked is not None:
        session.remember(_SELECTED, clicked)


def _coloured(text: str, fills: list[str], tips: list[str], prompt: int, selected: int | None,
              cursor: bool, typed: int | None) -> int | None:
    return coloured_text(
        text, fills, key="generate.text", tips=tips, prompt=prompt, selected=selected,
        cursor=cursor, stream_from=typed, size="1.3rem", label=t("generate.text_label"),
        legend=(t("generate.expected"), t("generate.surprising"), surprise_gradient()))


def _notes(writing: Writing) -> None:
    """What a reader should know about this text, where there is something."""
    notes = []
    if writing.unknown:
        problem = Problem("prompt.unknown_characters", {"characters": listed(writing.unknown)})
        notes.append(plain(error_text(problem)))
    entry = time_machine.entry(writing.run.folder)
    if entry is not None and entry.sha256 != writing.digest:
        notes.append(t("generate.by_step", step=number(writing.step), now=number(entry.step)))
    if writing.by_hand and not writing.active:
        notes.append(t("generate.by_hand"))
    for note in notes:
        st.markdown(f":material/info: {note}")


def listed(pieces: Sequence[str]) -> str:
    """Pieces by sight, by code points where nothing would be seen; at most twenty."""
    shown = [p if p.isprintable() and not p.isspace() else " ".join(f"U+{ord(c):04X}" for c in p)
             for p in pieces[:20]]
    return " ".join(shown) + (" …" if len(pieces) > 20 else "")


def finding(folder: RunFolder, surprise: list[float]) -> str:
    """How sure it was of what it wrote, with real text as the yardstick."""
    if not surprise:
        return t("generate.finding_none")
    bits = f"{sum(surprise) / len(surprise):.2f}"
    real, characters = real_text(folder), tokens_of(folder).characters
    if real is None or characters is None:
        return t("generate.finding_alone", bits=bits)
    return t("generate.finding", bits=bits, real=f"{real / math.log(2) / characters:.2f}")


def real_text(folder: RunFolder) -> float | None:
    """Nats a token on validation text, the whole of it where it was measured."""
    if (step := time_machine.moment(folder)) is not None:
        then = time_machine.measured_before(tail_of(folder.path).refresh(), step)
        return then[1] if then is not None else None
    whole = launch.status(folder).final_validation
    if whole is not None:
        return whole
    _, losses = tail_of(folder.path).refresh().validation()
    return float(losses[-1]) if len(losses) else None


# -- one place -------------------------------------------------------------------------------------
def _own(writing: Writing) -> int | None:
    """The place that the reader clicked, while there is such a place."""
    selected: int | None = session.recall(_SELECTED, None)
    return selected if selected is not None and selected < len(writing.text) else None


def shown_place(writing: Writing) -> int | None:
    """The reader's place; while it writes the newest character, else the most surprising one."""
    own = _own(writing)
    if own is not None or not writing.tokens:
        return own
    owners = writing.owners
    if not owners or owners[-1] < 0:
        return None  # nothing of what is written makes a character yet
    if writing.active:
        return owners.index(owners[-1])
    seen = sorted({index for index in owners if index >= 0})
    return owners.index(max(seen, key=lambda i: writing.tokens[i].surprise))


def _panel(folder: RunFolder, writing: Writing) -> None:
    """What else could have been written at the place that is looked at."""
    place = shown_place(writing)
    if place is None:
        return
    owners = writing.owners
    index = owners[place]
    if index >= 0:
        place = owners.index(index)  # where the token begins
    before = "".join(MARKS.get(c, c) if c != " " else c
                     for c in writing.text[max(0, place - _CONTEXT):place])
    cut = "…" if place > _CONTEXT else ""
    st.subheader(t("generate.after", before=plain(cut + before)) if before
                 else t("generate.at_start"), anchor=False)
    if index < 0:
        st.markdown(t("generate.of_prompt"))
        return
    token, tokenizer = writing.tokens[index], writing.run.tokenizer
    piece = tokenizer.pieces[token.id]
    candidates = with_written(token.alternatives, piece, token.probability)
    live_plot(lambda: candidates_figure(candidates, piece, token.kept, t("generate.written"),
                                        t("generate.cut")),
              key="generate.candidates", height=candidates_height(len(candidates)), on=(),
              alt=t("generate.candidates_alt", **words_of(writing.run.config)),
              rev=(tuple(candidates), piece, token.kept))
    st.markdown(t("generate.drawn_from", kept=number(token.kept),
                  v=number(tokenizer.size - (tokenizer.unknown_id is not None)),
                  **words_of(writing.run.config), entropy=f"{token.entropy:.2f}"))
    _instead(token, piece, index)
    left = len(writing.tokens) - index - 1
    st.button(t("generate.undo"), icon=":material/undo:", key="generate.undo", disabled=left == 0,
              on_click=lambda: wish("keep", index + 1), 
              help=t("generate.undo_help", **words_of(writing.run.config)))


def _instead(token: SampledToken, written: str, index: int) -> None:
    """Buttons that go on from here with another token."""
    others = [piece for piece, _ in token.alternatives if piece != written]
    st.markdown(t("generate.instead"))
    with st.container(horizontal=True, gap="xsmall"):
        for rank, piece in enumerate(others):
            st.button(plain("".join(MARKS.get(c, c) for c in piece)), key=f"generate.put.{rank}",
                      on_click=put, args=(index, piece))
