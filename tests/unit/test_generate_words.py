"""What the Generate page says of branches and of what is left to draw from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from rnnlm_core.generate import SamplingSettings
from rnnlm_core.records import SampledToken
from rnnlm_ui.generate import cuts_words, tree
from rnnlm_ui.generate.branches import Branch, Part, Tree
from rnnlm_ui.i18n import translate


def token(probability: float, number: int) -> SampledToken:
    return SampledToken(id=number, text="a", probability=probability, kept=9, entropy=1.0,
                        alternatives=[])


def finding(*branches: tuple[int, float, int]) -> str:
    """Of branches with so many characters of this probability, by the network of this step."""
    made = tuple(Branch(n, tokens=[token(p, n)] * length, parts=(Part(0, step),))
                 for n, (length, p, step) in enumerate(branches, 1))
    return tree._finding(Tree(made, 1).partings())


@pytest.mark.parametrize(("branches", "key", "values"), [
    ([(240, .25, 9), (200, .5, 9)], "tree_finding", {"n": 2, "best": 2, "bits": "1.00"}),
    ([(240, .25, 9), (25, .5, 9)], "tree_count", {"n": 2}),
    ([(240, .25, 9), (25, .9, 9), (240, .5, 9)], "tree_finding_long",
     {"n": 3, "m": 2, "best": 3, "bits": "1.00"}),
    ([(240, .25, 9), (240, .5, 12)], "tree_count", {"n": 2})])
def test_only_branches_that_compare_are_ranked(
        branches: list[tuple[int, float, int]], key: str, values: dict[str, Any]) -> None:
    assert finding(*branches) == translate("en", f"generate.{key}", **values)


@dataclass
class Seen:
    """As far as the sentence reads a stage."""

    rule: str
    p: Any
    cut: Any
    kept: int
    entropy: float


@dataclass
class Choice:
    here: int | None
    pieces: tuple[str, ...] = ("a", "b")


def answer(before: list[float], after: list[float], kept: int) -> str:
    stages = [Seen("model", np.array(before), np.array([False, False]), 2, 0.9),
              Seen("temperature", np.array(after), np.array([False, False]), kept, 0.8)]
    return cuts_words.place_answer(
        stages, SamplingSettings(temperature=0.8), Choice(0))  # type: ignore[arg-type]


def test_one_candidate_is_left_and_what_reads_the_same_stays() -> None:
    assert answer([0.9, 0.1], [1.0, 0.0], 1).startswith(
        translate("en", "generate_cuts.left_one", all=2, model="0.90"))
    assert "stays at 6 %" in answer([0.061, 0.939], [0.058, 0.942], 2)
    assert "goes from 6 % to 9 %" in answer([0.06, 0.94], [0.09, 0.91], 2)
