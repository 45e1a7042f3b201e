"""The reader types, the model finishes the line."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from rnnlm_core.errors import Problem, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session, time_machine
from rnnlm_ui.components.type_along import Typed, type_along
from rnnlm_ui.generate import wishes
from rnnlm_ui.generate.completion import LONGEST, Completer, Completion
from rnnlm_ui.generate.finding import real_bits
from rnnlm_ui.generate.settings import controls
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.page import fault, plain, primary_label
from rnnlm_ui.tokens import listed

KEY = "along"  # of the switch; in the URL
_TYPED = "generate.typed"


def is_on() -> bool:
    on: bool = session.widget(KEY, False)
    return bool(on)


def switch() -> None:
    st.toggle(t("generate.along"), key=KEY, bind="query-params", help=t("generate.along_help"))


def button() -> None:
    """The page's one primary button: what was typed is the beginning of a text."""
    st.button(primary_label(t("generate.along_go_on"), "play_arrow"), type="primary",
              key="generate.along_go_on", on_click=_go_on)


def _go_on() -> None:
    typed = session.recall(_TYPED, Typed(0, ""))
    session.set_widget(KEY, False)
    wishes.wish("prompt", typed.text)


def page(folder: RunFolder, narrow: bool) -> None:
    """All below the title, as one fragment: the sentence, the settings, the box."""
    _page(folder, narrow)
    session.address_now()


def _page(folder: RunFolder, narrow: bool) -> None:
    answer, found = st.container(), None
    with controls(folder, narrow, along=True):
        switch()
    if not is_on():
        session.page_again()
    typed = session.recall(_TYPED, Typed(0, ""))
    try:
        found = _completed(folder, typed.text)
    except UnrollError as error:
        with answer:
            fault(error)
    type_along(
        typed.text, (typed.number, typed.text, found.text if found is not None else ""),
        key="generate.along_box", label=t("generate.along_label"),
        placeholder=t("generate.along_placeholder"), take=t("generate.along_take"),
        said=t("generate.along_said", ms="{ms}"), on_typed=_hear)
    if found is not None:
        answer.markdown(_finding(folder, found))
        for note in _notes(found):
            st.markdown(f":material/info: {note}")


def _hear(typed: Typed) -> None:
    session.remember(_TYPED, typed)


def _completed(folder: RunFolder, typed: str) -> Completion:
    """By the weights that are looked at, as the settings stand."""
    settings = wishes.settings(folder.config()).checked()
    entry, moment = time_machine.entry(folder), time_machine.moment(folder)
    digest = entry.sha256 if entry is not None else ""
    revision = (str(folder.path), digest)
    completer = session.once_per("generate.completer", revision, lambda: Completer(
        runs.opened(folder, moment), digest))
    return session.once_per("generate.completion", (revision, typed, settings),
                            lambda: completer.complete(typed, settings))


def _finding(folder: RunFolder, found: Completion) -> str:
    """How much the reader surprises it, with real text as the yardstick."""
    if found.bits is None:
        return t("generate.along_none")
    real = real_bits(folder)
    return t("generate.along_finding", bits=f"{found.bits:.2f}", real=real) if real is not None \
        else t("generate.along_alone", bits=f"{found.bits:.2f}")


def _notes(found: Completion) -> Iterator[str]:
    if found.gone:
        yield t("generate.along_cut", gone=number(found.gone), most=number(LONGEST))
    if found.unknown:
        problem = Problem("prompt.unknown_characters", {"characters": listed(found.unknown)})
        yield plain(error_text(problem))
