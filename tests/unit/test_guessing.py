"""The guessing game against sums by hand and over all tokens that could have stood there."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import BpeTokenizer, CharTokenizer, Tokenizer, fit
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.insight import guessing
from rnnlm_core.insight.guessing import (
    BETS,
    Habits,
    bet_share,
    passage,
    place_of,
    token_bytes,
)
from rnnlm_core.nets.build import build

TEXT = "the cat sat on the mat\nthat cat ate the rat\n" * 20
CHINESE = "小猫说：“你好，世界。”\n然后它走了。é👨‍👩‍👧\n" * 20


def network(tokenizer: Tokenizer, **changes: Any) -> Any:
    config = RunConfig(**{"hidden": 8, "embedding": 4, "seed": 3, **changes})
    return build(config, tokenizer.size).double().eval()


# -- the person -----------------------------------------------------------------------------------
def test_the_scores_of_bets_by_hand() -> None:
    habits = Habits.of("aaabbc")  # counts 3, 2, 1; by Laplace 4, 3, 2 and 1 unseen, of 10
    assert [habits.share(c) for c in "abc☃"] == [0.4, 0.3, 0.2, 0.1]
    assert bet_share(habits, "a", 0.7, "a") == 0.7
    assert bet_share(habits, "a", 0.7, "b") == pytest.approx(0.3 * 3 / 6)
    assert bet_share(habits, "a", 0.7, "☃") == pytest.approx(0.3 * 1 / 6)
    assert bet_share(habits, None, 0.7, "b") == 0.3
    bits = [-math.log2(bet_share(habits, "a", BETS["sure"], true)) for true in "ab"]
    assert bits == pytest.approx([-math.log2(0.95), -math.log2(0.05 * 3 / 6)])


@given(st.text("abcde", min_size=1, max_size=30), st.sampled_from("abcdez"),
       st.sampled_from(sorted(BETS.values())))
def test_a_bet_gives_shares_that_sum_to_one(text: str, pick: str, bet: float) -> None:
    habits = Habits.of(text)
    seen = sorted(set(text) | {pick})
    unseen = 0.0 if pick not in text else bet_share(habits, pick, bet, "☃")
    assert sum(bet_share(habits, pick, bet, c) for c in seen) + unseen == pytest.approx(1)
    assert sum(habits.share(c) for c in set(text)) + habits.share("☃") == pytest.approx(1)


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6),
       st.sampled_from(sorted(BETS.values())))
def test_nobody_gains_by_a_bet_they_do_not_believe(weights: list[float], bet: float) -> None:
    habits = Habits.of("aab")
    belief = {"a": bet, **{c: (1 - bet) * habits.share(c) / (1 - habits.share("a"))
                           for c in "b☃"}}

    def expected(other: float) -> float:
        return sum(p * -math.log2(bet_share(habits, "a", other, c)) for c, p in belief.items())

    assert all(expected(bet) <= expected(other) + 1e-9 for other in [*BETS.values(), *(
        w * 0.98 + 0.01 for w in weights)])


def test_what_is_offered_follows_what_stands_there_and_is_filled_up() -> None:
    habits = Habits.of("abcabdabcxyz")
    assert habits.offered("ab", 2) == ["c", "d"]  # twice and once after “ab”
    assert habits.offered("zzb", 2)[:2] == ["c", "d"]  # “zb” was never seen: after “b”
    assert len(habits.offered("ab")) == 6 == len(set(habits.offered("ab")))
    assert habits.offered("", 1) in (["a"], ["b"])
    assert habits.offered("☃", 2) == [c for c, _ in Counter("abcabdabcxyz").most_common(2)]


# -- the network ----------------------------------------------------------------------------------
def bits_by_hand(model: Any, tokenizer: Tokenizer, ids: list[int], at: int) -> float:
    """Bits for the first `at` bytes after the first token, token by token from all V of them."""
    spelled, paid = token_bytes(tokenizer), 0.0
    with torch.no_grad():
        log_p = model(torch.tensor([ids]))[0][0]
    if tokenizer.unknown_id is not None:
        log_p[:, tokenizer.unknown_id] = -torch.inf
    p = log_p.softmax(-1).numpy()
    whole = b"".join(spelled[i] for i in ids[1:])
    done = 0
    for t, token in enumerate(ids[1:]):
        end = done + len(spelled[token])
        if end < at:
            paid -= math.log2(p[t, token])
            done = end
            continue
        prefix = whole[done:at]
        return paid - math.log2(sum(p[t, i] for i in range(tokenizer.size)
                                    if spelled[i].startswith(prefix)))
    raise AssertionError


@pytest.mark.parametrize(("kind", "text"), [
    ("characters", TEXT), ("words", TEXT), ("bytes", CHINESE), ("bpe", CHINESE), ("bpe", TEXT),
    ("graphemes", CHINESE), ("chinese", CHINESE)])
def test_a_character_costs_what_the_text_costs_with_it_less_without(kind: str, text: str) -> None:
    tokenizer = fit(kind, text, 300)
    model = network(tokenizer)
    made = passage(model, tokenizer, text, 2, run_up=12, length=30)
    ids = tokenizer.known(text[place_of(text, 2, 12, 30):][:84])
    first = len(token_bytes(tokenizer)[ids[0]])
    ends = np.cumsum([len(c.encode()) for c in made.characters]) - first
    assert "".join(made.characters) == text[place_of(text, 2, 12, 30):][:len(
        "".join(made.characters))]
    for n in (0, 1, 2, 7, 20):
        at = made.first + n
        paid = bits_by_hand(model, tokenizer, ids, int(ends[at])) - bits_by_hand(
            model, tokenizer, ids, int(ends[at - 1]))
        assert -math.log2(made.shares[n]) == pytest.approx(paid, abs=1e-9)


def test_the_likeliest_of_a_character_network_are_its_own_probabilities() -> None:
    tokenizer = CharTokenizer.fit(TEXT)
    model = network(tokenizer)
    made = passage(model, tokenizer, TEXT, 1, run_up=12, length=30)
    ids = tokenizer.encode("".join(made.characters)).astype(np.int64)
    with torch.no_grad():
        logits = model(torch.from_numpy(ids)[None])[0][0]
    logits[:, 0] = -torch.inf
    p = logits.softmax(-1).numpy()
    for n, likeliest in enumerate(made.likeliest):
        before, true = p[made.first + n - 1], int(ids[made.first + n])
        assert made.shares[n] == pytest.approx(before[true])
        best = sorted(before, reverse=True)[:5]
        assert [share for _, share in likeliest] == pytest.approx(best)


def test_pieces_that_may_go_on_count_for_the_next_character() -> None:
    """After “th” of a piece “the” only pieces that begin with “th” are left."""
    tokenizer = BpeTokenizer.fit(TEXT, 280)
    made = passage(network(tokenizer), tokenizer, TEXT, 1, run_up=12, length=60)
    for likeliest in made.likeliest:
        assert sum(share for _, share in likeliest) <= 1 + 1e-9
        assert all(len(guessing.characters_of(c)) == 1 and "�" not in c for c, _ in likeliest)


def test_a_place_is_the_beginning_of_a_line_and_stays_the_same() -> None:
    places = {place_of(TEXT, number) for number in range(1, 30)}
    assert len(places) > 5 and all(at == 0 or TEXT[at - 1] == "\n" for at in places)
    assert place_of(TEXT, 7) == place_of(TEXT, 7)
    assert all(0 <= place_of("x" * 900, n) <= 440 for n in range(30))
    assert place_of("short", 5) == 0


def test_texts_that_are_too_short_and_networks_without_numbers_are_told() -> None:
    tokenizer = CharTokenizer.fit(TEXT)
    model = network(tokenizer)
    with pytest.raises(BadInput, match="at least 40"):
        passage(model, tokenizer, "the cat", 1)
    short = passage(model, tokenizer, TEXT[:50], 1)
    assert (short.first, short.length) == (25, 25)
    model.output.weight.data[:] = np.nan
    with pytest.raises(RunError, match="no numbers"):
        passage(model, tokenizer, TEXT, 1)


@pytest.mark.parametrize("marks", ["lines", "paragraphs"])
def test_marks_are_no_characters(marks: str) -> None:
    text = TEXT if marks == "lines" else TEXT.replace("\n", "\n\n")
    tokenizer = fit("characters", text, marks=marks)
    made = passage(network(tokenizer), tokenizer, text, 1)
    assert "".join(made.characters) in text and (made.shares > 0).all()


def test_a_convolutional_network_plays_too() -> None:
    tokenizer = CharTokenizer.fit(TEXT)
    made = passage(network(tokenizer, cell="cnn", receptive_field=8), tokenizer, TEXT, 1)
    assert made.length == 400 and (made.shares > 0).all()
