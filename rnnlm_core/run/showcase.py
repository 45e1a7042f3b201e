"""What a shipped run shows at once, before torch is loaded: one unit over a text, fading gradients.

Computed when a run is shipped (`insight.showcase`), kept as `showcase.npz` in its folder.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.errors import RunError
from rnnlm_core.files import replace_file
from rnnlm_core.run.directory import RunFolder

NAME = "showcase.npz"


@dataclass(frozen=True)
class FoundUnit:
    """The unit that tells most about the text, with what it has to beat (see `insight.units`)."""

    label: str
    kind: str  # binary: the scores are AUC; real: rank correlations
    unit: int
    sign: int  # +1: high where the label is; −1: low there
    score: float
    control: float  # the untrained network's best unit
    chance: float  # shuffled labels'
    read: int  # characters that were searched


@dataclass(frozen=True)
class Showcase:
    text: str  # T characters that the run was not trained on
    states: NDArray[np.float16]  # (T, H) of the part and layer in which the unit was found
    found: FoundUnit | None  # None where no unit stands out
    fading: dict[str, NDArray[np.float32]]  # untrained cell: log10 of the gradient by lag, 0 first

    def save(self, folder: RunFolder) -> None:
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {f"fading_{cell}": curve for cell, curve in self.fading.items()}
        found = None if self.found is None else self.found.__dict__
        np.savez_compressed(buffer, text=np.array(self.text), states=self.states,
                            found=np.array(json.dumps(found)), **arrays)
        replace_file(folder.path / NAME, buffer.getvalue())


def read_showcase(folder: RunFolder) -> Showcase | None:
    """What is kept; None where the run was never shipped. Raises `RunError` where it is damaged."""
    try:
        content = io.BytesIO((folder.path / NAME).read_bytes())
        with np.load(content, allow_pickle=False) as kept:
            found = json.loads(str(kept["found"]))
            fading = {name.removeprefix("fading_"): kept[name] for name in kept.files
                      if name.startswith("fading_")}
            return Showcase(str(kept["text"]), kept["states"],
                            None if found is None else FoundUnit(**found), fading)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        raise RunError("run.mismatch", what=NAME) from None
