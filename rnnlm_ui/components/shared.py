"""The browser half of both components: their script behind one prelude for theme and painting."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeGuard

from rnnlm_core.figures.palette import MAP

FOLDER = Path(__file__).resolve().parent


def script(name: str, *others: str) -> str:
    """`name`.js, and what else it uses, with the prelude and the colour map in front.

    Streamlit sends it along with every refresh, so whole-line comments and indents stay behind.
    """
    parts = [_slim(f"{part}.js") for part in ("prelude", name, *others)]
    return "\n".join([f"const MAP = {json.dumps(MAP)};", *parts])


def style(name: str) -> str:
    return re.sub(r"\s*/\*.*?\*/", "", (FOLDER / f"{name}.css").read_text(encoding="utf-8"))


def _slim(name: str) -> str:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    kept = [line.strip() for line in lines]
    return "\n".join(line for line in kept if line and not line.startswith("//"))


def ignore_event() -> None:
    """A callback has to be named for an event to be heard; its value is read from the result."""


def is_index(value: Any, size: int) -> TypeGuard[int]:
    """Whether what came back from the browser points into something of this size."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size
