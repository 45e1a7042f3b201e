"""Decisions read off generated texts by hand, and scores of networks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from rnnlm_core.config import RunConfig
from rnnlm_core.data.generated import GENERATED
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.corpus_labels import corpus_labels
from rnnlm_core.insight.decisions import (
    addition_decisions,
    agreement_decisions,
    anbn_decisions,
    calendar_decisions,
    copy_decisions,
    decisions_of,
    dialogue2_decisions,
    dialogue_decisions,
    dyck_decisions,
    recall_decisions,
)
from rnnlm_core.insight.interventions import Intervention
from rnnlm_core.insight.memories import find_memories
from rnnlm_core.insight.scoring import Score, approaches, score, score_changed
from rnnlm_core.nets.build import build


# -- which places, and what is right -------------------------------------------------------------
def test_every_decision_names_the_character_that_comes() -> None:
    for name, made in GENERATED.items():
        text = made()[:20_000]
        decisions = decisions_of(name, text)
        assert (len(decisions) > 250) == (name not in ("markov:3", "zipf", "noise:16"))
        assert all(text[d.at] == d.right and d.right not in d.rivals for d in decisions)


def test_anbn_decides_after_every_b() -> None:
    found = anbn_decisions("aabb\nab\n")
    assert [(d.at, d.right, d.rivals) for d in found] == [
        (3, "b", "\n"), (4, "\n", "b"), (7, "\n", "b")]
    assert [d.groups[1] for d in found] == ["goes_on", "ends", "ends"]


def test_dyck2_decides_at_every_closer_by_depth() -> None:
    found = dyck_decisions("([])[()]\n")
    assert [(d.at, d.right, d.rivals) for d in found] == [
        (2, "]", ")"), (3, ")", "]"), (6, ")", "]"), (7, "]", ")")]
    assert [d.groups for d in found] == [
        ("all", "depth_2"), ("all", "depth_1", "returns"), ("all", "depth_2"),
        ("all", "depth_1", "returns")]


def test_agreement_decides_at_the_verb() -> None:
    text = ("the dogs are old.\nthe cat of the boys is old.\n"
            "the girls of the dog of the cats are old.\nthe girls of the cats of the dog are old.")
    found = agreement_decisions(text)
    assert [text[d.at:d.at + 3] for d in found] == ["are", "is ", "are", "are"]
    assert [d.rivals for d in found] == ["i", "a", "i", "i"]
    assert [d.groups for d in found] == [
        ("attractors_0",), ("attractors_1", "attractors", "conflict"),
        ("attractors_2", "attractors"), ("attractors_2", "attractors", "conflict")]


def test_dialogue2_decides_between_words_of_the_list() -> None:
    text = 'river stone said "green_paper_field" and left.\nwater summer.\n'
    found = dialogue2_decisions(text)
    assert [(d.at, d.right, d.groups[1]) for d in found] == [
        (5, " ", "outside"), (23, "_", "inside"), (29, "_", "inside"),
        (text.index("summer") - 1, " ", "outside")]


def test_one_kind_of_brackets_decides_when_the_line_ends() -> None:
    found = dyck_decisions("(())\n()\n")
    assert [(d.at, d.right, d.rivals, d.groups[1]) for d in found] == [
        (3, ")", "\n", "goes_on"), (4, "\n", "()", "ends"), (7, "\n", "()", "ends")]


def test_dialogue_decides_once_a_line() -> None:
    text = 'river stone said "green paper!" and left.\nwater summer.\n'
    found = dialogue_decisions(text)
    assert [(d.at, d.right, d.rivals, d.groups[1]) for d in found] == [
        (text.index("!"), "!", ".", "inside"), (len(text) - 2, ".", "!", "outside")]


def test_recall_decides_after_the_question() -> None:
    found = recall_decisions("b01?b\na?a\n")
    assert [(d.at, d.right, d.rivals) for d in found] == [(4, "b", "acd"), (8, "a", "bcd")]


def test_copy_decides_at_each_letter_and_at_the_end() -> None:
    found = copy_decisions("ad|ad\n")
    assert [(d.at, d.right, d.rivals, d.groups[1]) for d in found] == [
        (3, "a", "bcd", "letters"), (4, "d", "abc", "letters"), (5, "\n", "abcd", "ends")]


def test_addition_decides_at_each_digit_of_the_sum() -> None:
    found = addition_decisions("37+58=590\n")  # 7 + 8 = 15: a carry into the tens
    assert [(d.at, d.right, d.groups) for d in found] == [
        (6, "5", ("all", "place_1")), (7, "9", ("all", "place_2", "carry")),
        (8, "0", ("all", "place_3"))]
    assert found[0].rivals == "012346789"


def test_calendar_decides_at_each_digit_of_the_days_that_follow() -> None:
    text = "2023-02-27 > 2023-02-28 > 2023-03-01\n"
    found = calendar_decisions(text)
    assert [text[d.at] for d in found] == list("2023022820230301")
    assert [text[d.at] for d in found if "changes" in d.groups] == list("8301")
    assert [d.at for d in found if "month_begins" in d.groups] == [d.at for d in found[8:]]


def test_what_a_unit_could_hold() -> None:
    counter, = corpus_labels("anbn", "aab\nab\n")
    assert counter.values.tolist() == [1, 2, 1, 0, 1, 0, 0]
    text = "([])[\n"
    depth, top = corpus_labels("dyck2", text)
    assert depth.values.tolist() == [1, 2, 1, 0, 1, 1]
    assert top.values.tolist() == [0, 1, 0, 0, 1, 1]
    assert [text[i] for i in np.flatnonzero(top.where)] == ["]"]  # after ) nothing is open
    assert corpus_labels("names", text) == []


def test_what_a_unit_could_hold_in_copied_letters() -> None:
    counter, = corpus_labels("copy:3", "ad|ad\nb|b\n")
    assert counter.values.tolist() == [1, 2, 2, 1, 0, 0, 1, 1, 0, 0]


def test_what_a_unit_could_hold_until_the_verb() -> None:
    text = "the dogs of the cat are old.\nthe boy is old.\n"
    plural, = corpus_labels("agreement", text)
    assert "".join(text[i] for i in np.flatnonzero(plural.where)) == " of the cat  "
    assert plural.values[plural.where].tolist() == [1] * 12 + [0]


def test_what_a_unit_could_hold_until_the_question() -> None:
    text = "b01?b\nd0?d\n"
    key, since = corpus_labels("recall:4", text)
    assert [text[i] for i in np.flatnonzero(key.where)] == list("01?0?")
    assert key.values[key.where].tolist() == [1, 1, 1, 0, 0]
    assert since.values[since.where].tolist() == [1, 2, 3, 1, 2]


def test_what_a_unit_could_hold_in_a_sum() -> None:
    text = "37+58=590\n12+34=640\n"
    carry, = corpus_labels("addition:2", text)
    assert np.flatnonzero(carry.where).tolist() == [6, 7, 16, 17]
    assert carry.values[carry.where].tolist() == [1, 0, 0, 0]


def test_what_a_unit_could_hold_at_the_end_of_a_month() -> None:
    month_end, = corpus_labels("calendar", "2023-02-27 > 2023-02-28 > 2023-03-01\n")
    assert np.flatnonzero(month_end.where).tolist() == [10, 11, 12, 23, 24, 25]
    assert month_end.values[month_end.where].tolist() == [0, 0, 0, 1, 1, 1]


# -- networks whose answers are known ------------------------------------------------------------
TEXT = 'river stone said "green_paper_field" and left.\n' * 30
TOKENIZER = CharTokenizer.fit(TEXT)


def always(character: str, hidden: int = 3) -> nn.Module:
    """A network that holds one character the likeliest, whatever it reads."""
    model = build(RunConfig(cell="gru", embedding=2, hidden=hidden), TOKENIZER.size).eval()
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.zero_()
        model.output.bias[TOKENIZER.id_of(character)] = 1.0
    return model


def test_blind_networks_score_what_the_text_gives_them() -> None:
    decisions = dialogue2_decisions(TEXT)
    for character, outside, inside in ((" ", 30, 0), ("_", 0, 60)):
        found = score(always(character), TOKENIZER, TEXT, decisions)
        assert found == {"all": Score(outside + inside, 90, 0.5),
                         "outside": Score(outside, 30, 0.5), "inside": Score(inside, 60, 0.5)}
        assert found["all"].share == pytest.approx((outside + inside) / 90)


def test_a_tie_is_wrong() -> None:
    found = score(always("r"), TOKENIZER, TEXT, dialogue2_decisions(TEXT))
    assert found["all"].right == 0


def test_the_score_is_of_the_reading_before_the_decided_character() -> None:
    model = build(RunConfig(cell="lstm", embedding=4, hidden=8, seed=3), TOKENIZER.size).eval()
    decisions = dialogue2_decisions(TEXT)
    right = 0
    with torch.no_grad():
        for d in decisions:  # each by itself, from the text's beginning
            ids = torch.tensor(TOKENIZER.encode(TEXT[:d.at]).astype(np.int64))[None]
            last = model(ids)[0][0, -1]
            right += bool(last[TOKENIZER.id_of(d.right)] > last[TOKENIZER.id_of(d.rivals)])
    assert score(model, TOKENIZER, TEXT, decisions)["all"].right == right


@pytest.mark.parametrize("value", [0.9, -0.9])
def test_a_held_unit_decides_where_the_output_reads_it_alone(value: float) -> None:
    model = always("r")
    with torch.no_grad():
        model.output.weight[TOKENIZER.id_of("_"), 1] = 1.0
        model.output.weight[TOKENIZER.id_of(" "), 1] = -1.0
    decisions = dialogue2_decisions(TEXT)
    late = [d for d in decisions if d.at >= 256]
    wanted = "_" if value > 0 else " "
    near = approaches(model, TOKENIZER, TEXT, decisions)
    [found] = score_changed(model, TOKENIZER, near, [Intervention((1,), "clamp", value)])
    assert found["all"] == Score(sum(d.right == wanted for d in late), len(late), 0.5)
    assert len(approaches(model, TOKENIZER, TEXT, decisions, most=5).decisions) == 5


def test_holding_a_unit_that_nothing_reads_changes_nothing() -> None:
    model = build(RunConfig(cell="lstm", embedding=4, hidden=8, seed=3), TOKENIZER.size).eval()
    with torch.no_grad():
        model.output.weight[:, 2] = 0.0
        model.layers[0].weight_hh_l0[:, 2] = 0.0
    decisions = [d for d in dialogue2_decisions(TEXT) if d.at >= 256]
    plain = score(model, TOKENIZER, TEXT, decisions)
    near = approaches(model, TOKENIZER, TEXT, decisions)
    untouched, unread, cell = score_changed(model, TOKENIZER, near, [
        None, Intervention((2,), "clamp", 0.7), Intervention((3,), "clamp", 40.0, "c")])
    assert unread == untouched == plain
    assert cell != plain  # a cell that is read does


def test_texts_without_a_decision_are_refused() -> None:
    model = always("r")
    with pytest.raises(BadInput):
        score(model, TOKENIZER, "river", [])
    with pytest.raises(BadInput):
        approaches(model, TOKENIZER, TEXT[:100], dialogue2_decisions(TEXT[:100]))


def test_a_unit_that_counts_is_found() -> None:
    """A ReLU unit that adds one at an a and takes one off at a b is aⁿbⁿ's counter."""
    text = GENERATED["anbn"]()[:4_000]
    tokenizer = CharTokenizer.fit(text)
    config = RunConfig(cell="rnn", activation="relu", embedding=2, hidden=3)
    untrained, model = (build(config, tokenizer.size).eval() for _ in range(2))
    with torch.no_grad():
        layer = model.layers[0]
        for parameter in layer.parameters():
            parameter.zero_()
        model.embedding.weight.zero_()
        for character, step in (("a", 1.0), ("b", -1.0), ("\n", 0.0)):
            model.embedding.weight[tokenizer.id_of(character), 0] = step
        layer.weight_ih_l0[1, 0] = 1.0
        layer.weight_hh_l0[1, 1] = 1.0
    found, = find_memories(model, untrained, tokenizer, "anbn", text)
    assert (found.label, found.part, found.unit, found.sign) == ("counter", "h", 1, 1)
    assert found.correlation == pytest.approx(1.0, abs=1e-6)
