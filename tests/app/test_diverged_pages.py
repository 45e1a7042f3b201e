"""A run that diverged, looked at on every page: told in words. Warnings are errors in all tests
(pyproject.toml), so a mean over ∞ − ∞ would fail the page, and with it the test."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from rnnlm_core.errors import RunError
from rnnlm_core.lab import Run
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.page import plain
from tests.app.inside_pages import opened, said, trained
from tests.small_runs import small_text

NO_NUMBERS = "At this moment the network's outputs are no numbers"
# states of the first overflow to ∞, those of the second, in a longer text, to NaN
KINDS = {"infinite": {"optimizer": "adam", "learning_rate": 30.0, "initialisation": "orthogonal",
                      "gain": 5.0},
         "nan": {"optimizer": "sgd", "learning_rate": 30.0}}


@pytest.fixture(scope="module")
def runs(runs_folder: Path) -> dict[str, RunFolder]:
    common = {"cell": "rnn", "activation": "relu", "clip_norm": 0.0, "warm_up_steps": 0,
              "schedule": "constant"}
    return {kind: trained(runs_folder, **common, **changes, max_steps=80)
            for kind, changes in KINDS.items()}


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize(("page", "told"), [
    ("train", "The loss stopped being a number"), ("states", NO_NUMBERS), ("generate", NO_NUMBERS),
    ("cell", NO_NUMBERS), ("gradients", ""), ("build", ""), ("home", "")])
def test_every_page_tells_it_in_words(
        page: str, told: str, kind: str, runs: dict[str, RunFolder]) -> None:
    app = opened(page, runs[kind].id)
    assert not app.exception
    if page == "gradients":  # taken in float64, where what overflowed to ∞ may still be a number
        told = NO_NUMBERS if kind == "nan" else ""
    assert [plain(told) in error.value for error in app.error] == [True] * bool(told)
    assert "mean nan" not in said(app) and "mean inf" not in said(app)


@pytest.mark.parametrize(("tool", "kind"), [
    ("taught", "nan"), ("truncate", "nan"), ("truncate", "infinite")])
def test_tools_that_need_numbers_say_so(tool: str, kind: str, runs: dict[str, RunFolder]) -> None:
    app = opened("gradients", runs[kind].id, lab=tool)
    assert not app.exception
    assert [plain(NO_NUMBERS) in error.value for error in app.error] == [True]


def test_a_short_text_in_64_bits_has_not_overflowed_yet(runs: dict[str, RunFolder]) -> None:
    app = opened("gradients", runs["infinite"].id, lab="taught")
    assert not app.exception and not app.error
    assert "half of what teaches a state comes from" in said(app)
    assert "nan" not in app.markdown[0].value and "inf" not in app.markdown[0].value


def test_they_are_compared_as_far_as_they_came(runs: dict[str, RunFolder]) -> None:
    app = opened("compare", runs=".".join(run.id for run in runs.values()))
    assert not app.exception and not app.error
    assert re.search(r"reaches \d+\.\d\d bits per character", said(app))
    assert not re.search(r"\b(nan|inf)\b", said(app))


def test_an_earlier_moment_of_it_can_be_looked_at(runs: dict[str, RunFolder]) -> None:
    app = opened("states", runs["nan"].id, step=0)
    for tool in ("read", "find"):
        app.segmented_control(key="tool").set_value(tool).run()
        assert not app.error and not app.exception
        told = said(app).replace("\\", "")
        assert "The newest weights of this run give no numbers" in told
        assert NO_NUMBERS not in told  # this moment is sound
    assert np.isfinite(Run(runs["nan"], 0).states("abba face").h).all()
    with pytest.raises(RunError, match=NO_NUMBERS):
        Run(runs["nan"]).states(small_text(400))
