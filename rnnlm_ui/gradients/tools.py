"""The tools of the Gradients page: one question each, one of them at a time.

A tool is a module of this package with `show(scene, answer)`: it writes its finding, one sentence,
into `answer` and draws below. Those in `WITHOUT_RUN` look at no run, and get no scene:
`show(answer)`.
"""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from rnnlm_core import launch
from rnnlm_ui import toolbox
from rnnlm_ui.i18n import number, t
from rnnlm_ui.toolbox import Scene

TOOLS = ("reach", "room", "dial", "race", "taught", "spectra", "clip", "truncate", "textbook")
WITHOUT_RUN = frozenset({"race", "room", "dial", "textbook"})
_TELLS_DIVERGENCE = frozenset({"clip"})  # by itself, in its own sentence
_NEXT = {"reach": "room", "room": "dial", "dial": "race"}
_KEY, _PACKAGE = "lab", "rnnlm_ui.gradients"


def chosen() -> str:
    return toolbox.chosen(_KEY, TOOLS)


def switch() -> str:
    """The tool, as it is chosen here or in a link (`?lab=`)."""
    return toolbox.switch(_KEY, TOOLS, lambda tool: t(f"gradients.tool_name.{tool}"))


def next_step(tool: str) -> bool:
    """What fades is seen, then why, then what that decides, then all of it in real training."""
    to = _NEXT.get(tool)
    return toolbox.next_step(_KEY, to, t(f"gradients.next_tool.{to}") if to else "")


def show(tool: str, answer: DeltaGenerator, scene: Scene | None = None) -> None:
    if scene is None:
        toolbox.draw(_PACKAGE, tool, answer)
    else:
        toolbox.draw(_PACKAGE, tool, scene, answer)
        if tool not in _TELLS_DIVERGENCE:
            answer.markdown(_diverged(scene))


def _diverged(scene: Scene) -> str:
    """That the run was lost, which a picture of an earlier moment does not show; else ""."""
    status = launch.status(scene.folder)
    if status.state != "diverged":
        return ""
    step = (status.error or {}).get("values", {}).get("step", status.step + 1)
    return t("gradients.diverged", step=number(step),
             shown=number(scene.shown.step if scene.shown is not None else 0))
