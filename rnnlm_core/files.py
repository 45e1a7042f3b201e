"""Files that are never seen half written."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

_TRIES = 20


def replace_file(path: Path, content: bytes, durable: bool = False) -> None:
    """Write beside, then rename. `durable` also waits until file and name are on the disk.

    On Windows a rename fails while a reader has the file open: it is tried again for a second.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        for attempt in range(_TRIES):
            try:
                os.replace(beside, path)
                break
            except PermissionError:
                if attempt == _TRIES - 1:
                    raise
                time.sleep(0.05)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    if durable and os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
