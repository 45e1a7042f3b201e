"""Which text is checked: what was written on this page, a sample, held-out or the reader's own."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import BadInput
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.generate import wishes
from rnnlm_ui.generate.shelf import WRITING
from rnnlm_ui.generate.writing import Writing
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import listed
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.records import SampledToken

SOURCES = ("written", "sample", "held_out", "own")
LENGTH = 500  # tokens of a sample, characters of held-out text
LONGEST = 4_000  # characters of the reader's own text
OWN = "check_own"  # the key of its widget
_SOURCE, _SEED, _PLACE = "check_text", "check.seed", "check.place"


@dataclass(frozen=True)
class Checked:
    """A text of C characters and the T tokens that the network reads it by."""

    source: str
    text: str
    ids: NDArray[np.int64]  # (T,)
    owners: NDArray[np.int64]  # (C,) the token that ends each; −1: unknown, or it was given
    given: int  # the first so many tokens were not guessed
    beginning: int = 0  # so many characters were typed by the reader
    kept: tuple[int, ...] = ()  # candidates each token was drawn from; empty: it was not drawn
    drawn_entropy: tuple[float, ...] = ()  # bits, of the distribution each was drawn from
    step: int | None = None  # of the network that wrote it, where that is another one
    unknown: tuple[str, ...] = ()  # pieces that have no id: they are not read

    @property
    def by_itself(self) -> bool:
        """Whether this network wrote it."""
        return self.source in ("written", "sample") and self.step is None

    @property
    def revision(self) -> tuple[object, ...]:
        return self.text, self.ids.tobytes(), self.given


def checked_text(scene: Scene, line: DeltaGenerator) -> Checked | None:
    """The source, in `line`, as it is chosen here or in a link (`?check_text=`), its settings, and
    the text; None while the reader has given none. Raises where nothing of it is known."""
    source = line.segmented_control(
        t("generate_check.text"), SOURCES, key=session.choice(_SOURCE, SOURCES, SOURCES[0]),
        required=True, format_func=lambda s: t(f"generate_check.source.{s}"),
        label_visibility="collapsed", wrap=True) or SOURCES[0]
    if source == "sample":
        return _sample(scene)
    if source == "held_out":
        return _held_out(scene)
    if source == "own":
        return _own(scene)
    return _written(scene)


# -- written by the network ------------------------------------------------------------------------
def _written(scene: Scene) -> Checked:
    """What the reader let it write on this page; until then a sample with the settings there."""
    writing: Writing | None = session.recall(WRITING, None)
    if writing is None or writing.run.path != scene.folder.path or not writing.tokens:
        st.markdown(t("generate_check.nothing_written"))
        settings = replace(wishes.settings(scene.config), length=LENGTH)
        return _of_tokens("written", "", _drawn(scene, settings), scene)
    found = _of_tokens("written", writing.prompt, writing.tokens, scene)
    now, steps = scene.shown.step if scene.shown is not None else 0, writing.branch.steps
    if steps != [now]:
        st.markdown(t("generate_check.by_step", step=", ".join(map(number, steps)),
                      now=number(now)))
        return replace(found, step=steps[0])
    return found


def _sample(scene: Scene) -> Checked:
    from rnnlm_core.generate import SamplingSettings

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        temperature = st.slider(t("generate.temperature"), 0.0, 2.0, 1.0, step=0.05, width=260,
                                key="check_temperature", bind="query-params")
        st.button(t("generate.another"), icon=":material/casino:", key="check.another",
                  on_click=lambda: session.remember(_SEED, session.recall(_SEED, 1) + 1))
    settings = SamplingSettings(temperature=temperature, seed=session.recall(_SEED, 1),
                                length=LENGTH)
    return _of_tokens("sample", "", _drawn(scene, settings), scene)


def _drawn(scene: Scene, settings: SamplingSettings) -> list[SampledToken]:
    return sample_of(scene.path, scene.step, scene.digest, astuple(settings.checked()))


@st.cache_data(max_entries=64, show_spinner=False)
def sample_of(path: str, step: int | None, digest: str, settings: tuple[Any, ...]
              ) -> list[SampledToken]:
    """What a run at a moment writes out of nothing. Raises as the run does."""
    from rnnlm_core.generate import SamplingSettings, generate

    run = runs.opened(RunFolder(path), step)
    return list(generate(run.model, run.tokenizer, "", SamplingSettings(*settings)))


def _of_tokens(source: str, prompt: str, tokens: list[SampledToken], scene: Scene) -> Checked:
    from rnnlm_core.generate import starting_ids

    tokenizer = runs.opened(scene.folder, scene.step).tokenizer
    start = starting_ids(tokenizer, prompt)
    beginning = tokenizer.decode(tokenizer.known(prompt))
    owners = [-1] * len(beginning)
    for index, token in enumerate(tokens, len(start)):
        owners += [index] * len(token.text)
    return Checked(
        source, beginning + "".join(token.text for token in tokens),
        np.array([*start, *(token.id for token in tokens)], np.int64), np.array(owners, np.int64),
        len(start), len(beginning), tuple([0] * len(start) + [token.kept for token in tokens]),
        tuple([0.0] * len(start) + [token.entropy for token in tokens]))


# -- written by others -----------------------------------------------------------------------------
def _held_out(scene: Scene) -> Checked:
    run = runs.opened(scene.folder, scene.step)
    text, gone = look_inside.text_of(run)
    places = max(1, len(text) // LENGTH)
    place = session.recall(_PLACE, 0) % places
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(t("generate_check.next_passage"), icon=":material/skip_next:", key="check.next",
                  on_click=lambda: session.remember(_PLACE, place + 1), disabled=places == 1)
        if gone is not None:
            st.markdown(t("states_gates.own_text"))
    return _read("held_out", text[place * LENGTH:(place + 1) * LENGTH], scene)


def _own(scene: Scene) -> Checked | None:
    written = st.text_area(
        t("generate_check.own_text", n=number(LONGEST)), key=session.text(OWN), height=120,
        persist_state="session", placeholder=t("generate_check.paste")) or ""
    if len(written) > LONGEST:
        st.markdown(t("states.text_cut", n=number(LONGEST)))
    return _read("own", written[:LONGEST], scene) if written else None


def _read(source: str, text: str, scene: Scene) -> Checked:
    from rnnlm_core.data.tokenizer.spelling import spelled

    tokenizer = runs.opened(scene.folder, scene.step).tokenizer
    text = text.encode("utf-8", "replace").decode("utf-8")  # no half of a surrogate pair
    ids, owners = spelled(text, tokenizer)
    unknown = tokenizer.unknown_in(text)
    if unknown and not len(ids):
        raise BadInput("text.all_unknown", characters=listed(unknown))
    return Checked(source, text, ids, np.where(owners > 0, owners, -1), 1, unknown=unknown)


# -- what it is compared with ----------------------------------------------------------------------
def held_out_passages(scene: Scene, length: int, most: int = 20) -> list[str]:
    """Held-out passages of this length; none where it is too short, or gone."""
    from rnnlm_core.insight.overlap import passages

    text, gone = look_inside.text_of(runs.opened(scene.folder, scene.step))
    return [] if gone is not None else passages(text, length, most)
