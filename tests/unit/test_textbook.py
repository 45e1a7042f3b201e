"""The textbook's formulas, run: section 2d K, the losses, the exercises, the leak."""

from __future__ import annotations

import math

import pytest
import torch

from rnnlm_core.insight.textbook import (
    RIGHT,
    TUTORIAL,
    Rule,
    deltas,
    gradients,
    mended,
    update,
)
from rnnlm_core.insight.textbook_checks import LINES, cells_checked, checked
from rnnlm_core.insight.textbook_exercises import EXERCISES, answer_of, run
from rnnlm_core.insight.textbook_losses import of_delta, pull, steps_to_turn
from rnnlm_core.insight.textbook_network import (
    ARRAYS,
    Network,
    copied,
    example,
    random_network,
    read,
)
from rnnlm_core.insight.textbook_training import (
    SOURCES,
    SYMBOLS,
    leak,
    learn,
    transitions,
    windows,
)
from rnnlm_core.insight.textbook_truth import by_autograd, by_differences, nearness


def test_the_right_rule_agrees_with_finite_differences_and_autograd() -> None:
    network, tokens = example()
    found = gradients(RIGHT, read(network, tokens))

    assert nearness(found, by_differences(network, tokens)).error < 1e-9
    assert nearness(found, by_autograd(network, tokens)).error < 1e-12
    for name in ARRAYS:
        assert nearness(found, by_autograd(network, tokens), [name]).cosine == pytest.approx(1)


@pytest.mark.parametrize(("rule", "most"), [
    (Rule(carry="straight"), 0.9), (Rule(output=False), 0.5), (TUTORIAL, 0.5)],
    ids=["no transpose", "no output matrix", "the tutorial's"])
def test_section_2d_k_each_fault_turns_the_gradient_of_w_hh(rule: Rule, most: float) -> None:
    network, tokens = example()

    near = nearness(gradients(rule, read(network, tokens)), by_autograd(network, tokens), ["W_hh"])

    assert near.cosine is not None
    assert near.cosine < most


def test_mending_goes_from_the_tutorials_formula_to_the_right_one_fault_by_fault() -> None:
    rules = mended()

    assert (rules[0], rules[-1], len(set(rules))) == (TUTORIAL, RIGHT, 7)


def test_a_product_that_does_not_exist_is_refused() -> None:
    whole, tokens = random_network(4, 0), torch.tensor([[0, 1, 2]])
    narrow = Network(whole.E[:, :3], whole.weights._replace(W_ih=whole.weights.W_ih[:, :3]),
                     whole.W_o)
    few = Network(whole.E[:3], whole.weights, whole.W_o[:3])

    with pytest.raises(ValueError, match="W_xh is 4 × 3"):
        deltas(TUTORIAL, read(narrow, tokens))
    with pytest.raises(ValueError, match="3 entries and δ has 4"):
        deltas(Rule(output=False), read(few, tokens))
    assert deltas(RIGHT, read(few, tokens))[0].shape == (1, 2, 4)


def test_each_line_of_the_derivation_holds() -> None:
    found = checked(*example())

    assert tuple(found) == LINES
    assert all(value < 1e-14 for name, value in found.items() if name != "whole")
    assert found["whole"] < 1e-9


def test_bptt_by_hand_agrees_with_autograd_for_every_cell() -> None:
    found = cells_checked()

    assert set(found) == {"rnn", "gru", "lstm"}
    assert all(value < 1e-10 for value in found.values())


def test_looking_at_a_network_leaves_it_as_it_was_and_an_update_does_not() -> None:
    network, tokens = example()
    before = copied(network)

    by_differences(network, tokens)
    by_autograd(network, tokens)
    checked(network, tokens)

    def same() -> bool:
        return all(torch.equal(a, b) for a, b in zip(
            network.arrays().values(), before.arrays().values(), strict=True))

    assert same() and not network.E.requires_grad
    update(network, RIGHT, tokens, 0.1)
    assert not same()


# -- losses ---------------------------------------------------------------------------------------
def logits(epsilon: float) -> torch.Tensor:
    return torch.tensor([math.log(epsilon), math.log(1 - epsilon)], dtype=torch.float64,
                        requires_grad=True)


def loss_of(s: torch.Tensor, loss: str) -> torch.Tensor:
    p = s.softmax(0)
    target = torch.tensor([1.0, 0.0], dtype=torch.float64)
    return ((p - target) ** 2).sum() if loss == "squared" else -p[0].log()


@pytest.mark.parametrize("loss", ["squared", "cross_entropy"])
@pytest.mark.parametrize("epsilon", [0.5, 0.01, 0.001])
def test_the_pull_is_the_derivative_and_its_descent_takes_so_many_steps(loss, epsilon) -> None:
    s = logits(epsilon)
    derivative, = torch.autograd.grad(loss_of(s, loss), s)
    assert pull(epsilon, loss) == pytest.approx(abs(derivative[0].item()), rel=1e-12)

    steps = 0
    while s.softmax(0)[0] <= 0.5:
        s = (s - torch.autograd.grad(loss_of(s, loss), s)[0]).detach().requires_grad_()
        steps += 1
    assert abs(steps_to_turn(epsilon, loss) - steps) <= (epsilon == 0.5)  # a tie to the last bit


def test_the_figures_of_section_6_row_10() -> None:
    assert pull(0.001, "squared") == pytest.approx(0.003992004, rel=1e-9)
    assert pull(0.001, "cross_entropy") == pytest.approx(0.999, rel=1e-12)


def test_the_tutorials_loss_is_undefined_or_blind() -> None:
    found = of_delta()
    network, tokens = example()
    cell, w = network.weights, tokens[0]
    nudge = torch.zeros(7, 5, dtype=torch.float64, requires_grad=True)  # added to every a_t
    h, loss = torch.zeros(5, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    for t in range(7):
        h = torch.tanh(cell.W_ih @ network.E[w[t]] + cell.b_ih + cell.W_hh @ h + cell.b_hh
                       + nudge[t])
        loss = loss - (network.W_o @ h).log_softmax(0)[w[t + 1]]
    delta, = torch.autograd.grad(loss, nudge)

    assert found.true == pytest.approx([delta[t, w[t + 1]].item() for t in range(7)], abs=1e-14)
    assert found.undefined == sum(value <= 0 for value in found.true) == 3
    assert found.own_loss == found.own_loss_elsewhere
    assert abs(found.loss - found.loss_elsewhere) > 0.1
    assert found.loss == pytest.approx(-sum(map(math.log, found.probabilities)) / 7)
    assert found.loss == pytest.approx(loss.item() / 7)


# -- training -------------------------------------------------------------------------------------
def test_the_sources_are_what_they_say() -> None:
    draw = torch.Generator().manual_seed(0)
    pairs, chain = (windows(source, draw, count=4_000) for source in ("pairs", "chain"))
    follows = (3 * chain[:, :-1] + 1) % SYMBOLS

    assert torch.equal(pairs[:, 2:], pairs[:, :-2])
    assert (chain[:, 1:] == follows).double().mean().item() == pytest.approx(0.9, abs=0.01)
    assert transitions(8, 0.9).sum(1).tolist() == pytest.approx([1.0] * 8)


FATES = {"transpose": "hides", "no_slope": "shows", "squares": "passes", "slope_of_h": "hides",
         "no_carry": "hides", "no_carry_pairs": "shows", "no_output": "shows", "sign": "shows",
         "mean": "shows"}


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.rule], ids=lambda e: e.name)
def test_each_exercise_comes_out_as_its_reason_says(exercise) -> None:
    found = run(exercise.rule, exercise.source)

    assert found.fate == FATES[exercise.name]
    assert len(found.truth) == len(found.found) == 5 * 5 * 3 + 5  # W_hh, W_xh, E and b_h
    assert found.curves.right[-1] < 0.75 * found.curves.right[0]


def test_the_reasons_say_what_is_so() -> None:
    assert run(Rule(mean=True), "pairs").near.cosine == pytest.approx(1)
    assert run(Rule(error="y-p"), "chain").near.cosine == pytest.approx(-1)
    assert learn(Rule(slope="h"), "pairs")[-1] == math.inf  # "on the other one it diverges"
    assert learn(Rule(slope="none"), "pairs")[-1] == math.inf


@pytest.mark.parametrize("name", ["delta_loss", "squared_error", "test_text"])
def test_exercises_without_a_rule_have_an_answer(name: str) -> None:
    assert answer_of(name) == {"delta_loss": 1, "squared_error": 2, "test_text": 1}[name]


@pytest.mark.parametrize("source", SOURCES)
def test_the_right_rule_learns_either_text(source) -> None:
    losses = learn(RIGHT, source, seed=1)

    assert losses[-1] < math.log(SYMBOLS) / 3
    assert losses == learn.__wrapped__(RIGHT, source, seed=1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_on_the_test_text_beats_its_source_and_spoils_the_other(seed: int) -> None:
    found = leak(seed)

    assert abs(found.test[0] - found.best) < 0.15  # an honest model, near what is possible
    assert found.test[-1] < 0.5 * found.best
    assert found.untouched[-1] > found.untouched[0] + 0.5
    assert found.dynamic < found.fixed - 1  # scored first: it may learn from what it has read
