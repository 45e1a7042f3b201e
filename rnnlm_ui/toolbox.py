"""A page with several tools: one question each, and only the chosen one is imported and drawn.

A tool is a module of the page's package with a function `show`. It writes its finding, one
sentence, into the container it is given, and draws below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry
from rnnlm_ui import look_inside, runs, session, time_machine
from rnnlm_ui.i18n import t
from rnnlm_ui.page import plain

_LONGEST_NAME = 40  # of what a link says in a tool's place


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


def chosen(key: str, tools: Sequence[str]) -> str:
    """The tool that the switch shows, before it is drawn: the reader's, or that of a link
    (`?key=tool`), else the first."""
    if session.widget(key, "") == "":  # it is not drawn yet, or the page was left
        asked = session.asked(key) or ""
        session.remember(_no_tool(key), "" if asked in tools else asked[:_LONGEST_NAME])
    tool = session.widget(session.choice(key, tools, tools[0]), tools[0]) or tools[0]
    if tool != tools[0]:  # the reader has chosen since
        session.forget(_no_tool(key))
    return tool


def switch(key: str, tools: Sequence[str], name: Callable[[str], str]) -> str:
    """The row of tools; the chosen one. Above it, until another is chosen: that there is none such
    as a link asks for."""
    if no_tool := session.recall(_no_tool(key), ""):
        st.error(t("common.no_tool", asked=plain(no_tool), shown=name(tools[0])),
                 icon=":material/error:")
    return st.segmented_control(
        t("common.tools"), tools, key=session.choice(key, tools, tools[0]), required=True,
        format_func=name, label_visibility="collapsed", wrap=True) or tools[0]


def _no_tool(key: str) -> str:
    """Under which name it is kept what a link has called a tool."""
    return f"no_tool.{key}"


def next_step(key: str, tool: str | None, label: str) -> bool:
    """The button that leads on to another tool of the page; whether there is one."""
    if tool is None:
        return False
    st.button(label, key=f"{key}.next_step", type="tertiary", icon=":material/arrow_forward:",
              icon_position="right", on_click=session.set_widget, args=(key, tool))
    return True


def draw(package: str, tool: str, *given: object) -> None:
    """What the tool shows; each of them has a `show`."""
    import_module(f"{package}.{tool}").show(*given)


def function_of(package: str, tool: str, name: str) -> Callable[..., Any] | None:
    """A function that not every tool's module has; None where it has none of this name."""
    found: Callable[..., Any] | None = getattr(import_module(f"{package}.{tool}"), name, None)
    return found


def tools_and_moment(folder: RunFolder, switch: Callable[[], str]) -> str:
    """The row of tools with the moment of the run beside it, below it where the window is too
    narrow for both: the picture begins higher up. The chosen tool."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tool = switch()
        time_machine.slider(folder, lambda: time_machine.fork_link(folder))
    return tool


def of_run(page: str, folder: RunFolder, switch: Callable[[], str],
           show: Callable[[str, DeltaGenerator, Scene], None]) -> None:
    """Below the title: the row of tools and the time slider, and the chosen tool on this run; it
    is drawn anew for each newer checkpoint, without flicker."""
    look_inside.missing_run()
    tool, shown = tools_and_moment(folder, switch), None
    stamp = st.container()
    room = look_inside.room(page, folder, height=520)
    try:
        shown = time_machine.entry(folder)
        with room():
            show(tool, st.container(), Scene(folder, shown, folder.config()))
    except UnrollError as error:
        with room():
            # of a run that has just begun the line below says that it is waited for
            if error.code != "run.no_checkpoint" or not runs.is_active(
                    launch.status(folder).state):
                look_inside.why_nothing(error)
    with stamp:
        look_inside.follow_checkpoints(folder, shown)
