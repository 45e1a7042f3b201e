"""How many processors this process takes for its matrix products."""

from __future__ import annotations


def hold_to(threads: int) -> None:
    """Torch and NumPy from now on, in this whole process."""
    import numpy  # noqa: F401  its BLAS has to be there to be told
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads, "blas")
