"""Force: another character stands in the text than the drawn one, and it goes on from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import BadInput
from rnnlm_core.figures.generate import percent
from rnnlm_core.figures.generate_lines import Course, course_figure
from rnnlm_core.records import SampledToken
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate import steer_facts as facts
from rnnlm_ui.generate.signs import named, quoted, sign, unsigned
from rnnlm_ui.generate.steer_text import (
    Beginning,
    a_beginning,
    beginning_box,
    settings,
    side_of,
    sides,
    surprise_legend,
)
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.picture import unknown_note
from rnnlm_ui.tokens import listed, words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.forcing import Forced as Draws
    from rnnlm_core.lab import Run

FORCED, WATCH, PROMPT, PLACE = "steer_forced", "steer_watch", "steer_prompt", "steer.place"
_FIRST_TRIED = ('"', "(", "“", "（", "「", "\n")  # characters that ask for something later
_MOST_FORCED, _MOST_WATCHED = 20, 2
_HEIGHT = 270


@dataclass(frozen=True)
class Force:
    """Which tokens are put at which place; places count from the first token that is read."""

    start: tuple[int, ...]
    free: list[SampledToken]
    place: int
    ids: tuple[int, ...]

    @property
    def whole(self) -> tuple[int, ...]:
        return (*self.start, *(token.id for token in self.free))

    @property
    def written_at(self) -> int:
        """Position among the written tokens; negative within the beginning."""
        return self.place - len(self.start)


def show(scene: Scene, run: Run, answer: DeltaGenerator) -> None:
    texts, charts = st.container(), st.container()
    left, right = st.columns([2.1, 1], gap="medium")
    with left:
        start = beginning_box(run, PROMPT, t("generate_steer.beginning"), a_beginning)
    with right:
        _boxes(run)
    free = facts.written(scene.path, scene.step, scene.digest, start.ids, settings())
    ids = _forced(run)
    force = Force(start.ids, free, _place(scene, start, free, ids), ids)
    with texts:
        _texts(scene, run, start, force)
    watched = _watched(run, force)
    control = _control(scene, force, watched)
    drawn = _measured(scene, force, watched, control[0])
    answer.markdown(_finding(run, force, drawn, control))
    with charts:
        _charts(scene, run, drawn)


def _boxes(run: Run) -> None:
    """What is forced, until the reader says so what suits the run; and what is watched."""
    own = session.recall("steer.forced.own", "")
    if session.recall("steer.forced.run", None) != run.folder.id \
            or session.widget(FORCED, None) is None:
        session.remember("steer.forced.run", run.folder.id)
        session.set_widget(FORCED, own or _suitable(run))
    # no `max_chars`: the browser would keep a longer text back without a word
    st.text_input(t("generate_steer.forced"), key=FORCED, persist_state="session",
                  help=t("generate_steer.forced_help"),
                  on_change=lambda: session.remember("steer.forced.own",
                                                     session.widget(FORCED, "")))
    _say_cut(FORCED)
    st.text_input(t("generate_steer.watch"), key=WATCH, persist_state="session",
                  help=t("generate_steer.watch_help"))
    _say_cut(WATCH)
    watch = _typed(WATCH)
    if _ids(run, typed := _typed(FORCED)):  # else that is an error
        unknown_note(run.tokenizer.unknown_in(unsigned(typed)))
    unknown_note(run.tokenizer.unknown_in(unsigned(watch)))
    if len(known := tuple(dict.fromkeys(_ids(run, watch)))) > _MOST_WATCHED:
        st.markdown(t("generate_steer.watch_cut", n=_MOST_WATCHED, given=len(known), names=t(
            "states_prove.comma").join(named(run.tokenizer.pieces[i])
                                       for i in known[:_MOST_WATCHED]), **words_of(run.config)))


def _typed(key: str) -> str:
    """As much of what stands in this box as is read."""
    return str(session.widget(key, "") or "")[:_MOST_FORCED]


def _say_cut(key: str) -> None:
    if len(session.widget(key, "") or "") > _MOST_FORCED:
        st.markdown(t("states.text_cut", n=_MOST_FORCED))


def _suitable(run: Run) -> str:
    """A character that asks for something later, where the vocabulary has one."""
    tokenizer = run.tokenizer
    first = 0 if tokenizer.unknown_id is None else tokenizer.unknown_id + 1
    return next((sign(c) for c in _FIRST_TRIED if _ids(run, c)), tokenizer.pieces[first])


def _ids(run: Run, text: str) -> tuple[int, ...]:
    """The known tokens of some typed characters; a start mark is none of them."""
    return tuple(i for i in run.tokenizer.known(unsigned(text)) if i != run.tokenizer.start_id)


def _forced(run: Run) -> tuple[int, ...]:
    typed = _typed(FORCED)
    if not typed:
        raise BadInput("steer.nothing_forced")
    if not (ids := _ids(run, typed)):
        raise BadInput("prompt.unknown_characters",
                       characters=listed(run.tokenizer.unknown_in(unsigned(typed))))
    return ids


def _watched(run: Run, force: Force) -> tuple[int, ...]:
    """What closes the forced character, and what the reader wants to see."""
    from rnnlm_core.insight.forcing import CLOSES

    closing = CLOSES.get(run.tokenizer.pieces[force.ids[-1]], "")
    asked = dict.fromkeys(_ids(run, _typed(WATCH)))
    return tuple(dict.fromkeys([*_ids(run, closing), *list(asked)[:_MOST_WATCHED]]))


# -- the place -------------------------------------------------------------------------------------
def _place(scene: Scene, start: Beginning, free: list[SampledToken], forced: tuple[int, ...]
           ) -> int:
    """The token that the reader clicked in this text, else where the forced one would have been
    likeliest among those that were drawn otherwise."""
    key, place = session.recall(PLACE, ("", 0))
    own = key == _key(scene, start) and place < len(start.ids) + len(free)
    return int(place) if own else len(start.ids) + facts.likeliest_place(
        scene.path, scene.step, scene.digest, start.ids, tuple(token.id for token in free),
        forced[0])


def _key(scene: Scene, start: Beginning) -> str:
    return f"{scene.folder.id} {start.text}"


def _texts(scene: Scene, run: Run, start: Beginning, force: Force) -> None:
    """Only the left one is clicked: there it is chosen where to reach in."""
    at, k = force.written_at, len(force.ids)
    if at >= 0:
        tokens = facts.written(scene.path, scene.step, scene.digest, start.ids, settings(),
                               tuple((at + n, i) for n, i in enumerate(force.ids)))
        beginning = start.text
    else:
        changed = (*start.ids[:force.place], *force.ids, *start.ids[force.place + k:])
        tokens = facts.written(scene.path, scene.step, scene.digest, changed, settings())
        beginning = run.tokenizer.decode(changed)
    clicked, _ = sides([
        side_of("steer.free", t("generate_steer.untouched_click"),
                t("generate_steer.untouched_label"), start.text, force.free),
        side_of("steer.reached", t("generate_steer.forced_text"),
                t("generate_steer.reached_label"), beginning, tokens)],
        [1], surprise_legend())
    if clicked is not None:
        owners = [*start.owners, *(len(start.ids) + n for n, token in enumerate(force.free)
                                   for _ in token.text)]
        session.remember(PLACE, (_key(scene, start), owners[clicked]))
        session.again()


# -- what follows from it ------------------------------------------------------------------------
def _before(force: Force) -> tuple[int, ...]:
    return force.whole[:force.place] or force.start[:1]


def _control(scene: Scene, force: Force, watched: tuple[int, ...]
             ) -> tuple[int | None, float, float]:
    return facts.control_of(scene.path, scene.step, scene.digest, _before(force), force.ids[0],
                            (*watched, force.whole[force.place]))


def _measured(scene: Scene, force: Force, watched: tuple[int, ...], control: int | None) -> Draws:
    rest: tuple[int, ...] = ()
    if force.written_at < 0:  # the beginning stays as it is behind the place
        rest = force.start[force.place:]
    texts = (rest, (*force.ids, *rest[len(force.ids):]),
             (control, *rest[1:]) if control is not None else None)
    with st.spinner(t("generate_steer.drawing")):
        return facts.draws(scene.path, scene.step, scene.digest, _before(force), texts, watched,
                           len(force.ids) - 1, settings(),
                           (control,) if control is not None else ())


def _finding(run: Run, force: Force, drawn: Draws, control: tuple[int | None, float, float]
             ) -> str:
    """What is said of the one token that was picked on other draws; beside the control, or why
    there is none."""
    from rnnlm_core.insight.forcing import FACTOR

    pieces = run.tokenizer.pieces
    rise, (other, p, q) = drawn.watched.rise(drawn.told), control
    values = {
        "forced": quoted(plain(''.join(pieces[i] for i in force.ids)))
        if len(force.ids) > 1 else named(pieces[force.ids[0]]),
        "token": named(pieces[drawn.tokens[drawn.told]]), "before": percent(rise.before),
        "after": percent(rise.after), "steps": facts.STEPS, "draws": drawn.watched.free.shape[1],
        "q": percent(q), "factor": number(FACTOR), **words_of(run.config)}
    if other is None or rise.control is None:
        beside = t("generate_steer.no_control", **values)
    else:
        beside = t("generate_steer.control", control=named(pieces[other]), p=percent(p),
                   its=percent(rise.control), **values)
    return joined([t(f"generate_steer.found_force.{rise.how}", **values), beside,
                   t("generate_steer.of_draws", **values)])


def _charts(scene: Scene, run: Run, drawn: Draws) -> None:
    """P of each watched token step by step: the mean of all draws."""
    watched, tokens = drawn.watched, drawn.tokens
    names = [named(run.tokenizer.pieces[i]) for i in tokens]
    columns = st.columns(min(2, len(tokens)), gap="medium")
    for n, (i, name) in enumerate(zip(tokens, names, strict=True)):
        shown = [(watched.free, "free", "ngram", "solid", 2.0),
                 (watched.control, "control", "ngram", "dot", 2.0),
                 (watched.forced, "forced", "ink", "solid", 3.0)]
        # at its end each has the mean over all steps, which the answer tells
        lines = [Course(p[n].mean(0),
                        t("generate_steer.line.mean", line=t(f"generate_steer.line.{line}")),
                        colour, dash, width, said=float(p[n].mean()))
                 for p, line, colour, dash, width in shown if p is not None]
        with columns[n % len(columns)]:
            st.markdown(t("generate_steer.p_of", token=name))
            live_plot(lambda lines=lines: course_figure(  # type: ignore[misc]
                lines, [], (t("generate_steer.steps_axis", **words_of(run.config)),
                            t("generate_steer.p_axis")), percent, height=_HEIGHT, shares=True),
                key=f"steer.p.{n}", height=_HEIGHT, on=(), alt=t("generate_steer.p_alt"),
                rev=(scene.digest, i, *(p.tobytes() for p, *_ in shown if p is not None)))
