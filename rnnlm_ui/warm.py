"""Import torch behind the reader's back, after the first page was painted."""

from __future__ import annotations

import importlib
import threading
from functools import lru_cache

from rnnlm_core.threads import hold_to

_AFTER_SECONDS = 1.5  # the import holds Python's lock: let the first page be painted before


@lru_cache(maxsize=1)
def warm_up() -> threading.Timer:
    """Start the import once per server. Pages that need torch sooner just wait for it."""
    timer = threading.Timer(_AFTER_SECONDS, _import_all)
    timer.daemon = True
    timer.start()
    return timer


@lru_cache(maxsize=1)
def ready() -> None:
    """Torch, imported and held to one thread, as is NumPy: the server must not take cores from a
    training.

    Call it wherever a page may be the first to use torch.
    """
    hold_to(1)


def _import_all() -> None:
    ready()
    importlib.import_module("rnnlm_core.lab")
