"""A run's text as the network reads it: ids, the two parts, the rows that are scored."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rnnlm_core.data.corpus import Manifest, text_of
from rnnlm_core.data.parts import Parts, divide
from rnnlm_core.data.split import WARM_UP, ValidationRows
from rnnlm_core.data.tokenizer import Ids, Tokenizer, from_json
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.run.directory import RunFolder


@dataclass(frozen=True)
class Prepared:
    tokenizer: Tokenizer
    ids: Ids  # of the training part and then the validation part
    start: int  # index of the first validation token
    rows: ValidationRows | None  # None where there is no validation text
    characters_per_token: float = 1.0  # of the validation text: nats a token over it, a character
    test_rows: ValidationRows | None = None  # None where nothing is kept for the very end

    def with_live_width(self, width: int) -> Prepared:
        if self.rows is None:
            return self
        return replace(self, rows=replace(self.rows, live_width=width))

    @property
    def train_ids(self) -> Ids:
        return self.ids[:self.start]

    @property
    def validation_ids(self) -> Ids:
        return self.ids[self.start:]


def prepare(folder: RunFolder) -> Prepared:
    """Read text and tokenizer of a run. Raises `CorpusError` where the text is gone.

    The text is divided first and each part then encoded, so that no token reaches across a cut.
    """
    parts = divided(folder)
    tokens, plan = tokenizer(folder), folder.plan()
    training, validation = tokens.encode(parts.training), tokens.encode(parts.validation)
    ids = np.concatenate([training, validation])
    share = (len(parts.validation) / len(validation) if len(validation)
             else len(parts.training) / len(training))
    before = ids[-(WARM_UP + 1):]  # all that the rows of the test part read of the others
    test = ValidationRows.cut(np.concatenate([before, tokens.encode(parts.test)]), len(before))
    found = Prepared(tokens, ids, len(training), ValidationRows.cut(ids, len(training)), share,
                     test)
    return found if plan is None else found.with_live_width(plan.live_width)


def divided(folder: RunFolder) -> Parts:
    """The parts of a run's text. Raises `CorpusError` where the text is gone."""
    papers = manifest(folder)
    return divide(text_of(papers, folder.store), folder.config(), papers.parts)


def tokenizer(folder: RunFolder) -> Tokenizer:
    return from_json(_read(folder, "tokenizer.json"))


def measured_tokens(folder: RunFolder) -> tuple[float, float]:
    """Characters a token of the validation text (of all where there is none), and the share of its
    tokens that are unknown. Raises `CorpusError` where the text is gone.
    """
    text, tokens = validation_text(folder), tokenizer(folder)
    ids = tokens.encode(text)
    unknown = 0.0 if tokens.unknown_id is None else float((ids == tokens.unknown_id).mean())
    return len(text) / len(ids), unknown


def manifest(folder: RunFolder) -> Manifest:
    return Manifest.from_json(_read(folder, "corpus.json"))


def validation_text(folder: RunFolder) -> str:
    """What the model was not trained on; a shipped run carries it. Else the training text."""
    carried = folder.path / "validation.txt"
    if carried.is_file():
        return carried.read_text("utf-8")
    parts = divided(folder)
    return parts.validation or parts.training


def held_out_text(folder: RunFolder) -> str:
    """The same, but nothing that was trained on. Raises `text.nothing_held_out` where there is
    none, `CorpusError` where the text is gone."""
    if not (folder.path / "validation.txt").is_file() and not divided(folder).validation:
        raise BadInput("text.nothing_held_out")
    return validation_text(folder)


def _read(folder: RunFolder, name: str) -> str:
    try:
        return (folder.path / name).read_text("utf-8")
    except FileNotFoundError:
        raise RunError("run.missing", folder=folder.id) from None
