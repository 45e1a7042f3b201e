"""What is raced: the text, the networks, the budget; and the start of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from rnnlm_core import launch, sweep
from rnnlm_core.config import GROUPS, Cell, RunConfig
from rnnlm_core.data.builtin import BUILTIN, is_builtin
from rnnlm_core.data.corpus import load_corpus, stored_manifests
from rnnlm_core.data.parts import divide
from rnnlm_core.errors import UnrollError
from rnnlm_core.run import waiting
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import deeds, experiment_view, look_inside, runs, session, warm
from rnnlm_ui.gradients.race_album import WINDOWS, lags_for
from rnnlm_ui.i18n import duration, joined, number, t
from rnnlm_ui.page import fault, primary_label

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagProfile

DEED = "lab_race"
TEXT, NETWORKS, EQUAL, SECONDS, STEPS, SIZE = (
    f"race_{name}" for name in ("text", "networks", "equal", "seconds", "steps", "size"))
FIRST_TEXT = "recall:20"  # far enough back for an order to come out, near enough to be learnt
_SECONDS, _STEPS = ("5", "10", "20", "30", "60", "120"), ("100", "300", "1000", "3000", "10000")
_DEFAULTS = {NETWORKS: "lesson", EQUAL: "seconds", SECONDS: "30", STEPS: "1000", SIZE: "hidden"}
_OPTIONS = {NETWORKS: ("lesson", "train"), EQUAL: ("seconds", "steps"), SECONDS: _SECONDS,
            STEPS: _STEPS, SIZE: ("hidden", "parameters")}
# small and quick, without dropout, and with windows that are longer than what must be remembered:
# a gradient cannot reach beyond its window
LESSON: dict[str, Any] = {
    "embedding": 16, "hidden": 64, "input_dropout": 0.0, "layer_dropout": 0.0,
    "output_dropout": 0.0, "batch": 32, "sequence_length": 64, "learning_rate": 5e-3}
_MACHINE = ("seed", "device", "precision", "threads")


def controls(busy: bool, before_any: bool) -> None:
    """The big button, the text, and what is equal for all; a set-up that cannot be is told.

    Which networks start is said beside them before any race, later with the other settings.
    """
    titles = texts()
    if session.widget(session.choice(TEXT, list(titles), FIRST_TEXT), FIRST_TEXT) not in titles:
        session.set_widget(TEXT, FIRST_TEXT)  # a text of the reader's that was replaced
    config, problem = None, None
    try:
        config = config_now()
    except UnrollError as error:
        problem = error
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        off = busy or config is None
        st.button(primary_label(t("gradients_race.start"), "flag", off),
                  type="primary", key="race.start", disabled=off,
                  help=t("gradients_race.start_busy") if busy else None, on_click=deeds.press,
                  args=(DEED, config, _chosen(SIZE) == "parameters"))
        st.selectbox(t("gradients_race.text"), list(titles), format_func=titles.__getitem__,
                     key=session.choice(TEXT, list(titles), FIRST_TEXT), width=300,
                     label_visibility="collapsed")
        with st.popover(_label(), icon=":material/timer:", type="tertiary"):
            _settings()
            if config is not None and not before_any:
                st.markdown(f":gray[{_from(config)}]")
        if config is not None and before_any:
            st.markdown(f":gray[{_from(config)}]", width="stretch")
    if problem is not None:
        fault(problem)


def texts() -> dict[str, str]:
    """By source: the lesson's first, the reader's present one, the built-in ones."""
    asked = session.asked(TEXT) or session.widget(TEXT, FIRST_TEXT)  # it may be `recall:50`
    sources = [FIRST_TEXT, session.draft().corpus, *([asked] if is_builtin(asked) else []),
               *BUILTIN]
    own = {papers.source: papers.title
           for papers in stored_manifests(launch.runs_root() / "corpora")}
    titles: dict[str, str] = {}
    for source in dict.fromkeys(sources):
        name = runs.corpus_title(source, own.get(source, ""))
        titles[source] = f"{name} · {source[-6:]}" if name in titles.values() else name
    return titles


def _chosen(key: str) -> str:
    return session.widget(session.choice(key, _OPTIONS[key], _DEFAULTS[key]), _DEFAULTS[key])


def _label() -> str:
    return t("experiment.each_seconds", time=duration(float(_chosen(SECONDS)))) \
        if _chosen(EQUAL) == "seconds" else \
        t("experiment.each_steps", n=number(float(_chosen(STEPS))))


def _settings() -> None:
    equal = _segments(EQUAL, t("experiment.equal"), lambda o: t(f"experiment.equal_{o}"))
    key, unit = (SECONDS, duration) if equal == "seconds" else (STEPS, number)
    _chosen(key)
    st.select_slider(t(f"experiment.{equal}"), _OPTIONS[key], key=key,
                     format_func=lambda n: unit(float(n)))
    st.markdown(":gray[" + t(f"experiment.equal_{equal}_help") + "]")
    _segments(NETWORKS, t("gradients_race.networks"), lambda o: t(f"gradients_race.networks_{o}"))
    _segments(SIZE, t("gradients_race.size"), lambda o: t(f"gradients_race.size_{o}"))


def _segments(key: str, label: str, name: Callable[[str], str]) -> str:
    _chosen(key)
    return st.segmented_control(label, _OPTIONS[key], key=key, required=True,
                                format_func=name) or _DEFAULTS[key]


def _from(config: RunConfig) -> str:
    """Which networks start, and how many of them at once."""
    cores = waiting.cores()
    said = [t("gradients_race.from", hidden=config.hidden, rate=f"{config.learning_rate:g}",
              window=config.sequence_length)]
    if _chosen(NETWORKS) == "train" and config.cell == "cnn":
        said.append(t("gradients_race.not_cnn"))
    at_once = cores // min(config.threads, cores)
    if at_once < len(sweep.CELLS):
        said.append(t("gradients_race.cores", n=cores, at_once=at_once))
    return joined(said)


def config_now() -> RunConfig:
    """The settings of the next race, with its budget; each cell goes into its place."""
    draft, text = session.draft(), session.widget(TEXT, FIRST_TEXT)
    config = draft
    if _chosen(NETWORKS) == "lesson":
        kept = {name: getattr(draft, name) for name in (*_MACHINE, *GROUPS["text"])}
        config = replace(RunConfig(), **{**kept, **LESSON})
    if text != draft.corpus:  # how the other text is read says nothing of this one
        plain_text = {name: getattr(RunConfig(), name) for name in GROUPS["text"]}
        config = replace(config, **{**plain_text, "corpus": text})
    return sweep.equal_seconds(config, float(_chosen(SECONDS))) if _chosen(EQUAL) == "seconds" \
        else sweep.equal_steps(config, int(_chosen(STEPS)))


def start(config: RunConfig, same_size: bool) -> str:
    """The group of the race, its runs waiting for a core each. Raises `BadInput`."""
    made = experiment_view.raced(config, same_size)
    origin = RunFolder(launch.runs_root() / made[0]).origin()
    assert origin is not None
    return origin.group


# -- before any race -------------------------------------------------------------------------------
@st.cache_data(max_entries=16, show_spinner=False)
def untrained(settings: str) -> dict[Cell, LagProfile]:
    """The profiles of the three networks that a race from these settings (JSON) would start with.

    Reads the text as a run would; raises as `load_corpus`, or where it is too short.
    """
    warm.ready()
    from rnnlm_core.insight.gradients import untrained_profiles

    config, root = RunConfig.from_json(settings), launch.runs_root()
    corpus = load_corpus(config.corpus, root / "corpora", config.max_characters)
    parts = corpus.manifest.parts
    tokenizer, _ = launch.fitted(corpus.text, config.of_text(), parts)
    divided = divide(corpus.text, config, parts)
    ids = tokenizer.encode((divided.validation or divided.training)[:look_inside.LONGEST])
    return untrained_profiles(config, tokenizer.size, ids, lags_for(len(ids)), WINDOWS)
