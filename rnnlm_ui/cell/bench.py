"""What the tools of the Cell page share: the text, the place in it, and how near one looks.

The place, the layer, the gate, the element and the level are kept in the URL and are the same for
all tools: who follows one number forwards finds it again backwards.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.figures.cell import BLOCKS
from rnnlm_core.figures.cell_product import ROWS
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.viewport import is_narrow
from rnnlm_ui.tokens import listed
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.cell_back import BackStep
    from rnnlm_core.insight.cell_step import CellReading, CellStep
    from rnnlm_core.lab import Run

Wish = dict[str, str]  # what a click chooses, by key; nothing where none was made
LEVELS = ("cell", "gate", "element")
LOSSES = ("this", "later")
LEVEL, LAYER, GATE, LOSS, ENTRIES = (
    f"cell_{name}" for name in ("level", "layer", "gate", "loss", "entries"))
PLACE, UNIT = "cell_place", "cell_unit"
TEXT, PLAYING, _GO, _LAST = "cell_text", "cell.playing", "cell.go", "cell.last"
PACE = 1.6  # seconds that a step stays in sight while it plays
LONGEST = 400  # tokens that are read: each is differentiated through
LONGEST_TEXT = 400
FEWEST = 2  # tokens: one that is read, one that came
DEFAULT_TEXT = 86  # one line of the page
_RUN_UP = 8  # tokens that are left out when the first place is chosen


@dataclass(frozen=True)
class Bench:
    """All that a view of one step is drawn from."""

    scene: Scene
    reading: CellReading
    step: CellStep
    place: int
    layer: int
    gate: str
    element: int  # of the gate
    level: str
    later: bool  # the gradient is of all later losses, too
    narrow: bool

    @property
    def unit(self) -> int | None:
        """The chosen element, where it is a unit of the layer and no token."""
        return None if self.gate == "s" else self.element

    @property
    def vocabulary(self) -> Sequence[str]:
        return runs.opened(self.scene.folder, self.scene.step).tokenizer.pieces

    @cached_property
    def back(self) -> BackStep:
        from rnnlm_core.insight.cell_back import back_step

        return back_step(self.reading, self.layer, self.place, self.later)

    @property
    def page(self) -> int:
        """Of the rows of a large matrix: the one that has the element."""
        return self.element // ROWS

    @property
    def link(self) -> str:
        return f"cell {self.scene.folder.id}"

    def revision(self, *more: object) -> tuple[object, ...]:
        return (self.scene.path, self.scene.digest, self.reading.text, self.place, self.layer,
                self.gate, self.element, self.narrow, *more)


# -- computed once for all visitors ------------------------------------------------------------
@st.cache_resource(max_entries=12, show_spinner=False)
def read(path: str, step: int | None, digest: str, text: str) -> CellReading:
    """Raises as `insight.cell_step.read_cells`; where it is for want of tokens that the network
    knows, these are named."""
    from rnnlm_core.insight.cell_step import read_cells

    run = runs.opened(RunFolder(path), step)
    known = len(run.tokenizer.known(text))
    if known < FEWEST:
        if unknown := run.tokenizer.unknown_in(text):
            raise BadInput("prompt.unknown_characters", characters=listed(unknown))
        raise BadInput("text.few_characters" if run.config.by_character else "text.too_short",
                       value=known, limit=FEWEST)
    return read_cells(run.model, run.tokenizer, _cut(run, text))


def _cut(run: Run, text: str) -> str:
    known = run.tokenizer.known(text)
    return text if len(known) <= LONGEST else run.tokenizer.decode(known[:LONGEST])


def difference(bench: Bench) -> float:
    """The largest difference between the page's derivatives and autograd's."""
    return _difference(bench.scene.path, bench.scene.digest, bench.reading.text, bench.layer,
                       bench.place, bench.later, bench)


@st.cache_data(max_entries=512, show_spinner=False)
def _difference(path: str, digest: str, text: str, layer: int, place: int, later: bool,
                _bench: Bench) -> float:
    from rnnlm_core.insight.cell_back import against_autograd

    return against_autograd(_bench.reading, layer, place, later, _bench.back)


# -- what is chosen ------------------------------------------------------------------------------
def opened(scene: Scene, own: bool = True) -> CellReading:
    """The text of the page as this run reads it; `own` False: the run's own. Raises as `read`."""
    if scene.shown is None:
        raise RunError("run.no_checkpoint")
    text = text_to_read(scene) if own else default_text(runs.opened(scene.folder))
    return read(scene.path, scene.step, scene.digest, text)


def text_to_read(scene: Scene) -> str:
    """The reader's own text, whichever the run; else the beginning of the run's held-out text."""
    default = default_text(runs.opened(scene.folder))
    if not session.widget(session.text(TEXT, default), ""):  # blanks are a text, too
        session.clear_text(TEXT)
        session.text(TEXT, default)
    return session.widget(TEXT, "")[:LONGEST_TEXT]


def default_text(run: Run) -> str:
    """About one line of the page; where there is nothing to read, the vocabulary."""
    text, _ = look_inside.text_of(run)
    start = text[:DEFAULT_TEXT].strip("\n")
    start = start[:DEFAULT_TEXT - start.count("\n")]  # each is drawn twice as wide
    if run.config.tokenizer == "words":  # half a word, at either end, would be another one
        start = re.sub(r"\A\S+\s+|\s+\S*\Z", "", start)
    if len(run.tokenizer.known(start)) < FEWEST:
        return run.tokenizer.decode([*range(1, min(41, run.tokenizer.size))])
    return start


def gates_of(config: RunConfig, output: bool = True) -> list[str]:
    """What can be chosen: the cell's gates, then the output layer where it is one matrix."""
    return [*BLOCKS[config.cell], *(["s"] if output and config.softmax != "adaptive" else [])]


def settle(scene: Scene, reading: CellReading, output: bool = True) -> Bench:
    """Bring what is chosen in line with this run and text; `output`: its layer is a choice too."""
    from rnnlm_core.insight.cell_step import cell_step

    config = scene.config
    place = place_of(reading)
    layer = int(_settled(LAYER, [str(i) for i in range(config.layers)], str(config.layers - 1)))
    gates = gates_of(config, output)
    gate = _settled(GATE, gates, gates[0])
    step = cell_step(reading, layer, place)
    rows = len(step.blocks[gate].a)
    first = str(_first_unit(reading, layer, gate))
    unit = int(_settled(UNIT, [str(i) for i in range(rows)], first))
    level = _settled(LEVEL, LEVELS, LEVELS[0])
    later = _settled(LOSS, LOSSES, LOSSES[0]) == "later"
    return Bench(scene, reading, step, place, layer, gate, unit, level, later, is_narrow())


def place_of(reading: CellReading) -> int:
    return int(_settled(PLACE, [str(i) for i in range(reading.places)],
                        str(_first_place(reading))))


def _settled(key: str, options: Sequence[str], default: str) -> str:
    """The choice, or the default where there is none: of another run or text it may be another."""
    session.choice(key, options, default)
    before, now = session.recall(f"cell.default.{key}", default), session.widget(key, default)
    if now not in options or (now == before and now != default):
        session.set_widget(key, default)
        session.choice(key, options, default)
    session.remember(f"cell.default.{key}", default)
    return session.widget(key, default)


def _first_place(reading: CellReading) -> int:
    """Before the token that surprised most, once the network has got going."""
    surprise = np.nan_to_num(reading.surprise, nan=-1.0)
    if len(surprise) > 2 * _RUN_UP:
        surprise[:_RUN_UP] = -1.0
    return max(0, int(surprise.argmax()) - 1)


def take_over() -> None:
    """What a click asked for when everything was drawn already."""
    asked: dict[str, object] = session.recall(_GO, {})
    go(**asked)
    session.forget(_GO)


def _first_unit(reading: CellReading, layer: int, gate: str) -> int:
    """At the first place: the unit whose gates the loss pulls at hardest; the token that came.

    It stays while one steps through the text.
    """
    from rnnlm_core.insight.cell_back import back_step

    place = _first_place(reading)
    if gate == "s":
        return int(reading.ids[place + 1])
    back = back_step(reading, layer, place, later=False)
    return int(np.sum([np.abs(delta) for delta in back.hidden_side.values()], 0).argmax())


def go(**wanted: object) -> None:
    """Choose in a callback or before anything is drawn."""
    for key, value in wanted.items():
        session.set_widget(key, value)


def go_after(**wanted: str) -> None:
    """Choose where the widgets are drawn already: taken over when all is drawn anew, at once."""
    session.remember(_GO, wanted)
    session.again()


# -- play ------------------------------------------------------------------------------------------
def is_playing() -> bool:
    return bool(session.recall(PLAYING, False))


def toggle(bench: Bench) -> None:
    if is_playing():
        session.forget(PLAYING)
        return
    if bench.place >= bench.reading.places - 1:
        go(**{PLACE: "0"})
    session.remember(PLAYING, True)
    session.remember(_LAST, time.monotonic())


def play_on(reading: CellReading) -> None:
    """One place further where it is time; at the end it stops."""
    if not is_playing() or time.monotonic() - session.recall(_LAST, 0.0) < 0.8 * PACE:
        return
    session.remember(_LAST, time.monotonic())
    place = place_of(reading) + 1
    if place >= reading.places:
        session.forget(PLAYING)
    else:
        go(**{PLACE: str(place)})
