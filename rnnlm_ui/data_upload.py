"""An uploaded file: read at once as it seems to be meant, and everything about that can be changed.

The file and what was chosen for it stay while the browser tab lives, also where it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from rnnlm_core.data.corpus import OWN, keep_text
from rnnlm_core.data.files import ENCODINGS, LENIENT
from rnnlm_core.data.uploads import ALL, Found, Wishes, read_upload, repairs
from rnnlm_core.errors import CorpusError
from rnnlm_ui import session
from rnnlm_ui.data_text import refuse, store, use
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain

MAX_MEGABYTES = 20  # of pasted or uploaded text, as it arrives


@dataclass(frozen=True)
class Uploaded:
    """A file, what was wished for, what there is to choose, and why it was refused if it was."""

    name: str
    raw: bytes
    wishes: Wishes
    found: Found
    error: CorpusError | None
    repairs: list[tuple[Wishes, Found]]
    limit: int  # of characters, as the settings had it
    source: str = ""  # the text that came of it, as in `RunConfig.corpus`


def taken(file: Any) -> None:
    """What the upload widget holds now: None where the file was taken out of it again."""
    if file is None:
        session.forget("data.uploaded")
    else:
        read(file.name, file.getvalue(), Wishes())


def uploaded() -> Uploaded | None:
    found: Uploaded | None = session.recall("data.uploaded", None)
    return found


def keep_up() -> None:
    """Read the file again where the text on the page is its own and the settings now have another
    limit of characters: what was cut off comes back."""
    file, draft = uploaded(), session.draft()
    if file is not None and file.source == draft.corpus and file.limit != draft.max_characters:
        read(file.name, file.raw, file.wishes)


def read(name: str, raw: bytes, wishes: Wishes) -> None:
    """Into the store and into the draft, or the one sentence on why not; the draft then stays."""
    found, error, offered, source = Found(), None, [], ""
    limit = session.draft().max_characters
    try:
        if len(raw) > MAX_MEGABYTES * 1_000_000:
            raise CorpusError("corpus.too_large", name=name, limit=MAX_MEGABYTES)
        text = read_upload(raw, name, wishes, found, limit)
        title = found.file.rsplit("/", 1)[-1] if found.file not in ("", ALL) else name
        corpus = keep_text(store(), text, OWN, title, limit,
                           rows=None if found.rows is None else found.rows.read,
                           notes=_notes(found))
        use(corpus)
        source = corpus.manifest.source
    except CorpusError as caught:
        error, offered = caught, repairs(raw, name, wishes, found)
        refuse(error)
    except OSError as caught:
        error = CorpusError("corpus.not_kept", reason=type(caught).__name__)
        refuse(error)
    session.remember("data.uploaded", Uploaded(name, raw, wishes, found, error, offered,
                                               limit, source))


def _notes(found: Found) -> dict[str, Any]:
    """What a text's papers say of the file it came from."""
    notes: dict[str, Any] = {"encoding": found.encoding} if found.encoding else {}
    if found.rows is not None:
        notes |= {"column": found.column, "nulls": found.rows.nulls, "blanks": found.rows.blanks,
                  "copies": found.rows.copies, "repeated_rows": found.rows.repeated}
    return notes


def encoding_name(encoding: str) -> str:
    return t("data.encoding_lenient") if encoding == LENIENT else encoding


def _encoding_option(encoding: str) -> str:
    """With what is written in it, where the name does not say."""
    if encoding == LENIENT or encoding.startswith("utf"):
        return encoding_name(encoding)
    name = encoding.replace("-", "_")
    return encoding + " · " + t(f"data.written_in.{name}")


# -- what can be chosen ----------------------------------------------------------------------------
def upload_choices() -> None:
    """How the file is read, with the first lines of what that gives."""
    file = uploaded()
    if file is None:
        return
    found, wishes = file.found, file.wishes
    if file.error is not None and file.error.code != "corpus.encoding_at" and not (
            found.preview or found.columns or found.files or file.repairs):
        return  # nothing of it can be read in any way: the sentence above says why
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(t("data.upload_from", name=plain(file.name)), width="content")
        if found.kind is not None:
            _row_choices(file)
    left, right = st.columns(2, gap="medium")
    with left, st.grid(2, min_column_width=200):
        if found.files:
            _select("file", found.files, found.file, t("data.upload_file"),
                    lambda name: t("data.upload_all") if name == ALL else name)
        if found.kind != "parquet":
            _select("encoding", ["", *ENCODINGS], wishes.encoding, t("data.encoding_label"),
                    lambda name: _encoding_option(name) if name else t("data.encoding_auto"))
        if found.columns:
            _select("column", found.columns, found.column, t("data.hub_column"), str)
    with right:
        if found.preview:
            st.markdown(":gray[" + t("data.upload_preview", encoding=plain(
                encoding_name(found.encoding))) + "]")
            st.code(found.preview, language=None, wrap_lines=True)
        if not found.sure:
            st.markdown(":orange[:material/warning: " + t("data.encoding_guess", encoding=plain(
                encoding_name(found.encoding))) + "]")
    if found.left_out:
        st.markdown(":gray[" + t("data.upload_left_out", n=number(found.left_out)) + "]")


def _select(part: str, options: list[str], value: str, label: str, shown: Any) -> None:
    key = f"data.{part}"
    session.set_widget(key, value)  # Streamlit resets widgets that are away for a moment
    st.selectbox(label, options, key=key, format_func=shown, on_change=partial(_wish, part))


def _row_choices(file: Uploaded) -> None:
    """What a table's rows are taken for."""
    offered = ["once", "blank_line"] + (["plain"] if file.found.kind != "parquet" else []) + (
        ["header"] if file.found.kind in ("csv", "tsv") else [])
    with st.popover(t("data.upload_rows"), icon=":material/table_rows:", type="tertiary"):
        for part in offered:
            session.set_widget(f"data.{part}", getattr(file.wishes, part))
            st.toggle(t(f"data.upload_{part}"), key=f"data.{part}", on_change=partial(_wish, part),
                      disabled=file.wishes.plain and part != "plain")


def _wish(part: str) -> None:
    file = uploaded()
    if file is not None:
        wishes = replace(file.wishes, **{part: session.widget(f"data.{part}", "")})
        if part == "file":  # another file has other columns, and an encoding of its own
            wishes = Wishes(file=wishes.file)
        read(file.name, file.raw, wishes)
