"""Labels: read off the text by their definitions, and those that a person makes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight import text_features
from rnnlm_core.insight.labels import labels_of
from rnnlm_core.insight.own_labels import marked_label, pattern_label
from rnnlm_core.insight.units import search, token_labels

TEXT = "def f(a):  # says (x\n    return [a, 'é#1']\n\tout = 12 + 345\n"


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("bracket_depth", "a(b[c]d)e)f", "01122110000"),
    ("bracket_depth", "((a\n\nb（", "1222001"),
    ("comment", 'x = "# no" # yes\ny', "000000000001111100"),
    ("comment", "a#b\n#c", "000011"),
    ("comment", "  // c\n1 // 2", "0011110000000"),
    ("comment", "'it' # a 'b'", "000001111111"),
    ("leading_space", "  a b\n\t c\n  \nd ", "110000110011000"),
    ("indentation", "  a\n\tb\nc", "12204400"),
    ("digit_run", "12 345a6", "01001200"),
    ("vowel", "aBé\tÜy你", "1010100"),
])
def test_values_are_those_of_the_definition(name: str, text: str, expected: str) -> None:
    values = getattr(text_features, name)(text)
    assert "".join(map(str, values)) == expected


def test_labels_count_only_where_the_character_does_not_decide() -> None:
    text = TEXT * 3
    labels = {label.name: label for label in labels_of(text)}
    characters = np.array(list(text))
    assert set(characters[labels["leading_space"].where]) == {" ", "\t"}
    assert set(characters[labels["digit_run"].where]) == set("12345")
    for name in ("comment", "indentation", "bracket_depth"):
        assert all(c.isalpha() for c in characters[labels[name].where])
        assert not labels[name].given_away
    assert labels["vowel"].given_away and labels["digit"].given_away


def test_what_the_character_gives_away_is_caught_as_an_echo() -> None:
    text = "".join(np.random.default_rng(0).choice(list("aeioubcdfg 12\n"), 3_000))
    tokenizer = CharTokenizer.fit(text)
    ids, labels = token_labels(tokenizer, text)
    vowel = next(label for label in labels if label.name == "vowel")
    states = np.stack([vowel.values, np.random.default_rng(1).normal(size=len(ids))]
                      ).astype(np.float32)
    names = [("h", 0, 0), ("h", 0, 1)]
    assert "vowel" not in {f.label for f in search(states, states, names, labels, ids, None)}  # type: ignore[arg-type]
    found = next(f for f in search(states, np.zeros_like(states), names, labels, ids, None,  # type: ignore[arg-type]
                                   echoes=True) if f.label == "vowel")
    assert found.score == 1.0
    assert found.within_character == 0.0


# -- a person's own -------------------------------------------------------------------------------
@pytest.mark.parametrize(("pattern", "text", "expected"), [
    (r"\bthe\b", "the other the", "1110000000111"),
    (r"^\s+", "  a\n  b", "1100110"),
    (r"(?<=“)[^”]*", "a “b c” d", "000111000"),
    (r"\p{Han}+", "a你好b", "0110"),
])
def test_a_pattern_marks_its_matches(pattern: str, text: str, expected: str) -> None:
    found = pattern_label(pattern, text)
    assert "".join(str(int(v)) for v in found.values) == expected
    assert found.where.all() and found.kind == "binary"


@pytest.mark.parametrize(("pattern", "code", "place"), [
    ("(", "label.open_bracket", None), ("ab[", "label.open_bracket", None),
    ("((x)", "label.open_bracket", None), ("a)", "label.bad_pattern", 2),
    ("a**", "label.bad_pattern", 3), ("x(?R)", "label.bad_pattern", 2),
    ("", "label.no_character", None), ("^", "label.no_character", None),
    ("zebra", "label.no_match", None)])
def test_a_pattern_that_will_not_do_is_told_in_one_sentence(pattern: str, code: str,
                                                            place: int | None) -> None:
    with pytest.raises(BadInput) as raised:
        pattern_label(pattern, "aaa bbb\n")
    assert raised.value.code == code
    assert raised.value.values.get("place") == place


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "(x+x+)+y"])
def test_a_pattern_that_would_take_for_ever_is_given_up(pattern: str) -> None:
    before = time.process_time()
    with pytest.raises(BadInput, match="takes too long"):
        pattern_label(pattern, "a" * 60 + "b" + "x" * 4_000)
    assert time.process_time() - before < 3


def test_marked_stretches_hold_both_ends_in_either_order() -> None:
    found = marked_label([(1, 2), (6, 5)], 8)
    assert found.values.tolist() == [0, 1, 1, 0, 0, 1, 1, 0]
    names = [("h", 0, unit) for unit in range(3)]
    long = marked_label([(10, 30), (60, 80)], 120)
    states = np.random.default_rng(2).normal(size=(3, 120)).astype(np.float32)
    states[1] = long.values
    one, = search(states, states[::-1].copy() * 0.5, names, [long], np.zeros(120, np.int64), None,  # type: ignore[arg-type]
                  halves=False)
    assert (one.unit, one.score, one.spans) == (1, 1.0, 2)
    assert not one.elsewhere and not one.trusted
    assert search(states, states, names, [marked_label([(0, 3)], 120)],  # type: ignore[arg-type]
                  np.zeros(120, np.int64), None, halves=False) == []
