"""Word vectors from a repository of the hub: its files offered, the first rows of one read."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from rnnlm_core.data.hub_vectors import HUB, USUAL_ROWS, HubTables, VectorSpec, inspect_vectors
from rnnlm_core.data.vector_menu import vector_menu
from rnnlm_core.data.vector_reading import MOST_ROWS
from rnnlm_core.data.vector_sources import hub_table
from rnnlm_core.data.vector_table import TablePapers
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_ui import config_form, session
from rnnlm_ui.data_hub_call import HubCall, progress_line
from rnnlm_ui.data_hub_find import token_popover
from rnnlm_ui.data_text import store
from rnnlm_ui.i18n import joined, language, number, t
from rnnlm_ui.live import follow
from rnnlm_ui.page import plain

_EXAMPLE = "stanfordnlp/glove"
_PAGE = "https://huggingface.co/"
_ID, _MENU, _FILE, _MEMBER, _ROWS, _CALL, _TABLES, _FAULT = (
    f"vectors.{name}" for name in ("id", "menu", "file", "member", "rows", "call", "tables",
                                   "fault"))


# -- calls -----------------------------------------------------------------------------------------
def present() -> HubCall | None:
    call: HubCall | None = session.recall(_CALL, None)
    return call


def look_up(spec: VectorSpec) -> None:
    """Ask what tables the repository holds."""
    token: str | None = session.recall("data.token", None)
    session.forget(_TABLES)
    session.remember(_CALL, HubCall("lookup", spec, 0,
                                    lambda _: inspect_vectors(spec, token=token)))


def fetch(spec: VectorSpec, rows: int = USUAL_ROWS) -> None:
    """Read the first rows; the table that is in use stays until they are here."""
    token: str | None = session.recall("data.token", None)
    folder = store()
    session.remember(_CALL, HubCall("fetch", spec, rows, lambda call: hub_table(
        str(spec), folder, rows, call.moves, call.cancelled, token)))


def take_result() -> None:
    """Once at the top of the page: what a call brought, or why it brought nothing."""
    call = present()
    if call is None or not call.done:
        return
    session.forget(_CALL)
    if call.error is not None:
        refuse(call.error)
    elif call.kind == "lookup":
        session.remember(_TABLES, call.result)
    else:
        session.forget(_TABLES)
        config_form.change("vectors", call.result.sha256)


def refuse(error: UnrollError) -> None:
    """Told once; the table stays as it is."""
    session.tell(_FAULT, error)


def refusal() -> UnrollError | None:
    """Why the table the reader wanted is not there."""
    error: UnrollError | None = session.told(_FAULT)
    return error


# -- what is seen ----------------------------------------------------------------------------------
def hub_chooser() -> None:
    """A repository by its id or from the menu, its files, and the button that reads one."""
    call = present()
    busy = call is not None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(t("embeddings.hub_id"), key=_ID, placeholder=_EXAMPLE, width=330,
                      max_chars=400, persist_state="session")
        st.button(t("data.look_up"), icon=":material/search:", key="vectors.look_up",
                  on_click=_look_up_typed, disabled=busy)
        st.selectbox(t("data.hub_menu"), range(len(vector_menu())), index=None, key=_MENU,
                     placeholder=t("embeddings.hub_menu_hint"), width=250, disabled=busy,
                     format_func=lambda n: vector_menu()[n].name, on_change=_choose_entry)
        token_popover("vectors")
    tables: HubTables | None = session.recall(_TABLES, None)
    if tables is not None:
        _choices(tables, busy)
    elif not busy and not session.draft().vectors:
        st.markdown(":gray[" + t("embeddings.hub_hint") + "]")
    if busy:
        follow(_progress, True, key="vectors.progress")


def _look_up_typed() -> None:
    """An id that is none is told at once."""
    typed = session.widget(_ID, "").strip().removeprefix(_PAGE).removeprefix(HUB)
    try:
        look_up(VectorSpec.parse(HUB + typed))
    except BadInput as error:
        refuse(error)


def _choose_entry() -> None:
    chosen: int | None = session.widget(_MENU, None)
    if chosen is not None:
        spec = vector_menu()[chosen].spec
        session.set_widget(_MENU, None)  # its name stands in the field beside from now on
        session.set_widget(_ID, str(spec).removeprefix(HUB))
        look_up(spec)


def _choices(tables: HubTables, busy: bool) -> None:
    """Which file, how many of its words, and the button."""
    st.markdown(_found(tables))
    sizes = dict(tables.files)
    chosen = tables.spec
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        session.set_widget(_FILE, chosen.file)
        st.selectbox(t("embeddings.hub_file"), list(sizes), key=_FILE, disabled=busy, width=320,
                     format_func=lambda name: _sized(name, sizes.get(name, 0)),
                     on_change=_choose_file)
        if tables.members:
            session.set_widget(_MEMBER, chosen.member)
            st.selectbox(t("embeddings.hub_member"), tables.members, key=_MEMBER, width=250,
                         disabled=busy, on_change=_choose_member)
        session.preset(_ROWS, session.recall(_ROWS, USUAL_ROWS))
        st.number_input(t("embeddings.hub_rows"), 100, MOST_ROWS, step=50_000, key=_ROWS, width=170,
                        disabled=busy, help=t("embeddings.hub_rows_help"),
                        on_change=lambda: session.remember(_ROWS, session.widget(_ROWS, 0)))
        st.button(t("data.read"), icon=":material/download:", key="vectors.read", disabled=busy,
                  on_click=_fetch_chosen)


def _found(tables: HubTables) -> str:
    parts = [t("data.hub_revision", revision=tables.revision[:8]),
             t("data.hub_licence", licence=plain(tables.licence)) if tables.licence
             else t("data.hub_no_licence")]
    line = f"**{plain(tables.spec.id)}** :gray[{' · '.join(parts)}]"
    about = next((entry.sentence(language()) for entry in vector_menu()
                  if entry.spec == replace(tables.spec, revision=None)), "")
    return line + (f"  \n{about} :gray[{t('embeddings.hub_untried')}]" if about else "")


def _sized(name: str, size: int) -> str:
    return f"{name} · {t('embeddings.megabytes', n=_megabytes(size))}" if size else name


def _megabytes(size: int) -> str:
    return number(size / 1e6) if size >= 10_000_000 else f"{size / 1e6:.1f}"


def _choose_file() -> None:
    """A .zip is asked for what it holds."""
    tables: HubTables = session.recall(_TABLES, None)  # type: ignore[arg-type]
    spec = replace(tables.spec, file=session.widget(_FILE, tables.spec.file), member=None)
    if str(spec.file).endswith(".zip"):
        look_up(spec)
    else:
        session.remember(_TABLES, replace(tables, spec=spec, members=()))


def _choose_member() -> None:
    tables: HubTables = session.recall(_TABLES, None)  # type: ignore[arg-type]
    member = session.widget(_MEMBER, tables.spec.member)
    session.remember(_TABLES, replace(tables, spec=replace(tables.spec, member=member)))


def _fetch_chosen() -> None:
    tables: HubTables = session.recall(_TABLES, None)  # type: ignore[arg-type]
    fetch(tables.spec, int(session.widget(_ROWS, USUAL_ROWS)))


def _progress() -> None:
    call = present()
    done = call.progress.rows if call is not None else 0
    progress_line(call, done, "vectors", lambda at, wanted: t(
        "embeddings.reading", rows=number(done), wanted=wanted, megabytes=at))


def about(papers: TablePapers) -> str:
    """Markdown: how much of its file a table is, and where that came from; "" for an upload."""
    if papers.ended == "all":
        said = t("embeddings.all_rows", rows=number(papers.rows)) if papers.source else ""
    else:
        said = t("embeddings.first_rows", rows=number(papers.rows),
                 why=t(f"embeddings.ended.{papers.ended}"))
    return joined([said, t("embeddings.came_from", source=plain(papers.source.removeprefix(HUB)),
                           revision=papers.revision[:8]) if papers.source else ""])
