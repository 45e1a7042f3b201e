"""Texts with a known best answer: their parameter, what they ask for, what can be reached."""

from __future__ import annotations

import math

import streamlit as st

from rnnlm_core.data.generated import FAMILIES, family_of, spelled, teaching, value_of
from rnnlm_core.errors import CorpusError
from rnnlm_ui import config_form, session
from rnnlm_ui.i18n import number, t

_KEY = "data.parameter"


def parameter_slider() -> None:
    """The number of the chosen text (`recall:20`), where it has one."""
    family = family_of(session.draft().corpus)
    parameter = None if family is None else FAMILIES[family].parameter
    if family is None or parameter is None:
        return
    session.set_widget(_KEY, _shown(session.draft().corpus))
    st.slider(t(f"data.parameter.{parameter.name}"), parameter.low, parameter.high, key=_KEY,
              on_change=lambda: config_form.change(
                  "corpus", spelled(family, session.widget(_KEY, parameter.default))))


def about(source: str) -> str:
    """What a generated text asks for, in a sentence or two."""
    return t(f"data.about.{family_of(source)}", n=number(_shown(source)))


def best_bits(source: str) -> float | None:
    """Bits a character that no model passes in the long run, where they are known."""
    known = teaching(source)
    return None if known is None else known.rate / math.log(2)


def best(source: str) -> str:
    """The same in a sentence; empty where they are not known."""
    bits = best_bits(source)
    return "" if bits is None else t("data.best", bits=f"{bits:.3f}",
                                     nats=f"{bits * math.log(2):.3f}")


def _shown(source: str) -> int:
    """The text's number; where a link has a wrong one, the family's own."""
    try:
        return value_of(source)
    except CorpusError:
        family = family_of(source)
        parameter = None if family is None else FAMILIES[family].parameter
        return 0 if parameter is None else parameter.default
