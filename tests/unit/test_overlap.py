"""The longest passage that stands word for word in the training text."""

import random
import time

import pytest

from rnnlm_core.insight import overlap
from rnnlm_core.insight.overlap import SHORTEST, Overlap, longest_overlaps, passages


def by_hand(text, training):
    """Length of the longest substring of `text` in `training`, by Python's own search."""
    best = 0
    for start in range(len(text)):
        while start + best < len(text) and text[start:start + best + 1] in training:
            best += 1
    return best if best >= SHORTEST else 0


@pytest.mark.parametrize("seed", range(60))
def test_equals_a_search_by_hand(seed):
    draw = random.Random(seed)
    alphabet = ["ab", "abc", "鸟兽虫鱼水", "aé😀"][seed % 4]

    def some(most):
        return "".join(draw.choice(alphabet) for _ in range(draw.randint(0, most)))
    texts = [some(90) for _ in range(4)]
    training = some(200) + texts[0][10:draw.randint(10, 80)] + some(200)

    for text, found in zip(texts, longest_overlaps(texts, training), strict=True):
        assert found.length == by_hand(text, training)
        assert text[found.start:found.start + found.length] in training


def test_a_passage_across_two_blocks_is_found(monkeypatch):
    monkeypatch.setattr(overlap, "_BLOCK", 100)
    passage = "the quick brown fox jumps over a dog"
    training = "x" * 85 + passage + "y" * 300
    assert longest_overlaps([f"?{passage}!"], training) == [Overlap(len(passage), 1)]


def test_short_or_no_texts():
    assert longest_overlaps([], "some text") == []
    assert longest_overlaps(["", "short", "abcdefgh"], "") == [Overlap(0, 0)] * 3
    assert longest_overlaps(["1234567"], "1234567") == [Overlap(0, 0)]  # below the shortest
    assert longest_overlaps(["12345678"], "12345678") == [Overlap(8, 0)]


def test_a_million_characters_in_well_under_a_second():
    draw = random.Random(0)
    words = ["".join(draw.choice("etaoinshrdlu") for _ in range(draw.randint(1, 9)))
             for _ in range(3_000)]
    training = " ".join(draw.choice(words) for _ in range(190_000))[:1_000_000]
    texts = [training[i * 900:i * 900 + 120] + " ".join(draw.choice(words) for _ in range(24))
             for i in range(16)]

    took = []
    for _ in range(3):
        began = time.perf_counter()
        found = longest_overlaps(texts, training)
        took.append(time.perf_counter() - began)
    assert all(120 <= one.length < 160 for one in found)
    assert min(took) < 0.6  # 0.1 s on a quiet core


def test_passages_are_spread_over_the_text_and_lie_apart():
    text = "".join(chr(97 + i % 26) for i in range(100))
    assert passages(text, 10, 3) == [text[0:10], text[45:55], text[90:100]]
    assert passages(text, 100, 3) == [text] and passages(text, 101, 3) == []
    assert passages(text, 0, 3) == passages("", 5, 3) == []
    assert "".join(passages(text, 10, 20)) == text
