"""Surprise, entropy and calibration against counting, closed forms and the writer itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import ByteTokenizer, CharTokenizer, Tokenizer
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.insight.calibration import BEST_EDGES, Tally, calibration, wilson
from rnnlm_core.insight.expectation import Expectation, balance, expectation, token_surprise
from rnnlm_core.insight.states import read_states
from rnnlm_core.nets.build import build
from rnnlm_core.nets.language_model import LanguageModel
from tests.small_runs import small_text

TEXT = small_text(900)
CELLS = pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "cnn"])


def network(tokenizer: Tokenizer, cell: str = "lstm") -> LanguageModel:
    torch.manual_seed(3)
    model = build(RunConfig(embedding=6, hidden=9, cell=cell), tokenizer.size).eval()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(3)  # far from even
    return model


@CELLS
def test_as_the_writer_gave_it(cell: str) -> None:
    """What the tokens were written with is what is read again, to the last candidate."""
    tokenizer = CharTokenizer.fit(TEXT)
    model = network(tokenizer, cell)
    before = [part.clone() for part in model.state_dict().values()]
    start = tokenizer.encode("abba cad").tolist()
    tokens = list(generate(model, tokenizer, start, SamplingSettings(1.0, length=150)))
    ids = np.array([*start, *(token.id for token in tokens)])
    found = expectation(model, tokenizer, ids, given=len(start))
    assert np.isnan(found.surprise[:8]).all() and found.alternatives[:8] == [[]] * 8
    np.testing.assert_allclose(found.surprise[8:], [t.surprise for t in tokens], atol=2e-5)
    np.testing.assert_allclose(found.entropy[8:], [t.entropy for t in tokens], atol=2e-5)
    for mine, token in zip(found.alternatives[8:], tokens, strict=True):
        assert dict(mine) == pytest.approx(dict(token.alternatives), abs=1e-5)
    top_p = SamplingSettings(1.0, top_p=0.9, length=1)
    for at in (8, 20, 100):
        first = next(generate(model, tokenizer, ids[:at].tolist(), top_p))
        assert found.candidates[at] == first.kept
    assert all(torch.equal(a, b) for a, b in zip(before, model.state_dict().values(), strict=True))


def test_own_text_surprises_as_much_as_its_entropy_and_other_text_more() -> None:
    tokenizer = CharTokenizer.fit(TEXT)
    model = network(tokenizer)
    tokens = list(generate(model, tokenizer, "a", SamplingSettings(1.0, length=3_000, seed=5)))
    own = balance(expectation(model, tokenizer, np.array(
        [tokenizer.id_of("a"), *(token.id for token in tokens)])))
    assert own.within and own.band < 0.1 and own.tokens == 3_000
    other = balance(expectation(model, tokenizer, tokenizer.encode(TEXT)))
    assert other.excess > other.band  # it was never trained on it
    safe = list(generate(model, tokenizer, "a", SamplingSettings(0.4, length=500)))
    cold = balance(expectation(model, tokenizer, np.array(
        [tokenizer.id_of("a"), *(token.id for token in safe)])))
    assert cold.excess < -cold.band


def test_the_band_by_hand() -> None:
    found = Expectation(np.array([np.nan, 1, 3, 2]), np.array([np.nan, 2, 1, 2]),
                        np.array([np.nan, 0.5, 0.25, 3.25]), np.zeros(4, int), [])
    known = balance(found)
    assert (known.surprise, known.tokens) == (2, 3)
    assert known.excess == pytest.approx(1 / 3)
    assert known.band == pytest.approx(1.96 * 2 / 3)  # √(0.5 + 0.25 + 3.25) is 2


def test_the_variance_is_that_of_the_surprise_of_what_could_come() -> None:
    tokenizer = CharTokenizer.fit(TEXT)
    model, ids = network(tokenizer), tokenizer.encode(TEXT[:90]).astype(np.int64)
    found = expectation(model, tokenizer, ids)
    with torch.no_grad():
        logits = model(torch.from_numpy(ids)[None])[0][0].double()
    p = logits[:, 1:].softmax(-1).numpy()  # without <unk>
    for at in (1, 30, 89):
        bits = -np.log2(p[at - 1])
        mean = np.average(bits, weights=p[at - 1])
        assert found.entropy[at] == pytest.approx(mean, abs=1e-6)
        assert found.variance[at] == pytest.approx(
            np.average((bits - mean)**2, weights=p[at - 1]), abs=1e-5)


def test_the_band_is_that_of_chance_and_a_safer_text_does_not_narrow_it() -> None:
    """It holds the difference in 95 % of texts drawn from the network, whose spread it is; on text
    that was drawn colder it is that of the places there, and not of how evenly that text came."""
    tokenizer = CharTokenizer.fit(TEXT)
    model = network(tokenizer)

    def drawn(temperature: float, seed: int) -> Expectation:
        settings = SamplingSettings(temperature, length=120, seed=seed)
        return expectation(model, tokenizer, np.array([tokenizer.id_of("a"), *(
            token.id for token in generate(model, tokenizer, "a", settings))]))

    own = [balance(drawn(1.0, seed)) for seed in range(1, 61)]
    assert binomtest(sum(one.within for one in own), 60, 0.95).pvalue > 0.01
    spread = np.std([one.excess for one in own])
    assert np.mean([one.band for one in own]) == pytest.approx(1.96 * spread, rel=0.25)
    cold = drawn(0.3, 1)
    narrow = 1.96 * np.nanstd(cold.surprise - cold.entropy, ddof=1) / np.sqrt(120)
    assert balance(cold).band > 1.2 * narrow


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_token_surprise_is_that_of_the_states(cell: str) -> None:
    tokenizer = ByteTokenizer.fit(TEXT)
    model, text = network(tokenizer, cell), TEXT[:700] + "é"
    found = token_surprise(model, tokenizer, tokenizer.encode(text))
    assert np.isnan(found[0])
    np.testing.assert_allclose(found, read_states(model, tokenizer, text).surprise, atol=1e-4)


def test_a_text_has_one_surprise_whoever_asks() -> None:
    """Where there is `<unk>`, too: it has none of the probability, as nothing writes it."""
    tokenizer = CharTokenizer.fit(TEXT)
    model, ids = network(tokenizer), tokenizer.encode(TEXT[:200]).astype(np.int64)
    with torch.no_grad():
        model.output.bias[0] += 3  # much of it otherwise
        p = model(torch.from_numpy(ids)[None])[0][0].double()[:, 1:].softmax(-1).numpy()
    found = token_surprise(model, tokenizer, ids)
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], -np.log2(p[np.arange(199), ids[1:] - 1]), atol=1e-5)
    np.testing.assert_array_equal(found, expectation(model, tokenizer, ids).surprise)


def test_bad_input_has_a_sentence() -> None:
    tokenizer = CharTokenizer.fit(TEXT)
    model = network(tokenizer)
    for ids in (np.array([], int), np.array([1])):
        with pytest.raises(BadInput, match="at least 2"):
            expectation(model, tokenizer, ids)
    with pytest.raises(BadInput):
        calibration(model, tokenizer.encode(TEXT[:100]))
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    ids = tokenizer.encode(TEXT)
    for read in (lambda: expectation(model, tokenizer, ids),
                 lambda: token_surprise(model, tokenizer, ids), lambda: calibration(model, ids)):
        with pytest.raises(RunError, match="numbers"):
            read()


# -- calibration ---------------------------------------------------------------------------------
def test_a_known_distribution_is_found_honest_and_a_bent_one_is_not() -> None:
    draw = np.random.default_rng(1)
    p = draw.uniform(0, 1, 20_000)
    came = draw.random(20_000) < p
    honest, bent = Tally(BEST_EDGES), Tally(BEST_EDGES)
    honest.add(p, came)
    true = honest.result(20_000)
    assert true.honest and true.error < 2 * true.chance
    assert true.groups == 10 and true.off <= 1
    bent.add(p, draw.random(20_000) < p**2)  # what it gives p comes in p² of cases
    found = bent.result(20_000)
    assert found.lean == pytest.approx(1 / 2 - 1 / 3, abs=0.01) and not found.honest
    assert found.off >= 8
    assert found.error == pytest.approx(1 / 6, abs=0.01)  # ∫ p − p² dp
    np.testing.assert_allclose(found.came, found.given**2, atol=0.04)


def test_the_error_by_chance_is_that_of_many_honest_draws() -> None:
    draw = np.random.default_rng(2)
    p = draw.uniform(0.05, 1, 1_500)
    errors = []
    for _ in range(300):
        tally = Tally(BEST_EDGES)
        tally.add(p, draw.random(1_500) < p)
        errors.append(tally.result(1_500))
    assert np.mean([one.error for one in errors]) == pytest.approx(errors[0].chance, rel=0.06)
    assert 0.9 < np.mean([one.honest for one in errors]) < 0.99


def test_bins_and_interval_by_hand() -> None:
    tally = Tally((0.0, 0.5, 1.0))
    tally.add(np.array([0.2, 0.4, 0.5, 1.0]), np.array([False, True, True, True]))
    found = tally.result(4)
    assert found.count.tolist() == [2, 2]
    assert found.given.tolist() == pytest.approx([0.3, 0.75])
    assert found.came.tolist() == [0.5, 1.0]
    assert found.error == pytest.approx((abs(1 - 0.6) + abs(2 - 1.5)) / 4)
    assert found.lean == pytest.approx((2.1 - 3) / 4)


@given(st.integers(0, 400), st.integers(1, 400))
def test_the_interval_is_wilsons(came: int, count: int) -> None:
    came = min(came, count)
    low, high = wilson(np.array([float(came)]), np.array([float(count)]))
    exact = binomtest(came, count).proportion_ci(method="wilson")
    assert (low[0], high[0]) == pytest.approx((exact.low, exact.high), abs=1e-6)
    assert low[0] <= came / count <= high[0]


@CELLS
def test_calibration_counts_each_place_once(cell: str) -> None:
    """Against a loop over rows that are each read alone, after their 32 tokens of warm-up."""
    tokenizer = CharTokenizer.fit(TEXT)
    model, ids = network(tokenizer, cell), tokenizer.encode(TEXT[:240]).astype(np.int64)
    best, every = calibration(model, ids)
    rows, true = (240 - 33) // 16, ids[33:]
    width = -(-len(true) // rows)
    with torch.no_grad():
        p = np.concatenate([
            torch.softmax(model(torch.from_numpy(ids[at:at + 32 + width][:239 - at])[None])[0][0],
                          -1).numpy()[32:] for at in range(0, len(true), width)])
    assert best.places == len(true) == len(p) == every.places
    assert every.count.sum() == p.size
    assert np.nansum(best.came * best.count) == pytest.approx((p.argmax(1) == true).sum())
    assert np.nansum(best.given * best.count) == pytest.approx(p.max(1).sum(), abs=1e-3)
    assert np.nansum(every.came * every.count) == pytest.approx(len(true))
