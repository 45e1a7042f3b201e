"""Branches, undo and redo, and that going on from any place is exact to the bit."""

from __future__ import annotations

import codecs
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from rnnlm_core import launch
from rnnlm_core.data.tokenizer import ByteTokenizer
from rnnlm_core.figures.branches import BranchLine, branches_figure
from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.generate import SamplingSettings, generate, writer_of
from rnnlm_core.lab import Run
from rnnlm_core.records import SampledToken
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.generate.beginning import LONGEST_PROMPT, SHOWN_PROMPT
from rnnlm_ui.generate.branches import MOST_BRANCHES, Branch, Tree
from rnnlm_ui.generate.history import MOST_STEPS
from rnnlm_ui.generate.trail import EVERY
from rnnlm_ui.generate.ways import ways_on
from rnnlm_ui.generate.writing import Writing
from tests.app.inside_pages import trained
from tests.small_runs import small_text

PLENTY = 60.0  # seconds of computing
PLAIN = SamplingSettings(length=40, temperature=0.8)


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(RunFolder(launch.models_root() / "names-lstm"))


def written(run: Run, prompt: str = "LATIN ", length: int = 40) -> Writing:
    writing = Writing(run, "digest", 1)
    writing.begin(prompt, replace(PLAIN, length=length), 0.0)
    writing.advance(0.0, "at_once", PLENTY)
    return writing


def branched(writing: Writing, index: int, length: int = 40, rank: int = 0) -> None:
    """Another token at `index`, and `length` more."""
    token = writing.tokens[index]
    piece = [p for p, _ in token.alternatives if writing.run.tokenizer.id_of(p) != token.id][rank]
    writing.put(index, piece)
    writing.turn(replace(PLAIN, length=length), 0.0)
    writing.advance(0.0, "at_once", PLENTY)


def state_by_reading(run: Run, ids: list[int]) -> list[bytes]:
    writer = writer_of(run.model)
    for token in ids:
        writer.read([token])
    return [part.numpy().tobytes() for part in writer.carried]


# -- exact to the bit ---------------------------------------------------------------------------
@pytest.mark.parametrize("index", [0, 1, EVERY - 7, EVERY, 2 * EVERY + 3, 39])
def test_a_branch_goes_on_as_if_all_of_it_were_read_from_the_start(run: Run, index: int) -> None:
    writing = written(run)
    branched(writing, index)
    assert writing.pen.writer is not None
    now = [part.numpy().tobytes() for part in writing.pen.writer.carried]
    assert now == state_by_reading(run, writing.ids[:-1])  # the last token is not read yet
    ids = writing.ids[:6 + index + 1]
    oracle = list(generate(run.model, run.tokenizer, ids,
                           replace(PLAIN, seed=PLAIN.seed + index + 1)))
    assert writing.tokens[index + 1:] == oracle  # probabilities and entropies to the last bit


@pytest.mark.parametrize("changes", [
    {"cell": "rnn"}, {"cell": "gru", "layers": 2}, {"cell": "lstm", "layers": 2}, {"cell": "cnn"}])
def test_every_cell_goes_on_exactly(tmp_path: Path, changes: dict[str, object]) -> None:
    run = Run(trained(tmp_path, small_text(4_000), **changes))
    writing = written(run, "abba ", 50)
    branched(writing, 37)
    assert writing.pen.writer is not None
    now = [part.numpy().tobytes() for part in writing.pen.writer.carried]
    assert now == state_by_reading(run, writing.ids[:-1])


def test_kept_states_are_those_of_reading(run: Run) -> None:
    writing = written(run, length=3 * EVERY)
    branched(writing, 20)
    kept = writing.branch.trail.kept
    assert sorted(kept) == list(range(EVERY, len(writing.ids), EVERY))
    for count, carried in kept.items():
        assert [part.numpy().tobytes() for part in carried] == state_by_reading(
            run, writing.ids[:count])


def test_the_fused_layers_would_only_come_near(run: Run) -> None:
    """Why states are kept and read again by the step loop itself."""
    ids = written(run).ids
    _, fused = run.model(torch.tensor([ids]))
    oracle = state_by_reading(run, ids)
    stepped = [np.frombuffer(part, np.float32) for part in oracle]
    for one, other in zip(fused, stepped, strict=True):
        assert one.detach().numpy().ravel() == pytest.approx(other, abs=1e-5)


def test_other_weights_keep_no_state_of_the_former_ones(run: Run) -> None:
    writing = written(run)
    writing.digest = "newer"
    writing.go_on(PLAIN, 0.0)
    assert writing.branch.trail.kept == {} and writing.unread == len(writing.ids) - 1


def test_one_thread_reading_a_long_beginning_can_be_stopped(run: Run) -> None:
    writing = Writing(run, "digest", 1)
    writing.begin("LATIN " * 2_000, PLAIN, 0.0)
    writing.advance(0.0, "at_once", 0.0)
    assert writing.active and writing.tokens == [] and writing.unread == 12_000 - 2
    writing.stop()
    assert not writing.active and writing.unread == 0


# -- undo and redo ------------------------------------------------------------------------------
def test_undo_and_redo_walk_through_every_step(run: Run) -> None:
    writing = written(run)
    seen = [writing.text]
    steps = [lambda: branched(writing, 12), lambda: writing.keep(20),
             lambda: branched(writing, 5, rank=1), lambda: writing.show(1),
             lambda: writing.delete(2), lambda: writing.go_on(PLAIN, 0.0)]
    for step in steps:
        step()
        writing.advance(0.0, "at_once", PLENTY)
        seen.append(writing.text)
    trees = []
    for text in reversed(seen[:-1]):
        trees.append(writing.tree)
        writing.undo()
        assert writing.text == text
    for text, tree in zip(seen[1:], reversed(trees), strict=True):
        writing.redo()
        assert writing.text == text and writing.tree is tree
    assert writing.history.future == []


def test_undo_while_it_writes_stops_it_and_redo_has_all_that_was_written(run: Run) -> None:
    writing = written(run)
    before = writing.text
    writing.go_on(PLAIN, 0.0)
    writing.advance(0.0, "fast", PLENTY)
    writing.advance(0.5, "fast", PLENTY)
    after = writing.text
    assert len(after) == len(before) + 1 + 30  # the first one at once
    writing.undo()
    assert writing.text == before and not writing.active
    writing.advance(9.0, "fast", PLENTY)
    writing.redo()
    assert writing.text == after and not writing.active
    writing.go_on(PLAIN, 0.0)
    writing.advance(0.0, "at_once", PLENTY)
    assert writing.text.startswith(after)


def test_undo_brings_back_the_settings_and_turning_a_dial_is_one_step(run: Run) -> None:
    writing = written(run)
    writing.dials = {"temperature": 0.8}
    text = writing.text
    for temperature in (0.7, 0.5, 0.0):
        writing.again(replace(PLAIN, temperature=temperature), 0.0, turned=True)
        writing.advance(0.0, "at_once", PLENTY)
        writing.dials = {"temperature": temperature}
    assert writing.text != text
    writing.undo()
    assert writing.text == text and writing.dials == {"temperature": 0.8}
    writing.redo()
    assert writing.dials == {"temperature": 0.0}


def test_a_new_step_gives_up_what_was_undone_and_steps_are_bounded(run: Run) -> None:
    writing = written(run)
    writing.keep(30)
    writing.undo()
    writing.keep(10)
    assert writing.history.future == []
    writing.redo()
    assert len(writing.tokens) == 10
    for _ in range(MOST_STEPS + 5):
        writing.keep(10)
    assert len(writing.history.past) == MOST_STEPS


# -- the tree -----------------------------------------------------------------------------------
def of(text: str, number: int = 1, prompt: str = "") -> Branch:
    tokens = [SampledToken(ord(c), c, 0.5, 1, 0.0, []) for c in text]
    return Branch(number, prompt, tokens)


def test_the_parent_is_the_earlier_branch_with_most_in_common() -> None:
    tree = Tree((of("abcdef", 1), of("abxy", 2), of("abxz", 3), of("abcdq", 4), of("z", 5)), 1)
    found = [(p.branch.number, p.parent, p.at, p.depth, p.first) for p in tree.partings()]
    assert found == [(1, None, 0, 0, "a"), (2, 1, 2, 1, "x"), (3, 2, 3, 2, "z"), (4, 1, 4, 1, "q"),
                     (5, 1, 0, 1, "z")]


def test_another_beginning_is_a_root_of_its_own() -> None:
    tree = Tree((of("abc", 1, "A"), of("abc", 2, "B"), of("abd", 3, "B")), 1)
    assert [(p.branch.number, p.parent, p.at) for p in tree.partings()] == [
        (1, None, 0), (2, None, 0), (3, 2, 2)]


def test_deleting_shows_the_parent_and_leaves_children() -> None:
    tree = Tree((of("abcd", 1), of("abx", 2), of("abxyz", 3)), 3)
    assert tree.without(3).shown == 2
    left = tree.without(2)
    assert left.shown == 3 and [(p.branch.number, p.parent) for p in left.partings()] == [
        (1, None), (3, 1)]
    only = Tree((of("a", 7),), 7)
    assert only.without(7) is only


@given(st.lists(st.text("ab", max_size=5), min_size=1, max_size=8))
@rules(max_examples=200, deadline=None)
def test_a_tree_has_every_branch_once_and_shares_what_it_says(texts: list[str]) -> None:
    tree = Tree(tuple(of(text, number) for number, text in enumerate(texts, 1)), 1)
    partings = tree.partings()
    assert sorted(p.branch.number for p in partings) == list(range(1, len(texts) + 1))
    above: list[int | None] = [None]
    for p in partings:
        assert p.parent in above  # a parent stands before its children
        above.append(p.branch.number)
        if p.parent is not None:
            own, others = texts[p.branch.number - 1], texts[p.parent - 1]
            assert own[:p.at] == others[:p.at]
            most = max(len(_common(own, text)) for text in texts[:p.branch.number - 1])
            assert p.at == most


def _common(one: str, other: str) -> str:
    length = next((i for i in range(min(len(one), len(other)) + 1)
                   if one[:i + 1] != other[:i + 1] or i == min(len(one), len(other))), 0)
    return one[:length]


def test_a_full_tree_takes_the_shown_branchs_place_and_undo_brings_it_back(run: Run) -> None:
    writing = written(run, length=MOST_BRANCHES + 5)
    for index in range(MOST_BRANCHES - 1):
        branched(writing, index, 5)
        writing.show(1)
    assert writing.tree.full
    text, count = writing.text, len(writing.tree.branches)
    branched(writing, 13, 5)
    assert len(writing.tree.branches) == count and writing.text != text
    writing.undo()
    assert writing.text == text


def test_a_beginning_of_the_readers_own_is_kept_beside_the_next(run: Run) -> None:
    writing = written(run, "LATIN ")
    writing.begin("GREEK ", PLAIN, 0.0)
    writing.advance(0.0, "at_once", PLENTY)
    assert [branch.prompt for branch in writing.tree.branches] == ["LATIN ", "GREEK "]
    writing.again(PLAIN, 0.0)  # another draw: nothing of it is by hand
    assert len(writing.tree.branches) == 2


def test_branch_lines_are_in_ink_where_shown_and_escape_markup() -> None:
    figure = branches_figure([BranchLine(None, 0, 9, "<b>", "1 · 9 <i>", "1"),
                              BranchLine(0, 4, 12, "\n", "2 · 12", "2")], 1, "characters")
    assert [trace.line.color for trace in figure.data] == [LIGHT["ngram"], LIGHT["ink"]]
    assert figure.data[1].x[:2] == (4, 4) and figure.data[1].y[:2] == (0, 1)
    assert figure.data[1].x[-1] == 12
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert "&lt;b&gt;" in texts and "⏎" in texts and "1 · 9 &lt;i&gt;" in texts


# -- forced tokens and several ways on -----------------------------------------------------------
def test_a_forced_text_is_part_of_it_with_its_own_surprise(run: Run) -> None:
    writing = written(run)
    ids = writing.following(10, "ZQ")
    writing.force(10, ids, replace(PLAIN, length=5), 0.0)
    writing.advance(0.0, "at_once", PLENTY)
    assert writing.text[16:18] == "ZQ" and len(writing.tokens) == 10 + 2 + 5 and writing.by_hand
    logits = writer_of(run.model)
    for token in writing.ids[:16]:
        scores = logits.step([token])[0]
    scores[0] = -np.inf  # <unk> is never written
    p = np.exp(scores - scores.max())
    assert writing.tokens[10].probability == pytest.approx(p[ids[0]] / p.sum(), rel=1e-12)
    assert len(writing.tree.branches) == 2


def test_a_text_forced_at_the_end_makes_no_branch(run: Run) -> None:
    writing = written(run)
    writing.force(40, writing.following(40, "A"), replace(PLAIN, length=1), 0.0)
    writing.advance(0.0, "at_once", PLENTY)
    assert len(writing.tree.branches) == 1 and writing.text[46] == "A"


def test_ways_on_are_what_continue_would_write_with_each_seed(run: Run) -> None:
    writing = written(run)
    found = ways_on(writing, 25, replace(PLAIN, length=12), 4)
    for way, tokens in enumerate(found):
        oracle = generate(run.model, run.tokenizer, writing.ids[:6 + 25],
                          replace(PLAIN, length=12, seed=PLAIN.seed + 25 + way))
        assert tokens == list(oracle)
    before = writing.tree
    writing.adopt(25, found[2])
    assert writing.tokens[25:] == found[2] and before[1].tokens == writing.tree[1].tokens


# -- beginnings ---------------------------------------------------------------------------------
def test_a_beginning_that_is_too_long_loses_its_front_and_shows_its_end(run: Run) -> None:
    typed = "A" * 300 + "LATIN " * 4_000
    writing = Writing(run, "digest", 1)
    writing.begin(typed, PLAIN, 0.0)
    assert writing.branch.gone == len(typed) - LONGEST_PROMPT
    assert writing.prompt == typed[-LONGEST_PROMPT:]
    assert writing.start.shown == typed[-SHOWN_PROMPT:]
    assert writing.start.hidden == LONGEST_PROMPT - SHOWN_PROMPT
    assert len(writing.start.ids) == LONGEST_PROMPT


def test_unknown_pieces_stand_marked_in_their_place(run: Run) -> None:
    writing = Writing(run, "digest", 1)
    writing.begin("Aß\x07漢B", PLAIN, 0.0)
    assert writing.shown == "Aß\x07漢B" and writing.beginning == "AB"
    assert writing.start.lacking == (False, True, True, True, False)
    assert writing.owners == [-1] * 5


@given(st.binary(max_size=60))
@rules(max_examples=150, deadline=None)
def test_bytes_are_shown_whole_and_broken_ones_counted(raw: bytes) -> None:
    """The stream of a branch against Python's own decoder."""
    stream, shown = ByteTokenizer().stream(), ""
    for byte in raw:
        shown += stream.push(byte)
    assert shown == codecs.getincrementaldecoder("utf-8")("replace").decode(raw)
    left_open = len(raw) - len(raw[:_whole(raw)])
    valid = len(raw.decode("utf-8", "ignore").encode())
    assert stream.invalid == len(raw) - valid - left_open
    assert bool(stream.finish()) == (left_open > 0)


def _whole(raw: bytes) -> int:
    """Where the bytes begin that only begin a character, by Python's decoder."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(raw)
    return len(raw) - len(decoder.getstate()[0])
