"""A long text read in strips, against one pass of the fused network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.long_reading import read_long, telling_labels
from rnnlm_core.insight.states import read_states
from rnnlm_core.nets.build import build

TEXT = 'she said "one (two) three" and left.\n' * 12
TOKENIZER = CharTokenizer.fit(TEXT)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_each_part_is_that_of_one_pass(cell: str) -> None:
    model = build(RunConfig(cell=cell, hidden=5, embedding=4, layers=2), TOKENIZER.size).eval()
    whole = read_states(model, TOKENIZER, TEXT)
    parts = {"h": whole.h, **whole.gates} | ({"c": whole.c} if whole.c is not None else {})

    for part, values in parts.items():
        for layer in range(2):
            found = read_long(model, TOKENIZER, TEXT, part, layer)
            # far from its beginning: a strip does not start from the zero state
            assert np.allclose(found.values[150:], values[layer][150:], atol=1e-5)
    assert np.isnan(found.surprise[0])
    assert np.allclose(found.surprise[150:], whole.surprise[150:], atol=1e-3)
    assert found.text == TEXT and (found.owners == np.arange(len(TEXT))).all()


def test_too_little_text_and_states_that_are_no_numbers_are_said() -> None:
    model = build(RunConfig(cell="gru", hidden=5, embedding=4), TOKENIZER.size).eval()
    with pytest.raises(BadInput) as caught:
        read_long(model, TOKENIZER, TEXT[:49])
    assert caught.value.code == "text.too_short"
    with torch.no_grad():
        model.embedding.weight.fill_(float("nan"))
    with pytest.raises(BadInput) as caught:
        read_long(model, TOKENIZER, TEXT)
    assert caught.value.code == "run.no_numbers"


def test_labels_that_a_token_gives_away_or_that_never_change_are_left_out() -> None:
    ids = TOKENIZER.encode(TEXT).astype(np.int64)
    labels = telling_labels("", TEXT, np.arange(len(TEXT)), ids)
    names = {label.name for label in labels}

    assert {"inside_quotes", "inside_brackets", "line_position"} <= names
    assert "digit" not in names and "capital_word" not in names
