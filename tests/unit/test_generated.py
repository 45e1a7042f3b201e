"""The generated texts: their grammar by an independent reader, and the same on every machine.

What is known of their best answers is in test_best_answers.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date, timedelta

import pytest

from rnnlm_core.data.builtin import builtin_text
from rnnlm_core.data.generated import FAMILIES, GENERATED, family_of, spelled, teaching, value_of
from rnnlm_core.errors import CorpusError

HASHES = {
    "dialogue2": "fbfdc69099c1f745524af1e7a9295d0b56e642744802e5e5a317ecd888a0d77b",
    "dialogue": "14d202918e3e136812c5b0efe9468c9a45a30c9cedd96139e1c6190cb857cf4c",
    "anbn": "dcd5b2fdcf103d2a477aac7da2b4a3312a16c173bbdb08ca2e692626c4f0a4c0",
    "dyck2": "115e251583d4d9a4753d9a2d3dd7fcc1b4df45b2597702f876623a30ee389154",
    "agreement": "be8d76220b6d2202e6cc5205f9a333f31b9fd883c96a6a8eb07470dc0addb504",
    "recall:20": "a07fee14f66f3fd7d01c404b60ad9c1fc1bb54efc1b5a59cf004f042e2b8b449",
    "copy:8": "399a20d1a2fe7252168570d3a6d684d0894c8bb4e3a04f220dfa26bab7c6e909",
    "addition:2": "8759f31a5c163eec30be3c85d746862ee66fde8cca725eecaf5dcb19cd466e58",
    "calendar": "0069b4f3d83a61273892bf1ca06c1c4e5013903dc5cb6b4d86256954879da314",
    "markov:3": "978b1f1f5647ee6e35213d12653252a40eab0dc344ebd9e0ae2e5f95aa931a85",
    "zipf": "cb2784b505e2f17f5714be773cab41956d1ac52cdba207d0080c73fac5add302",
    "noise:16": "210af64aad05c343619f4ab58a47cdce466b6f7ae39196d46ee365029036f67a"}


@pytest.mark.parametrize("name", GENERATED)
def test_a_text_is_the_same_everywhere(name: str) -> None:
    text = GENERATED[name]()
    assert hashlib.sha256(text.encode()).hexdigest() == HASHES[name]
    assert len(text) >= 300_000 and "\n\n" not in text
    assert text.endswith("\n") or name in ("markov:3", "noise:16")
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


def lines_of(source: str) -> list[str]:
    return builtin_text(source).splitlines()


def test_brackets_of_every_number_of_kinds_are_balanced() -> None:
    assert builtin_text("dyck:2") == builtin_text("dyck2") == builtin_text("dyck")
    for kinds in (1, 3, 4):
        text = builtin_text(f"dyck:{kinds}")
        assert set(text) == set("()[]{}<>"[:2 * kinds] + "\n")
        for line in text.splitlines()[:200]:
            while line:
                smaller = re.sub(r"\(\)|\[\]|\{\}|<>", "", line)
                assert smaller != line
                line = smaller


def test_dialogue_shows_the_quotation_in_one_sign() -> None:
    listed = r"[a-z]+(?: [a-z]+){1,7}"
    quoted = re.compile(rf'{listed} said "{listed}!" and left\.')
    lines = lines_of("dialogue")
    assert all(quoted.fullmatch(line) or re.fullmatch(rf"{listed}\.", line) for line in lines)
    share = sum(map(bool, map(quoted.fullmatch, lines))) / len(lines)
    assert share == pytest.approx(0.7, abs=3 * (0.21 / len(lines)) ** 0.5)


@pytest.mark.parametrize("lag", [2, 3, 20, 200])
def test_recall_says_the_first_letter_again_after_the_lag(lag: int) -> None:
    lines = lines_of(f"recall:{lag}")
    assert all(re.fullmatch(rf"[abcd][01]{{{lag - 2}}}\?[abcd]", line) for line in lines)
    assert all(line.index(line[-1]) == 0 and len(line) - 1 == lag for line in lines)
    counts = Counter(line[0] for line in lines)
    assert all(abs(n - len(lines) / 4) < 5 * (len(lines) / 4) ** 0.5 for n in counts.values())


@pytest.mark.parametrize("longest", [1, 8])
def test_copy_says_everything_twice(longest: int) -> None:
    halves = [line.split("|") for line in lines_of(f"copy:{longest}")]
    assert all(first == second for first, second in halves)
    assert {len(first) for first, _ in halves} == set(range(1, longest + 1))


@pytest.mark.parametrize("digits", [1, 2, 4])
def test_sums_are_right_and_written_from_their_last_digit_on(digits: int) -> None:
    for line in lines_of(f"addition:{digits}"):
        first, second, total = re.fullmatch(
            rf"(\d{{{digits}}})\+(\d{{{digits}}})=(\d{{{digits + 1}}})", line).groups()
        assert int(first) + int(second) == int(total[::-1])


def test_days_follow_each_other() -> None:
    lines = lines_of("calendar")
    for line in lines:
        days = [date.fromisoformat(day) for day in line.split(" > ")]
        assert [day - days[0] for day in days] == [timedelta(n) for n in range(3)]
    years = Counter(line[:4] for line in lines)
    assert set(years) == {str(year) for year in range(2000, 2100)}


def test_the_soup_follows_zipfs_law() -> None:
    text = builtin_text("zipf")
    counts = Counter(text.split()).most_common()
    whole, harmonic = sum(n for _, n in counts), sum(1 / r for r in range(1, 1001))
    assert len(counts) > 950  # of 1,000: the rarest may be missing
    for rank in (1, 2, 3, 10, 30):
        wanted = whole / harmonic / rank
        assert abs(counts[rank - 1][1] - wanted) < 5 * wanted ** 0.5
    assert text.count("\n") / whole == pytest.approx(0.1, abs=5 * (0.09 / whole) ** 0.5)


@pytest.mark.parametrize("symbols", [2, 16, 62])
def test_noise_has_all_its_symbols_equally_often(symbols: int) -> None:
    counts = Counter(builtin_text(f"noise:{symbols}"))
    mean = sum(counts.values()) / symbols
    assert len(counts) == symbols
    assert sum((n - mean) ** 2 / mean for n in counts.values()) < symbols + 5 * (2 * symbols) ** 0.5


# -- names ----------------------------------------------------------------------------------------
def test_every_family_has_a_name_for_each_of_its_values() -> None:
    for family, known in FAMILIES.items():
        for value in (known.parameter.low, known.parameter.high) if known.parameter else (0,):
            source = spelled(family, value)
            assert (family_of(source), value_of(source)) == (family, value)
    assert (value_of("recall"), value_of("dyck"), spelled("dyck", 2)) == (20, 2, "dyck2")


@pytest.mark.parametrize("source", ["names", "recall20", "anbn:3", "foo:3", "hf:a/b", "", ":3"])
def test_other_texts_are_of_no_family(source: str) -> None:
    assert family_of(source) is None and teaching(source) is None


@pytest.mark.parametrize("number", ["", "0", "1", "201", "-5", "2.5", "020", "²", "٣", " 20", "x",
                                    "9" * 5_000])
def test_a_wrong_number_is_told_with_the_limits(number: str) -> None:
    with pytest.raises(CorpusError, match=r"from 2 to 200 .* example as recall:20\.") as error:
        builtin_text(f"recall:{number}")
    assert error.value.code == "corpus.parameter" and len(str(error.value)) < 200
