"""A fault of the text with its ways out, each a button where one press does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.hub_spec import HubSpec
from rnnlm_core.data.uploads import Found, Wishes
from rnnlm_core.errors import ConfigError, CorpusError, UnrollError
from rnnlm_ui import config_form, session
from rnnlm_ui.data_hub_call import fetch, present
from rnnlm_ui.data_text import refuse
from rnnlm_ui.data_upload import encoding_name, read, uploaded
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import fault, plain

_SEQUENCES = 4  # so many should fit in the training part once the sequence is shortened
Repair = tuple[str, Callable[[], None]]


def refused(error: UnrollError) -> None:
    """What is wrong, in the place of the answer sentence, and what would mend it."""
    fault(error)
    offered = _of_upload(error) or _of_settings(error, session.draft())
    if offered:
        with st.container(horizontal=True, gap="small"):
            for place, (label, press) in enumerate(offered):
                st.button(label, key=f"data.repair.{error.code}.{place}", on_click=press,
                          icon=":material/build:")


def _of_upload(error: UnrollError) -> list[Repair]:
    file = uploaded()
    if file is None or file.error is not error:
        return []
    return [(_wished(file.wishes, wishes, found),
             lambda wishes=wishes: read(file.name, file.raw, wishes))  # type: ignore[misc]
            for wishes, found in file.repairs]


def _wished(before: Wishes, after: Wishes, found: Found) -> str:
    if after.column != before.column:
        return t("data.repair_column", column=plain(after.column))
    if after.plain != before.plain:
        return t("data.repair_plain")
    return t("data.repair_encoding", encoding=encoding_name(found.encoding))


def _of_settings(error: UnrollError, config: RunConfig) -> list[Repair]:
    if error.code == "corpus.too_short":
        length = shorter_sequence(config, int(str(error.values["value"])))
        return [] if length is None else [(
            t("data.repair_sequence", n=number(length.sequence_length)),
            lambda: session.set_draft(length))]
    if error.code == "corpus.nothing_to_train":
        return [(t("data.repair_division"), lambda: session.set_draft(
            replace(session.draft(), division="contiguous", gap=0)))]
    if error.code == "corpus.not_here":
        return [(t("data.repair_not_here"), _read_named)] if present() is None else []
    if error.code == "corpus.no_own_parts":
        return [(t("data.repair_own"), lambda: config_form.change("division", "contiguous"))]
    if error.code == "corpus.nothing_frequent" and error.values["value"]:
        times = int(str(error.values["value"]))
        return [(t("data.repair_frequency", n=number(times)),
                 lambda: config_form.change("min_frequency", times))]
    if error.code == "config.marks_division":
        return [(t("data.repair_marks"), lambda: config_form.change("marks", "lines"))]
    return []


def _read_named() -> None:
    """The dataset that the settings name, as far as they allow; its progress is told below."""
    config = session.draft()
    try:
        spec = HubSpec.parse(config.corpus)
    except CorpusError as error:
        refuse(error)
        return
    session.set_widget("data.source", "hub")
    session.set_widget("data.hub_id", spec.id)
    fetch(spec, config.max_characters)


def shorter_sequence(config: RunConfig, tokens: int) -> RunConfig | None:
    """The settings with a sequence of which a few fit; None where not even the shortest does."""
    length = min(config.sequence_length, max(2, tokens // _SEQUENCES - 1))
    if tokens < length + 1:
        return None
    reach = config.backprop_length if config.backprop_length <= length else 0
    try:
        return replace(config, sequence_length=length, backprop_length=reach)
    except ConfigError:
        return None
