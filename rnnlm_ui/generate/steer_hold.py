"""Hold: a unit that was found on the States page is held at a value while the network writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.generate import percent
from rnnlm_core.figures.generate_lines import Course, course_figure
from rnnlm_core.figures.states import visible
from rnnlm_core.records import SampledToken
from rnnlm_ui import look_inside, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate import steer_facts as facts
from rnnlm_ui.generate.signs import named, quoted
from rnnlm_ui.generate.steer_text import Side, a_beginning, beginning_box, settings, sides
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.page import plain
from rnnlm_ui.states import prove_facts
from rnnlm_ui.states.findings import Choice, is_memory, score_text, signed, unit_name
from rnnlm_ui.states.look import scale_of
from rnnlm_ui.states.prove_trial import limits_of
from rnnlm_ui.states.prove_words import numbers, share_text
from rnnlm_ui.states.reading import found_units
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.interventions import Intervention
    from rnnlm_core.insight.steering import Held
    from rnnlm_core.insight.units import UnitFinding
    from rnnlm_core.lab import Run

WHICH, VALUE, PROMPT = "steer_unit", "steer_value", "steer_prompt"
PART, LAYER, UNIT = "steer_part", "steer_layer", "steer_own_unit"
OWN = "own"
_LISTED, _HEIGHT = 12, 270
_BEFORE = 12  # characters that are named before a place


def show(scene: Scene, run: Run, answer: DeltaGenerator) -> None:
    texts, charts = st.container(), st.container()
    left, right = st.columns([2.1, 1], gap="medium")
    with left:
        start = beginning_box(run, PROMPT, t("generate_steer.beginning"), a_beginning)
    with right:
        choice, finding = _unit(scene)
        spread = prove_facts.spread(scene.path, scene.step, scene.digest, choice.part, choice.layer)
        value = _value(scene, choice, finding, limits_of(scene.config, choice.part, spread),
                       _where_it_is(scene, choice, start.ids))
    from rnnlm_core.insight.interventions import Intervention, control_units, matched

    change = Intervention((choice.unit,), "clamp", value, choice.part,  # type: ignore[arg-type]
                          choice.layer)
    controls = tuple(matched(change, other, spread)
                     for other in control_units(spread.sd, change.units))
    free, held = (facts.held(scene.path, scene.step, scene.digest, start.ids, settings(), one)
                  for one in (None, change))
    with texts:
        _texts(scene, choice, start.text, start.ids, (free, held), change)
    effect = facts.held_effect(scene.path, scene.step, scene.digest, start.ids,
                               tuple(token.id for token in free), change, controls)
    answer.markdown(_finding(scene.config, run, _deed(scene.config, choice, finding, value), effect,
                             start.text, free))
    with charts:
        _charts(scene, run, effect)


# -- which unit, and at what -----------------------------------------------------------------------
def _findings(scene: Scene) -> list[UnitFinding]:
    """The memories that the search on States found in the newest weights; none where the held-out
    text is too short or gone."""
    newest = look_inside.newest(scene.folder)
    try:
        found = found_units(scene.path, newest.sha256 if newest is not None else "")
    except UnrollError:  # States says why
        return []
    return [f for f in found if is_memory(f)][:_LISTED]


def _unit(scene: Scene) -> tuple[Choice, UnitFinding | None]:
    """One of the found units by name, or any."""
    config = scene.config
    with st.spinner(t("generate_steer.searching")):
        found = _findings(scene)
    options = [*map(str, range(len(found))), OWN]
    if session.widget(WHICH, options[0]) not in options:
        session.set_widget(WHICH, options[0])
    picked = st.selectbox(
        t("generate_steer.unit"), options, key=session.choice(WHICH, options, options[0]),
        format_func=lambda o: t("generate_steer.own_unit") if o == OWN else
        _entry(found[int(o)], config)) or options[0]
    if picked != OWN:
        one = found[int(picked)]
        return Choice(one.part, one.layer, one.unit), one
    part, layer, columns = "h", 0, st.columns(3)
    if config.cell == "lstm":
        part = columns[0].selectbox(t("states.show"), ("h", "c"), key=PART,
                                    persist_state="session") or "h"
    if config.layers > 1:
        layer = columns[1].selectbox(t("states.layer"), range(config.layers), key=LAYER,
                                     format_func=lambda i: str(i + 1),
                                     persist_state="session") or 0
    if (session.widget(UNIT, 0) or 0) >= config.hidden:
        session.set_widget(UNIT, 0)
    unit = columns[2].number_input(t("states.unit"), 0, config.hidden - 1, key=UNIT, step=1,
                                   persist_state="session")
    return Choice(part, min(layer, config.layers - 1), int(unit or 0)), None


def _entry(finding: UnitFinding, config: RunConfig) -> str:
    return t("generate_steer.found_unit", label=t(f"states.label.{finding.label}"),
             name=unit_name(finding.part, finding.layer, finding.unit, config),
             score=score_text(finding, finding.score))


def _where_it_is(scene: Scene, choice: Choice, start: tuple[int, ...]) -> float:
    """Its mean over the untouched text."""
    free = facts.held(scene.path, scene.step, scene.digest, start, settings(), None)
    own = facts.values(scene.path, scene.step, scene.digest, start,
                       tuple(token.id for token in free), None,
                       (choice.part, choice.layer, choice.unit))
    return float(own.mean())


def _value(scene: Scene, choice: Choice, finding: UnitFinding | None,
           limits: tuple[float, float], now: float) -> float:
    """A new unit begins at the mean on the side of its label where it is not by itself; without a
    label at the end that is farther away."""
    chosen = (scene.folder.id, choice, finding.label if finding is not None else "")
    if session.recall("steer.held", None) != chosen or session.widget(VALUE, None) is None:
        session.remember("steer.held", chosen)
        ends = limits if finding is None else (finding.mean_on, finding.mean_off)
        session.set_widget(VALUE, max(ends, key=lambda end: abs(end - now)))
    low, high = limits
    session.set_widget(VALUE, round(min(max(low, float(session.widget(VALUE, 0.0))), high), 2))
    value = float(st.slider(t("states_prove.value"), low, high, step=0.01, key=VALUE,
                            persist_state="session"))
    if finding is None:
        return value
    with st.container(horizontal=True, gap="small"):
        for side, mean in (("on", finding.mean_on), ("off", finding.mean_off)):
            st.button(t(f"states_prove.mean_{side}.{finding.kind}", value=signed(mean),
                        label=t(f"states.label.{finding.label}")),
                      key=f"steer.mean.{side}", type="tertiary", icon=":material/adjust:",
                      on_click=session.set_widget, args=(VALUE, round(mean, 2)))
    return value


# -- what it writes -----------------------------------------------------------------------------
def _texts(scene: Scene, choice: Choice, beginning: str, start: tuple[int, ...],
           written: tuple[list[SampledToken], list[SampledToken]], change: Intervention) -> None:
    """Filled by the value of the held unit, violet to amber."""
    shown, made = (choice.part, choice.layer, choice.unit), []
    for tokens, one in zip(written, (None, change), strict=True):
        ids = tuple(token.id for token in tokens)
        made.append(facts.values(scene.path, scene.step, scene.digest, start, ids, one, shown))
    scale = scale_of(np.concatenate(made), choice.part, scene.config)
    name = unit_name(choice.part, choice.layer, choice.unit, scene.config)
    texts = []
    for key, tokens, values in zip(("untouched", "held"), written, made, strict=True):
        owners = [n for n, token in enumerate(tokens) for _ in token.text]
        texts.append(Side(t(f"generate_steer.{key}"), f"steer.{key}", beginning,
                          "".join(token.text for token in tokens), scale.fills(values[owners]),
                          t(f"generate_steer.{key}_label")))
    sides(texts, [1], (t("states.end", name=name, value=signed(scale.low)), signed(scale.top),
                       scale.gradient))


def _deed(config: RunConfig, choice: Choice, finding: UnitFinding | None, value: float) -> str:
    units = t("states_prove.unit_name",
              names=unit_name(choice.part, choice.layer, choice.unit, config))
    if finding is not None and finding.kind == "binary":
        for side, mean in (("on", finding.mean_on), ("off", finding.mean_off)):
            if round(mean, 2) == value:
                return t(f"states_prove.deed.clamp_{side}", units=units, value=signed(value),
                         label=t(f"states.label.{finding.label}"))
    return t("states_prove.deed.clamp", units=units, value=signed(value))


def _finding(config: RunConfig, run: Run, deed: str, effect: Held, start: str,
             free: list[SampledToken]) -> str:
    """How much it moves on average over all places of the untouched text, beside the controls; for
    which token, and where most."""
    mean, *controls = effect.moved.mean(1).tolist()
    values = {"deed": deed, "mean": share_text(mean), "n": len(controls), "places": len(free),
              "controls": share_text(float(np.mean(controls))) if controls else "",
              **words_of(config)}
    if effect.verdict == "nothing":
        return t("generate_steer.found_hold.nothing", **values)
    before, after = effect.path[:2].mean(1)
    text = start + "".join(token.text for token in free[:effect.most])
    was, now = effect.jump
    pieces = run.tokenizer.pieces
    return joined([
        t(f"generate_steer.found_hold.{effect.verdict}", **values),
        t("generate_steer.beside_units", **values) if controls else "",
        t("generate_steer.held_token", token=named(pieces[effect.token]),
          numbers=numbers(before, after, effect.path[2:].mean(1).tolist())),
        t("generate_steer.held_most", most=share_text(float(effect.moved[0, effect.most])),
          after=quoted(plain(("…" if len(text) > _BEFORE else "") + visible(text[-_BEFORE:]))),
          at=effect.most + 1, token=named(pieces[effect.there]),
          jump=t("states_prove.goes", before=share_text(was), after=share_text(now)), **values)])


def _charts(scene: Scene, run: Run, effect: Held) -> None:
    """At each place of the untouched text: how much moves, and P of the token that tells it. At its
    end each line has its mean over all places, which the answer tells."""
    words = words_of(run.config)
    moved = [(effect.moved[1:], "controls"), (effect.moved[:1], "held")]
    path = [(effect.path[:1], "free"), (effect.path[2:], "controls"), (effect.path[1:2], "held")]
    columns = st.columns(2, gap="medium")
    for column, key, lines, title, axis in (
            (columns[0], "steer.moved", moved, t("generate_steer.moved_held"),
             t("generate_steer.way_axis")),
            (columns[1], "steer.p_held", path,
             t("generate_steer.p_held", token=named(run.tokenizer.pieces[effect.token])),
             t("generate_steer.p_axis"))):
        shown = [_course(rows.mean(0), line) for rows, line in lines if len(rows)]
        with column:
            st.markdown(title)
            live_plot(lambda shown=shown, axis=axis: course_figure(  # type: ignore[misc]
                shown, [], (t("generate_steer.places_axis", **words), axis), percent,
                height=_HEIGHT, shares=True), key=key, height=_HEIGHT, on=(),
                alt=t("generate_steer.moved_alt" if key == "steer.moved" else
                      "generate_steer.p_alt"),
                rev=(scene.digest, key, *(one.y.tobytes() for one in shown)))


def _course(y: np.ndarray, line: str) -> Course:
    colour, dash, width = ("ink", "solid", 3.0) if line == "held" else \
        ("ngram", "dot" if line == "controls" else "solid", 2.0)
    return Course(y, t("generate_steer.line.mean", line=t(f"generate_steer.line.{line}")), colour,
                  dash, width, said=float(y.mean()))
