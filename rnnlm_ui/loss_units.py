"""What losses and the yardsticks beside them are told in: bits, nats or perplexity."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_ui import session
from rnnlm_ui.i18n import t
from rnnlm_ui.live import Column
from rnnlm_ui.tokens import Tokens, named

UNITS = ("bits", "nats", "perplexity")
_UNIT = "unit"  # the key of the switch
HIGHEST_PERPLEXITY = 1e6
FLOOR = "best"  # the yardstick that is never passed
DRAWN = ("uniform", "unigram", "kn2", "kn3", "kn4", "kn5", FLOOR)


def unit_switch() -> str:
    """What losses are told in, on every page."""
    return st.segmented_control(
        t("train.unit"), UNITS, key=session.choice(_UNIT, UNITS, UNITS[0]), required=True,
        format_func=lambda u: t(f"train.unit_name.{u}"), label_visibility="collapsed") or UNITS[0]


def chosen_unit() -> str:
    """The switch as it stands."""
    return session.widget(_UNIT, UNITS[0])


def to_unit(unit: str) -> Callable[[Column], Column]:
    """From nats a token."""
    if unit == "bits":
        return lambda nats: nats / math.log(2)
    if unit == "nats":
        return lambda nats: nats
    return lambda nats: np.minimum(np.exp(np.minimum(nats, 700.0)), HIGHEST_PERPLEXITY)


def shown(nats: float, unit: str, tokens: Tokens | None = None, brief: bool = False) -> str:
    """A loss with its unit, as in the answer sentence; for tokens that are no characters in bits a
    character too, unless it must be `brief`."""
    tokens = tokens or named(RunConfig())
    value = float(to_unit(unit)(np.array(nats)))
    text = f"> {HIGHEST_PERPLEXITY:,.0f}" if value >= HIGHEST_PERPLEXITY else f"{value:.2f}"
    value_text = t(f"train.value.{unit}", value=text, one=tokens.one)
    return value_text if brief else tokens.with_bits(value_text, nats)


def yardstick_name(name: str) -> str:
    return t(f"yardstick.{name}") if not name.startswith("kn") else \
        t("yardstick.kn", order=name.removeprefix("kn"))
