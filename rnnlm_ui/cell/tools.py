"""The tools of the Cell page: one question each, one of them at a time.

A tool is a module of this package with `show(scene, answer)`: it writes its finding, one sentence,
into `answer` and draws below.
"""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import toolbox
from rnnlm_ui.i18n import t
from rnnlm_ui.toolbox import Scene

TOOLS = ("forward", "back", "cells")
_KEY, _PACKAGE = "inside", "rnnlm_ui.cell"


def chosen() -> str:
    return toolbox.chosen(_KEY, TOOLS)


def switch() -> str:
    """The tool, as it is chosen here or in a link (`?inside=`)."""
    return toolbox.switch(_KEY, TOOLS, lambda tool: t(f"cell.tool_name.{tool}"))


def show(tool: str, answer: DeltaGenerator, scene: Scene) -> None:
    toolbox.draw(_PACKAGE, tool, scene, answer)
