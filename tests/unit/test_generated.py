"""The generated texts: their grammar by an independent reader, and the same on every machine."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import pytest

from rnnlm_core.data.generated import GENERATED

HASHES = {
    "dialogue2": "fbfdc69099c1f745524af1e7a9295d0b56e642744802e5e5a317ecd888a0d77b",
    "anbn": "dcd5b2fdcf103d2a477aac7da2b4a3312a16c173bbdb08ca2e692626c4f0a4c0",
    "dyck2": "115e251583d4d9a4753d9a2d3dd7fcc1b4df45b2597702f876623a30ee389154",
    "agreement": "be8d76220b6d2202e6cc5205f9a333f31b9fd883c96a6a8eb07470dc0addb504"}


@pytest.mark.parametrize("name", GENERATED)
def test_a_text_is_the_same_everywhere(name: str) -> None:
    text = GENERATED[name]()
    assert hashlib.sha256(text.encode()).hexdigest() == HASHES[name]
    assert text.endswith("\n") and "\n\n" not in text
    assert len(text) >= 300_000
    assert len(text.rstrip("\n").rpartition("\n")[0]) < 300_000  # no line more than needed


def test_anbn_has_as_many_bs_as_as() -> None:
    lines = GENERATED["anbn"]().splitlines()
    counts = Counter(line.count("a") for line in lines)
    assert all(line == "a" * line.count("a") + "b" * line.count("a") for line in lines)
    assert sorted(counts) == list(range(1, 13))
    mean = len(lines) / 12
    assert all(abs(n - mean) < 5 * mean**0.5 for n in counts.values())  # uniform


def test_dyck2_is_balanced_and_at_most_eight_deep() -> None:
    lines = GENERATED["dyck2"]().splitlines()
    assert {character for line in lines for character in line} == set("()[]")
    depths = set()
    for line in lines:
        deepest, rest = 0, line
        while rest:  # innermost pairs go, layer by layer, as a grammar would reduce them
            smaller = re.sub(r"\(\)|\[\]", "", rest)
            assert smaller != rest, line
            deepest, rest = deepest + 1, smaller
        depths.add(max(line[:i].count("(") + line[:i].count("[") - line[:i].count(")")
                       - line[:i].count("]") for i in range(len(line) + 1)))
        # a line ends as soon as nothing is open
        assert deepest >= 1
    assert depths == set(range(1, 9))


def test_agreement_agrees_with_the_first_noun() -> None:
    lines = GENERATED["agreement"]().splitlines()
    noun = r"(?:dog|cat|boy|girl)(s?)"
    between, agreeing = Counter(), Counter()
    for line in lines:
        match = re.fullmatch(rf"the {noun}((?: of the {noun})*) (is|are) old\.", line)
        assert match, line
        assert (match[4] == "are") == (match[1] == "s"), line
        between[match[2].count(" of ")] += 1
        if match[2]:
            agreeing[(match[2][-1] == "s") == (match[1] == "s")] += 1
    assert sorted(between) == [0, 1, 2, 3]
    quarter = len(lines) / 4
    assert all(abs(n - quarter) < 5 * quarter**0.5 for n in between.values())
    half = sum(agreeing.values()) / 2
    assert abs(agreeing[True] - half) < 5 * half**0.5
