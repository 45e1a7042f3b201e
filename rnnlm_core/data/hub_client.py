"""The libraries of the hub, told to be brief: once a process, by the first call.

Two hooks in the HTTP client see every request of a call's thread: they count its bytes, end its
retries after the third refusal, and end the thread itself when nobody waits for it.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnnlm_core.data.hub_call import CURRENT_JOB, TRIES, Job

_client_lock = threading.Lock()
_client_is_ready = False


def prepare_client() -> None:
    """Put the hooks into the HTTP client of huggingface_hub, once a process."""
    global _client_is_ready
    import httpx2
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils._http import default_client_factory
    from huggingface_hub.utils.tqdm import disable_progress_bars

    class Metered(httpx2.SyncByteStream):
        def __init__(self, stream: httpx2.SyncByteStream, job: Job) -> None:
            self._stream, self._job = stream, job

        def __iter__(self) -> Iterator[bytes]:
            for piece in self._stream:
                self._job.moves(len(piece))
                yield piece

        def close(self) -> None:
            self._stream.close()

    def before(request: httpx2.Request) -> None:
        if job := CURRENT_JOB.get():
            job.asks()

    def after(response: httpx2.Response) -> None:
        if job := CURRENT_JOB.get():
            job.hears(response.status_code)
            assert isinstance(response.stream, httpx2.SyncByteStream)
            response.stream = Metered(response.stream, job)

    def client() -> httpx2.Client:
        made = default_client_factory()
        hooks = made.event_hooks
        made.event_hooks = {"request": [*hooks["request"], before],
                            "response": [*hooks["response"], after]}
        return made

    with _client_lock:
        if not _client_is_ready:
            set_client_factory(client)
            disable_progress_bars()
            if not _can_write(constants.HF_HUB_CACHE):
                constants.HF_HUB_CACHE = tempfile.mkdtemp(prefix="unroll-hub-cache-")
            _client_is_ready = True


def _can_write(folder: str) -> bool:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def import_datasets(job: Job) -> Any:
    with job.importing():
        import datasets

    # These are read when used. The hooks end what is refused; this is for cut connections.
    for name, value in {"READ_MAX_RETRIES": TRIES, "READ_RETRY_INTERVAL": 1,
                        "READ_SERVER_UNAVAILABLE_RETRY_INTERVAL": 1,
                        "READ_RATE_LIMIT_RETRY_INTERVAL": 1,
                        "OPEN_MAX_RETRIES": TRIES, "OPEN_RETRY_INTERVAL": 1}.items():
        setattr(datasets.config, f"STREAMING_{name}", value)
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False  # a request to another host, up to 3 s
    datasets.config.TORCH_AVAILABLE = False  # each stream would import torch: 3 s, 200 MB
    datasets.disable_progress_bars()
    return datasets
