"""The causal CNN: what it can see, reading in pieces, its size, and that it learns."""

from __future__ import annotations

import dataclasses
import math
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.cnn import CausalCNN
from rnnlm_core.nets.cnn_shape import dilations, true_receptive_field
from rnnlm_core.nets.parameters import parameter_table
from tests.small_runs import run_quietly

SMALL = RunConfig(cell="cnn", embedding=6, hidden=8, receptive_field=12, input_dropout=0.0,
                  layer_dropout=0.0, output_dropout=0.0)
V = 11


def small(**changes: object) -> RunConfig:
    return dataclasses.replace(SMALL, **changes)  # type: ignore[arg-type]


def network(config: RunConfig = SMALL, seed: int = 0, kernel: int = 2) -> CausalCNN:
    torch.manual_seed(seed)
    return CausalCNN(config, V, kernel).double()


def some_ids(*shape: int, seed: int = 0) -> Tensor:
    return torch.randint(V, shape, generator=torch.Generator().manual_seed(seed))


def inputs_that_matter(model: CausalCNN, length: int, at: int) -> list[int]:
    """Tokens whose embedding has a gradient of the outputs at `at`."""
    seen: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, embedded: Tensor) -> Tensor:
        seen.append(embedded.detach().requires_grad_())
        return seen[0]

    handle = model.embedding.register_forward_hook(keep)
    logits, _ = model(some_ids(1, length))
    handle.remove()
    logits[0, at].sum().backward()
    return torch.nonzero(seen[0].grad[0].abs().sum(1)).flatten().tolist()


# -- what it can see ----------------------------------------------------------------------------
def test_three_taps_with_dilations_1_2_4_8_see_exactly_31_tokens() -> None:
    assert dilations(31, kernel=3) == (1, 2, 4, 8)
    model = network(small(receptive_field=31), kernel=3)

    assert inputs_that_matter(model, 100, at=80) == list(range(50, 81))


@pytest.mark.parametrize("field", [2, 5, 31, 64, 100])
def test_the_receptive_field_is_the_one_asked_for(field: int) -> None:
    assert true_receptive_field(dilations(field)) == field
    model = network(small(receptive_field=field, hidden=32))

    assert inputs_that_matter(model, 130, at=120) == list(range(121 - field, 121))


def test_dilations_double_until_the_last() -> None:
    assert dilations(2) == (1,)
    assert dilations(64) == (1, 2, 4, 8, 16, 32)
    assert dilations(100) == (1, 2, 4, 8, 16, 32, 36)


@pytest.mark.parametrize("field", range(2, 80))
@pytest.mark.parametrize("kernel", [2, 3])
def test_no_token_within_the_field_is_left_out(field: int, kernel: int) -> None:
    reached = {0}
    for dilation in dilations(field, kernel):
        reached = {lag + tap * dilation for lag in reached for tap in range(kernel)}

    assert reached == set(range(field + (kernel == 3 and field % 2 == 0)))
    assert true_receptive_field(dilations(field, kernel), kernel) == len(reached)


@pytest.mark.parametrize("layer_norm", [False, True])
def test_a_later_token_changes_nothing_before_it(layer_norm: bool) -> None:
    model, ids = network(small(layer_norm=layer_norm)), some_ids(2, 40)
    changed = ids.clone()
    changed[:, 25] = (changed[:, 25] + 1) % V

    before, after = model(ids)[0], model(changed)[0]

    assert torch.equal(before[:, :25], after[:, :25])
    assert not torch.allclose(before[:, 25], after[:, 25])


def test_one_block_is_the_convolution_that_pytorch_has() -> None:
    block = network(small(receptive_field=31), kernel=3).blocks[2]
    x = torch.randn(2, 9, 8, dtype=torch.float64)
    taps = torch.stack(block.weight.chunk(3, 1), 2)  # (H, H, k)
    padded = functional.pad(x.transpose(1, 2), (8, 0))

    ours, _ = block(x, x.new_zeros(8, 2, 8))

    theirs = functional.conv1d(padded, taps, block.bias, dilation=4).relu().transpose(1, 2)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


# -- reading in pieces ----------------------------------------------------------------------------
@pytest.mark.parametrize("pieces", [[1] * 40, [3, 1, 20, 16], [40]])
@pytest.mark.parametrize("kernel", [2, 3])
def test_reading_in_pieces_equals_reading_at_once(pieces: list[int], kernel: int) -> None:
    model, ids = network(kernel=kernel), some_ids(3, 40)
    whole, end = model(ids)

    carried, parts = model.zero_state(3), []
    for piece in ids.split(pieces, 1):
        logits, carried = model(piece, carried)
        parts.append(logits)

    assert (torch.cat(parts, 1) - whole).abs().max() < 1e-12
    assert [tuple(c.shape) for c in carried] == [tuple(z.shape) for z in model.zero_state(3)]
    assert all((a - b).abs().max() < 1e-12 for a, b in zip(carried, end, strict=True))
    assert all(part.is_contiguous() for part in carried)


def test_what_is_carried_is_worth_something_and_can_be_cut_from_the_graph() -> None:
    model, ids = network(), some_ids(2, 20)
    _, carried = model(ids[:, :10])

    with_it = model(ids[:, 10:], tuple(part.detach() for part in carried))[0]

    assert not torch.allclose(with_it, model(ids[:, 10:])[0])
    with_it.sum().backward()  # a second window alone: the first one's graph is not needed


def test_zero_state_is_what_none_means() -> None:
    model, ids = network(), some_ids(2, 7)
    assert torch.equal(model(ids)[0], model(ids, model.zero_state(2))[0])


# -- size -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("changes", [
    {}, {"embedding": 0}, {"embedding": 8}, {"embedding": 8, "tie_weights": True},
    {"layer_norm": True}, {"receptive_field": 2}, {"receptive_field": 1000}], ids=str)
def test_the_formula_counts_what_the_module_holds(changes: dict[str, object]) -> None:
    config = small(**changes)
    rows = parameter_table(config, V)

    assert sum(row.count for row in rows) == sum(
        p.numel() for p in network(config).parameters())
    assert all(math.prod(row.shape) == row.count for row in rows)


def test_the_count_by_hand() -> None:
    # E 11·6, W_in 8·6, four blocks (1, 2, 4, 4) of 8·2·8 + 8, W_o 11·8, b_o 11
    assert sum(row.count for row in parameter_table(SMALL, V)) == 66 + 48 + 4 * 136 + 88 + 11


def test_the_shape_needs_no_torch() -> None:
    code = ("import sys, rnnlm_core.nets.cnn_shape, rnnlm_core.nets.adaptive_shape\n"
            "raise SystemExit('torch' in sys.modules)")
    assert run_quietly(sys.executable, "-c", code).returncode == 0


# -- the levers ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["input_dropout", "layer_dropout", "output_dropout"])
def test_each_dropout_acts_in_training_alone_and_can_be_turned(name: str) -> None:
    model, ids = network(), some_ids(2, 12)
    quiet = model.train()(ids)[0]
    model.set_dropouts(small(**{name: 0.5}))

    assert not torch.allclose(model(ids)[0], quiet)
    assert torch.equal(model.eval()(ids)[0], quiet)


@pytest.mark.parametrize("rule", ["xavier", "orthogonal"])
def test_each_start_draws_its_own_taps(rule: str) -> None:
    block = network(small(initialisation=rule, gain=2.0, hidden=32)).blocks[1]
    for tap in block.weight.chunk(2, 1):
        if rule == "orthogonal":
            assert torch.allclose(tap @ tap.T, 4 * torch.eye(32).double(), atol=1e-5)
        else:  # U(±a), a = gain · √(6 / (H + H))
            largest = float(tap.detach().abs().max())
            assert 0.95 < largest / (2 * math.sqrt(6 / 64)) <= 1.0
    assert not block.bias.any()


def test_it_learns_what_lies_within_its_field_and_nothing_beyond() -> None:
    """The token is the one 6 before: with 7 tokens in sight the loss goes to zero, with 6 it stays
    at chance, ln 8."""
    losses = {field: loss_of_copying(lag=6, field=field) for field in (6, 7)}

    assert losses[7] < 0.1
    assert losses[6] > 0.95 * math.log(8)


def loss_of_copying(lag: int, field: int) -> float:
    torch.manual_seed(0)
    model = CausalCNN(small(receptive_field=field, embedding=16, hidden=32), 8)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(120):
        ids = torch.randint(8, (16, 16))
        logits, _ = model(ids)
        # the target at t is the token at t − lag: lag + 1 tokens are in sight where it can be known
        loss = functional.cross_entropy(logits[:, lag:].flatten(0, 1), ids[:, :-lag].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float(loss.detach())


@pytest.mark.parametrize("changes", [
    {}, {"embedding": 0}, {"embedding": 64}, {"embedding": 64, "tie_weights": True},
    {"layer_norm": True}, {"initialisation": "orthogonal"}], ids=str)
def test_the_first_loss_is_that_of_guessing(changes: dict[str, object]) -> None:
    config = small(**{"hidden": 64, "receptive_field": 64, **changes})
    torch.manual_seed(0)
    model, ids = CausalCNN(config, 65), torch.randint(65, (32, 65))
    with torch.no_grad():
        loss = functional.cross_entropy(model(ids[:, :-1])[0].flatten(0, 1), ids[:, 1:].flatten())
    assert abs(float(loss) / math.log(65) - 1) < 0.03
