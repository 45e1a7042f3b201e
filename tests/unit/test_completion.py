"""What stands behind a text that is typed, against plain writing and plain reading."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rnnlm_core import launch
from rnnlm_core.generate import SamplingSettings, writer_of
from rnnlm_core.lab import Run
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.components.type_along import Typed, _typed
from rnnlm_ui.generate.completion import LONGEST, MOST_TOKENS, Completer
from tests.app.inside_pages import trained

GREEDY = SamplingSettings(temperature=0.0)
DRAWN = SamplingSettings(temperature=0.9, seed=4)
TEXT = "".join(f"“the cat {i % 3}” sat on the mat, 你好 said the doggy.\n" for i in range(150))


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(RunFolder(launch.models_root() / "names-lstm"))


@pytest.mark.parametrize("settings", [GREEDY, DRAWN])
@pytest.mark.parametrize("typed", ["", "L", "LATIN SMALL LETTER ", "GREEK\nHEB"])
def test_a_completion_is_the_rest_of_the_line_that_would_be_written(
        run: Run, typed: str, settings: SamplingSettings) -> None:
    found = Completer(run, "").complete(typed, settings)
    text = run.write(typed, length=MOST_TOKENS, temperature=settings.temperature,
                     seed=settings.seed)
    assert found.text == (text.split("\n")[0] or "\n")


def test_letters_typed_one_by_one_are_read_as_if_at_once(run: Run) -> None:
    step_by_step, text = Completer(run, ""), "CYRILLIC SMALL LETTER SHORT I"
    for count in range(len(text) + 1):
        found = step_by_step.complete(text[:count], GREEDY)
    whole = Completer(run, "").complete(text, GREEDY)
    assert (found.text, found.bits) == (whole.text, whole.bits)
    back = step_by_step.complete(text[:9] + "X", GREEDY)  # taken back, and typed otherwise
    assert back.bits == Completer(run, "").complete(text[:9] + "X", GREEDY).bits


def test_the_surprise_is_that_of_reading(run: Run) -> None:
    text, total = "GREEK SMALL", 0.0
    ids = run.tokenizer.known(text)
    reader = writer_of(run.model)
    for here, then in pairwise(ids):
        logits = reader.step([here])[0]
        logits[0] = -math.inf  # <unk>
        p = np.exp(logits - logits.max())
        total -= math.log2(p[then] / p.sum())
    found = Completer(run, "").complete(text, GREEDY)
    assert found.bits == pytest.approx(total / (len(text) - 1), rel=1e-9)
    assert Completer(run, "").complete("G", GREEDY).bits is None


def test_a_proposal_stays_while_it_is_typed(run: Run) -> None:
    completer = Completer(run, "")
    first = completer.complete("LATIN ", DRAWN).text
    assert len(first) > 4
    for count in range(1, len(first)):
        assert completer.complete("LATIN " + first[:count], DRAWN).text == first[count:]
    other = SamplingSettings(temperature=0.9, seed=5)
    assert completer.complete("LATIN " + first[:1], other).text == \
        Completer(run, "").complete("LATIN " + first[:1], other).text


@pytest.mark.parametrize("kind", ["words", "chinese", "bpe"])
def test_a_piece_that_is_begun_is_gone_on_with(tmp_path: Path, kind: str) -> None:
    run = Run(trained(tmp_path, TEXT, tokenizer=kind, max_steps=60, embedding=32, hidden=48,
                      learning_rate=0.01))
    completer = Completer(run, "")
    found = completer.complete("“the cat 1” sat on the mat, 你好 said the do", GREEDY)
    assert found.text.startswith("ggy") and "�" not in found.text
    if kind != "bpe":  # there, no text lacks an id
        assert completer.complete("“the cat 2” sat on the mat, 你", GREEDY).text.startswith("好")
        assert completer.complete("zzqx", GREEDY).text == ""
    assert completer.complete("", GREEDY).text != ""


def test_what_is_too_long_loses_its_front_by_the_block(run: Run) -> None:
    completer = Completer(run, "")
    for extra, gone in ((0, 0), (1, 500), (500, 500), (501, 1_000), (1_000_000, 1_000_000)):
        found = completer.complete("A" * (LONGEST + extra), GREEDY)
        assert found.gone == gone and len(found.text) <= MOST_TOKENS
    assert completer.complete("Aß漢\x00B", GREEDY).unknown == ("ß", "漢", "\x00")


@pytest.mark.parametrize("value", [
    None, 3, {"typed": None}, {"typed": {"number": True, "text": "a"}},
    {"typed": {"number": 1, "text": 3}}, {"typed": {"number": "1", "text": "a"}}])
def test_a_strangers_message_is_no_text(value: object) -> None:
    assert _typed(value) is None


def test_a_message_is_taken_without_halves_of_surrogate_pairs() -> None:
    assert _typed({"typed": {"number": 2, "text": "a\ud83d"}}) == Typed(2, "a?")
