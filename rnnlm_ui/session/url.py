"""The URL: what is new in it is taken over, and what the tab remembers is written into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from rnnlm_core.config import FIELDS, OLD_NAMES
from rnnlm_ui.session import looked_at, notes, script, settings, texts, view
from rnnlm_ui.session.reader_language import choose_language, chosen_language

_SHOWN, _SENT = "unroll.shown", "unroll.sent"


@contextmanager
def address() -> Iterator[None]:
    """Everything drawn stands inside: what the URL says is taken over first, and written last.

    A run that is begun anew never comes to the end: what it had sent would be lost.
    """
    _take_over()
    yield
    _write()


def _take_over() -> None:
    notes.forget_told()
    query = st.query_params
    lang, run = query.get("lang", ""), query.get("run", "")
    if _is_wish("lang", lang) or script.goes_back():
        choose_language(lang)
    if _is_wish("run", run) or script.goes_back():
        looked_at.take_run(run, query.get("step", ""))
    looked_at.take_compared(query.get("runs", ""))
    settings.take_settings(query.to_dict())


def _write() -> None:
    wanted = url_parameters()
    for name, sent in st.session_state[_SENT].items():
        if wanted.get(name, "") != st.query_params.get(name, ""):
            sent.append(wanted.get(name, ""))
    changes: dict[str, str | list[str]] = {}
    for name in [*FIELDS, *OLD_NAMES, *view.chosen(), *texts.all_texts(),
                 "lang", "run", "step", "runs"]:
        if st.query_params.get_all(name) != ([wanted[name]] if name in wanted else []):
            changes[name] = wanted.get(name, [])  # no value: it goes
    if changes:  # all at once: each writing is a step of the browser's Back
        st.query_params.update(changes)


def _is_wish(name: str, value: str) -> bool:
    """Whether the URL has this from a person: by a link, or by going back.

    The browser also says again what it was sent, and what it has shown before; by then the reader
    may have chosen something else on the page.
    """
    sent: list[str] = st.session_state.setdefault(_SENT, {}).setdefault(name, [])
    shown: dict[str, str] = st.session_state.setdefault(_SHOWN, {})
    if value in sent:
        del sent[:sent.index(value) + 1]
        wish = False
    else:
        wish = value != shown.get(name)
    shown[name] = value
    return wish


def url_parameters() -> dict[str, str]:
    """What a link to this view carries."""
    parameters = settings.draft().to_query()
    if (language := chosen_language()) is not None:
        parameters["lang"] = language
    if (run := looked_at.run_id()) is not None:
        parameters["run"] = run
    if (step := looked_at.moment()) is not None:
        parameters["step"] = str(step)
    if ids := looked_at.compared():
        parameters["runs"] = ".".join(ids)
    parameters |= {name: value for name, (value, default) in view.chosen().items()
                   if value != default}
    return parameters | {name: short for name, text in texts.all_texts().items()
                         if (short := text.short)}


def address_now() -> None:
    """Write the address at the end of a fragment with choices: the page itself does not go on."""
    if script.alone():
        _write()
