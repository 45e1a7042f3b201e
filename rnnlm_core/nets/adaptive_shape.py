"""Where the adaptive softmax cuts a vocabulary, and how many numbers it holds (without torch)."""

from __future__ import annotations

from itertools import pairwise

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.parameter_row import ParameterRow


def cutoffs(vocabulary: int) -> list[int]:
    """First ranks of the tails: a tenth and four tenths of the vocabulary, 1000 and 4000 of 10,000.

    The head is paid for at every token, so it stops at 2000. Needs at least two tokens, and cuts
    two into one tail only.
    """
    head = min(max(1, vocabulary // 10), 2000)
    return [head] if vocabulary < 3 else [head, min(4 * head, vocabulary - 1)]


def division(hidden: int) -> int:
    """How many times narrower each tail is than the one before; 1 where little would be left."""
    return 4 if hidden >= 64 else 1


def adaptive_parameter_rows(config: RunConfig, vocabulary: int) -> list[ParameterRow]:
    """Every trained array of `nets.adaptive.AdaptiveOutput`."""
    h, cuts = config.hidden, [*cutoffs(vocabulary), vocabulary]
    head = cuts[0] + len(cuts) - 1
    rows = [ParameterRow("W_head", (head, h), f"{head}·H", head * h),
            ParameterRow("b_head", (head,), f"{head}", head)]
    for number, (begin, end) in enumerate(pairwise(cuts), start=1):
        narrow, size = h // division(h) ** number, end - begin
        mark = f"⁽{'¹²'[number - 1]}⁾"
        rows += [
            ParameterRow(f"W_narrow{mark}", (narrow, h), f"{narrow}·H", narrow * h),
            ParameterRow(f"W_tail{mark}", (size, narrow), f"{size}·{narrow}", size * narrow)]
    return rows
