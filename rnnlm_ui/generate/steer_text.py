"""What the reaches share: beginnings, random numbers, texts side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_core.errors import Problem
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_core.records import SampledToken
from rnnlm_ui import look_inside, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.lab import Run

SEED, TEMPERATURE = "steer_seed", "steer_temperature"
WRITTEN = 120  # tokens
LONGEST = 2_000  # characters of a beginning
_BEGINNING = 30
_MOST_SEED = 2**53 - 1  # what a browser can count to
_DEFAULT_TEMPERATURE = 0.8


# -- chance ---------------------------------------------------------------------------------------
def numbers_row() -> None:
    """Temperature and seed."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.slider(t("generate.temperature"), 0.0, 2.0, _DEFAULT_TEMPERATURE, step=0.05,
                  key=TEMPERATURE, width=260, bind="query-params")
        # no default beside the least: a button sets it, and Streamlit would warn of two values
        st.number_input(t("generate.seed"), 1, _MOST_SEED, key=SEED, step=1, width=160,
                        bind="query-params")
        st.button(t("states_prove.another"), icon=":material/casino:", key="steer.another",
                  on_click=_another)


def _another() -> None:
    session.set_widget(SEED, int(session.widget(SEED, 1) or 1) % _MOST_SEED + 1)


def settings() -> SamplingSettings:
    """Raises `generate.bad_setting` where these are none."""
    from rnnlm_core.generate import SamplingSettings

    return SamplingSettings(float(session.widget(TEMPERATURE, _DEFAULT_TEMPERATURE)),
                            seed=int(session.widget(SEED, 1) or 1), length=WRITTEN).checked()


# -- a beginning ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Beginning:
    """As the network reads it: what is known of a prompt, or the start that stands in for it."""

    text: str
    ids: tuple[int, ...]
    owners: tuple[int, ...]  # of each character, the token that ends it


def beginning_box(run: Run, key: str, label: str, default: Callable[[str], str]) -> Beginning:
    """A box to write a beginning in; until then it holds `default` of the run's held-out text."""
    # no `max_chars`: the browser would keep a longer text back without a word
    typed = st.text_area(label, key=session.text(key, default(look_inside.text_of(run)[0])),
                         height=90, persist_state="session") or ""
    if len(typed) > LONGEST:
        st.markdown(t("states.text_cut", n=number(LONGEST)))
    return _as_read(run, typed[:LONGEST])


def _as_read(run: Run, typed: str) -> Beginning:
    from rnnlm_core.generate import starting_ids

    if unknown := run.tokenizer.unknown_in(typed):
        problem = Problem("prompt.unknown_characters", {"characters": listed(unknown)})
        st.markdown(f":material/info: {plain(error_text(problem))}")
    ids = starting_ids(run.tokenizer, typed)
    if not run.tokenizer.known(typed):
        st.markdown(t("generate_steer.empty"))
        return Beginning("", tuple(ids), ())
    text, owners = run.tokenizer.owners(ids)
    return Beginning(text, tuple(ids), tuple(owners.tolist()))


def a_beginning(text: str) -> str:
    """The first words of a text, up to where one of them ends."""
    start = text[:_BEGINNING]
    cut = max(start.rfind(" "), start.rfind("\n")) + 1
    return start[:cut] if cut > _BEGINNING // 3 else start


# -- side by side ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class Side:
    """One text: its beginning, what was written, and what each written character is filled by."""

    name: str
    key: str
    beginning: str
    text: str
    fills: Sequence[str]
    label: str


def side_of(key: str, name: str, label: str, beginning: str, tokens: Sequence[SampledToken]
            ) -> Side:
    """Filled by the surprise at each character."""
    from rnnlm_core.generate import character_surprise

    return Side(name, key, beginning, "".join(token.text for token in tokens),
                surprise_fill(character_surprise(tokens)), label)


def sides(texts: Sequence[Side], compared: Sequence[int],
          legend: tuple[str, str, str] | None = None) -> list[int | None]:
    """Side by side; each of `compared` is outlined where it first differs from the first text.
    Returns where each was just clicked."""
    from rnnlm_core.insight.effects import first_difference

    clicks = []
    for k, (column, one) in enumerate(zip(st.columns(len(texts), gap="medium"), texts,
                                          strict=True)):
        whole = one.beginning + one.text
        parts = first_difference(texts[0].beginning + texts[0].text, whole) \
            if k in compared else None
        with column:
            st.markdown(one.name)
            clicks.append(coloured_text(
                whole, [""] * len(one.beginning) + list(one.fills), key=one.key, size="1.1rem",
                prompt=len(one.beginning), label=one.label,
                selected=parts if parts is not None and parts < len(whole) else None,
                legend=legend if k == 0 else None))
            if k in compared and parts is None:
                st.markdown(t("generate_steer.same"))
    return clicks


def surprise_legend() -> tuple[str, str, str]:
    return t("generate.expected"), t("generate.surprising"), surprise_gradient()
