"""How sure the network is of what it writes, with real text as the yardstick."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnnlm_core import launch
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import time_machine
from rnnlm_ui.i18n import t
from rnnlm_ui.live import tail_of
from rnnlm_ui.tokens import tokens_of


def finding(folder: RunFolder, surprise: list[float], steps: Sequence[int] = ()) -> str:
    """How sure it was of what it wrote, with real text as the yardstick: that of the network which
    wrote it, where one did. `steps`: of those that did, none for the one that is looked at."""
    if not surprise:
        return t("generate.finding_none")
    bits = f"{sum(surprise) / len(surprise):.2f}"
    real = real_bits(folder, steps)
    return t("generate.finding_alone", bits=bits) if real is None else \
        t("generate.finding", bits=bits, real=real)


def real_bits(folder: RunFolder, steps: Sequence[int] = ()) -> str | None:
    """Bits a character on validation text; None where they are not known, and where several
    networks wrote: no single one is the yardstick."""
    entry = time_machine.entry(folder)
    if len(steps) > 1:
        return None
    looked_at = not steps or (entry is not None and entry.step == steps[0])
    real = real_text(folder) if looked_at else _real_at(folder, steps[0])
    characters = tokens_of(folder).characters
    if real is None or characters is None:
        return None
    return f"{real / math.log(2) / characters:.2f}"


def real_text(folder: RunFolder) -> float | None:
    """Nats a token on validation text, the whole of it where it was measured."""
    if (step := time_machine.moment(folder)) is not None:
        return _real_at(folder, step)
    whole = launch.status(folder).final_validation
    if whole is not None:
        return whole
    _, losses = tail_of(folder.path).refresh().validation()
    return float(losses[-1]) if len(losses) else None


def _real_at(folder: RunFolder, step: int) -> float | None:
    then = time_machine.measured_before(tail_of(folder.path).refresh(), step)
    return then[1] if then is not None else None
