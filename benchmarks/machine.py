"""The machine a figure was measured on, in words."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Processor, cores, PyTorch, the vector instructions it found, and the load right now."""
    import torch

    model, cpuinfo = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines()
                 if line.startswith("model name")]
        model = names[0] if names else model
    return (f"{model}, {os.cpu_count()} cores, PyTorch {torch.__version__}, "
            f"{torch.backends.cpu.get_cpu_capability()}, load {os.getloadavg()[0]:.1f}")
