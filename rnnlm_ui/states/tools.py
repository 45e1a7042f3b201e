"""The tools of the States page: one question each, one of them at a time.

A tool is a module of this package with `show(look, answer)`: it writes its finding, one sentence,
into `answer` and draws below. One that has something to show before the units are searched has
`before`, too: `Look.early` is where that stands.
"""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry
from rnnlm_ui import toolbox
from rnnlm_ui.i18n import t
from rnnlm_ui.states.look import Look

TOOLS = ("read", "find", "prove", "match", "move", "gates", "context", "compare", "words")
ALONE = frozenset({"read"})  # drawn anew without the rest of the page, so that it is quick
_KEY, _PACKAGE = "tool", "rnnlm_ui.states"
_NEXT = {"read": "find", "find": "prove"}


def chosen() -> str:
    return toolbox.chosen(_KEY, TOOLS)


def switch() -> str:
    """The tool, as it is chosen here or in a link (`?tool=`)."""
    return toolbox.switch(_KEY, TOOLS, lambda tool: t(f"states.tool_name.{tool}"))


def next_step(tool: str) -> bool:
    """What a unit tells is found, then proved."""
    to = _NEXT.get(tool)
    return toolbox.next_step(_KEY, to, t(f"states.next_tool.{to}") if to else "")


def show(tool: str, look: Look, answer: DeltaGenerator) -> None:
    toolbox.draw(_PACKAGE, tool, look, answer)


def before(tool: str, folder: RunFolder, step: int | None, shown: Entry) -> DeltaGenerator | None:
    """What the tool has to show while the units are searched, and where it stands."""
    early = toolbox.function_of(_PACKAGE, tool, "before")
    place: DeltaGenerator | None = None if early is None else early(folder, step, shown)
    return place
