"""Which run a page looks at, what it is called, and its opened model."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.generated import family_of, value_of
from rnnlm_core.errors import CorpusError, UnrollError
from rnnlm_core.prepared import manifest, tokenizer
from rnnlm_core.records import FINAL_STATES
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import entries
from rnnlm_ui import session, warm
from rnnlm_ui.i18n import number, t

if TYPE_CHECKING:
    from rnnlm_core.lab import Run

NAMES, DIALOGUE = "names-lstm", "dialogue2-gru"  # the shipped runs
_LISTED = 30
_TITLE_CHARACTERS = 24  # so that the time of day stays in sight, by which runs are told apart


def current(default: str = NAMES) -> RunFolder:
    """The run chosen in this tab, else the shipped one that suits the page."""
    chosen = session.run_id()
    found = launch.find_run(chosen, launch.runs_root()) if chosen else None
    return found or RunFolder(launch.models_root() / default)


def missing() -> str | None:
    """What the URL names where no such run exists (any more), or can."""
    if named := session.no_run():
        return named
    chosen = session.run_id()
    return chosen if chosen and launch.find_run(chosen, launch.runs_root()) is None else None


def is_shipped(folder: RunFolder) -> bool:
    return folder.path.parent == launch.models_root()


def corpus_title(source: str, title: str = "") -> str:
    """Built-in texts have a name of their own in each language; others are called what they are."""
    if (family := family_of(source)) is not None:
        with suppress(CorpusError):  # a wrong number: called by it
            return t(f"corpus.{family}.title", n=number(value_of(source)))
        return source
    return t(f"corpus.{source}.title") if source in BUILTIN else title or source


def cell_title(config: RunConfig) -> str:
    """`LSTM 256`, `RNN (ReLU) 64`, with × layers where there is more than one."""
    name = config.cell.upper()
    if config.cell == "rnn" and config.activation != "tanh":
        name = f"{name} {t('choice.activation.' + config.activation)}"
    layers = "" if config.layers == 1 or config.cell == "cnn" else f" × {config.layers}"
    return f"{name} {config.hidden}{layers}"


def title(folder: RunFolder) -> str:
    """How a run is called on every page."""
    papers, config = manifest(folder), folder.config()
    text = corpus_title(papers.source, papers.title)
    if len(text) > _TITLE_CHARACTERS:
        text = text[:_TITLE_CHARACTERS - 1].rstrip("… ") + "…"
    name = f"{text} · {cell_title(config)}"
    if is_shipped(folder):
        return name
    return f"{name} · {folder.id[9:11]}:{folder.id[11:13]}"


def picker(default: str = NAMES) -> RunFolder:
    """The select box at the top right: own runs, the newest first, then the shipped ones."""
    now = current(default)
    names = listed(now)
    # a box for each run that is looked at: a busy browser says once more what it showed before a
    # run was started, and of one box for all that would read as a choice, back to the old run
    key = f"run_picker.{now.id}"
    session.set_widget(key, now.id)

    def choose() -> None:
        if (wanted := session.widget(key, now.id)) != now.id:
            session.choose_run(wanted)

    st.selectbox(t("common.looking_at"), list(names), key=key, label_visibility="collapsed",
                 format_func=names.__getitem__, width=370, accept_new_options=False,
                 on_change=choose)
    return now


def listed(now: RunFolder, with_state: bool = False) -> dict[str, str]:
    """What may be looked at, by id, and what it is called: own runs, the newest first, the shipped
    ones, and in any case `now`. `with_state`: only what has one, so no CNN."""
    own = launch.list_runs(launch.runs_root())[:_LISTED]
    folders = {folder.id: folder for folder in [*own, *_shipped()]}
    folders.setdefault(now.id, now)
    if with_state:
        folders = {name: folder for name, folder in folders.items() if not _is_cnn(folder)}
    return _names(list(folders.values()))


def shipped_alike(now: RunFolder) -> RunFolder | None:
    """Another shipped run whose vocabulary is that of `now`, id by id; None where there is none."""
    vocabulary = tokenizer(now).to_json()
    return next((folder for folder in _shipped() if folder.id != now.id
                 and tokenizer(folder).to_json() == vocabulary), None)


def _shipped() -> list[RunFolder]:
    return [RunFolder(launch.models_root() / name) for name in (NAMES, DIALOGUE)]


def _is_cnn(folder: RunFolder) -> bool:
    try:
        return folder.config().cell == "cnn"
    except UnrollError:
        return False  # damaged: its page says so


def _names(folders: list[RunFolder]) -> dict[str, str]:
    """What to call each run, by its id. No two alike: the browser tells them apart by name."""
    names: dict[str, str] = {}
    for folder in folders:
        try:
            name = title(folder)
        except UnrollError:
            name = folder.id  # damaged: its page says so
        names[folder.id] = f"{name} · {folder.id[-4:]}" if name in names.values() else name
    return names


def is_active(state: str) -> bool:
    """Whether a worker has the run in hand."""
    return state not in (*FINAL_STATES, "lost")


def opened(folder: RunFolder, step: int | None = None) -> Run:
    """The run with its model at a kept step, kept for all visitors; the newest where it is None."""
    listed = [e for e in entries(folder.checkpoints) if step is None or e.step == step]
    digest = listed[-1].sha256 if listed else ""
    return _opened(str(folder.path), step, digest)


@st.cache_resource(max_entries=12, show_spinner=False)
def _opened(path: str, step: int | None, digest: str) -> Run:
    """`digest` is a part of the key, nothing more; a leading underscore would keep it out of it."""
    warm.ready()
    from rnnlm_core.lab import Run

    return Run(RunFolder(path), step)
