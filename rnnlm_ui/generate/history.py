"""Every step that a reader took with a text, to be taken back and taken again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rnnlm_ui.generate.branches import Tree

MOST_STEPS = 100
Dials = Mapping[str, Any]  # the settings, by the keys of their widgets


@dataclass(frozen=True)
class Moment:
    """The tree before or after a step, and how the settings and the time machine stood then."""

    tree: Tree
    dials: Dials
    looked_at: int | None  # the step of the run; None: whichever is the newest


@dataclass
class History:
    past: list[Moment] = field(default_factory=list)
    future: list[Moment] = field(default_factory=list)

    def step(self, before: Moment) -> None:
        """A reader is about to change `before`. What was taken back is given up."""
        self.past.append(before)
        del self.past[:-MOST_STEPS]
        self.future.clear()

    def undo(self, now: Moment) -> Moment:
        """What there was before the last step; `now`, with all written since, can be redone."""
        if not self.past:
            return now
        self.future.append(now)
        return self.past.pop()

    def redo(self, now: Moment) -> Moment:
        if not self.future:
            return now
        self.past.append(now)
        return self.future.pop()
