"""A dataset of the hub: looked up, offered, and read while the page stays alive."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from rnnlm_core.data.corpus import HUB, load_corpus
from rnnlm_core.data.hub import HubDataset, HubProgress, HubSpec, inspect_hub
from rnnlm_core.errors import CorpusError, UnrollError
from rnnlm_ui import session
from rnnlm_ui.data_text import refuse, store, use
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import follow
from rnnlm_ui.page import plain, primary_label

_EXAMPLE = "roneneldan/TinyStories"


class HubCall:
    """A look-up or a fetch that goes on while the page is alive; cancelled at once for the reader.

    The thread only writes to this object; the page polls it.
    """

    def __init__(self, kind: Literal["lookup", "fetch"], id: str,
                 work: Callable[[HubCall], Any]) -> None:
        self.kind, self.id = kind, id
        self.progress = HubProgress(0, 0, 0.0)
        self.result: Any = None
        self.error: UnrollError | None = None
        self._cancel, self._done = threading.Event(), threading.Event()
        self._work = work
        threading.Thread(target=self._run, name=f"{kind} {id}", daemon=True).start()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        """The page stops waiting now; the thread ends as soon as it notices."""
        self._cancel.set()
        self.error = CorpusError("hub.cancelled", id=self.id)
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


def _lookup(config: str | None = None) -> None:
    """Ask what the dataset offers; an id that is none is told at once."""
    id = session.widget("data.hub_id", "").strip().removeprefix(HUB)
    try:
        id = HubSpec(id).id
    except CorpusError as error:
        refuse(error)
        return
    session.remember("data.call", HubCall(
        "lookup", id, lambda call: inspect_hub(id, config=config)))


def _fetch() -> None:
    """Read the chosen column; what the reader has stays until it is here."""
    dataset: HubDataset = session.recall("data.dataset", None)  # type: ignore[arg-type]
    spec = HubSpec(dataset.id, **_wanted(dataset))
    amount, folder = _amount(), store()
    session.remember("data.call", HubCall("fetch", dataset.id, lambda call: load_corpus(
        str(spec), folder, amount, progress=call.moves, cancelled=call.cancelled)))


def take_result() -> None:
    """Once at the top of the page: what a call brought, or why it brought nothing."""
    call: HubCall | None = session.recall("data.call", None)
    if call is None or not call.done:
        return
    session.forget("data.call")
    if call.error is not None:
        refuse(call.error)
    elif call.kind == "lookup":
        session.remember("data.dataset", call.result)
        session.forget("data.wanted")
    else:
        use(call.result)


def hub_chooser() -> None:
    session.preset("data.hub_id", _draft_hub_id())
    call: HubCall | None = session.recall("data.call", None)
    with st.form("data.hub_form", border=False), \
            st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(t("data.hub_id"), key="data.hub_id", placeholder=_EXAMPLE, width=420,
                      max_chars=200, persist_state="session")
        st.form_submit_button(t("data.look_up"), icon=":material/search:", on_click=_lookup,
                              disabled=call is not None)
    dataset = session.recall("data.dataset", None)
    if dataset is not None:
        _hub_choices(dataset, busy=call is not None)
    elif call is None:
        st.markdown(":gray[" + t("data.hub_hint") + "]")
    if call is not None:
        follow(_progress, True, key="data.progress")


def _draft_hub_id() -> str:
    source = session.draft().corpus
    try:
        return HubSpec.parse(source).id if source.startswith(HUB) else ""
    except CorpusError:
        return ""


def _hub_choices(dataset: HubDataset, busy: bool) -> None:
    """What the dataset offers, how much of it, and the button that reads it."""
    st.markdown(t("data.hub_found", id=plain(dataset.id), revision=dataset.revision[:8]))
    # kept beside the widgets, which Streamlit resets whenever they are away for a moment
    wanted = _wanted(dataset)
    with st.grid(5, min_column_width=170, vertical_alignment="bottom"):
        for part, offered in (("config", dataset.configs), ("split", dataset.splits),
                              ("column", dataset.columns)):
            session.set_widget(f"data.hub_{part}", wanted[part])
            st.selectbox(t(f"data.hub_{part}"), offered, key=f"data.hub_{part}", disabled=busy,
                         on_change=_choose, args=(part,))
        session.set_widget("data.hub_amount", _amount())
        st.number_input(t("data.hub_amount"), 100, 50_000_000, step=100_000, disabled=busy,
                        key="data.hub_amount", on_change=lambda: session.remember(
                            "data.amount", int(session.widget("data.hub_amount", _amount()))))
        # the primary button's ink would be lost on a disabled one
        st.button(t("data.read") if busy else primary_label(t("data.read"), "download"),
                  type="primary", key="data.read", disabled=busy, on_click=_fetch)


def _wanted(dataset: HubDataset) -> dict[str, str]:
    """Configuration, split and column as chosen so far."""
    return {"config": dataset.config, "split": dataset.split, "column": dataset.column,
            **session.recall("data.wanted", {})}


def _amount() -> int:
    return session.recall("data.amount", session.draft().max_characters)


def _choose(part: str) -> None:
    value = session.widget(f"data.hub_{part}", None)
    session.remember("data.wanted", {**session.recall("data.wanted", {}), part: value})
    if part == "config":  # another one may have other splits and columns: look again
        _lookup(value)


def _progress() -> None:
    """The call as it goes; ends with a run of the whole page."""
    call: HubCall | None = session.recall("data.call", None)
    if call is None or call.done:
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(t("common.cancel"), icon=":material/close:", key="data.cancel",
                  on_click=call.cancel)
        at = call.progress
        if call.kind == "lookup" or not at.characters:
            st.progress(0.0, text=t("data.asking", id=plain(call.id)))
        else:
            wanted = _amount()
            st.progress(min(1.0, at.characters / wanted), text=t(
                "data.reading", characters=number(at.characters), wanted=number(wanted),
                megabytes=f"{at.megabytes:.1f}"))
