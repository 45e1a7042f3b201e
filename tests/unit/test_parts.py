"""How a text is divided, and what its parts still have in common."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.copies import SHARED_LENGTH, fingerprint
from rnnlm_core.data.parts import Parts, divide, documents_of, shared_share
from rnnlm_core.data.split import split_point
from rnnlm_core.errors import CorpusError
from rnnlm_core.prepared import prepare
from rnnlm_core.worker import work
from tests.small_runs import new_run, small_text, with_plan


def config(division: str = "contiguous", validation: float = 0.1, test: float = 0.0,
           gap: int = 0) -> RunConfig:
    return RunConfig(division=division, validation_share=validation,  # type: ignore[arg-type]
                     test_share=test, gap=gap)


NUMBERED = "".join(f"line {i}\n" for i in range(2_000))


# -- in order -------------------------------------------------------------------------------------
def test_in_order_nothing_is_lost_and_nothing_is_twice() -> None:
    parts = divide(NUMBERED, config(test=0.2))
    assert parts.training + parts.validation + parts.test == NUMBERED
    shares = [len(p) / len(NUMBERED) for p in (parts.training, parts.validation, parts.test)]
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.01)
    assert all(p.endswith("\n") for p in (parts.training, parts.validation, parts.test))


def test_without_a_test_part_the_cut_is_where_it_always_was() -> None:
    cut = split_point(NUMBERED, 0.1)
    assert divide(NUMBERED, config()) == Parts(NUMBERED[:cut], NUMBERED[cut:], "")
    assert divide(NUMBERED, config(validation=0.0)) == Parts(NUMBERED, "", "")


def test_a_test_part_alone() -> None:
    parts = divide(NUMBERED, config(validation=0.0, test=0.2))
    assert parts.validation == "" and parts.training + parts.test == NUMBERED


def test_the_gap_is_taken_from_the_end_of_the_part_before() -> None:
    """So that the same positions are scored, whatever the gap."""
    without, with_gap = divide(NUMBERED, config(test=0.1)), divide(NUMBERED, config(test=0.1,
                                                                                    gap=300))
    assert with_gap.training == without.training[:-300]
    assert with_gap.validation == without.validation[:-300]
    assert with_gap.test == without.test
    assert divide(NUMBERED, config(validation=0.0, gap=300)).training == NUMBERED


# -- by document ----------------------------------------------------------------------------------
def test_lines_and_paragraphs() -> None:
    text = "one\ntwo\n\n \nthree\nfour"
    assert list(documents_of(text, "lines")) == ["one\n", "two\n", "three\n", "four\n"]
    assert list(documents_of(text, "paragraphs")) == ["one\ntwo\n\n", "three\nfour\n\n"]


def test_a_document_stays_in_its_part_whatever_is_added() -> None:
    asked = config("lines", 0.2, 0.2)
    before, after = divide(NUMBERED, asked), divide("first\n" + NUMBERED + "last\n", asked)
    for name in ("training", "validation", "test"):
        assert set(getattr(before, name).split("\n")) <= set(getattr(after, name).split("\n"))


def test_the_shares_are_kept_about() -> None:
    parts = divide(NUMBERED, config("lines", 0.2, 0.1))
    counts = [p.count("\n") for p in (parts.training, parts.validation, parts.test)]
    assert sum(counts) == parts.documents == 2_000 and parts.copies == 0
    # three standard deviations of a binomial: sqrt(2,000 · 0.2 · 0.8) = 18
    assert abs(counts[1] - 400) < 54 and abs(counts[2] - 200) < 41


def test_copies_are_left_out_whatever_their_white_space() -> None:
    parts = divide("a  b\na b\n" + NUMBERED + "line 7\n", config("lines"))
    assert (parts.documents, parts.copies) == (2_001, 2)
    assert (parts.training + parts.validation).count("line 7\n") == 1


def test_too_little_to_hold_out_is_trained_on() -> None:
    parts = divide("one\ntwo\nthree\n", config("lines", 0.5))
    assert parts.validation == "" and sorted(parts.training.split()) == ["one", "three", "two"]


def test_nothing_left_to_train_on_is_told() -> None:
    one = "a line of one paragraph\n" * 50
    hard = [config("paragraphs", 0.5, 0.4), config(validation=0.5, test=0.4, gap=100_000)]
    hard += [config("paragraphs", share) for share in (0.0, 0.5)]
    told = []
    for asked in hard:
        try:
            told.append(divide(one, asked).training != "")
        except CorpusError as error:
            told.append(error.code)
    # where a single paragraph goes depends on its hash: here to the held-out part
    assert told == ["corpus.nothing_to_train", "corpus.nothing_to_train", True,
                    "corpus.nothing_to_train"]


def test_a_long_blank_line_takes_no_longer_than_any_other() -> None:
    """A pattern once looked at each place of it from every other: hours for a million spaces."""
    text = "abc\n" + " " * 3_000_000 + "\ndef"
    assert list(documents_of(text, "paragraphs")) == ["abc\n\n", "def\n\n"]


@given(st.text(st.sampled_from("ab \n"), max_size=400), st.sampled_from([0.0, 0.1, 0.5]),
       st.sampled_from([0.0, 0.2, 0.4]), st.sampled_from(["contiguous", "lines", "paragraphs"]))
@settings(max_examples=200)
def test_no_document_is_in_two_parts(text: str, validation: float, test: float, division: str
                                     ) -> None:
    try:
        parts = divide(text, config(division, validation, test))
    except CorpusError as error:
        assert error.code == "corpus.nothing_to_train"
        return
    if division == "contiguous":
        assert parts.training + parts.validation + parts.test == text
        return
    sets = [{" ".join(d.split()) for d in documents_of(p, division)}
            for p in (parts.training, parts.validation, parts.test)]
    assert sum(map(len, sets)) == len(set.union(*sets)) == parts.documents


@given(st.text(st.sampled_from("ab \n\u3000\ud800"), max_size=60),
       st.sampled_from(["lines", "paragraphs"]), st.integers(1, 7))
def test_a_document_is_known_by_its_words_however_long(text: str, division: str, stretch: int
                                                       ) -> None:
    whole = "".join(line if line.strip() else "" for line in text.splitlines(keepends=True))
    documents = list(documents_of(text, division))
    assert "".join(documents).split() == whole.split()
    assert all(d.strip() and d.endswith("\n") for d in documents)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnnlm_core.data.stretches._STRETCH", stretch)
        for document in documents:
            words = " ".join(document.split()).encode("utf-8", "replace")
            assert fingerprint(document) == hashlib.sha256(words).digest()


# -- what the parts have in common ----------------------------------------------------------------
def by_hand(training: str, held_out: str, length: int) -> float:
    seen = {training[i:i + length] for i in range(len(training) - length + 1)}
    windows = [held_out[i:i + length] for i in range(len(held_out) - length + 1)]
    return sum(w in seen for w in windows) / len(windows)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 50])
def test_the_shared_share_against_a_set_of_passages(length: int) -> None:
    draw = random.Random(length)
    training = "".join(draw.choice("abc") for _ in range(3_000))
    held_out = training[100:400] + "".join(draw.choice("abcd") for _ in range(500))
    assert shared_share(training, held_out, length) == by_hand(training, held_out, length)


def test_a_passage_across_a_block_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlm_core.data.parts._BLOCK", 64)
    text = small_text(1_000)
    assert shared_share(text, text[37:300], 50) == 1.0


@pytest.mark.parametrize("block", [3, 64, 1_000])
def test_windows_are_asked_for_evenly_across_blocks(block: int, monkeypatch: pytest.MonkeyPatch
                                                    ) -> None:
    monkeypatch.setattr("rnnlm_core.data.parts._BLOCK", block)
    monkeypatch.setattr("rnnlm_core.data.parts._ASKED", 40)
    draw = random.Random(block)
    training, held_out = ("".join(draw.choice("abc") for _ in range(n)) for n in (600, 301))
    windows = [held_out[i:i + 5] for i in range(297)][::8]  # ⌈297 / 40⌉ = 8
    assert shared_share(training, held_out, 5) == sum(w in training for w in windows) / len(windows)


def test_nothing_can_be_said_of_a_text_shorter_than_a_passage() -> None:
    assert shared_share("a" * 100, "a" * (SHARED_LENGTH - 1)) is None


def test_the_share_of_a_text_without_copies_is_low_and_with_them_high() -> None:
    draw = random.Random(0)
    lines = ["".join(draw.choice("abcdefgh ") for _ in range(60)) + "\n" for _ in range(400)]
    twice = "".join(lines) + "".join(draw.sample(lines, len(lines)))
    parts = divide(twice, config(validation=0.3))
    assert (shared_share(parts.training, parts.validation) or 0) > 0.1
    parts = divide(twice, config("lines", 0.3))
    assert shared_share(parts.training, parts.validation) == 0.0


# -- a run ----------------------------------------------------------------------------------------
def test_the_test_part_is_scored_at_the_end_and_reset_beside_carried(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path, small_text(6_000), test_share=0.2, max_steps=40))
    prepared = prepare(folder)
    text = divide(small_text(6_000), folder.config())
    assert prepared.tokenizer.decode(prepared.train_ids) == text.training
    assert prepared.test_rows is not None
    scored = prepared.test_rows.targets[prepared.test_rows.targets >= 0]
    assert prepared.tokenizer.decode(scored) == text.test
    assert work(folder) == "finished"
    status = folder.status(0.0)
    assert status.final_test is not None and status.final_reset is not None
    assert np.isfinite([status.final_test, status.final_reset]).all()
    # of the same words: about as hard as the validation text
    assert status.final_test == pytest.approx(status.final_validation, abs=0.3)


def test_the_unseen_part_changes_nothing_before_the_end(tmp_path: Path) -> None:
    """The losses of a run are the same, whatever its test part says."""
    def losses(text: str, name: str) -> list[float]:
        folder = with_plan(new_run(tmp_path / name, text, test_share=0.2, max_steps=20))
        assert work(folder) == "finished"
        return [row.loss for row in folder.metrics()[0]]

    text = small_text(6_000)
    parts = divide(text, dataclasses.replace(RunConfig(), test_share=0.2))
    other = parts.training + parts.validation + "".join(reversed(parts.test))
    assert losses(text, "a") == losses(other, "b")
