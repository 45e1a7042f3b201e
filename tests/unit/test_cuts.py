"""The rules one after another: the toy of SCIENCE.md section 5 by hand, and what must always hold.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import ConfigError, RunError
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.insight.cuts import logits_after, rules_of, stages
from rnnlm_core.nets.build import build

TOY = np.array([2.0, 1.0, 0.0, -1.0, -2.0])
P = [0.636409, 0.234122, 0.086129, 0.031685, 0.011656]
TOKENIZER = CharTokenizer.fit("abcdefgh \n")


def settings(**changed) -> SamplingSettings:
    return SamplingSettings(**{"temperature": 1.0, **changed})


def test_without_a_rule_there_is_only_the_model() -> None:
    [model] = stages(TOY, settings())
    assert model.rule == "model" and model.p == pytest.approx(P, abs=5e-7)
    assert (model.kept, model.cut.any()) == (5, False)
    assert model.entropy == pytest.approx(1.442656, abs=5e-7)


@pytest.mark.parametrize(("temperature", "first", "entropy"), [
    (0.5, 0.864704, 0.660681), (2.0, 0.428656, 2.011528)])
def test_temperature_cuts_nothing(temperature: float, first: float, entropy: float) -> None:
    _, turned = stages(TOY, settings(temperature=temperature))
    assert (turned.p[0], turned.entropy) == pytest.approx((first, entropy), abs=5e-7)
    assert turned.rule == "temperature" and not turned.cut.any()


def test_each_cut_names_what_it_took_and_where_its_line_lies() -> None:
    k = stages(TOY, settings(top_k=2))[1]
    assert k.p == pytest.approx([0.731059, 0.268941, 0, 0, 0], abs=5e-7)
    assert k.cut.tolist() == [False, False, True, True, True]
    p = stages(TOY, settings(top_p=0.9))[1]
    assert p.kept == 3 and p.reached == pytest.approx((0.870531, 0.956660), abs=2e-6)
    m = stages(TOY, settings(min_p=0.1))[1]
    assert m.kept == 3 and m.threshold == pytest.approx(0.063641, abs=5e-7)


def test_the_order_is_temperature_top_k_top_p_min_p() -> None:
    """By hand: T 2 → ∝ 1, .6065, .3679, .2231, .1353; top-k 4 leaves 2.1975 in all, of which the
    first have .455, .731, .898; top-p .8 so keeps three; min-p .4 takes the third, .3679 < .4."""
    found = stages(TOY, settings(temperature=2.0, top_k=4, top_p=0.8, min_p=0.4))
    assert [s.rule for s in found] == ["model", "temperature", "top_k", "top_p", "min_p"]
    assert [s.kept for s in found] == [5, 5, 4, 3, 2]
    assert found[3].reached == pytest.approx((0.731059, 0.898464), abs=1e-6)
    assert found[4].p[:2] == pytest.approx([0.622459, 0.377541], abs=1e-6)  # σ(½)


def test_min_p_cuts_otherwise_after_a_temperature_than_before() -> None:
    assert [stages(TOY, settings(temperature=t, min_p=0.1))[-1].kept for t in (1.0, 1.5)] == [3, 4]


def test_the_repetition_penalty_comes_first_and_may_turn_the_order() -> None:
    """By hand: 2 was there, 2 / 2.5 = .8; −2 was there, −2 · 2.5 = −5. Of e^.8, e^1, e^0, e^−1,
    e^−5 the second is the likeliest."""
    found = stages(TOY, settings(repetition_penalty=2.5, top_k=1), before=[0, 4])
    assert [s.rule for s in found] == ["model", "repetition_penalty", "top_k"]
    assert found[1].p == pytest.approx([0.352229, 0.430214, 0.158267, 0.058223, 0.001066], abs=1e-6)
    assert found[1].p[0] / found[1].p[1] == pytest.approx(np.exp(-0.2))
    assert found[2].p.tolist() == [0, 1, 0, 0, 0] and not found[1].cut.any()


def test_greedy_leaves_one_and_nothing_to_later_rules() -> None:
    greedy = settings(temperature=0.0, top_k=3, top_p=0.5, min_p=0.2)
    assert rules_of(greedy) == ["temperature"]
    _, last = stages(TOY, greedy)
    assert last.p.tolist() == [1, 0, 0, 0, 0] and last.cut.tolist() == [False] + [True] * 4


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=30), st.floats(0, 3), st.integers(0, 40),
       st.floats(1e-6, 1), st.floats(0, 1), st.floats(1, 10))
def test_at_least_one_remains_and_nothing_cut_comes_back(
        logits: list[float], temperature: float, k: int, p: float, m: float, r: float) -> None:
    wanted = settings(temperature=temperature, top_k=k, top_p=p, min_p=m, repetition_penalty=r)
    found = stages(np.array(logits), wanted, before=[1])
    gone = np.zeros(len(logits), bool)
    for stage in found:
        assert stage.kept >= 1 and stage.p.sum() == pytest.approx(1)
        gone |= stage.cut
        assert not (stage.p[gone] > 0).any()


@pytest.mark.parametrize(("changed", "field"), [
    ({"temperature": -1.0}, "temperature"), ({"temperature": float("nan")}, "temperature"),
    ({"repetition_penalty": 0.5}, "repetition_penalty"), ({"top_p": 0.0}, "top_p"),
    ({"min_p": 1.5}, "min_p"), ({"top_k": -1}, "top_k"),
    ({"length": 1_000_000}, "length")])
def test_bad_settings_are_refused(changed: dict[str, float], field: str) -> None:
    with pytest.raises(ConfigError) as refused:
        stages(TOY, settings(**changed))
    assert [p.values["field"] for p in refused.value.problems] == [field]


@pytest.mark.parametrize("changed", [
    {"temperature": 1e-9}, {"temperature": 100.0}, {"top_k": 10**6}])
def test_extreme_settings_are_defined(changed: dict[str, float]) -> None:
    last = stages(TOY, settings(**changed))[-1]
    assert last.kept >= 1 and np.isfinite(last.entropy)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "cnn"])
@pytest.mark.parametrize("prompt", ["", "ab", "abcabc\n"])
def test_the_last_stage_is_what_writing_draws_from(cell: str, prompt: str) -> None:
    model = build(RunConfig(cell=cell, hidden=8, embedding=4), TOKENIZER.size).eval()
    wanted = settings(temperature=0.7, top_k=6, top_p=0.8, min_p=0.05, length=1,
                      repetition_penalty=1.5)
    ids = TOKENIZER.encode(prompt).tolist()
    found = stages(logits_after(model, TOKENIZER, ids), wanted, ids or [TOKENIZER.first_known])
    [token] = generate(model, TOKENIZER, prompt, wanted)
    assert (token.kept, token.entropy) == (
        found[-1].kept, pytest.approx(found[-1].entropy, abs=1e-5))
    assert token.probability == pytest.approx(found[0].p[token.id], abs=1e-6)


def test_logits_that_are_no_numbers_are_told() -> None:
    model = build(RunConfig(cell="gru", hidden=8, embedding=4), TOKENIZER.size).eval()
    with torch.no_grad():
        model.output.bias.fill_(torch.inf)
    with pytest.raises(RunError, match="no numbers"):
        logits_after(model, TOKENIZER, [1])
