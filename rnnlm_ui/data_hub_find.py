"""Finding a dataset of the hub: by a few letters, from the curated menu, by its whole id."""

from __future__ import annotations

import streamlit as st

from rnnlm_core.data.corpus import HUB
from rnnlm_core.data.hub import HubSpec
from rnnlm_core.data.hub_menu import MenuEntry, hub_menu
from rnnlm_core.data.hub_search import SHORTEST, HubHit, search_hub
from rnnlm_core.errors import CorpusError, UnrollError
from rnnlm_ui import session
from rnnlm_ui.data_hub_call import look_up, present, take_token
from rnnlm_ui.data_text import refuse
from rnnlm_ui.i18n import language, number, t
from rnnlm_ui.page import fault, plain

_EXAMPLE = "roneneldan/TinyStories"
_PAGE = "https://huggingface.co/datasets/"
_PAUSE = "400ms"  # without a further letter, before the hub is asked


def finder() -> None:
    """The line of the page that finds a dataset; typing draws only this line anew."""
    session.forget("data.whole_page")
    st.fragment(_find, key="data.find")()


def _find() -> None:
    if session.recall("data.whole_page", False):  # something was chosen: all of the page changes
        session.page_again()
        return
    busy = present() is not None
    session.preset("data.hub_id", _draft_id())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(t("data.hub_id"), key="data.hub_id", placeholder=_EXAMPLE, width=380,
                      max_chars=200, live=_PAUSE, persist_state="session")
        st.button(t("data.look_up"), icon=":material/search:", key="data.look_up",
                  on_click=_look_up_typed, disabled=busy)
        st.selectbox(t("data.hub_menu"), range(len(hub_menu())), index=None, key="data.hub_menu",
                     placeholder=t("data.hub_menu_hint"), width=340, disabled=busy,
                     format_func=lambda n: _title(hub_menu()[n]), on_change=_choose_entry)
        token_popover("data")
    if not busy:
        _suggestions()


def _draft_id() -> str:
    source = session.draft().corpus
    try:
        return HubSpec.parse(source).id if source.startswith(HUB) else ""
    except CorpusError:
        return ""


def _title(entry: MenuEntry) -> str:
    name = entry.id.split("/")[-1]
    parts = [name, entry.config, t(f"data.hub_language.{entry.language}")]
    return " · ".join(part for part in parts if part not in ("", "default"))


def entry_of(id: str, config: str) -> MenuEntry | None:
    """What the menu says about this dataset; of several entries, about this configuration."""
    entries = [entry for entry in hub_menu() if entry.id == id]
    if len(entries) == 1:
        return entries[0]
    return next((entry for entry in entries if entry.config == config), None)


def about(entry: MenuEntry) -> str:
    """Markdown: what a dataset teaches, and what is known of it."""
    size = t("data.hub_size", megabytes=f"{entry.size:g}") if entry.size else t("data.hub_no_size")
    return entry.sentence(language()) + " :gray[" + t(
        "data.hub_entry", size=size, language=t(f"data.hub_language.{entry.language}")) + "]"


# -- what is typed ---------------------------------------------------------------------------------
def _typed() -> str:
    return session.widget("data.hub_id", "").strip().removeprefix(_PAGE).removeprefix(HUB)


def _look_up_typed() -> None:
    """An id that is none is told at once."""
    session.remember("data.whole_page", True)
    session.remember("data.looked_up", _typed())
    try:
        spec = HubSpec.parse(HUB + _typed())
        session.set_widget("data.hub_id", spec.id)
        look_up(spec)
    except CorpusError as error:
        refuse(error)


def _suggestions() -> None:
    """What the hub finds for the letters typed since the last look-up."""
    typed = _typed()
    if typed == session.recall("data.looked_up", _draft_id()) or len(typed) < SHORTEST:
        if session.recall("data.dataset", None) is None:
            st.markdown(":gray[" + t("data.hub_hint") + "]")
        return
    slot = st.empty()
    slot.markdown(":gray[" + t("data.searching") + "]")
    try:
        hits = search_hub(typed, cancelled=_has_typed_on)
    except UnrollError as error:
        with slot.container():
            fault(error)
        return
    if not hits:
        slot.markdown(":gray[" + t("data.nothing_found", words=plain(typed)) + "]")
        return
    by_id = {hit.id: hit for hit in hits}
    slot.pills(t("data.found"), list(by_id), key="data.hub_hits", on_change=_choose_hit,
               format_func=lambda id: _hit_label(by_id[id]) if id in by_id else id)


def _has_typed_on() -> bool:
    """Never says so itself: touching the session lets the next letter end this run."""
    session.recall("data.call", None)
    return False


def _hit_label(hit: HubHit) -> str:
    lock = ":material/lock: " if hit.gated else ""
    return f"{lock}{plain(hit.id)} :gray[{number(hit.downloads)}]"


def _choose_hit() -> None:
    id: str | None = session.widget("data.hub_hits", None)
    session.set_widget("data.hub_hits", None)
    if id is not None:
        session.set_widget("data.hub_id", id)
        _look_up_typed()


# -- the menu --------------------------------------------------------------------------------------
def _choose_entry() -> None:
    chosen: int | None = session.widget("data.hub_menu", None)
    if chosen is None:
        return
    entry = hub_menu()[chosen]
    session.set_widget("data.hub_menu", None)  # its name stands in the field beside from now on
    session.remember("data.whole_page", True)
    session.set_widget("data.hub_id", entry.id)
    look_up(entry.spec, or_what_is_there=True)


# -- a token ---------------------------------------------------------------------------------------
def token_popover(place: str) -> None:
    """A reader's own access token: in this tab's memory, never sent back to the browser."""
    typed = f"{place}.token_typed"
    in_use = session.recall("data.token", None) is not None
    with st.popover(t("data.token_in_use" if in_use else "data.token"), icon=":material/key:",
                    type="tertiary"):
        st.text_input(t("data.token_label"), key=typed, type="password",
                      max_chars=400, on_change=_take_token, args=(typed,))
        if in_use:
            st.button(t("data.token_forget"), icon=":material/delete:", key=f"{place}.token_forget",
                      on_click=_forget_token)
        st.markdown(":gray[" + t("data.token_about") + "]")


def _take_token(typed: str) -> None:
    token = session.widget(typed, "").strip()
    session.set_widget(typed, "")
    if token:
        session.remember("data.whole_page", True)
        try:
            take_token(token)
        except CorpusError as error:
            refuse(error)


def _forget_token() -> None:
    session.remember("data.whole_page", True)
    session.forget("data.token")
