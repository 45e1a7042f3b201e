"""Runs on tokens other than characters, from the text to what they write."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest

from rnnlm_core.config import FIELD_TYPES, RunConfig
from rnnlm_core.data.tokenizer import KINDS, WordTokenizer, fit
from rnnlm_core.generate import SamplingSettings, character_surprise, generate
from rnnlm_core.insight.units import find_units
from rnnlm_core.lab import Run
from rnnlm_core.nets.build import build
from rnnlm_core.prepared import measured_tokens, prepare
from rnnlm_core.records import SampledToken
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.trainer import Trainer
from rnnlm_core.worker import work
from tests.small_runs import new_run, plan_of, small_text, state, with_plan

# Chinese and accents, so that bytes and characters are not the same
LINES = small_text(12_000).split("\n")
TEXT = "".join(f"“{inside.strip()}”, {outside.strip()} 你好 é{len(inside) % 7}.\n"
               for inside, outside in zip(LINES[::2], LINES[1::2], strict=False))


OTHERS = [kind for kind in KINDS if kind != "characters"]


def trained(root: Path, kind: str, **changes: object) -> RunFolder:
    folder = with_plan(new_run(root, TEXT, tokenizer=kind, **{"max_steps": 25, **changes}))
    work(folder)
    assert state(folder) == "finished"
    return folder


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("cell", FIELD_TYPES["cell"].__args__)
def test_the_first_loss_is_that_of_a_blind_guess(kind: str, cell: str) -> None:
    draw = random.Random(1)
    text = " ".join("".join(draw.choices("abcdefghé你", k=2)) for _ in range(6_000))
    tokenizer = fit(kind, text)
    config = RunConfig(cell=cell, tokenizer=kind, hidden=32, embedding=16, batch=16, max_steps=5,
                       max_seconds=0.0, sequence_length=16)
    trainer = Trainer(config, plan_of(config), tokenizer.encode(text), tokenizer.size)
    assert trainer.step().loss == pytest.approx(math.log(tokenizer.size), rel=0.03)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_run_learns_and_writes(kind: str, tmp_path: Path) -> None:
    folder = trained(tmp_path, kind, max_steps=150, learning_rate=0.03)
    rows, _ = folder.metrics()
    assert rows[-1].loss < rows[0].loss - 0.5
    run = Run(folder)
    tokens = list(generate(run.model, run.tokenizer, "你好 ", SamplingSettings(length=120)))
    assert len(tokens) == 120 and all(t.id != run.tokenizer.unknown_id for t in tokens)
    text = "".join(t.text for t in tokens)
    whole = run.tokenizer.decode([t.id for t in tokens])
    assert whole.startswith(text) and len(whole) <= len(text) + 1  # one may be left open
    assert run.states("“abba”, 你好").text == "“abba”, 你好"
    assert run.samples and run.status.final_validation is not None


@pytest.mark.parametrize("kind", OTHERS)
def test_no_token_reaches_across_the_cut(kind: str, tmp_path: Path) -> None:
    # a text without line ends: the cut falls inside a word
    text = "abcdefgh" * 4 + " " + "abcdefgh" * 400 + " abcdefgh" * 100
    folder = new_run(tmp_path, text, tokenizer=kind)
    prepared = prepare(folder)
    training = prepared.tokenizer.decode(prepared.train_ids)
    assert training == text[:len(training)] and len(training) == round(0.9 * len(text))
    held_out = prepared.tokenizer.encode(text[len(training):])
    assert prepared.validation_ids.tolist() == held_out.tolist()
    expected = len(text[len(training):]) / len(held_out)
    assert prepared.characters_per_token == pytest.approx(expected)
    assert measured_tokens(folder)[0] == pytest.approx(expected)


def test_the_share_of_unknown_tokens_is_that_of_the_held_out_text(tmp_path: Path) -> None:
    text = "one two\n" * 90 + "one six\n" * 10
    folder = new_run(tmp_path, text, tokenizer="words")
    assert measured_tokens(folder) == (2.0, 0.25)  # of "one", " ", "six", "\n" one is unknown


def test_a_cap_reaches_the_run(tmp_path: Path) -> None:
    assert prepare(new_run(tmp_path, TEXT, tokenizer="words", max_vocabulary=9)).tokenizer.size == 9
    often = prepare(new_run(tmp_path, TEXT, min_frequency=400)).tokenizer
    assert 1 < often.size < prepare(new_run(tmp_path, TEXT)).tokenizer.size


def test_a_continuation_within_a_character_goes_on_with_its_bytes(tmp_path: Path) -> None:
    run = Run(trained(tmp_path, "bytes"))
    whole = list(generate(run.model, run.tokenizer, "“", SamplingSettings(length=40, seed=3)))
    stream, carried, done, last = run.tokenizer.stream(), None, [], [*"“".encode()]
    for start in range(0, 40, 10):  # broken off and gone on with, wherever that is
        part = generate(run.model, run.tokenizer, last,
                        SamplingSettings(length=10, seed=3 if not start else 99 + start,
                                         temperature=0.0), carried=carried, stream=stream)
        while True:
            try:
                done.append(next(part))
            except StopIteration as end:
                carried, last = end.value, [done[-1].id]
                break
    straight = list(generate(run.model, run.tokenizer, "“",
                             SamplingSettings(length=40, temperature=0.0)))
    assert [t.id for t in done] == [t.id for t in straight]
    assert [t.text for t in done] == [t.text for t in straight]
    assert whole[0].alternatives


def test_bits_of_characters_add_up_to_those_of_tokens() -> None:
    def token(text: str, probability: float) -> SampledToken:
        return SampledToken(1, text, probability, 1, 0.0, [])

    # a word of four letters with 4 bits; a character of two bytes, 1 and 3 bits; an open byte
    bits = character_surprise([token("word", 1 / 16), token("", 1 / 2), token("é", 1 / 8),
                               token("", 1 / 2)])
    assert bits == [1.0, 1.0, 1.0, 1.0, 4.0]


@pytest.mark.parametrize("kind", OTHERS)
def test_units_are_searched_at_tokens(kind: str) -> None:
    tokenizer = fit(kind, TEXT)
    config = RunConfig(cell="lstm", tokenizer=kind, hidden=6, embedding=4)
    models = [build(config, tokenizer.size).eval() for _ in range(2)]
    found = find_units(*models, tokenizer, TEXT)
    labels = {f.label for f in found}
    assert "inside_quotes" in labels
    within = kind in ("bytes", "graphemes")  # a word itself tells how long it is
    assert ("word_position" in labels) == within and "capital_word" not in labels


@pytest.mark.parametrize("kind", ["bpe", "graphemes", "chinese"])
def test_an_adaptive_softmax_takes_the_commonest_tokens_first(kind: str) -> None:
    tokenizer = fit(kind, TEXT, 400)
    ids = tokenizer.encode(TEXT)
    config = RunConfig(softmax="adaptive", tokenizer=kind, hidden=16, embedding=8, max_steps=5,
                       max_seconds=0.0)
    rank = Trainer(config, plan_of(config), ids, tokenizer.size).model.output.rank.numpy()
    counts = np.bincount(ids, minlength=tokenizer.size)
    assert (np.diff(counts[np.argsort(rank)]) <= 0).all()


def test_owners_lead_from_characters_to_states(tmp_path: Path) -> None:
    run = Run(trained(tmp_path, "words"))
    reading = run.states("abba cad\n")
    assert reading.pieces == ("abba", " ", "cad", "\n")
    assert reading.owners.tolist() == [0, 0, 0, 0, 1, 2, 2, 2, 3]
    assert reading.h.shape[1] == 4 and np.isnan(reading.surprise[0])
    assert isinstance(run.tokenizer, WordTokenizer)


def written_by(run: Run, ids: list[int], settings: SamplingSettings) -> list[int]:
    """What the network goes on with after these ids, read from the beginning."""
    return [token.id for token in generate(run.model, run.tokenizer, ids, settings)]


@pytest.mark.parametrize("kind", OTHERS)
def test_a_text_on_the_page_is_cut_changed_and_gone_on_with(kind: str, tmp_path: Path) -> None:
    from rnnlm_ui.generate.writing import Writing

    run = Run(trained(tmp_path, kind))
    settings = SamplingSettings(length=30, temperature=0.0)
    writing = Writing(run, "", 0, prompt="abba 你好 ☃ cad")
    writes_all = kind in ("bytes", "bpe")
    assert writing.unknown == (() if writes_all else ("☃",))
    assert writing.beginning == writing.prompt.replace("☃", "☃" if writes_all else "")
    writing.go_on(settings, 0.0)
    writing.advance(0.0, "at_once", budget=60.0)
    start = run.tokenizer.known(writing.prompt)
    assert [t.id for t in writing.tokens] == written_by(run, start, settings)
    assert len(writing.owners) == len(writing.shown)
    assert [writing.owners.count(i) for i in range(30)] == [len(t.text) for t in writing.tokens]

    piece = next(p for p, _ in writing.tokens[9].alternatives
                 if p != run.tokenizer.pieces[writing.tokens[9].id])
    writing.put(9, piece)
    assert run.tokenizer.pieces[writing.tokens[9].id] == piece and len(writing.tokens) == 10
    before = start + [t.id for t in writing.tokens]
    writing.go_on(settings, 0.0)
    writing.advance(0.0, "at_once", budget=60.0)
    assert [t.id for t in writing.tokens[10:]] == written_by(run, before, settings)
