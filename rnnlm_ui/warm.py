"""Import torch behind the reader's back, after the first page was painted."""

from __future__ import annotations

import importlib
import threading
from functools import lru_cache

_AFTER_SECONDS = 1.5  # the import holds Python's lock: let the first page be painted before


@lru_cache(maxsize=1)
def warm_up() -> threading.Timer:
    """Start the import once per server. Pages that need torch sooner just wait for it."""
    timer = threading.Timer(_AFTER_SECONDS, _import_torch)
    timer.daemon = True
    timer.start()
    return timer


def _import_torch() -> None:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)  # the server must not take cores from a training worker
    importlib.import_module("rnnlm_core.lab")
