"""The tools of the Gradients page: one question each, one of them at a time.

A tool is a module of this package with `show(scene, answer)`: it writes its finding, one sentence,
into `answer` and draws below. Those in `WITHOUT_RUN` look at no run, and get no scene:
`show(answer)`.
"""

from __future__ import annotations

from dataclasses import dataclass

from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry
from rnnlm_ui import time_machine, toolbox
from rnnlm_ui.i18n import t

TOOLS = ("reach", "race", "taught", "spectra", "clip", "truncate", "room", "dial", "textbook")
WITHOUT_RUN = frozenset({"race", "room", "dial", "textbook"})
_KEY, _PACKAGE = "lab", "rnnlm_ui.gradients"


@dataclass(frozen=True)
class Scene:
    """The run that is looked at, and its moment."""

    folder: RunFolder
    shown: Entry | None  # the checkpoint that is read; None while there is none
    config: RunConfig

    @property
    def path(self) -> str:
        return str(self.folder.path)

    @property
    def step(self) -> int | None:
        """The moment that was chosen; None follows the newest."""
        return time_machine.moment(self.folder)

    @property
    def digest(self) -> str:
        """Of the weights, "" while there are none: the same digest, the same picture."""
        return self.shown.sha256 if self.shown is not None else ""


def chosen() -> str:
    return toolbox.chosen(_KEY, TOOLS)


def switch() -> str:
    """The tool, as it is chosen here or in a link (`?lab=`)."""
    return toolbox.switch(_KEY, TOOLS, lambda tool: t(f"gradients.tool_name.{tool}"))


def show(tool: str, answer: DeltaGenerator, scene: Scene | None = None) -> None:
    draw = toolbox.function_of(_PACKAGE, tool)
    assert draw is not None
    if scene is None:
        draw(answer)
    else:
        draw(scene, answer)
