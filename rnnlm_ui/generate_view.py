"""The writing page: settings, the text as it grows, and what else each character could have been.

Callbacks only leave a wish; `bring` carries it out, where an error finds its place on the page.
"""

from __future__ import annotations

import math
import sys
import time
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
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.live import tail_of
from rnnlm_ui.page import fault, plain, primary_label
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


def put(index: int, character: str) -> None:
    """Go on with this character in place of the written one."""
    wish("put", index, character)


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
    """The text kept in this tab; an untouched example gives way to newer weights."""
    entry, kept = look_inside.newest(folder), session.recall(_WRITING, None)
    digest = entry.sha256 if entry is not None else ""
    same_run = isinstance(kept, Writing) and kept.run.path == folder.path
    if same_run and (kept.digest == digest or kept.prompt or kept.by_hand or kept.active):
        return kept
    run = runs.opened(folder)
    _ = run.model  # raises before anything is kept
    writing = Writing(run, digest, entry.step if entry is not None else 0)
    session.remember(_WRITING, writing)
    session.forget(_SELECTED)
    return writing


def _renew(writing: Writing) -> None:
    """What is written from now on is written by the newest weights."""
    entry = look_inside.newest(writing.run.folder)
    if entry is not None and entry.sha256 != writing.digest:
        writing.run = runs.opened(writing.run.folder)
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
        index, character = values
        if index < len(writing.tokens):
            writing.put(index, character)
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
    seed = folder.config().seed
    if narrow:
        with st.popover(t("generate.settings"), icon=":material/tune:"):
            _common("stretch", "stretch")
            _more(seed)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _common(260, 180)
        with st.popover(t("generate.more"), icon=":material/tune:"):
            _more(seed)


def _common(width: Any, pace_width: Any) -> None:
    st.slider(t("generate.temperature"), 0.0, 2.0, _DEFAULTS["temperature"], step=0.05,
              key="temperature", width=width, on_change=_turned, bind="query-params",
              help=t("generate.temperature_help"))
    keep = st.segmented_control(
        t("generate.keep"), KEEP, default=KEEP[0], key="keep", required=True, on_change=_turned,
        format_func=lambda k: t(f"generate.kept.{k}"), bind="query-params",
        help=t("generate.keep_help"))
    if keep == "top_k":
        st.number_input(t("generate.k"), 1, 20_000, _DEFAULTS["top_k"], key="top_k", width=110,
                        on_change=_turned, bind="query-params")
    elif keep == "top_p":
        st.number_input(t("generate.p"), 0.01, 1.0, _DEFAULTS["top_p"], step=0.05, key="top_p",
                        width=110, on_change=_turned, bind="query-params")
    st.select_slider(t("generate.pace"), list(PACES), _PACE, key="pace", width=pace_width,
                     format_func=lambda p: t(f"generate.paces.{p}"), persist_state="session")


def _more(seed: int) -> None:
    st.number_input(t("generate.length"), *LENGTHS, _DEFAULTS["length"], key="length", step=20,
                    on_change=_turned, bind="query-params")
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
                  disabled=full, help=t("generate.full", n=number(MOST)) if full else None)


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
        st.markdown(finding(folder, [token.surprise for token in writing.tokens]))
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
    samples = tail_of(folder.path).refresh().samples
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


def _text(writing: Writing) -> None:
    beginning = writing.beginning
    before, template = len(beginning), t("generate.tip")
    tokens = writing.tokens
    tips = [template.format(share=percent(token.probability), bits=f"{token.surprise:.1f}")
            for token in tokens]
    fills = surprise_fill(token.surprise for token in tokens)
    typed = None
    if writing.active and session.widget("pace", _PACE) == _PACE \
            and not session.recall(_HURRY, False):
        typed = min(session.recall(_SHOWN, 0), before + len(tokens))
    session.remember(_SHOWN, before + len(tokens))
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
        problem = Problem("prompt.unknown_characters", {"characters": named(writing.unknown)})
        notes.append(plain(error_text(problem)))
    entry = look_inside.newest(writing.run.folder)
    if entry is not None and entry.sha256 != writing.digest:
        notes.append(t("generate.by_step", step=number(writing.step), now=number(entry.step)))
    if writing.by_hand and not writing.active:
        notes.append(t("generate.by_hand"))
    for note in notes:
        st.markdown(f":material/info: {note}")


def named(characters: str) -> str:
    """Characters by sight, by code point where nothing would be seen; at most twenty."""
    shown = [c if c.isprintable() and not c.isspace() else f"U+{ord(c):04X}"
             for c in characters[:20]]
    return " ".join(shown) + (" …" if len(characters) > 20 else "")


def finding(folder: RunFolder, surprise: list[float]) -> str:
    """How sure it was of what it wrote, with real text as the yardstick."""
    if not surprise:
        return t("generate.finding_none")
    bits = f"{sum(surprise) / len(surprise):.2f}"
    real = real_text(folder)
    if real is None:
        return t("generate.finding_alone", bits=bits)
    return t("generate.finding", bits=bits, real=f"{real / math.log(2):.2f}")


def real_text(folder: RunFolder) -> float | None:
    """Nats a character on validation text, the whole of it where it was measured."""
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
    if writing.active:
        index = len(writing.tokens) - 1
    else:
        index = max(range(len(writing.tokens)), key=lambda i: writing.tokens[i].surprise)
    return len(writing.beginning) + index


def _panel(folder: RunFolder, writing: Writing) -> None:
    """What else could have been written at the place that is looked at."""
    place = shown_place(writing)
    if place is None:
        return
    index = place - len(writing.beginning)
    before = "".join(MARKS.get(c, c) if c != " " else c
                     for c in writing.text[max(0, place - _CONTEXT):place])
    cut = "…" if place > _CONTEXT else ""
    st.subheader(t("generate.after", before=plain(cut + before)) if before
                 else t("generate.at_start"), anchor=False)
    if index < 0:
        st.markdown(t("generate.of_prompt"))
        return
    token = writing.tokens[index]
    listed = with_written(token.alternatives, token.text, token.probability)
    live_plot(lambda: candidates_figure(listed, token.text, token.kept, t("generate.written"),
                                        t("generate.cut")),
              key="generate.candidates", height=candidates_height(len(listed)), on=(),
              alt=t("generate.candidates_alt"),
              rev=(tuple(listed), token.text, token.kept))
    st.markdown(t("generate.drawn_from", kept=number(token.kept),
                  v=number(writing.run.tokenizer.size - 1), entropy=f"{token.entropy:.2f}"))
    _instead(token, index)
    left = len(writing.tokens) - index - 1
    st.button(t("generate.undo"), icon=":material/undo:", key="generate.undo", disabled=left == 0,
              on_click=lambda: wish("keep", index + 1), help=t("generate.undo_help"))


def _instead(token: SampledToken, index: int) -> None:
    """Buttons that go on from here with another character."""
    others = [character for character, _ in token.alternatives if character != token.text]
    st.markdown(t("generate.instead"))
    with st.container(horizontal=True, gap="xsmall"):
        for rank, character in enumerate(others):
            st.button(plain(MARKS.get(character, character)), key=f"generate.put.{rank}",
                      on_click=put, args=(index, character))
