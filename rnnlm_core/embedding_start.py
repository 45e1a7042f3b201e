"""What an embedding begins with, where a config asks for more than random numbers.

Everything is made of the training part alone, at the beginning of a new run; a run that goes on,
and a fork, have their embedding in the checkpoint.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import Ids, Tokenizer
from rnnlm_core.data.vector_table import coverage, papers_of, stored_vectors
from rnnlm_core.errors import ConfigError, Problem
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


def refuse_other_size(config: RunConfig, store: Path) -> None:
    """Raises `ConfigError` where the config's table does not fit its embedding, `BadInput` where
    there is no such table."""
    if config.embedding_source != "file":
        return
    papers = papers_of(store, config.vectors)
    if papers.size != config.embedding:
        raise ConfigError([Problem("config.vectors_size", {
            "name": papers.title, "value": papers.size, "limit": config.embedding})])
