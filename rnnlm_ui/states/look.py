"""All that the views of a unit are drawn from: its values, their scale, the place looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.states import Scale
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry
from rnnlm_ui import runs, session
from rnnlm_ui.states.choice import COLOUR, COLOURS, SECOND
from rnnlm_ui.states.findings import Choice, unit_name
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.states import StateReading
    from rnnlm_core.insight.units import UnitFinding
    from rnnlm_core.lab import Run

RUN_UP = 20
_SHARES = frozenset("rzifo")  # gates in [0, 1]


@dataclass(frozen=True)
class Look:
    """All that a view is drawn from."""

    folder: RunFolder
    step: int | None  # the moment that was chosen; None follows the newest
    shown: Entry  # the checkpoint that is read
    config: RunConfig
    reading: StateReading
    choice: Choice
    findings: Sequence[UnitFinding]  # of the newest weights
    unsearched: UnrollError | None = None  # why nothing could be searched: a limit, no fault
    early: DeltaGenerator | None = None  # where the tool began to draw before the search

    @property
    def path(self) -> str:
        return str(self.folder.path)

    @property
    def digest(self) -> str:
        """Of the weights: the same digest, the same picture."""
        return self.shown.sha256

    @property
    def run(self) -> Run:
        """Opened at the moment that is looked at."""
        return runs.opened(self.folder, self.step)

    @property
    def values(self) -> NDArray[np.float32]:
        return values_of(self.reading, self.choice)

    @property
    def scale(self) -> Scale:
        return scale_of(self.values[:, self.choice.unit], self.choice.part, self.config)

    @property
    def name(self) -> str:
        return self.name_of(self.choice.unit)

    def name_of(self, unit: int) -> str:
        """A unit of the chosen part and layer."""
        return unit_name(self.choice.part, self.choice.layer, unit, self.config)

    @property
    def colour(self) -> str:
        """What fills the text: one `unit`, `two` of them, or the `surprise`."""
        return session.widget(COLOUR, COLOURS[0]) or COLOURS[0]

    @property
    def second(self) -> int:
        """The unit that is shown beside the chosen one, where two are."""
        return min(max(0, session.widget(SECOND, 0) or 0), self.config.hidden - 1)

    @property
    def words(self) -> dict[str, str]:
        """What its tokens are called."""
        return words_of(self.config)

    @property
    def place(self) -> int:
        """The token that is looked at: the reader's, else the one that surprised most."""
        text, index = session.recall("states.place", ("", 0))
        if text == self.reading.text and 0 <= index < len(self.reading.ids):
            return int(index)
        surprise = np.nan_to_num(self.reading.surprise, nan=-1.0)
        if len(surprise) > 2 * RUN_UP:
            surprise[:RUN_UP] = -1.0  # out of the blue, anything surprises
        return int(surprise.argmax())

    def go_to(self, index: int) -> None:
        session.remember("states.place", (self.reading.text, index))

    @property
    def revision(self) -> tuple[object, ...]:
        return self.folder.id, self.digest, self.reading.text, self.choice, self.place

    @property
    def link(self) -> str:
        """Views of this text mark the same token while it is pointed at."""
        return f"states {self.folder.id}"


def values_of(reading: StateReading, choice: Choice) -> NDArray[np.float32]:
    """(T, H) of the chosen part and layer."""
    if choice.part == "h":
        return reading.h[choice.layer]
    if choice.part == "c" and reading.c is not None:
        return reading.c[choice.layer]
    return reading.gates[choice.part][choice.layer]


def scale_of(unit: NDArray[np.float32], part: str, config: RunConfig) -> Scale:
    """Gates and h have fixed ends; c and ReLU have none, so the chosen unit (T,) sets them.

    One unit that counts without limit would else turn the chosen one pale.
    """
    sigmoid = config.cell == "rnn" and config.activation == "sigmoid"
    if part in _SHARES or (part == "h" and sigmoid):
        return Scale(1.0, signed=False)
    if not has_no_limits(part, config):
        return Scale(1.0, signed=True)
    top = float(np.abs(unit[np.isfinite(unit)]).max(initial=0.0))
    return Scale(top if top > 1e-6 else 1.0, signed=True)


def has_no_limits(part: str, config: RunConfig) -> bool:
    return part == "c" or (config.cell == "rnn" and config.activation == "relu")
