"""Where a model can be trained on this machine, and why not where it cannot."""

from __future__ import annotations

import torch

DEVICES = ("cpu", "cuda", "mps")


def unavailable(device: str) -> str | None:
    """Why a device cannot be used here, in a few words; None where it can."""
    if device == "cuda" and not torch.cuda.is_available():
        built: bool = torch.backends.cuda.is_built()  # type: ignore[no-untyped-call]
        return "no NVIDIA GPU was found" if built else "this PyTorch was built without CUDA"
    if device == "mps" and not torch.backends.mps.is_available():
        return "only on a Mac with Apple silicon"
    return None
