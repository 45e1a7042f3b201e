"""Where a model can be trained on this machine, and why not where it cannot."""

from __future__ import annotations

import torch

DEVICES = ("cpu", "cuda", "mps")


def unavailable(device: str) -> str | None:
    """The code of why a device cannot be used here (`errors.SENTENCES`); None where it can."""
    if device == "cuda" and not torch.cuda.is_available():
        built: bool = torch.backends.cuda.is_built()  # type: ignore[no-untyped-call]
        return "config.cuda_no_gpu" if built else "config.cuda_not_built"
    if device == "mps" and not torch.backends.mps.is_available():
        return "config.mps_no_gpu"
    return None
