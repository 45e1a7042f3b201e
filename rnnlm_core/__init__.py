"""Unroll's core: recurrent language models, trained, opened and explained. Knows no Streamlit.

Names below are imported when they are first used, so that `import rnnlm_core` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {"RunConfig": "config", "UnrollError": "errors", "Run": "lab", "train": "lab",
         "resume": "lab", "create_run": "launch", "list_runs": "launch"}

__all__ = ["Run", "RunConfig", "UnrollError", "create_run", "list_runs", "resume", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"rnnlm_core.{_HOME[name]}"), name)
