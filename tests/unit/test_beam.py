"""Beam search against all texts there are, against greedy writing, and against a beam of lists."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from rnnlm_core.beam import WIDEST, beam_search
from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer, fit
from rnnlm_core.errors import ConfigError, RunError
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.nets.build import build

TOKENIZER = CharTokenizer.fit("abc")  # ids 1 to 3 behind <unk>
CELLS = ("rnn", "gru", "lstm", "cnn")


def model_of(cell: str, layers: int = 1, seed: int = 0, size: int = TOKENIZER.size):
    config = RunConfig(cell=cell, hidden=6, embedding=4, layers=layers, seed=seed, gain=3.0,
                       initialisation="orthogonal",
                       **({"receptive_field": 4} if cell == "cnn" else {}))
    model = build(config, size).eval()
    with torch.no_grad():
        model.output.weight.mul_(4)  # far from uniform, so that the beam has something to choose
    return model


def log_p(model, tokenizer, start: list[int], text: tuple[int, ...]) -> float:
    """By reading the whole text at once, what is never written masked."""
    ids = torch.tensor([[*start, *text]])
    with torch.no_grad():
        logits = model(ids)[0][0].double()
    total = 0.0
    for at, token in enumerate(text, len(start)):
        row = logits[at - 1].clone()
        row[tokenizer.barred_after(int(ids[0, at - 1]))] = -torch.inf
        total += float(row.log_softmax(0)[token])
    return total


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_beam_of_all_texts_finds_the_likeliest_of_them(cell: str, layers: int) -> None:
    model, starts = model_of(cell, layers), np.array([[1, 2], [3, 3]])
    found = beam_search(model, TOKENIZER, starts, 27, 3)
    for start, best in zip(starts.tolist(), found, strict=True):
        every = {text: log_p(model, TOKENIZER, start, text)
                 for text in itertools.product((1, 2, 3), repeat=3)}
        assert tuple(best.ids) == max(every, key=every.__getitem__)
        assert best.log_p == pytest.approx(max(every.values()), abs=1e-4)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("width", [2, 3, 5])
def test_a_narrow_beam_keeps_what_a_beam_of_lists_keeps(cell: str, width: int) -> None:
    model, start, length = model_of(cell, seed=3), [2, 1, 1], 7
    beam: list[tuple[int, ...]] = [()]
    for _ in range(length):
        longer = [(*text, token) for text in beam for token in (1, 2, 3)]
        beam = sorted(longer, key=lambda text: -log_p(model, TOKENIZER, start, text))[:width]
    [found] = beam_search(model, TOKENIZER, np.array([start]), width, length)
    assert tuple(found.ids) == beam[0]
    assert found.log_p == pytest.approx(log_p(model, TOKENIZER, start, beam[0]), abs=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_width_one_writes_greedily(cell: str) -> None:
    model = model_of(cell, seed=5)
    [found] = beam_search(model, TOKENIZER, np.array([[3]]), 1, 40)
    greedy = generate(model, TOKENIZER, [3], SamplingSettings(temperature=0.0, length=40))
    assert found.ids.tolist() == [token.id for token in greedy]


def test_of_equal_texts_the_first_wins_and_rows_keep_to_their_beginning() -> None:
    model = model_of("gru")
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.zero_()
    found = beam_search(model, TOKENIZER, np.array([[1], [2]]), 4, 3)
    assert [best.ids.tolist() for best in found] == [[1, 1, 1]] * 2
    assert found[0].log_p == pytest.approx(3 * np.log(1 / 3))


def test_a_start_mark_follows_each_end_mark_and_stands_nowhere_else() -> None:
    tokenizer = fit("characters", "ab\nba\nab\n", marks="lines")
    model = model_of("lstm", size=tokenizer.size)
    with torch.no_grad():
        model.output.bias[tokenizer.end_id] += 6.0
    [found] = beam_search(model, tokenizer, np.array([[tokenizer.start_id]]), 5, 12)
    ids = found.ids.tolist()
    assert tokenizer.end_id in ids and tokenizer.unknown_id not in ids
    follow = dict(zip(range(1, 12), ids[:-1], strict=True))
    assert all((ids[at] == tokenizer.start_id) == (before == tokenizer.end_id)
               for at, before in follow.items())


@pytest.mark.parametrize(("width", "length", "field"), [
    (0, 5, "width"), (-1, 5, "width"), (WIDEST + 1, 5, "width"), (2, -1, "length"),
    (2, 1_000_000, "length")])
def test_what_would_take_for_ever_is_refused_in_words(width: int, length: int, field: str) -> None:
    with pytest.raises(ConfigError) as refused:
        beam_search(model_of("gru"), TOKENIZER, np.array([[1]]), width, length)
    assert [p.values["field"] for p in refused.value.problems] == [field]


def test_nothing_is_written_by_weights_that_are_no_numbers() -> None:
    model = model_of("gru")
    with torch.no_grad():
        model.output.bias.fill_(torch.nan)
    with pytest.raises(RunError, match="no numbers"):
        beam_search(model, TOKENIZER, np.array([[1]]), 2, 3)


def test_no_length_is_no_text_at_probability_one() -> None:
    [found] = beam_search(model_of("gru"), TOKENIZER, np.array([[1, 2]]), 4, 0)
    assert (found.ids.tolist(), found.log_p) == ([], 0.0)
