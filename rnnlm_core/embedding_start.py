"""What an embedding begins with, where a config asks for more than random numbers.

Everything is made of the training part alone, at the beginning of a new run; a run that goes on,
and a fork, have their embedding in the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from rnnlm_core.config import RunConfig
from rnnlm_core.data.hub_call import HubProgress
from rnnlm_core.data.hub_vectors import HUB
from rnnlm_core.data.tokenizer import Ids, Tokenizer
from rnnlm_core.data.vector_sources import kept_table, named_table
from rnnlm_core.data.vector_table import Coverage, coverage, is_sha256, papers_of, stored_vectors
from rnnlm_core.errors import BadInput, ConfigError, Problem
from rnnlm_core.nets.pretrained import Pretrained, scaled


def start_vectors(config: RunConfig, train_ids: Ids, tokenizer: Tokenizer, store: Path
                  ) -> Pretrained | None:
    """Rows (V, D) for the embedding, and which tokens have one; None from scratch.

    Raises `BadInput` where the table is gone, `ConfigError` where it is of another size.
    """
    size = config.embedding
    if config.embedding_source == "ppmi":
        from rnnlm_core.nets.ppmi import ppmi_vectors  # scipy: only where it is asked for

        return ppmi_vectors(train_ids, tokenizer.size, size)
    if config.embedding_source == "skipgram":
        from rnnlm_core.nets.skipgram import skipgram_vectors

        return skipgram_vectors(train_ids, tokenizer.size, size, config.seed)
    if config.embedding_source == "file":
        refuse_other_size(config, store)
        table = stored_vectors(store, config.vectors)
        rows = coverage(table, tokenizer, train_ids).rows
        found = table.vectors[np.maximum(rows, 0)]
        return scaled(found, rows >= 0)
    return None


def file_coverage(config: RunConfig, train_ids: Ids, tokenizer: Tokenizer, store: Path
                  ) -> Coverage:
    """How much of a vocabulary and a text the config's table has. Raises `BadInput`."""
    return coverage(stored_vectors(store, config.vectors), tokenizer, train_ids)


def with_kept_table(config: RunConfig, store: Path) -> RunConfig:
    """The config with its table by SHA-256, as a run keeps it, where a link says `hf:…`.

    Raises `BadInput`, vectors.not_here: nothing is read from the hub in passing.
    """
    if config.embedding_source != "file" or not config.vectors.startswith(HUB):
        return config
    if (papers := kept_table(config.vectors, store)) is None:
        raise BadInput("vectors.not_here", id=config.vectors.removeprefix(HUB))
    return replace(config, vectors=papers.sha256)


def with_named_table(config: RunConfig, store: Path,
                     progress: Callable[[HubProgress], None] | None = None) -> RunConfig:
    """The same for a shell or a notebook: a path or `hf:…` is read now, and asks for `file`.

    Raises `BadInput`, `ConfigError` where the config names a table and another source.
    """
    if not config.vectors or is_sha256(config.vectors):
        return config
    if config.embedding_source not in ("scratch", "file"):
        raise vectors_unused(config.embedding_source)
    found = named_table(config.vectors, store, progress)
    return replace(config, embedding_source="file", vectors=found.sha256)


def vectors_unused(source: str) -> ConfigError:
    return ConfigError([Problem("config.vectors_unused", {"value": source})])


def refuse_other_size(config: RunConfig, store: Path) -> None:
    """Raises `ConfigError` where the config's table does not fit its embedding, `BadInput` where
    there is no such table."""
    if config.embedding_source != "file":
        return
    papers = papers_of(store, config.vectors)
    if papers.size != config.embedding:
        raise ConfigError([Problem("config.vectors_size", {
            "name": papers.title, "value": papers.size, "limit": config.embedding})])
