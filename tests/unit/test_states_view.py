"""Which rows, which scale, which text the States page shows."""

from __future__ import annotations

import numpy as np
import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.figures.states import Scale
from rnnlm_ui.states.heatmap import ROWS, shown_rows
from rnnlm_ui.states.look import scale_of
from rnnlm_ui.states.reading import searched_characters

UNIT = np.array([-2.0, 0.5, 1.5], np.float32)


@pytest.mark.parametrize(("cell", "activation", "part", "scale"), [
    ("gru", "tanh", "h", Scale(1.0, True)),
    ("gru", "tanh", "z", Scale(1.0, False)),
    ("gru", "tanh", "n", Scale(1.0, True)),
    ("lstm", "tanh", "f", Scale(1.0, False)),
    ("rnn", "sigmoid", "h", Scale(1.0, False)),
])
def test_bounded_values_have_fixed_ends(cell: str, activation: str, part: str, scale: Scale
                                        ) -> None:
    config = RunConfig(cell=cell, activation=activation)  # type: ignore[arg-type]
    assert scale_of(UNIT, part, config) == scale


def test_without_limits_the_chosen_unit_sets_the_ends() -> None:
    assert scale_of(UNIT, "c", RunConfig(cell="lstm")) == Scale(2.0, True)
    assert scale_of(UNIT, "h", RunConfig(cell="rnn", activation="relu")) == Scale(2.0, True)


def test_values_that_are_all_zero_or_no_numbers_still_have_a_scale() -> None:
    for values in (np.zeros(3, np.float32), np.full(3, np.nan, np.float32)):
        assert scale_of(values, "c", RunConfig(cell="lstm")) == Scale(1.0, True)


def test_the_chosen_unit_leads_every_page_and_all_units_are_on_one() -> None:
    order = np.arange(100)[::-1]
    pages = [shown_rows(order, 7, page) for page in range(1, 6)]
    assert {count for _, count in pages} == {5}
    assert all(units[0] == 7 and len(units) <= ROWS for units, _ in pages)
    rest = [unit for units, _ in pages for unit in units[1:]]
    assert rest == [unit for unit in order if unit != 7]


def test_a_page_that_is_no_more_there_and_a_single_unit() -> None:
    assert shown_rows(np.arange(5), 0, 9) == ([0, 1, 2, 3, 4], 1)
    assert shown_rows(np.arange(1), 0, 1) == ([0], 1)


@pytest.mark.parametrize(("hidden", "layers", "characters"), [
    (48, 1, 24_000), (512, 1, 15_625), (512, 2, 7_812), (2048, 4, 6_000)])
def test_large_networks_are_searched_on_less_text(hidden: int, layers: int, characters: int
                                                  ) -> None:
    assert searched_characters(RunConfig(hidden=hidden, layers=layers)) == characters
