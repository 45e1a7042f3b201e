"""The settings of the next run, as edited so far over all pages."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import ConfigError
from rnnlm_ui.session.notes import tell, told

_DRAFT, _DRAFT_ERROR = "unroll.draft", "unroll.draft_error"


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


def take_settings(query: dict[str, str]) -> None:
    """Those of a link, the first time; what is wrong with them is told."""
    if _DRAFT not in st.session_state:
        st.session_state[_DRAFT], problem = settings_of(query)
        if problem is not None:
            tell(_DRAFT_ERROR, problem)


def settings_of(query: dict[str, str]) -> tuple[RunConfig, ConfigError | None]:
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
