"""One look-up or fetch from the hub at a time, while the page stays alive."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from rnnlm_core.data.corpus import load_corpus
from rnnlm_core.data.hub import HubDataset, HubProgress, HubSpec, inspect_hub
from rnnlm_core.data.hub_vectors import VectorSpec
from rnnlm_core.errors import CorpusError, UnrollError
from rnnlm_ui import session
from rnnlm_ui.data_text import refuse, store, use
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import follow
from rnnlm_ui.page import plain

_CLOSED = ("hub.gated", "hub.missing", "hub.no_access", "hub.token")  # what a token may open
_NOT_THERE = ("hub.config", "hub.split", "hub.column", "hub.not_text")


class HubCall:
    """A look-up or a fetch that goes on while the page is alive; cancelled at once for the reader.

    The thread only writes to this object; the page polls it.
    """

    def __init__(self, kind: Literal["lookup", "fetch"], spec: HubSpec | VectorSpec,
                 wanted: int, work: Callable[[HubCall], Any]) -> None:
        self.kind, self.spec, self.wanted = kind, spec, wanted
        self.progress = HubProgress(0, 0, 0.0)
        self.result: Any = None
        self.error: UnrollError | None = None
        self._cancel, self._done = threading.Event(), threading.Event()
        self._work = work
        threading.Thread(target=self._run, name=f"{kind} {spec.id}", daemon=True).start()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        """The page stops waiting now; the thread ends as soon as it notices."""
        self._cancel.set()
        self.error = CorpusError("hub.cancelled", id=self.spec.id)
        self._done.set()

    def moves(self, progress: HubProgress) -> None:
        self.progress = progress

    def _run(self) -> None:
        try:
            result, error = self._work(self), None
        except UnrollError as caught:
            result, error = None, caught
        except OSError as caught:
            result, error = None, CorpusError("corpus.not_kept", reason=type(caught).__name__)
        if not self.cancelled():
            self.result, self.error = result, error
            self._done.set()


def present() -> HubCall | None:
    call: HubCall | None = session.recall("data.call", None)
    return call


def look_up(spec: HubSpec, *, or_what_is_there: bool = False) -> None:
    """Ask what the dataset offers. With `or_what_is_there`, a configuration, split or column that
    it has not is no fault: its usual one is chosen instead."""
    token: str | None = session.recall("data.token", None)

    def ask(_: HubCall) -> HubDataset:
        try:
            return inspect_hub(spec, token=token)
        except CorpusError as error:
            if not or_what_is_there or error.code not in _NOT_THERE:
                raise
            return inspect_hub(HubSpec(spec.id, revision=spec.revision), token=token)

    session.remember("data.looked_up", spec.id)
    session.remember("data.call", HubCall("lookup", spec, 0, ask))


def fetch(spec: HubSpec, characters: int) -> None:
    """Read the text; what the reader has stays until it is here."""
    token: str | None = session.recall("data.token", None)
    folder = store()
    session.remember("data.call", HubCall("fetch", spec, characters, lambda call: load_corpus(
        str(spec), folder, characters, progress=call.moves, cancelled=call.cancelled,
        token=token)))


def take_result() -> None:
    """Once at the top of the page: what a call brought, or why it brought nothing."""
    call = present()
    if call is None or not call.done:
        return
    session.forget("data.call")
    session.forget("data.closed")
    if call.error is not None:
        refuse(call.error)
        if call.error.code in _CLOSED:
            session.remember("data.closed", call.spec)
    elif call.kind == "lookup":
        session.remember("data.dataset", call.result)
        session.remember("data.asked", call.spec)
        session.remember("data.hub_place", call.spec.place)
        session.forget("data.wanted")
    else:
        use(call.result)


def take_token(token: str) -> None:
    """A reader's own, in this tab's memory only; what was closed before is asked for again."""
    session.remember("data.token", token)
    closed: HubSpec | None = session.recall("data.closed", None)
    if closed is not None and present() is None:
        look_up(closed)


def progress() -> None:
    """The call that goes on, if one does, with the button that ends it."""
    if present() is not None:
        follow(_progress, True, key="data.progress")


def _progress() -> None:
    call = present()
    done = call.progress.characters if call is not None else 0
    progress_line(call, done, "data", lambda at, wanted: t(
        "data.reading", characters=number(done), wanted=wanted, megabytes=at))


def progress_line(call: HubCall | None, done: int, key: str, told: Callable[[str, str], str]
                  ) -> None:
    """How far a call is, `done` of what it wants (`told`: megabytes, wanted), and the button that
    ends it. Ends with a run of the whole page."""
    if call is None or call.done:
        session.page_again()
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(t("common.cancel"), icon=":material/close:", key=f"{key}.cancel",
                  on_click=call.cancel)
        if call.kind == "lookup" or not done:
            st.progress(0.0, text=t("data.asking", id=plain(call.spec.id)))
        else:
            st.progress(min(1.0, done / call.wanted), text=told(
                f"{call.progress.megabytes:.1f}", number(call.wanted)))
