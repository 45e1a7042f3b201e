"""A text of the reader's own: pasted or uploaded."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rnnlm_core.data.corpus import OWN, keep_text
from rnnlm_core.data.files import decode_bytes
from rnnlm_core.errors import CorpusError
from rnnlm_ui import session
from rnnlm_ui.data_text import refuse, store, use
from rnnlm_ui.i18n import t
from rnnlm_ui.page import primary_label

MAX_MEGABYTES = 20  # of pasted or uploaded text
ENCODINGS = ("", "utf-8", "gb18030", "big5", "shift_jis", "euc-kr", "utf-16", "cp1250", "cp1251",
             "cp1252")  # the first is the guess


def own_chooser() -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.text_area(t("data.paste"), key="data.pasted", height=130, persist_state="session",
                     placeholder=t("data.paste_hint"))
        st.button(primary_label(t("data.use_pasted"), "check"), type="primary",
                  key="data.use_pasted", on_click=_use_pasted)
    with right:
        st.file_uploader(t("data.upload", limit=MAX_MEGABYTES), key="data.upload",
                         max_upload_size=MAX_MEGABYTES, on_change=_use_upload)
        if session.widget("data.upload", None) is not None:
            st.selectbox(t("data.encoding_label"), ENCODINGS, key="data.encoding",
                         format_func=lambda name: name or t("data.encoding_auto"),
                         on_change=_use_upload)


def _use_pasted() -> None:
    text = session.widget("data.pasted", "")
    title = " ".join(text[:200].split())
    _keep(text.encode("utf-8", "surrogatepass"), f"“{title[:24]}…”", text)


def _use_upload() -> None:
    file = session.widget("data.upload", None)
    if file is not None:  # None: it was taken out of the widget again
        _keep(file.getvalue(), file.name)


def _keep(raw: bytes, name: str, text: str | None = None) -> None:
    """Into the store and into the draft, or the one sentence on why not."""
    notes: dict[str, Any] = {}
    try:
        if len(raw) > MAX_MEGABYTES * 1_000_000:
            raise CorpusError("corpus.too_large", name=name, limit=MAX_MEGABYTES)
        if text is None:
            decoded = decode_bytes(raw, name, session.widget("data.encoding", "") or None)
            text, notes = decoded.text, {"encoding": decoded.encoding}
        use(keep_text(store(), text, OWN, name, session.draft().max_characters, notes=notes))
    except CorpusError as error:
        refuse(error)
    except OSError as error:
        refuse(CorpusError("corpus.not_kept", reason=type(error).__name__))
