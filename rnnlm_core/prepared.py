"""A run's text as the network reads it: ids, the two parts, the rows that are scored."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnnlm_core.data.corpus import Manifest, text_of
from rnnlm_core.data.split import ValidationRows, split_point
from rnnlm_core.data.tokenizer import CharTokenizer, Ids
from rnnlm_core.errors import RunError
from rnnlm_core.run.directory import RunFolder


@dataclass(frozen=True)
class Prepared:
    tokenizer: CharTokenizer
    ids: Ids  # of the whole text
    start: int  # index of the first validation token
    rows: ValidationRows | None  # None where there is no validation text

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
    """Read text and tokenizer of a run. Raises `CorpusError` where the text is gone."""
    text = text_of(manifest(folder), folder.store)
    start = split_point(text, folder.config().validation_share)
    tokens = tokenizer(folder)
    ids = tokens.encode(text)
    rows, plan = ValidationRows.cut(ids, start), folder.plan()
    found = Prepared(tokens, ids, start, rows)
    return found if plan is None else found.with_live_width(plan.live_width)


def tokenizer(folder: RunFolder) -> CharTokenizer:
    return CharTokenizer.from_json(_read(folder, "tokenizer.json"))


def manifest(folder: RunFolder) -> Manifest:
    return Manifest.from_json(_read(folder, "corpus.json"))


def validation_text(folder: RunFolder) -> str:
    """What the model was not trained on; a shipped run carries it. Else the training text."""
    carried = folder.path / "validation.txt"
    if carried.is_file():
        return carried.read_text("utf-8")
    text = text_of(manifest(folder), folder.store)
    start = split_point(text, folder.config().validation_share)
    return text[start:] or text


def _read(folder: RunFolder, name: str) -> str:
    try:
        return (folder.path / name).read_text("utf-8")
    except FileNotFoundError:
        raise RunError("run.missing", folder=folder.id) from None
