"""What one browser tab remembers: the ONLY file that touches session state and the URL.

In the URL, so that a link or a reload brings the same view: `?lang=`, `?run=`, `?step=` (the moment
of that run), `?runs=` (those that are compared), what differs from the default settings, and the
choices of a view, in no language: `?unit=nats`; the reader's own texts, as long as they are short.
`address()` takes over what is new in it and writes it from session state, on every run, as
Streamlit drops plain parameters when a page is left. Widgets with a `key` look after themselves
(`bind="query-params"`, `persist_state="session"`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rnnlm_core.config import FIELDS, OLD_NAMES, RunConfig
from rnnlm_core.errors import ConfigError

T = TypeVar("T")
LANGUAGES = {"en": "English", "zh": "中文"}
RUN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
STEP = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
MOST_COMPARED = 12
LONGEST_TEXT = 300  # characters of a text in the URL; a longer one is kept by the tab alone
_LONGEST_NAME = 80  # of what a link says in a run's place
_LINE_END = re.compile(r"\r\n?")
_NO_LETTER = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # half a pair is none, too
(_LANGUAGE, _SWITCH, _RUN, _NO_RUN, _SHOWN, _SENT, _STEPS, _COMPARED, _NO_RUNS, _DRAFT,
 _DRAFT_ERROR, _CHOICES, _TEXTS, _TOLD, _OWN_ACCORD) = (
    f"unroll.{name}" for name in ("language", "language_switch", "run", "no_run", "shown", "sent",
                                  "steps", "compared", "no_runs", "draft", "draft_error",
                                  "choices", "texts", "told", "own_accord"))


@contextmanager
def address() -> Iterator[None]:
    """Everything drawn stands inside: what the URL says is taken over first, and written last.

    A run that is begun anew never comes to the end: what it had sent would be lost.
    """
    _take_over()
    yield
    _write()


def _take_over() -> None:
    _forget_told()
    query = st.query_params
    lang, run = query.get("lang", ""), query.get("run", "")
    if _is_wish("lang", lang) or _goes_back():
        choose_language(lang)
    if _is_wish("run", run) or _goes_back():
        if RUN_ID.fullmatch(run):
            st.session_state[_RUN] = run
        st.session_state[_NO_RUN] = "" if RUN_ID.fullmatch(run) else run[:_LONGEST_NAME]
        if STEP.fullmatch(step := query.get("step", "")):
            _keep_moment(int(step))
    if _COMPARED not in st.session_state:
        named = query.get("runs", "").split(".")
        st.session_state[_COMPARED] = _ids(named)
        st.session_state[_NO_RUNS] = [run for run in named if run and not RUN_ID.fullmatch(run)]
    if _DRAFT not in st.session_state:
        st.session_state[_DRAFT], problem = _settings_of(query.to_dict())
        if problem is not None:
            tell(_DRAFT_ERROR, problem)


def _write() -> None:
    wanted = url_parameters()
    for name, sent in st.session_state[_SENT].items():
        if wanted.get(name, "") != st.query_params.get(name, ""):
            sent.append(wanted.get(name, ""))
    changes: dict[str, str | list[str]] = {}
    for name in [*FIELDS, *OLD_NAMES, *_chosen(), *_texts(), "lang", "run", "step", "runs"]:
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


def _settings_of(query: dict[str, str]) -> tuple[RunConfig, ConfigError | None]:
    """The settings of a link; where some are wrong, the good ones and what is wrong."""
    try:
        return RunConfig.from_query(query), None
    except ConfigError as error:
        good: dict[str, str] = {}
        for name in [*query, *query]:  # twice: some are right only beside one that comes later
            with suppress(ConfigError):
                RunConfig.from_query({**good, name: query[name]})
                good[name] = query[name]
        found = RunConfig.from_query(good)
        if error.code == "config.no_vectors":  # it is only not complete: the page helps with that
            found = replace(found, embedding_source="file")
        return found, error


def url_parameters() -> dict[str, str]:
    """What a link to this view carries."""
    state = st.session_state
    parameters = draft().to_query()
    if _LANGUAGE in state:
        parameters["lang"] = state[_LANGUAGE]
    if _RUN in state:
        parameters["run"] = state[_RUN]
    if (step := moment()) is not None:
        parameters["step"] = str(step)
    if ids := compared():
        parameters["runs"] = ".".join(ids)
    parameters |= {name: value for name, (value, default) in _chosen().items() if value != default}
    return parameters | {name: short for name, text in _texts().items() if (short := text.short)}


# -- language --------------------------------------------------------------------------------------
def language() -> str:
    """`en` or `zh`: as chosen in the sidebar or the URL, else what the browser asks for."""
    chosen = st.session_state.get(_LANGUAGE)
    return chosen if chosen in LANGUAGES else _browser_language()


def choose_language(code: str) -> None:
    if code in LANGUAGES:
        st.session_state[_LANGUAGE] = code


def language_switch(label: str) -> None:
    """The widget that chooses the language."""
    st.session_state[_SWITCH] = language()
    st.segmented_control(
        label, list(LANGUAGES), format_func=LANGUAGES.__getitem__, key=_SWITCH, required=True,
        on_change=lambda: choose_language(st.session_state[_SWITCH]), width="stretch")


def _browser_language() -> str:
    return "zh" if str(st.context.locale or "").lower().startswith("zh") else "en"


# -- the run that is looked at ---------------------------------------------------------------------
def run_id() -> str | None:
    """The id of the run to look at. Well formed, but it need not exist (any more)."""
    found: str | None = st.session_state.get(_RUN)
    return found


def no_run() -> str:
    """What a link named in its place that can be no run's id, until somebody chooses; else ""."""
    named: str = st.session_state.get(_NO_RUN, "")
    return named


def choose_run(run: str | None) -> None:
    """Look at this run from now on; None goes back to the shipped one."""
    st.session_state.pop(_NO_RUN, None)
    if run is None:
        st.session_state.pop(_RUN, None)
    elif RUN_ID.fullmatch(run):
        st.session_state[_RUN] = run
    else:
        raise ValueError(f"run id {run!r} must match {RUN_ID.pattern}")


def moment() -> int | None:
    """The step at which the run is looked at, None for its newest. It need not exist (any more).

    Each run has its own; without a chosen run it is that of the run the page shows by itself.
    """
    steps: dict[str, int] = st.session_state.get(_STEPS, {})
    return steps.get(run_id() or "")


def choose_moment(run: str, step: int | None) -> None:
    """Look at this run at this step on every page; None follows its newest checkpoint."""
    st.session_state.get(_STEPS, {}).pop("", None)
    choose_run(run)
    _keep_moment(step)


def _keep_moment(step: int | None) -> None:
    steps = dict(st.session_state.get(_STEPS, {}))
    steps.pop(run_id() or "", None)
    if step is not None:
        steps[run_id() or ""] = step
    st.session_state[_STEPS] = steps


# -- the runs that are compared --------------------------------------------------------------------
def compared() -> list[str]:
    """Ids, well formed; none where nobody has chosen. They need not exist (any more)."""
    found: list[str] = st.session_state.get(_COMPARED, [])
    return found


def no_runs() -> list[str]:
    """What the link named beside them that can be no run's id, until somebody chooses."""
    found: list[str] = st.session_state.get(_NO_RUNS, [])
    return found


def compare(runs: list[str]) -> None:
    """Compare these from the next run on, the first twelve; none goes back to the page's choice."""
    st.session_state[_COMPARED], st.session_state[_NO_RUNS] = _ids(runs), []


def _ids(runs: list[str]) -> list[str]:
    return list(dict.fromkeys(run for run in runs if RUN_ID.fullmatch(run)))[:MOST_COMPARED]


# -- the settings of the next run ------------------------------------------------------------------
def draft() -> RunConfig:
    """The settings as edited so far, over all pages."""
    found: RunConfig = st.session_state.get(_DRAFT) or RunConfig()
    return found


def set_draft(config: RunConfig) -> None:
    st.session_state[_DRAFT] = config


def draft_error() -> ConfigError | None:
    """Why the settings in the URL could not be used."""
    error: ConfigError | None = told(_DRAFT_ERROR)
    return error


# -- the choices of a view ------------------------------------------------------------------------
def choice(key: str, options: Sequence[str], default: str) -> str:
    """For the widget with this key, whose option the URL names: call it before it is drawn.

    (`bind="query-params"` would write the option as it reads in the reader's language.)
    """
    chosen, state = _chosen(), st.session_state
    if key not in state or _goes_back():  # the first time, after the page was left, by Back
        asked = _asked(key)
        state[key] = asked if asked in options else default
    chosen[key] = (state[key], default)
    return key


def choices(key: str, options: Sequence[str], default: Sequence[str]) -> str:
    """As `choice`, for a widget of several options; in the URL they are divided by dots."""
    chosen, state = _chosen(), st.session_state
    if key not in state or _goes_back():
        asked = _asked(key)
        known = [option for option in dict.fromkeys(asked.split(".")) if option in options]
        state[key] = known or list(default)
    chosen[key] = (".".join(state[key]), ".".join(default))
    return key


def number(key: str, low: float, high: float, step: float, default: float) -> str:
    """As `choice`, for a slider; what is no number of its range is ignored."""
    chosen, state = _chosen(), st.session_state
    if key not in state or _goes_back():
        text = _asked(key)
        found = float(text) if _NUMBER.fullmatch(text) else math.nan
        state[key] = round(low + step * round((found - low) / step), 6) \
            if low <= found <= high else default
    chosen[key] = (f"{state[key]:g}", f"{default:g}")
    return key


def news(key: str) -> str | None:
    """For what a page chooses without a widget of its own, or not always: what the URL asks for the
    first time, or by Back; "" where it asks for nothing, None where it says nothing new."""
    return st.query_params.get(key, "") if key not in _chosen() or _goes_back() else None


def stand(key: str, value: str) -> None:
    """From now on the URL has this; nothing where it is ""."""
    _chosen()[key] = (value, "")


def _asked(key: str) -> str:
    """What is to be shown: what was chosen; in a link, or by going back, what the address says."""
    chosen = _chosen()
    return chosen[key][0] if key in chosen and not _goes_back() else st.query_params.get(key, "")


def _goes_back() -> bool:
    """Whether the reader has gone back or forth in the browser: the address is what they want."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def asked(key: str) -> str | None:
    """What the address says of this choice, be it an option or not, until it is first drawn."""
    return None if key in st.session_state else st.query_params.get(key)


def _chosen() -> dict[str, tuple[str, str]]:
    """By key: what is chosen, and what would be without a choice."""
    found: dict[str, tuple[str, str]] = st.session_state.setdefault(_CHOICES, {})
    return found


# -- the reader's own texts ------------------------------------------------------------------------
@dataclass(frozen=True)
class _Text:
    """What is known of a field of text when it has been made ready for drawing."""

    own: str  # what the reader wrote or a link brought, "" for nothing
    shown: str  # in the field
    default: str | None  # what stands in it where there is nothing of the reader's own
    long: str  # their last one that the URL could not have: an address without one means this one
    lines: bool = True

    @property
    def short(self) -> str:
        """As the URL has it, "" where it has nothing of it."""
        found = _readable(self.own, self.lines)
        return found if len(found) <= LONGEST_TEXT else ""


def text(key: str, default: str = "", lines: bool = True, longest: int | None = None) -> str:
    """As `choice`, for a field of text; only what the reader wrote stands in the URL.

    Until they write, the field holds `default`, as it does where they emptied it and the default
    becomes another one, as another run's may. `lines` False: for a field of a single line;
    `longest`: for one that takes no more characters, so a link's text is cut. Others keep it whole
    and their page says how much of it is read.
    """
    texts, state = _texts(), st.session_state
    before = texts.get(key, _Text("", "", None, ""))
    own = before.own
    if key not in state or _goes_back():
        own = _asked_text(key, lines)[:longest]
        state[key] = own or default
    elif state[key] != before.shown:  # the reader has written
        own = state[key] or ""
    elif not own and before.default != default:
        state[key] = default
    own = "" if own == default else own
    long = before.long if 0 < len(own) <= LONGEST_TEXT else own
    texts[key] = _Text(own, state[key] or "", default, long, lines)
    return key


def own_text(key: str) -> str:
    """What the reader wrote into the field with this key, "" for nothing."""
    found = _texts().get(key)
    return found.own if found is not None else ""


def clear_text(key: str) -> None:
    """Away with the reader's own: the field is filled with its default when it is drawn next."""
    _texts()[key] = _Text("", widget(key, ""), None, "")


def _asked_text(key: str, lines: bool) -> str:
    known = _texts().get(key)
    if known is not None and not _goes_back():
        return known.own
    asked = _readable(st.query_params.get(key, ""), lines)
    return asked or (known.long if known is not None else "")


def _readable(text: str, lines: bool) -> str:
    """As a field can show it and a URL have it: all line ends alike, and no control character but a
    tab."""
    found = _NO_LETTER.sub("", _LINE_END.sub("\n", text))
    return found if lines else found.replace("\n", " ")


def _texts() -> dict[str, _Text]:
    found: dict[str, _Text] = st.session_state.setdefault(_TEXTS, {})
    return found


# -- a fragment ------------------------------------------------------------------------------------
def address_now() -> None:
    """Write the address at the end of a fragment with choices: the page itself does not go on."""
    if _alone():
        _write()


def again() -> None:
    """Draw anew what is being drawn: the fragment where only that runs, else the whole page."""
    if _alone():
        st.rerun(scope="fragment")
    page_again()


def page_again() -> None:
    """Draw the whole page anew, of its own accord: what the reader was told stays."""
    st.session_state[_OWN_ACCORD] = True
    st.rerun()


def _alone() -> bool:
    """Whether only a fragment runs."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


# -- what the reader is told once ------------------------------------------------------------------
def tell(name: str, value: object) -> None:
    """Something to say under this name: it stands on the page until the reader does something."""
    st.session_state.setdefault(_TOLD, {})[name] = (value, False)


def told(name: str) -> Any:
    """What there is to say under this name, None for nothing; call it where it is said."""
    notes: dict[str, tuple[object, bool]] = st.session_state.get(_TOLD, {})
    if name not in notes:
        return None
    notes[name] = (notes[name][0], True)
    return notes[name][0]


def _forget_told() -> None:
    """What was said is not said again, but where the page is only drawn anew of its own accord."""
    if not st.session_state.pop(_OWN_ACCORD, False):
        notes: dict[str, tuple[object, bool]] = st.session_state.get(_TOLD, {})
        st.session_state[_TOLD] = {name: note for name, note in notes.items() if not note[1]}


# -- anything else a page wants to keep ------------------------------------------------------------
def recall(name: str, default: T) -> T:
    """What `remember` kept under this name, while this browser tab lives."""
    kept: T = st.session_state.get(f"keep.{name}", default)
    return kept


def remember(name: str, value: object) -> None:
    st.session_state[f"keep.{name}"] = value


def forget(name: str) -> None:
    st.session_state.pop(f"keep.{name}", None)


def once_per(name: str, revision: Hashable, make: Callable[[], T]) -> T:
    """`make()`, or what it gave last time if the revision is still the same (one slot a name)."""
    slot = f"made.{name}"
    made: tuple[Hashable, Any] | None = st.session_state.get(slot)
    if made is None or made[0] != revision:
        made = (revision, make())
        st.session_state[slot] = made
    value: T = made[1]
    return value


def preset(key: str, value: object) -> None:
    """First value of the widget with this key. (`value=` beside it would log a warning.)"""
    if key not in st.session_state:
        st.session_state[key] = value


def set_widget(key: str, value: object) -> None:
    """Change the widget with this key; only before it is drawn, or in a callback."""
    st.session_state[key] = value


def widget(key: str, default: T) -> T:
    """The present value of the widget with this key."""
    value: T = st.session_state.get(key, default)
    return value
