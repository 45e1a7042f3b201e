"""Several settings on the same noise: the texts below each other, their measures beside real text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.cuts import Panel, panels_figure, panels_height
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_core.figures.states import visible
from rnnlm_ui import look_inside, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate import cuts_words
from rnnlm_ui.generate.cuts_dials import (
    MOST_SEED,
    SEED,
    beginning_box,
    dialled,
    dials,
    setting_name,
)
from rnnlm_ui.generate.cuts_measured import (
    BEGINNINGS,
    LENGTH,
    blind_of,
    human_of,
    measured,
    opened,
    passages_of,
    start_of,
    written,
)
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.insight.decoding import Continuation, Measured

SETS = ("temperatures", "rules", "own")
SET, FROM = "cut_set", "cut_from"
BEFORE = 40  # characters of the beginning that are shown
_ROW = 32


def settings_of(name: str, seed: int) -> list[SamplingSettings]:
    """The settings of a set, temperature 1 first: the others are compared with it."""
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.insight.cuts import plain, rules_of

    same = SamplingSettings(temperature=1.0, seed=seed, length=LENGTH)
    if name == "temperatures":
        return [replace(same, temperature=value) for value in (1.0, 0.2, 0.5, 0.8, 1.3)]
    if name == "rules":
        return [same, replace(same, temperature=0.0), replace(same, top_k=5),
                replace(same, top_p=0.9), replace(same, min_p=0.1),
                replace(same, temperature=1.5, min_p=0.1)]
    wanted = dialled(seed=seed, length=LENGTH)
    found = [plain(wanted)]
    for rule in rules_of(wanted):  # one rule more each time
        found.append(replace(found[-1], **{rule: getattr(wanted, rule)}))
    return found


def show(scene: Scene, answer: DeltaGenerator, line: DeltaGenerator, narrow: bool) -> None:
    """`line`: the row of the views, which the choice of settings and texts stands in, too."""
    name, prompt, index, seed = _choices(scene, line, narrow)
    settings = settings_of(name, seed)
    for one in settings:
        one.checked()
    key = (scene.path, scene.step, scene.digest)
    found = passages_of(*key, BEGINNINGS, LENGTH)
    index = min(index, len(found.starts)) - 1
    with st.spinner(t("generate_cuts.measuring")):
        numbers = measured(*key, tuple(settings))
        human = human_of(*key, BEGINNINGS, LENGTH)
        start = start_of(scene, found, prompt, index)
        texts = written(*key, start, tuple(replace(one, seed=seed + index) for one in settings))
    names = [setting_name(one) for one in settings]
    told = cuts_words.learnt_nothing(human, blind_of(scene, found), words_of(scene.config))
    answer.markdown(told or cuts_words.texts_answer(names, numbers, human))
    _measures(names, numbers, human, narrow)
    st.markdown(t("generate_cuts.measured_on", n=len(found.starts),
                  length=number(found.human.shape[1]), **words_of(scene.config)))
    _texts(scene, names, texts, start, prompt)


def _choices(scene: Scene, line: DeltaGenerator, narrow: bool) -> tuple[str, str, int, int]:
    name = line.segmented_control(
        t("generate_cuts.set"), SETS, key=session.choice(SET, SETS, SETS[0]), required=True,
        format_func=lambda s: t(f"generate_cuts.set_name.{s}"),
        label_visibility="collapsed", wrap=True) or SETS[0]
    more, prompt, index = beginning(line, BEGINNINGS, narrow)
    seed = more.number_input(t("generate.seed"), 0, MOST_SEED, scene.config.seed, key=SEED,
                             bind="query-params", width="stretch" if narrow else 130,
                             help=t("generate_cuts.seed_help"))
    if name == "own":
        dials(scene.config, narrow)
    return name, prompt, index, scene.config.seed if seed is None else int(seed)


def beginning(line: DeltaGenerator, most: int, narrow: bool) -> tuple[DeltaGenerator, str, int]:
    """A popover with the beginning that the texts go on from: the reader's own, "" where there is
    none, and the number of that in held-out text, from 1."""
    more = line.popover(t("generate_cuts.beginning"), icon=":material/edit:", type="tertiary")
    prompt = beginning_box(more, t("generate_cuts.beginning"), narrow)
    now = more.number_input(t("generate_cuts.from"), 1, BEGINNINGS, 1, key=FROM,
                            disabled=bool(prompt), bind="query-params",
                            width="stretch" if narrow else 130, help=t("generate_cuts.from_help"))
    return more, prompt, min(int(now or 1), most)


def _measures(names: Sequence[str], numbers: Sequence[Measured], human: Measured | None,
              narrow: bool) -> None:
    beside = 2 if narrow else 4

    def panel(kind: str, values: Sequence[float], say: str, across: float | None) -> Panel:
        of_human = t("generate_cuts.human", value=say.format(across).replace("%", " %")) \
            if across is not None else t(f"generate_cuts.no_human.{kind}")
        return Panel(t(f"generate_cuts.measure.{kind}"), of_human, list(values),
                     [say.format(value).replace("%", " %") for value in values], across=across)

    def figure() -> object:
        return panels_figure([
            panel("surprise", [m.surprise for m in numbers], "{:.2f}", human and human.surprise),
            panel("entropy", [m.entropy for m in numbers], "{:.2f}", human and human.entropy),
            panel("repeated", [m.repeated for m in numbers], "{:.1%}", human and human.repeated),
            panel("kept", [m.kept or 0.0 for m in numbers], "{:.1f}", None)],
            names, beside, _ROW, mono=False)

    live_plot(figure, key="cuts.measures", on=(),  # type: ignore[arg-type]
              height=panels_height(4, len(names), beside, _ROW),
              alt=t("generate_cuts.measures_alt"),
              rev=(tuple(names), tuple(numbers), human, beside))


def _texts(scene: Scene, names: Sequence[str], texts: Sequence[Continuation],
           start: tuple[int, ...], prompt: str) -> None:
    """Each text after the end of its beginning; outlined: where it departs from the first one."""
    from rnnlm_core.insight.effects import first_difference

    tokenizer = opened(scene).tokenizer
    if prompt and (unknown := tokenizer.unknown_in(prompt)):
        st.markdown(look_inside.note(cuts_words.unknown_problem(unknown)))
    before = tokenizer.decode(start)[-BEFORE:]
    first = texts[0]
    for row, (name, text) in enumerate(zip(names, texts, strict=True)):
        at = first_difference(first.ids, text.ids) if row else None
        place = None if at is None else len(tokenizer.decode(text.ids[:at]))
        head = f"**{plain(name)}**"
        if row:
            head += " " + _departure(first, text, at, tokenizer.pieces, scene)
        st.markdown(head)
        coloured_text(
            cuts_words.flat(before + text.text), [""] * len(before) + surprise_fill(text.bits),
            prompt=len(before), key=f"cuts.written.{row}", size="1.05rem",
            selected=None if place is None or place >= len(text.text) else len(before) + place,
            label=t("generate_cuts.written_label", name=name),
            legend=(t("generate.expected"), t("generate.surprising"), surprise_gradient())
            if row == len(names) - 1 else None)


def _departure(first: Continuation, text: Continuation, at: int | None, pieces: Sequence[str],
               scene: Scene) -> str:
    if at is None:
        return t("generate_cuts.never_departs", **words_of(scene.config))
    return t("generate_cuts.departs", n=number(at + 1), was=plain(visible(pieces[first.ids[at]])),
             now=plain(visible(pieces[text.ids[at]])), **words_of(scene.config))
