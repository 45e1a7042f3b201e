"""Ways of writing, measured: against counting by hand and against reading step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.insight.decoding import (
    measure,
    measure_beams,
    measure_settings,
    passages,
    read,
    write_each,
)
from rnnlm_core.insight.repeats import repeated_share
from rnnlm_core.nets.build import build

TOKENIZER = CharTokenizer.fit("abcdefgh \n")


def model_of(cell: str = "gru"):
    return build(RunConfig(cell=cell, hidden=8, embedding=4, seed=2), TOKENIZER.size).eval()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "cnn"])
def test_entropy_and_surprise_are_those_of_reading_token_by_token(cell: str) -> None:
    model = model_of(cell)
    ids = np.array([TOKENIZER.encode("abc abd fgh"), TOKENIZER.encode("hgf edc bab")], np.int64)
    entropy, surprise = read(model, TOKENIZER, ids, 3)
    assert entropy.shape == surprise.shape == (2, 8)
    for row in range(2):
        for at in range(3, 11):
            with torch.no_grad():
                logits = model(torch.from_numpy(ids[row:row + 1, :at]))[0][0, -1].double()
            p = torch.softmax(logits[1:], 0)  # <unk> has id 0
            assert entropy[row, at - 3] == pytest.approx(float(-(p * p.log2()).sum()), abs=1e-5)
            assert surprise[row, at - 3] == pytest.approx(
                -float(p[ids[row, at] - 1].log2()), abs=1e-5)


def test_passages_lie_apart_and_a_short_text_gives_fewer() -> None:
    found = passages(np.arange(2_000), 5, 200)
    assert found.starts.shape == (5, 100) and found.human.shape == (5, 200)
    assert found.starts[0, 0] == 0 and found.human[-1, -1] == 1_999
    assert (found.starts[:, -1] + 1 == found.human[:, 0]).all()
    short = passages(np.arange(48), 5, 200)
    assert short.starts.shape == (1, 12) and short.human.shape == (1, 36)
    with pytest.raises(BadInput, match="39"):
        passages(np.arange(39), 5, 200)


def test_settings_meet_the_same_noise_and_their_numbers_are_means() -> None:
    model = model_of("lstm")
    ids = TOKENIZER.encode("abba cad deed face\n" * 30).astype(np.int64)
    found = passages(ids, 3, 60)
    one, same, greedy = measure_settings(model, TOKENIZER, found, [
        SamplingSettings(temperature=1.0), SamplingSettings(temperature=1.0, top_k=500),
        SamplingSettings(temperature=0.0)])
    assert one == same and (one.kept, greedy.kept) == (10.0, 1.0)
    texts = [list(generate(model, TOKENIZER, start.tolist(),
                           SamplingSettings(temperature=1.0, length=60, seed=1 + i)))
             for i, start in enumerate(found.starts)]
    bits = [token.surprise for text in texts for token in text]
    assert one.surprise == pytest.approx(np.mean(bits), abs=1e-4)
    # without a cut at temperature 1, what it draws from is its own distribution
    assert one.entropy == pytest.approx(
        np.mean([token.entropy for text in texts for token in text]), abs=1e-4)
    written = np.array([[token.id for token in text] for text in texts])
    assert one.repeated == pytest.approx(
        np.mean([repeated_share(TOKENIZER.decode(row)) for row in written]))
    assert len({tuple(row) for row in written.tolist()}) == 3


def test_a_beam_is_measured_by_its_own_probability() -> None:
    model = model_of()
    ids = TOKENIZER.encode("abba cad deed face\n" * 20).astype(np.int64)
    found = passages(ids, 2, 20)
    narrow, wide = measure_beams(model, TOKENIZER, found, (1, 8))
    assert (narrow.width, wide.width) == (1, 8) and wide.ids.shape == (2, 20)
    assert wide.measured.surprise <= narrow.measured.surprise + 1e-9
    assert wide.measured == measure(model, TOKENIZER, found.starts, wide.ids)
    for ids, start in zip(narrow.ids.tolist(), found.starts.tolist(), strict=True):
        [greedy] = write_each(model, TOKENIZER, start, [
            SamplingSettings(temperature=0.0, length=20)])
        assert ids == [token.id for token in greedy]


def test_weights_that_are_no_numbers_are_told() -> None:
    model = model_of()
    with torch.no_grad():
        model.output.bias.fill_(torch.nan)
    with pytest.raises(RunError, match="no numbers"):
        read(model, TOKENIZER, np.array([[1, 2, 3]]), 1)
