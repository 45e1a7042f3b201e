"""The tools of the Gradients page: one question each, one of them at a time.

A tool is a module of this package with `show(scene, answer)`: it writes its finding, one sentence,
into `answer` and draws below. Those in `WITHOUT_RUN` look at no run, and get no scene:
`show(answer)`.
"""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import toolbox
from rnnlm_ui.i18n import t
from rnnlm_ui.toolbox import Scene

TOOLS = ("reach", "room", "textbook")
WITHOUT_RUN = frozenset({"room", "textbook"})
_KEY, _PACKAGE = "lab", "rnnlm_ui.gradients"


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
