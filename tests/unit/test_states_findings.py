"""What counts as a memory, in which order, and what is claimed of it."""

from __future__ import annotations

import dataclasses

import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.insight.units import UnitFinding
from rnnlm_ui.states.findings import (
    Choice,
    answer,
    by_training,
    doubt,
    finding_of,
    is_memory,
    signed,
    tried,
    unit_name,
)

QUOTES = UnitFinding(
    "inside_quotes", "binary", "h", 0, 42, 1, score=0.99, picked_score=0.99, correlation=0.9,
    within_character=0.9, control=0.6, chance=0.61, tried=144, cases=9000, positives=3000,
    spans=125, mean_on=0.8, mean_off=-0.7)
WORD = dataclasses.replace(QUOTES, label="word_position", kind="real", unit=7, score=0.995,
                           control=0.5, chance=0.1)
GRU = RunConfig(cell="gru", hidden=48)


def changed(**values: object) -> UnitFinding:
    return dataclasses.replace(QUOTES, **values)


@pytest.mark.parametrize(("values", "code"), [
    ({"spans": 9}, "9 separate stretches"),
    ({"score": 0.61}, "shuffled labels"),
    ({"chance": 0.5, "control": 0.99}, "untrained network"),
    ({"within_character": -0.05}, "echo"),
])
def test_what_proves_nothing_is_no_memory_and_says_why(values: dict[str, object], code: str
                                                       ) -> None:
    assert is_memory(QUOTES)
    assert not is_memory(changed(**values))
    assert code in doubt(changed(**values))


def test_order_is_by_what_training_added() -> None:
    # 2·0.99 − 1 − (2·0.61 − 1) = 0.76 against 0.995 − 0.5 = 0.495
    echo = changed(label="inside_brackets", within_character=0.0, score=1.0)
    assert by_training([WORD, echo, QUOTES]) == [QUOTES, WORD, echo]


def test_the_answer_has_the_number_its_control_and_its_chance() -> None:
    said = answer([QUOTES, WORD], Choice("h", 0, 42), "", GRU)
    assert said == ("**Unit 42 tells inside from outside quotation marks**: AUC 0.99 on text it "
                    "was not picked on (untrained network: 0.60, best of shuffled labels: 0.61).")
    assert answer([QUOTES, WORD], Choice("h", 0, 7), "", GRU).startswith(
        "**Unit 7 follows the position in the word**: rank correlation 0.99")


def test_of_a_unit_without_a_finding_that_is_said_and_the_best_named_beside_it() -> None:
    said = answer([QUOTES, WORD], Choice("h", 0, 24), "", GRU)
    assert said.startswith("**Unit 24 was not found to tell any label**; unit 42 tells inside from")
    assert "AUC 0.99" in said and "0.60" in said and "0.61" in said
    assert answer([QUOTES, WORD], Choice("z", 0, 42), "", GRU).startswith(
        "**Unit z42 is a gate’s, and only the states h and c are searched**; unit 42 tells")
    assert answer([QUOTES], Choice("h", 1, 42), "", RunConfig(layers=2, cell="gru")).startswith(
        "**Unit 42 (layer 2) was not found")


def test_where_nothing_beats_chance_the_answer_says_so() -> None:
    said = answer([changed(score=0.55)], Choice("h", 0, 0), "", GRU)
    assert said.startswith("**No unit stands out here.**") and "0.55" in said and "0.61" in said
    assert answer([], Choice("h", 0, 0), "", GRU).startswith("**There is nothing to look for")


def test_a_unit_found_for_two_labels_stays_with_the_one_picked() -> None:
    twin = changed(label="inside_brackets")
    choice = Choice("h", 0, 42)
    assert finding_of([QUOTES, twin], choice) is QUOTES
    assert finding_of([QUOTES, twin], choice, "inside_brackets") is twin
    assert finding_of([QUOTES, twin], Choice("h", 0, 1)) is None


def test_names_say_part_and_layer_only_where_there_are_several() -> None:
    assert unit_name("h", 0, 42, GRU) == "42"
    assert unit_name("c", 0, 5, RunConfig(cell="lstm")) == "c5"
    assert unit_name("h", 1, 5, RunConfig(cell="lstm", layers=2)) == "h5 (layer 2)"


def test_the_size_of_the_search_is_units_by_labels() -> None:
    assert tried([QUOTES], GRU) == {"units": "48", "labels": "3"}


@pytest.mark.parametrize(("value", "text"), [
    (0.534, "+0.53"), (-0.5, "−0.5"), (0.0, "0"), (-0.001, "0"), (1.0, "+1"), (10.0, "+10"),
    (float("nan"), "nan")])
def test_signed(value: float, text: str) -> None:
    assert signed(value) == text
