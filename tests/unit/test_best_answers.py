"""The best answer of each generated text: against enumeration, chains, n-grams and a network."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import keep_own_text
from rnnlm_core.data.generated import sentences, teaching
from rnnlm_core.data.generated.grammar import losses
from rnnlm_core.lab import train
from rnnlm_core.nets.ngram import KneserNey
from rnnlm_core.prepared import Prepared, prepare
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.yardsticks import all_yardsticks, best_yardstick, cache_path

EVERY = ["dialogue2", "dialogue", "anbn", "dyck:1", "dyck2", "dyck:4", "agreement", "recall:2",
         "recall:20", "recall:200", "copy:1", "copy:8", "copy:30", "addition:1", "addition:4",
         "calendar", "markov:1", "markov:5", "zipf", "noise:2", "noise:62"]
WHOLE = 1_000_000  # characters: all of a generated text


# -- by enumeration: all lines with their probabilities -------------------------------------------
Lines = dict[str, float]


def evenly(lines: list[str]) -> Lines:
    return {line + "\n": 1 / len(lines) for line in lines}


def all_copies(longest: int) -> Lines:
    return {f"{word}|{word}\n": 1 / longest / 4**n for n in range(1, longest + 1)
            for word in map("".join, product("abcd", repeat=n))}


def all_agreements() -> Lines:
    found = {}
    for count in range(4):
        for nouns in product([n + s for n in ("dog", "cat", "boy", "girl") for s in ("", "s")],
                             repeat=count + 1):
            verb = "are" if nouns[0].endswith("s") else "is"
            found[f"the {' of the '.join(nouns)} {verb} old.\n"] = 1 / 4 / 8 ** (count + 1)
    return found


def all_dialogues(separator: str, end: str, words: list[str], most: int) -> Lines:
    def lists(separator: str) -> Lines:
        return {separator.join(chosen): 1 / (most - 1) / len(words)**n
                for n in range(2, most + 1) for chosen in product(words, repeat=n)}

    found = {f"{a}.\n": 0.3 * p for a, p in lists(" ").items()}
    return found | {f'{a} said "{b}{end}\n': 0.7 * p * q for a, p in lists(" ").items()
                    for b, q in lists(separator).items()}


def all_days() -> list[str]:
    days = [date(2000, 1, 1) + timedelta(n) for n in range(36_525)]
    assert days[-1] == date(2099, 12, 31)
    return [" > ".join(str(day + timedelta(n)) for n in range(3)) for day in days]


ENUMERATED: dict[str, Lines] = {
    "anbn": evenly(["a" * n + "b" * n for n in range(1, 13)]),
    "agreement": all_agreements(),
    "recall:5": evenly([f"{key}{''.join(tosses)}?{key}" for key in "abcd"
                        for tosses in product("01", repeat=3)]),
    "copy:3": all_copies(3),
    "addition:1": evenly([f"{a}+{b}={str(a + b).zfill(2)[::-1]}" for a in range(10)
                          for b in range(10)]),
    "calendar": evenly(all_days()),
}


def rate_of(lines: Lines) -> float:
    """Nats a character of lines drawn one by one."""
    assert math.isclose(sum(lines.values()), 1)
    return -sum(p * math.log(p) for p in lines.values()) / sum(
        p * len(line) for line, p in lines.items())


def surprises(lines: Lines, text: str) -> list[float]:
    """−ln p of each character, by adding up all lines that begin alike."""
    beginning: dict[str, float] = defaultdict(float)
    for line, p in lines.items():
        for n in range(len(line) + 1):
            beginning[line[:n]] += p
    return [-math.log(beginning[line[:n + 1]] / beginning[line[:n]])
            for line in text.splitlines(keepends=True) for n in range(len(line))]


@pytest.mark.parametrize("source", ENUMERATED)
def test_the_rate_is_that_of_all_lines(source: str) -> None:
    assert teaching(source).rate == pytest.approx(rate_of(ENUMERATED[source]), rel=1e-12)


@pytest.mark.parametrize("source", ENUMERATED)
def test_each_character_is_as_likely_as_all_lines_that_go_on_with_it(source: str) -> None:
    known = teaching(source)
    text = "".join(known.text().splitlines(keepends=True)[:200])
    wanted = surprises(ENUMERATED[source], text)
    assert losses(known.grammar, text) == pytest.approx(wanted, abs=1e-9)
    assert losses(known.grammar, text, 1_003) == pytest.approx(wanted[1_003:], abs=1e-9)


@pytest.mark.parametrize(("make", "separator", "end"), [
    (sentences.dialogue2, "_", '" and left.'), (sentences.dialogue, " ", '!" and left.')])
def test_dialogues_of_few_words(make: object, separator: str, end: str,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    """With words that begin alike, and like `said`."""
    words = ["stone", "story", "sand"]
    monkeypatch.setattr(sentences, "WORDS", words)
    monkeypatch.setattr(sentences, "MOST_WORDS", 3)
    known, lines = make(), all_dialogues(separator, end, words, 3)
    text = "".join(known.text().splitlines(keepends=True)[:100])
    assert known.rate == pytest.approx(rate_of(lines), rel=1e-12)
    assert losses(known.grammar, text) == pytest.approx(surprises(lines, text), abs=1e-9)


# -- by the chain of depths -----------------------------------------------------------------------
@pytest.mark.parametrize("kinds", [1, 2, 3, 4])
def test_the_rate_of_brackets_is_that_of_their_depths(kinds: int) -> None:
    """States: depth 0 at a line's beginning, 1 … 8, and the newline that is due."""
    moves = np.zeros((10, 10))
    moves[0, 1] = moves[9, 0] = moves[8, 7] = 1
    moves[1, [2, 9]] = 0.5
    for depth in range(2, 8):
        moves[depth, [depth - 1, depth + 1]] = 0.5
    share = np.linalg.lstsq(np.vstack([moves.T - np.eye(10), np.ones(10)]),
                            np.eye(11)[10], rcond=None)[0]
    entropy = np.zeros(10)
    entropy[0] = math.log(kinds)
    entropy[1:8] = math.log(2) + math.log(kinds) / 2
    assert teaching(f"dyck:{kinds}").rate == pytest.approx(float(share @ entropy), rel=1e-9)


# -- by the texts themselves ----------------------------------------------------------------------
@pytest.mark.parametrize("source", EVERY)
def test_a_text_costs_its_rate_up_to_luck(source: str) -> None:
    known = teaching(source)
    text = known.text()[:60_000]
    cost = losses(known.grammar, text).reshape(100, -1).mean(1)
    assert abs(cost.mean() - known.rate) <= 5 * cost.std(ddof=1) / 10 + 1e-12


def test_an_impossible_character_costs_all() -> None:
    found = losses(teaching("anbn").grammar, "aabb\nabb\nab\n")
    assert np.isfinite(found).tolist() == [True] * 7 + [False] * 5


# -- on a run's own positions ---------------------------------------------------------------------
def prepared(source: str, tmp_path: Path, **changes: object) -> Prepared:
    return prepare(folder(source, tmp_path, **changes))


def folder(source: str, tmp_path: Path, **changes: object) -> RunFolder:
    return launch.create_run(RunConfig(corpus=source, **changes), tmp_path)


@pytest.mark.parametrize("order", [1, 3, 5])
def test_an_n_gram_of_the_right_order_comes_near_the_markov_rate_and_never_passes(
        order: int, tmp_path: Path) -> None:
    found = prepared(f"markov:{order}", tmp_path)
    best = best_yardstick(found, f"markov:{order}")
    exact = -sum(w / 40 * math.log(w / 40) for w in (27, 9, 3, 1))
    assert teaching(f"markov:{order}").rate == pytest.approx(exact, rel=1e-12)
    model = KneserNey.fit(found.train_ids, order + 1, found.tokenizer.size)
    cost = {n: model.losses(found.ids[found.start - order:], n, order).mean()
            for n in (order, order + 1)}
    assert best.full < cost[order + 1] < best.full + 0.02
    assert abs(cost[order + 1] - exact) < 0.02
    assert cost[order] > exact + 0.1  # one letter less is not enough


def test_a_trained_network_never_passes_the_markov_entropy(tmp_path: Path) -> None:
    """Letter by letter against the probabilities that the text was drawn by."""
    run = train(RunConfig(corpus="markov:2", cell="gru", hidden=32, embedding=8, batch=32,
                          sequence_length=32, learning_rate=1e-2, max_steps=300, max_seconds=0.0,
                          input_dropout=0.0, output_dropout=0.0, precision="fp32"), tmp_path)
    best, = (y for y in run.yardsticks if y.name == "best")
    text = run.validation_text
    own = losses_of_network(run, text)
    true = losses(teaching("markov:2").grammar, teaching("markov:2").text())[-len(text):]
    more = own - true[1:]
    error = more.std(ddof=1) / math.sqrt(len(more))
    assert own.mean() < best.full + 0.03  # it has learned nearly all
    assert more.mean() > -error
    assert run.status.final_validation > best.full - error


def losses_of_network(run: object, text: str) -> NDArray[np.float64]:
    ids = torch.from_numpy(run.tokenizer.encode(text).astype(np.int64))
    with torch.no_grad():
        logits, _ = run.model(ids[None, :-1])
    return torch.nn.functional.cross_entropy(
        logits[0].double(), ids[1:], reduction="none").numpy()


def test_noise_costs_ln_v_on_every_position(tmp_path: Path) -> None:
    best = best_yardstick(prepared("noise:16", tmp_path), "noise:16")
    assert (best.live, best.full) == pytest.approx((math.log(16), math.log(16)), rel=1e-12)


def test_no_n_gram_passes_the_best_answer(tmp_path: Path) -> None:
    for source in ("dialogue2", "recall:20", "zipf"):
        *others, best = all_yardsticks(prepared(source, tmp_path), source)
        assert best.name == "best"
        assert all(best.full < other.full and best.live < other.live for other in others)


@pytest.mark.parametrize("kind", ["bytes", "words"])
def test_a_token_costs_its_characters(kind: str, tmp_path: Path) -> None:
    """The sum over the held-out text is the same, however it is divided."""
    sums = []
    for tokenizer in ("characters", kind):
        found = prepared("zipf", tmp_path, tokenizer=tokenizer, max_vocabulary=5_000)
        assert found.tokenizer.unknown_id not in found.ids
        sums.append(best_yardstick(found, "zipf").full * len(found.validation_ids))
    assert sums[1] == pytest.approx(sums[0], rel=1e-9)


def test_where_pieces_are_unknown_nothing_is_claimed(tmp_path: Path) -> None:
    found = prepared("zipf", tmp_path, tokenizer="words", max_vocabulary=100)
    assert best_yardstick(found, "zipf") is None


def test_own_text_has_no_best_answer_even_where_it_is_the_same(tmp_path: Path) -> None:
    kept = keep_own_text(tmp_path / "corpora", teaching("noise:4").text(), "mine", WHOLE)
    own = launch.create_run(RunConfig(corpus=kept.manifest.source), tmp_path, kept)
    named = folder("noise:4", tmp_path)
    assert best_yardstick(prepare(own), kept.manifest.source) is None
    assert cache_path(own, prepare(own)) != cache_path(named, prepare(named))


def test_a_run_without_held_out_text_has_none(tmp_path: Path) -> None:
    assert best_yardstick(prepared("noise:4", tmp_path, validation_share=0.0), "noise:4") is None
