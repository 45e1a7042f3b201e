"""A text of the reader's own: pasted or uploaded."""

from __future__ import annotations

import streamlit as st

from rnnlm_core.data.corpus import OWN, keep_text
from rnnlm_core.errors import CorpusError
from rnnlm_ui import session
from rnnlm_ui.data_text import refuse, store, use
from rnnlm_ui.data_upload import MAX_MEGABYTES, taken, upload_choices
from rnnlm_ui.i18n import t
from rnnlm_ui.page import primary_label


def own_chooser() -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.text_area(t("data.paste"), key="data.pasted", height=130, persist_state="session",
                     placeholder=t("data.paste_hint"))
        st.button(primary_label(t("data.use_pasted"), "check"), type="primary",
                  key="data.use_pasted", on_click=_use_pasted)
    with right:
        st.file_uploader(t("data.upload", limit=MAX_MEGABYTES), key="data.upload",
                         help=t("data.upload_help"), max_upload_size=MAX_MEGABYTES,
                         on_change=lambda: taken(session.widget("data.upload", None)))
    upload_choices()


def _use_pasted() -> None:
    text = session.widget("data.pasted", "")
    title = f"“{' '.join(text[:200].split())[:24]}…”"
    try:
        if len(text.encode("utf-8", "surrogatepass")) > MAX_MEGABYTES * 1_000_000:
            raise CorpusError("corpus.too_large", name=title, limit=MAX_MEGABYTES)
        use(keep_text(store(), text, OWN, title, session.draft().max_characters))
    except CorpusError as error:
        refuse(error)
    except OSError as error:
        refuse(CorpusError("corpus.not_kept", reason=type(error).__name__))
