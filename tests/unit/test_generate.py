"""Sampling: the toy of SCIENCE.md section 5, edge cases, frequencies of what is drawn."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import ConfigError, RunError
from rnnlm_core.generate import (
    SamplingSettings,
    draw,
    generate,
    generate_many,
    noise_of,
    reshape,
    starting_ids,
    written,
)
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import unroll
from rnnlm_core.nets.writer import Writer

TOY = np.array([2.0, 1.0, 0.0, -1.0, -2.0])
TOKENIZER = CharTokenizer.fit("abcdefgh \n")


def settings(**changed) -> SamplingSettings:
    return SamplingSettings(**{"temperature": 1.0, **changed})


def model_of(cell: str = "gru", layers: int = 1, **changed):
    return build(RunConfig(cell=cell, hidden=8, embedding=4, layers=layers, **changed),
                 TOKENIZER.size)


def text_of(model, prompt="ab", **changed) -> str:
    return written(generate(model, TOKENIZER, prompt, settings(length=60, **changed)))


def bits(p: np.ndarray) -> float:
    return float(-(p[p > 0] * np.log2(p[p > 0])).sum())


# -- the toy of section 5 -------------------------------------------------------------------------
def test_toy_at_temperature_1():
    p = reshape(TOY, settings())

    assert p == pytest.approx([0.636409, 0.234122, 0.086129, 0.031685, 0.011656], abs=5e-7)
    assert bits(p) == pytest.approx(1.442656, abs=5e-7)


@pytest.mark.parametrize(("temperature", "first", "entropy"), [
    (0.5, 0.864704, 0.660681), (2.0, 0.428656, 2.011528)])
def test_toy_at_other_temperatures(temperature, first, entropy):
    p = reshape(TOY, settings(temperature=temperature))

    assert (p[0], bits(p)) == pytest.approx((first, entropy), abs=5e-7)


def test_toy_top_k_2():
    p = reshape(TOY, settings(top_k=2))

    assert p == pytest.approx([0.731059, 0.268941, 0, 0, 0], abs=5e-7)


@pytest.mark.parametrize(("cut", "kept"), [
    ({"top_p": 0.9}, 3),  # .8705 before the third: it crosses, and stays
    ({"top_p": 0.6}, 1), ({"min_p": 0.1}, 3), ({"top_p": 1e-9}, 1), ({"min_p": 1.0}, 1),
    ({"top_k": 99}, 5), ({"top_k": 0}, 5)])
def test_toy_cuts_keep_that_many(cut, kept):
    p = reshape(TOY, settings(**cut))

    assert (p > 0).sum() == kept
    assert p.sum() == pytest.approx(1)
    assert (p[:kept] > 0).all()


def test_cuts_are_taken_after_the_temperature():
    """At T = 1.5 the threshold of min-p lies elsewhere: e^(−3/1.5) = .135 > .1 now stays."""
    assert (reshape(TOY, settings(temperature=1.5, min_p=0.1)) > 0).sum() == 4
    assert (reshape(TOY, settings(temperature=1.0, min_p=0.1)) > 0).sum() == 3


def test_top_p_sees_the_renormalised_rest_of_top_k():
    """.636 of all is below .7, but .731 of the two that top-k leaves is above it."""
    assert (reshape(TOY, settings(top_p=0.7)) > 0).sum() == 2
    assert (reshape(TOY, settings(top_k=2, top_p=0.7)) > 0).sum() == 1


def test_ties_are_cut_in_favour_of_the_lower_id():
    assert reshape(np.zeros(5), settings(top_k=2)).tolist() == [0.5, 0.5, 0, 0, 0]


# -- repetition penalty --------------------------------------------------------------------------
def test_repetition_penalty_divides_what_is_positive_multiplies_what_is_negative():
    """(2, 1, 0, −1, −2) with 0, 2 and 4 there lately, at penalty 2: (1, 1, 0, −1, −4), over T."""
    p = reshape(TOY, settings(repetition_penalty=2.0, temperature=0.5), [4, 0, 0, 2])

    expected = np.exp(np.array([1, 1, 0, -1, -4]) / 0.5)
    assert p == pytest.approx(expected / expected.sum(), abs=1e-12)


def test_repetition_penalty_comes_before_the_cuts():
    """Of (2/4, 1, …) the second is the likeliest now, and what top-k 1 leaves."""
    assert reshape(TOY, settings(repetition_penalty=4.0, top_k=1), [0]).tolist() == [0, 1, 0, 0, 0]


def test_repetition_penalty_forgets_what_is_behind_its_window():
    here = settings(repetition_penalty=3.0, repetition_window=2)

    assert np.array_equal(reshape(TOY, here, [0, 3, 3]), reshape(TOY, here, [3]))
    assert not np.array_equal(reshape(TOY, here, [0, 3]), reshape(TOY, here, [3]))


def test_without_a_penalty_nothing_counts_what_was_there():
    assert np.array_equal(reshape(TOY, settings(), [0, 1, 2]), reshape(TOY, settings()))


def test_repetition_penalty_counts_the_prompt_what_was_before_it_and_what_it_writes():
    model = model_of()
    with torch.no_grad():  # the network always says the same: (…, 4, 2, 2, 2, …)
        model.output.weight.zero_()
        model.output.bias.fill_(2.0)
        model.output.bias[[0, *TOKENIZER.encode("c").tolist()]] = 4.0
    greedy = settings(temperature=0, length=4, repetition_penalty=4.0, repetition_window=3)

    # c is worth 4 or 1, the others 2 or 0.5; ties go to the lowest id
    assert written(generate(model, TOKENIZER, "c", greedy)) == "\n ac"
    assert written(generate(model, TOKENIZER, "h", greedy,
                            before=TOKENIZER.encode("c").tolist())) == "\n ca"
    assert written(generate(model, TOKENIZER, "h", greedy)) == "c\n a"


# -- temperature 0 and towards it -----------------------------------------------------------------
@pytest.mark.parametrize("temperature", [0, 0.0, 1e-3, 1e-300, 5e-324])
def test_towards_temperature_0_only_the_likeliest_is_left(temperature):
    assert reshape(TOY, settings(temperature=temperature)).tolist() == [1, 0, 0, 0, 0]


def test_a_hot_temperature_is_uniform_but_never_brings_a_masked_token_back():
    p = reshape(np.array([-np.inf, 3.0, -2.0]), settings(temperature=1e308))

    assert p.tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_greedy_writes_the_argmax_of_the_explained_model(cell, layers):
    model = model_of(cell, layers).eval()

    tokens = list(generate(model, TOKENIZER, "ab", settings(temperature=0, length=12)))

    ids = TOKENIZER.encode("ab").tolist()
    for token in tokens:
        with torch.no_grad():
            logits = unroll(model, torch.tensor([ids])).logits[0, -1, 1:]
        assert token.id == int(logits.argmax()) + 1
        assert (token.kept, token.entropy) == (1, 0.0)
        ids.append(token.id)


# -- drawing ------------------------------------------------------------------------------------
def test_the_model_writes_characters_as_often_as_it_says():
    """Each draw is weighed against its own distribution: E[surprise] = E[entropy] at T = 1."""
    tokens = list(generate(model_of(), TOKENIZER, "a", settings(length=4000)))

    surprise = np.array([-math.log2(t.probability) for t in tokens])
    entropy = np.array([t.entropy for t in tokens])
    error = (surprise - entropy).std() / math.sqrt(len(tokens))
    assert abs((surprise - entropy).mean()) < 3.5 * error


def test_a_cut_token_is_never_drawn():
    tokens = list(generate(model_of(), TOKENIZER, "a", settings(length=300, top_k=2)))

    assert {t.kept for t in tokens} == {2}
    assert all(t.text in [text for text, _ in t.alternatives[:2]] for t in tokens)


def test_same_seed_same_text_and_another_seed_another():
    model = model_of()

    assert text_of(model, seed=4) == text_of(model, seed=4)
    assert text_of(model, seed=4) != text_of(model, seed=5)


def test_noise_of_a_position_depends_on_seed_and_position_alone():
    """Common random numbers: a slightly other temperature keeps the beginning of the text."""
    model = model_of()

    warm, warmer = text_of(model), text_of(model, temperature=1.0001)

    assert warm[:20] == warmer[:20]
    assert np.array_equal(list(zip(range(3), noise_of(1, 9), strict=False))[2][1],
                          list(zip(range(9), noise_of(1, 9), strict=False))[2][1])


def test_global_generators_are_left_alone():
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()

    text_of(model_of(), seed=1)

    # building draws inside fork_rng; writing must not draw at all
    assert torch.equal(before, torch.random.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])


# -- what a token says ----------------------------------------------------------------------------
def test_probability_and_alternatives_are_the_models_at_temperature_1_whatever_the_cut():
    model = model_of().eval()

    token = next(generate(model, TOKENIZER, "abc", settings(temperature=0.3, top_k=2, top_p=0.9)))

    with torch.no_grad():
        logits = model(torch.from_numpy(TOKENIZER.encode("abc").astype(np.int64))[None])[0][0, -1]
    p = torch.softmax(logits[1:].double(), 0).numpy()
    assert token.probability == pytest.approx(p[token.id - 1], rel=1e-5)
    assert [q for _, q in token.alternatives] == pytest.approx(sorted(p)[::-1][:5], rel=1e-5)
    assert token.alternatives[0][0] == TOKENIZER.pieces[int(p.argmax()) + 1]


def test_unknown_is_never_written_however_likely():
    model = model_of()
    with torch.no_grad():
        model.output.bias[0] = 100.0

    tokens = list(generate(model, TOKENIZER, "a", settings(length=50)))

    assert all(t.id != 0 and "�" not in dict(t.alternatives) for t in tokens)


# -- prompts ------------------------------------------------------------------------------------
def test_unknown_characters_of_a_prompt_are_left_out():
    model = model_of()

    assert text_of(model, "a中b") == text_of(model, "ab")


@pytest.mark.parametrize("prompt", ["", "中文"])
def test_an_empty_prompt_starts_from_a_newline_that_is_not_shown(prompt):
    model = model_of()

    assert text_of(model, prompt) == text_of(model, "\n")


def test_without_a_newline_it_starts_from_the_first_character():
    assert starting_ids(CharTokenizer.fit("xyz"), "") == [1]


def test_a_vocabulary_of_one_character_writes_it():
    tokenizer = CharTokenizer.fit("a")
    model = build(RunConfig(hidden=3, embedding=2), 2)

    tokens = list(generate(model, tokenizer, "", settings(length=3, top_k=5, top_p=0.5, min_p=0.9)))

    assert written(iter(tokens)) == "aaa"
    assert [(t.probability, t.kept, t.entropy, t.alternatives) for t in tokens] == [
        (1.0, 1, 0.0, [("a", 1.0)])] * 3


def test_length_0_writes_nothing():
    assert list(generate(model_of(), TOKENIZER, "a", settings(length=0))) == []


# -- state --------------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_writing_goes_on_from_the_state_that_it_returns(cell):
    model = model_of(cell, 2)
    whole = list(generate(model, TOKENIZER, "ab", settings(temperature=0, length=20)))

    half = generate(model, TOKENIZER, "ab", settings(temperature=0, length=10))
    first, carried = [], None
    while True:
        try:
            first.append(next(half))
        except StopIteration as end:
            carried = end.value
            break
    rest = generate(model, TOKENIZER, first[-1].text, settings(temperature=0, length=10),
                    carried=carried)

    assert [t.id for t in [*first, *rest]] == [t.id for t in whole]


def test_hook_sees_every_state_from_the_prompt_on_and_steers():
    model, seen = model_of("lstm", 2), []

    def hold(layer, t, state):
        seen.append((layer, t, state[0].shape))
        h = state[0].clone()
        h[..., 0] = 3.0
        return h, state[1]

    free = next(generate(model, TOKENIZER, "ab", settings(length=1)))
    held = next(generate(model, TOKENIZER, "ab", settings(length=1), hook=hold))

    assert [(layer, t) for layer, t, _ in seen] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert {shape for *_, shape in seen} == {(1, 8)}
    assert free.alternatives != held.alternatives


def test_large_vocabularies_are_read_without_a_table(monkeypatch):
    model = model_of("gru", 2)
    with_table = text_of(model)
    monkeypatch.setattr("rnnlm_core.nets.writer._TABLE_LIMIT", 0)

    assert Writer(model).table is None
    assert text_of(model) == with_table


def test_a_forced_token_stands_where_it_is_put_and_what_follows_meets_the_same_noise():
    model = model_of("lstm", 2)
    free = list(generate(model, TOKENIZER, "ab", settings(length=12)))
    other = 1 + free[4].id % 9  # some other known token

    found = list(generate(model, TOKENIZER, "ab", settings(length=12), forced={4: other}))

    assert [t.id for t in found[:4]] == [t.id for t in free[:4]]
    assert (found[4].id, found[4].text) == (other, TOKENIZER.pieces[other])
    assert found[4].alternatives == free[4].alternatives
    ids = [t.id for t in free[:4]] + [other]
    noise = next(itertools.islice(noise_of(1, TOKENIZER.size), 5, None))
    with torch.no_grad():
        read = torch.tensor([TOKENIZER.encode("ab").tolist() + ids])
        logits = unroll(model, read).logits[0, -1].double().numpy()
    logits[0] = -np.inf
    assert found[5].id == int((np.exp(logits) / noise).argmax())


def test_a_writer_that_has_read_what_is_in_front_goes_on_and_stands_before_each_token():
    model = model_of("gru", 2)
    whole = list(generate(model, TOKENIZER, "abc", settings(length=5)))
    writer, check = Writer(model), Writer(model)
    writer.read(TOKENIZER.encode("a").tolist())
    check.read(TOKENIZER.encode("a").tolist())

    for token, last in zip(generate(model, TOKENIZER, TOKENIZER.encode("bc").tolist(),
                                    settings(length=5), writer=writer),
                           ["bc", *[t.text for t in whole[:-1]]], strict=True):
        for one in TOKENIZER.encode(last).tolist():
            check.read([one])
        assert token == whole.pop(0)
        assert all(torch.equal(a, b) for a, b in zip(writer.carried, check.carried, strict=True))


# -- what is wrong --------------------------------------------------------------------------------
@pytest.mark.parametrize(("field", "value"), [
    ("temperature", -0.1), ("temperature", math.nan), ("temperature", math.inf),
    ("temperature", "1"), ("temperature", True), ("top_k", -1), ("top_k", 2.5), ("top_p", 0.0),
    ("top_p", 1.1), ("top_p", math.nan), ("min_p", -0.1), ("min_p", 2.0), ("seed", -1),
    ("repetition_penalty", 0.9), ("repetition_penalty", 11.0), ("repetition_penalty", math.nan),
    ("repetition_window", 0), ("repetition_window", 1.5),
    ("seed", 2**63), ("length", -1), ("length", 100_001), ("length", 10**6), ("length", math.nan)])
def test_a_bad_setting_is_named_at_once_with_its_value_and_rule(field, value):
    with pytest.raises(ConfigError) as caught:
        generate(model_of(), TOKENIZER, "a", SamplingSettings(**{field: value}))

    (problem,) = caught.value.problems
    assert problem.code == "generate.bad_setting"
    assert (problem.values["field"], problem.values["value"]) == (field, repr(value))
    assert str(caught.value).startswith(f"{field} is {value!r}; it must be ")


def test_all_bad_settings_are_listed():
    with pytest.raises(ConfigError) as caught:
        SamplingSettings(temperature=-1, top_p=0, length=10**9).checked()

    assert [p.values["field"] for p in caught.value.problems] == ["temperature", "top_p", "length"]


def test_a_tokenizer_of_another_model_is_an_error():
    with pytest.raises(RunError, match="4 tokens for 11 outputs"):
        generate(model_of(), CharTokenizer.fit("xyz"), "x")


def test_a_model_that_lost_its_numbers_says_so():
    model = model_of()
    with torch.no_grad():
        model.output.bias[3] = math.nan

    with pytest.raises(RunError, match="its training diverged"):
        next(generate(model, TOKENIZER, "a"))


# -- many streams -------------------------------------------------------------------------------
def columns(steps) -> list[list]:
    """What each stream wrote."""
    return [[token for token in column if token is not None]
            for column in zip(*steps, strict=True)]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "cnn"])
def test_each_of_many_streams_is_what_it_writes_alone(cell):
    model = model_of(cell, 1 if cell == "cnn" else 2).eval()
    wishes = [settings(length=40, seed=seed) for seed in range(5)] + [
        settings(length=40, temperature=0), settings(length=25, temperature=0.7, top_k=3),
        settings(length=40, top_p=0.8, min_p=0.05, seed=3), settings(length=0),
        settings(length=40, repetition_penalty=2.0, repetition_window=5)]

    found = columns(generate_many(model, TOKENIZER, "ab", wishes))

    for wish, tokens in zip(wishes, found, strict=True):
        alone = list(generate(model, TOKENIZER, "ab", wish))
        assert [(t.id, t.text, t.kept) for t in tokens] == [(t.id, t.text, t.kept) for t in alone]
        assert [t.probability for t in tokens] == pytest.approx(
            [t.probability for t in alone], abs=1e-5)
        assert [t.entropy for t in tokens] == pytest.approx([t.entropy for t in alone], abs=1e-4)
        assert [[s for s, _ in t.alternatives] for t in tokens] == [
            [s for s, _ in t.alternatives] for t in alone]


def test_settings_side_by_side_meet_the_same_noise():
    wishes = [settings(length=20), settings(length=20, temperature=1.0001)]

    one, other = columns(generate_many(model_of(), TOKENIZER, "a", wishes))

    assert [t.id for t in one] == [t.id for t in other]


def test_no_streams_write_nothing():
    assert list(generate_many(model_of(), TOKENIZER, "a", [])) == []


def test_what_is_wrong_with_any_of_them_is_said_at_once():
    with pytest.raises(ConfigError, match="top_p is 0"):
        generate_many(model_of(), TOKENIZER, "a", [settings(), settings(top_p=0)])


# -- a million draws ----------------------------------------------------------------------------
DRAWS = 1_000_000


@pytest.fixture(scope="module")
def million():
    return np.array(list(itertools.islice(noise_of(3, 5), DRAWS)))


@pytest.mark.parametrize(("rule", "expected"), [
    # by hand from e^2, e^1, e^0, e^-1, e^-2, cut and divided by what is left
    ({}, np.exp([2, 1, 0, -1, -2])),
    ({"temperature": 0.5}, np.exp([4, 2, 0, -2, -4])),
    ({"temperature": 2.0}, np.exp([1, 0.5, 0, -0.5, -1])),
    ({"top_k": 2}, np.array([math.e, 1])),
    ({"top_p": 0.9}, np.exp([2, 1, 0])),
    ({"min_p": 0.1}, np.exp([2, 1, 0])),
    ({"temperature": 1.5, "min_p": 0.1}, np.exp(np.array([2, 1, 0, -1]) / 1.5)),
    ({"temperature": 2.0, "top_k": 4, "top_p": 0.8, "min_p": 0.5}, np.exp([1, 0.5])),
    ({"repetition_penalty": 2.0}, np.exp([1, 1, 0, -1, -4]))])
def test_a_million_draws_have_the_stated_distribution(rule, expected, million):
    p = expected / expected.sum()

    drawn = draw(reshape(TOY, settings(**rule), before=[0, 4]), million)

    counts = np.bincount(drawn, minlength=5)
    assert counts[len(p):].sum() == 0
    assert chisquare(counts[:len(p)], DRAWS * p).pvalue > 0.001


# -- edges --------------------------------------------------------------------------------------
@pytest.mark.parametrize("edge", [
    {"temperature": 1e-9}, {"temperature": 100.0}, {"top_k": 10**9}, {"top_p": 5e-324},
    {"min_p": 1.0}, {"temperature": 100.0, "top_k": 1}, {"repetition_penalty": 10.0}])
def test_at_every_edge_there_is_something_to_draw(edge):
    tokens = list(generate(model_of(), TOKENIZER, "a", settings(length=30, **edge)))

    assert len(tokens) == 30
    assert all(t.kept >= 1 and t.entropy >= 0 and 0 <= t.probability <= 1 for t in tokens)


def test_at_a_billionth_it_is_greedy_and_at_100_nearly_even():
    model = model_of()
    cold = list(generate(model, TOKENIZER, "a", settings(length=30, temperature=1e-9)))
    hot = list(generate(model, TOKENIZER, "a", settings(length=30, temperature=100.0)))

    assert [t.id for t in cold] == [t.id for t in generate(
        model, TOKENIZER, "a", settings(length=30, temperature=0))]
    assert min(t.entropy for t in hot) > math.log2(len(TOKENIZER.pieces) - 1) - 0.001
