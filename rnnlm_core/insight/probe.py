"""The states of one fixed text at a step of training, as a file a page can show without torch."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.files import replace_file
from rnnlm_core.insight.states import read_states
from rnnlm_core.nets.language_model import LanguageModel


@dataclass(frozen=True)
class Probe:
    """h and c (T, H) of the top layer, surprise (T,) in bits of each of T tokens of `text`.

    `owners` has, for each character of the text, the token that ends it.
    """

    step: int
    text: str
    h: NDArray[np.float16]
    c: NDArray[np.float16] | None
    surprise: NDArray[np.float16]
    owners: NDArray[np.int64]


def write_probe(folder: Path, step: int, model: LanguageModel, tokenizer: Tokenizer,
                text: str) -> None:
    """Read `text` with the model as it is now and keep what its top layer held."""
    reading = read_states(model, tokenizer, text)
    arrays = {"h": reading.h[-1].astype(np.float16),
              "surprise": np.asarray(reading.surprise, np.float16),
              "text": np.array(reading.text), "owners": reading.owners}
    if reading.c is not None:
        arrays["c"] = reading.c[-1].astype(np.float16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    folder.mkdir(exist_ok=True)
    replace_file(folder / f"{step:08d}.npz", buffer.getvalue())


def read_probes(folder: Path) -> list[Probe]:
    """All that were kept, the earliest first."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as kept:
            found.append(Probe(int(path.stem), str(kept["text"]), kept["h"], kept.get("c"),
                               kept["surprise"], kept["owners"]))
    return found
