"""What texts claim about gradients, and what was measured: the rows of `docs/claims.json`.

`python -m benchmarks.claims` writes them, and `docs/claims.md` from them; the page reads them. So
the page and the docs say the same.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from rnnlm_ui.i18n import translate

PATH = Path(__file__).resolve().parents[1] / "docs" / "claims.json"
Topic = Literal["cells", "theory", "training", "tutorial"]
Verdict = Literal["reproduced", "contradicted", "depends"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Claim:
    name: str
    topic: Topic
    verdict: Verdict
    source: str  # who says it; "common" where many do, "tutorial SECTION"
    lab: str  # the tool of the Gradients page where it can be seen run
    view: dict[str, str | float]  # further choices there, as they stand in a link
    run: str  # the command behind the figures
    values: dict[str, float]

    @property
    def address(self) -> str:
        """The query of a link to it."""
        return "&".join(f"{key}={value}" for key, value in {"lab": self.lab, **self.view}.items())


@lru_cache(maxsize=4)
def loaded(path: Path = PATH) -> list[Claim]:
    return [Claim(**row) for row in json.loads(path.read_text("utf-8"))]


def readables(claim: Claim) -> dict[str, str]:
    """The figures for the sentence of what was found."""
    return {name: readable(value) for name, value in claim.values.items()}


def source_text(source: str, code: str) -> str:
    """Who says it, in a language."""
    kind, _, where = source.partition(" ")
    if kind == "tutorial":
        return translate(code, "claims.from_tutorial", where=where)
    return translate(code, "claims.common") if source == "common" else source


def readable(value: float) -> str:
    """Four digits; 6.1 × 10⁻²⁰ where a decimal would be all zeros, digits in full for counts."""
    if value == 0 or not math.isfinite(value) or (value == round(value) and abs(value) < 1e6):
        return f"{value:g}"
    if 1e-3 <= abs(value) < 1e6:
        return f"{value:.4g}".replace("-", "−")
    mantissa, _, power = f"{value:.1e}".partition("e")
    return f"{mantissa} × 10{str(int(power)).translate(_SUPERSCRIPT)}".replace("-", "−")
