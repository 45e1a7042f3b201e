"""How many processors a process takes."""

import torch
from threadpoolctl import threadpool_info

from rnnlm_core.threads import hold_to


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_torch_and_numpy_are_held_to_so_many_threads():
    before = torch.get_num_threads()
    try:
        hold_to(2)
        assert (torch.get_num_threads(), blas_threads()) == (2, {2})
    finally:
        hold_to(before)
    assert (torch.get_num_threads(), blas_threads()) == (before, {before})
