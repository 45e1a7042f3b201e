"""How it writes: temperature, what is kept, pace, length, seed; and the button that lets it."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import session
from rnnlm_ui.generate.pen import PACES
from rnnlm_ui.generate.shelf import WRITING
from rnnlm_ui.generate.wishes import DEFAULTS, DOCUMENTS, PACE, dial, travel, turned, wish
from rnnlm_ui.generate.writing import MOST, Writing
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import primary_label
from rnnlm_ui.tokens import words_of

KEEP = ("all", "top_k", "top_p")
_MOST_SEED = 2**53 - 1  # what a browser can count to
# by key: lowest, highest, and the finest step that a link may ask for
RANGES: dict[str, tuple[Any, Any, Any]] = {
    "penalty": (1.0, 2.0, 0.05), "temperature": (0.0, 2.0, 0.05), "top_k": (1, 20_000, 1),
    "top_p": (0.01, 1.0, 0.01), "min_p": (0.0, 1.0, 0.01), "documents": (0, 100, 1),
    "length": (1, 1_000, 1), "draw": (0, _MOST_SEED, 1)}
_RULES_WIDTH = 190  # pixels: the longest label


def controls(folder: RunFolder, narrow: bool, along: bool = False) -> DeltaGenerator:
    """Temperature, what is kept, pace; the rest behind "More". On a phone all behind one button.
    `along`: only what counts where the model finishes a reader's line.

    Returns the place at the end of the row.
    """
    config = folder.config()
    names = words_of(config)
    if narrow:
        with st.container(horizontal=True, gap="small"):
            with st.popover(t("generate.settings"), icon=":material/tune:"):
                _common(names, "stretch", None if along else "stretch")
                _more(names, config, along)
            return st.container(horizontal=True, gap="xsmall", width="content")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _common(names, 260, None if along else 150)
        with st.popover(t("generate.more"), icon=":material/tune:"):
            _more(names, config, along)
        st.space("stretch")
        return st.container(horizontal=True, vertical_alignment="center", gap="xsmall",
                            width="content")


def history(writing: Writing) -> None:
    """Undo and redo of every step, in the place that `controls` left for them."""
    for back, steps, icon in ((True, writing.history.past, "undo"),
                              (False, writing.history.future, "redo")):
        name = "back" if back else "forth"
        st.button(t(f"generate.{name}"), icon=f":material/{icon}:", key=f"generate.{name}",
                  disabled=not steps, on_click=travel, args=(back,),
                  help=t(f"generate.{name}_help", n=len(steps)))


def _common(names: dict[str, str], width: Any, pace_width: Any) -> None:
    _slider("temperature", t("generate.temperature"), width,
            t("generate.temperature_help", **names))
    if width == "stretch":
        _rules(names)
    else:  # what it holds comes and goes, and its own width stays: nothing beside it moves
        with st.popover(_rules_label(), icon=":material/filter_alt:", width=_RULES_WIDTH,
                        key="generate.rules"):
            _rules(names)
    if pace_width is None:
        return
    st.select_slider(t("generate.pace"), list(PACES), PACE, key="pace", width=pace_width,
                     format_func=lambda p: t(f"generate.paces.{p}"), persist_state="session")


def _rules(names: dict[str, str]) -> None:
    """In the order in which they act; the temperature comes after the penalty."""
    _slider("penalty", t("generate_cuts.dial.repetition_penalty"), "stretch",
            t("generate_cuts.help.repetition_penalty", **names))
    keep = st.segmented_control(
        t("generate.keep"), KEEP, key=session.choice("keep", KEEP, KEEP[0]), required=True,
        on_change=turned, format_func=lambda k: t(f"generate.kept.{k}"),
        help=t("generate.keep_help", **names))
    if keep == "top_k":
        _field("top_k", t("generate.k"))
    elif keep == "top_p":
        _field("top_p", t("generate.p"), step=0.05)
    _slider("min_p", t("generate_cuts.dial.min_p"), "stretch",
            t("generate_cuts.help.min_p", **names))


def _rules_label() -> str:
    """Which are set, before they are drawn: `Rules: top-k 5`, `Rules: 2 set`."""
    keep, found = session.widget(session.choice("keep", KEEP, KEEP[0]), KEEP[0]), {}
    if (penalty := _now("penalty")) != 1:
        found["repetition_penalty"] = penalty
    if keep in RANGES:
        found[keep] = _now(keep)
    if min_p := _now("min_p"):
        found["min_p"] = min_p
    rules = [t(f"generate_cuts.rule.{rule}", value=f"{value:g}")
             for rule, value in found.items()]
    told = t("generate.rules_none") if not rules else rules[0] if len(rules) == 1 \
        else t("generate.rules_set", n=len(rules))
    return t("generate.rules", rules=told)


def _now(key: str) -> Any:
    """What the widget of this number says, or will say when it is drawn."""
    return dial(session.number(key, *RANGES[key], DEFAULTS[key]), DEFAULTS[key])


def _slider(key: str, label: str, width: Any, told: str) -> None:
    low, high, step = RANGES[key]
    st.slider(label, low, high, step=step, width=width, on_change=turned, help=told,
              key=session.number(key, low, high, step, DEFAULTS[key]), persist_state="session")


def _field(key: str, label: str, default: int | None = None, step: float = 1,
           told: str | None = None) -> None:
    """A number to type; emptied, it counts as its first value. That is no `value` of the widget's,
    which would be a second one beside what undo brings back."""
    (low, high, finest), first = RANGES[key], DEFAULTS[key] if default is None else default
    st.number_input(label, low, high, None, step=step, on_change=turned, help=told,
                    key=session.number(key, low, high, finest, first), placeholder=str(first),
                    persist_state="session")


def _more(names: dict[str, str], config: RunConfig, along: bool) -> None:
    if config.marks != "none" and not along:
        _field("documents", t(f"generate.documents.{config.marks}"), DOCUMENTS[config.marks],
               told=t("generate.documents_help", **names))
    if not along:
        _field("length", t("generate.length", **names), step=20)
    _field("draw", t("generate.seed"), config.seed, told=t("generate.seed_help"))
    if not along:
        _anew()


def _anew() -> None:
    st.button(t("generate.another"), icon=":material/casino:", key="generate.another",
              on_click=_another)
    st.button(t("generate.no_beginning"), icon=":material/first_page:", key="generate.clear",
              on_click=wish, args=("prompt", ""))
    writing: Writing | None = session.recall(WRITING, None)
    if writing is not None and not writing.active:
        st.download_button(t("common.download"), writing.text, t("generate.file_name"),
                           icon=":material/download:", key="generate.download")


def _another() -> None:
    session.set_widget("draw", (int(dial("draw", 1)) + 1) % _MOST_SEED)
    wish("draw")


def main_button(active: bool) -> None:
    """The page's one primary button: stop, or go on."""
    writing: Writing | None = session.recall(WRITING, None)
    full = writing is not None and writing.full
    if active:
        st.button(primary_label(t("common.stop"), "stop"), type="primary", key="generate.stop",
                  on_click=lambda: wish("stop"))
    else:
        st.button(primary_label(t("generate.go_on"), "play_arrow", full), type="primary",
                  key="generate.go_on", on_click=lambda: wish("go_on"),
                  disabled=full, help=t("generate.full", n=number(MOST), **words_of(
                      writing.run.config)) if writing is not None and full else None)
