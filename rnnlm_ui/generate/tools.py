"""The tools of the Generate page: one question each, one of them at a time.

A tool is a module of this package with `show(scene, answer)`: it writes its finding, one sentence,
into `answer` and draws below. One whose views ask different things says by `question()` what the
chosen one asks. Those in `OWN_PAGE` draw all below the title themselves, by
`page(folder)`, and say by `actions()` what stands right of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import runs, toolbox
from rnnlm_ui.i18n import t
from rnnlm_ui.toolbox import Scene

TOOLS = ("write", "cuts", "check", "steer", "game")
OWN_PAGE = frozenset({"write"})
_KEY, _PACKAGE = "writing", "rnnlm_ui.generate"


def chosen() -> str:
    return toolbox.chosen(_KEY, TOOLS)


def switch() -> str:
    """The tool, as it is chosen here or in a link (`?writing=`)."""
    return toolbox.switch(_KEY, TOOLS, lambda tool: t(f"generate.tool_name.{tool}"))


def actions(tool: str) -> Callable[[], object]:
    """What stands right of the title: the run that is looked at, and what a tool does with it."""
    return toolbox.function_of(_PACKAGE, tool, "actions") or runs.picker


def question(tool: str) -> str:
    """The title: of the tool, or of its view where the views ask different things."""
    asked = toolbox.function_of(_PACKAGE, tool, "question")
    return str(asked()) if asked is not None else t(f"generate.question.{tool}")


def page_of(tool: str) -> Callable[..., Any]:
    draw = toolbox.function_of(_PACKAGE, tool, "page")
    assert draw is not None
    return draw


def show(tool: str, answer: DeltaGenerator, scene: Scene) -> None:
    toolbox.draw(_PACKAGE, tool, scene, answer)
