"""What the reader asks of `taught`: which text, how much of it, which state, how it is stacked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar, cast

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rnnlm_core.insight.credit import Part

T = TypeVar("T", bound=str)
Measure = Literal["parts", "shares", "sizes"]
MEASURES: tuple[Measure, ...] = ("parts", "shares", "sizes")
LENGTHS = (16, 32, 64)
WARM_UP = 100  # tokens that are read before a stretch of the run's text
LONGEST = 400  # characters of the reader's own
MEASURE, PART, LAYER, LENGTH = (f"taught_{name}" for name in
                                ("measure", "part", "layer", "tokens"))
PLACE, OWN = "taught.from", "taught_own"


@dataclass(frozen=True)
class Asked:
    own: str  # the reader's text, "" for the run's
    place: int  # where in the run's text the stretch begins, a token
    tokens: int  # T
    layer: int
    part: Part
    measure: Measure
    lost: UnrollError | None  # why the run's text is not what is read


@st.cache_data(max_entries=16, show_spinner=False)
def text_ids(path: str) -> NDArray[np.int64]:
    """The run's held-out text as tokens."""
    import numpy

    run = runs.opened(RunFolder(path))
    return numpy.asarray(run.tokenizer.encode(look_inside.text_of(run)[0]), numpy.int64)


def settings(scene: Scene) -> Asked:
    """The widgets, in one or two rows."""
    config = scene.config
    lost = look_inside.text_of(runs.opened(scene.folder))[1]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        measure = _switch("measure", MEASURE, MEASURES,
                          {m: t(f"gradients_taught.measure_name.{m}") for m in MEASURES})
        part, layer = _state(config)
        own_now = session.widget(session.text(OWN, lines=False), "")
        length = len(text_ids(scene.path))
        if length < 2 and not own_now:
            raise BadInput("text.too_short", value=length, limit=2)
        lengths = tuple(str(n) for n in LENGTHS)
        tokens = int(_switch("tokens", LENGTH, lengths, {n: n for n in lengths}, "32",
                             **words_of(config)))
        tokens = tokens if own_now else min(tokens, max(1, length - 1))
        most = max(0, length - tokens - 1)
        session.preset(PLACE, min(WARM_UP, most))
        session.set_widget(PLACE, min(max(0, session.widget(PLACE, 0) or 0), most))
        place = st.number_input(t("gradients_taught.place", **words_of(config)), 0, max(1, most),
                                key=PLACE, step=max(1, tokens // 2), persist_state="session",
                                disabled=bool(own_now) or most == 0, width=190)
    own = st.text_input(t("gradients_taught.own"), key=OWN, persist_state="session",
                        placeholder=t("gradients_taught.own_hint", n=number(LONGEST)))
    return Asked((own or "")[:LONGEST], int(place or 0), tokens, layer, cast("Part", part),
                 measure, None if own else lost)


def _state(config: RunConfig) -> tuple[str, int]:
    """Which state's gradient: h or c of an LSTM, of which layer. Nothing to choose, no widget."""
    part, layer = "h", config.layers - 1
    if config.cell == "lstm":
        part = _switch("part", PART, ("h", "c"), {"h": "h", "c": "c"})
    if config.layers > 1:
        layers = tuple(str(i + 1) for i in range(config.layers))
        layer = int(_switch("layer", LAYER, layers, {n: n for n in layers}, layers[-1])) - 1
    return part, layer


def _switch(name: str, key: str, options: tuple[T, ...], names: dict[T, str],
                    default: T | None = None, **words: str) -> T:
    """One of a few; what another run had, and this one has not, gives way to the default."""
    default = options[0] if default is None else default
    if session.widget(key, default) not in options:
        session.set_widget(key, default)
    return st.segmented_control(
        t(f"gradients_taught.{name}", **words), options,
        key=session.choice(key, options, default), required=True,
        format_func=names.__getitem__) or default
