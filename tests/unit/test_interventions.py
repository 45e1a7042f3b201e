"""Changed units against the cells' equations worked out by hand, step by step, in numpy."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.generate import SamplingSettings
from rnnlm_core.insight.effects import (
    Effect,
    first_difference,
    loss_rows,
    loss_under,
    moved_at,
    next_token,
    write_on,
)
from rnnlm_core.insight.interventions import (
    Intervention,
    Spread,
    control_units,
    kept_up,
    matched,
    rows_of,
    side_by_side,
    spread_of,
)
from rnnlm_core.insight.states import read_states
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import unroll

IDS = [1, 4, 0, 2, 3]
TOKENIZER = CharTokenizer.fit("abcdefgh\n")
TEXT = "abcabcaab\ncab" * 4
DONOR = ((0.25, -0.5), (0.75, 0.125))
CELLS = [{"cell": "rnn"}, {"cell": "rnn", "activation": "relu"},
         {"cell": "rnn", "activation": "sigmoid"}, {"cell": "gru"}, {"cell": "lstm"}]
NAMES = ["tanh", "relu", "sigmoid", "gru", "lstm"]
BY_HAND: dict[str, Any] = {  # what becomes of the values a, b of units 3 and 1, k steps into it
    "clamp": lambda a, b, k: (0.9, 0.9),
    "zero": lambda a, b, k: (0.0, 0.0),
    "flip": lambda a, b, k: (-a, -b),
    "scale": lambda a, b, k: (0.9 * a, 0.9 * b),
    "swap": lambda a, b, k: (b, a),
    "patch": lambda a, b, k: DONOR[k] if k < 2 else (a, b)}


def network(**changes: Any) -> Any:
    settings = {"hidden": 5, "embedding": 3, "seed": 7, **changes}
    return build(RunConfig(**settings), TOKENIZER.size).double().eval()


def digest(model: Any) -> str:
    return hashlib.sha256(b"".join(
        tensor.numpy().tobytes() for tensor in model.state_dict().values())).hexdigest()


# -- the equations, by hand ------------------------------------------------------------------------
def sigma(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def one_step(config: RunConfig, x: Any, h: Any, W: Any, U: Any, b: Any, d: Any, c: Any
             ) -> tuple[Any, Any, Any]:
    """h', c' and the output gate, from PyTorch's row blocks: r z n, and i f g o."""
    if config.cell == "rnn":
        phi = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0), "sigmoid": sigma}
        return phi[config.activation](W @ x + b + U @ h + d), None, None
    if config.cell == "gru":
        (wr, wz, wn), (ur, uz, un) = np.split(W @ x + b, 3), np.split(U @ h + d, 3)
        z, n = sigma(wz + uz), np.tanh(wn + sigma(wr + ur) * un)
        return (1 - z) * n + z * h, None, None
    i, f, g, o = np.split(W @ x + b + U @ h + d, 4)
    c = sigma(f) * c + sigma(i) * np.tanh(g)
    return sigma(o) * np.tanh(c), c, sigma(o)


def by_hand(model: Any, kind: str, part: str, layer: int, since: int, until: int) -> Any:
    """The last logits, units 3 and 1 of a layer changed at since ≤ t < until."""
    config, weights = model.config, {n: w.numpy() for n, w in model.state_dict().items()}
    xs = [weights["embedding.weight"][i] for i in IDS]
    for index in range(config.layers):
        h, c, out = np.zeros(5), np.zeros(5), []
        own = [weights[f"layers.{index}.{n}_l0"]
               for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        for t, x in enumerate(xs):
            h, c, o = one_step(config, x, h, *own, c)
            if index == layer and since <= t < until:
                values = c if part == "c" else h
                values[[3, 1]] = BY_HAND[kind](values[3], values[1], t - since)
                if part == "c":
                    h = o * np.tanh(c)
            out.append(h)
        xs = out
    return weights["output.weight"] @ xs[-1] + weights["output.bias"]


@pytest.mark.parametrize("kind", list(BY_HAND))
@pytest.mark.parametrize("changes", CELLS, ids=NAMES)
def test_a_change_is_the_step_worked_out_by_hand(changes: dict[str, Any], kind: Any) -> None:
    for layers, part in [(1, "h"), (2, "h"), *([(2, "c")] if changes["cell"] == "lstm" else [])]:
        model = network(layers=layers, **changes)
        for layer in range(layers):
            before = digest(model)
            change = Intervention((3, 1), kind, 0.9, part, layer, 1, 4, DONOR)  # type: ignore[arg-type]
            with torch.no_grad():
                found = unroll(model, torch.tensor([IDS]), hook=change.hook).logits[0, -1]
                free = unroll(model, torch.tensor([IDS])).logits[0, -1]
            expected = by_hand(model, kind, part, layer, 1, 4)
            assert np.allclose(found.numpy(), expected, rtol=1e-12, atol=1e-14)
            assert not torch.allclose(found, free, atol=1e-6) or changes.get("activation") == "relu"
            assert digest(model) == before


def test_a_change_stays_in_its_span_and_its_rows() -> None:
    model, ids = network(cell="gru"), torch.tensor([IDS, IDS[::-1]])
    change = Intervention((2,), "clamp", 0.5, since=2)
    with torch.no_grad():
        free = unroll(model, ids).layers[0].h
        both = unroll(model, ids.repeat(3, 1), hook=side_by_side([None, change, change.over(0, 1)])
                      ).layers[0].h
        alone = unroll(model, ids, hook=change.hook).layers[0].h
    assert torch.allclose(both[:2], free, atol=1e-14)
    assert torch.allclose(both[2:4], alone, atol=1e-14)
    assert torch.allclose(alone[:, :2], free[:, :2], atol=1e-14)
    assert (alone[:, 2:, 2] == 0.5).all() and (both[4:, 0, 2] == 0.5).all()
    assert not (both[4:, 1:, 2] == 0.5).any()


@pytest.mark.parametrize(("until", "place", "flipped"), [
    (3, 3, [1, 2, 3, 4]), (2, 4, [1, 4]), (4, 3, [1, 2, 3, 4]), (None, 2, [1, 2, 3, 4])])
def test_a_change_is_kept_up_from_the_place_on_and_never_made_twice(
        until: int | None, place: int, flipped: list[int]) -> None:
    hook = kept_up(Intervention((0,), "flip", since=1, until=until), place)
    left = [float(hook(0, t, (torch.ones(1, 2),))[0][0, 0]) for t in range(5)]
    spans = {2: [1], 3: [1, 2], 4: [1, 2, 3], None: [1, 2, 3, 4]}
    assert [t for t in range(5) if left[t] == -1] == sorted({*spans[until], *flipped})
    patch = Intervention((0,), "patch", donor=((0.5,),), since=1, until=2)
    assert float(kept_up(patch, 2)(0, 2, (torch.ones(1, 2),))[0][0, 0]) == 1.0


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one"):
        Intervention((), "zero")
    with pytest.raises(BadInput, match="at least two"):
        Intervention((4,), "swap")


# -- controls --------------------------------------------------------------------------------------
def test_controls_are_other_units_of_the_most_similar_spread() -> None:
    sd = np.exp(np.arange(40) / 10.0)
    for seed in range(20):
        drawn = control_units(sd, [20], seed=seed)
        units = [unit for one in drawn for unit in one]
        assert len(drawn) == len(set(units)) == 5 and 20 not in units
        assert all(abs(unit - 20) <= 8 for unit in units)  # the fifteen nearest: 12…19, 21…28
    assert control_units(sd, [20], seed=1) == control_units(sd, [20], seed=1)
    assert len({tuple(control_units(sd, [20], seed=s)) for s in range(20)}) > 10
    pairs = control_units(sd, [3, 4])
    assert all(len(one) == 2 for one in pairs) and len({u for p in pairs for u in p}) == 10
    assert control_units(sd, list(range(21))) == []  # nothing is left to compare with
    assert len(control_units(sd, list(range(15)))) == 1


def test_a_control_is_moved_as_far_in_its_own_deviations_and_never_beyond_its_reach() -> None:
    spread = Spread(np.array([0.0, 0.5, -0.2]), np.array([0.1, 0.2, 0.3]),
                    np.array([-1.0, -1.0, -0.3]), np.array([1.0, 1.0, 0.0]))
    clamp = Intervention((0,), "clamp", 0.2)  # two deviations up
    assert matched(clamp, (1,), spread).value == pytest.approx((0.9,))
    assert matched(clamp, (2,), spread).value == pytest.approx((0.0,))  # would be 0.4
    flip = matched(Intervention((0,), "flip"), (2,), spread)
    assert flip == Intervention((2,), "flip")
    donor = np.arange(6.0).reshape(2, 3)
    patch = Intervention((0,), "patch", donor=rows_of(donor, (0,)))
    assert patch.donor == ((0.0,), (3.0,))
    assert matched(patch, (2,), spread, donor).donor == ((2.0,), (5.0,))


def test_the_spread_is_of_each_unit() -> None:
    found = spread_of(np.array([[1.0, 5.0], [3.0, 5.0]]))
    assert [list(values) for values in found] == [[2, 5], [1, 0], [1, 5], [3, 5]]


# -- effects ---------------------------------------------------------------------------------------
def test_the_next_token_under_a_change_is_that_of_reading_all_of_it_again() -> None:
    model = network(cell="lstm", layers=2, hidden=8)
    reading = read_states(model, TOKENIZER, TEXT)
    change = Intervention((3,), "clamp", 0.7, "c", 1, since=0, until=2)
    found = next_token(model, TOKENIZER, reading, 10, 14, change,
                       [Intervention((6,), "clamp", 0.7, "c", 1)])
    with torch.no_grad():
        logits = [unroll(model, torch.from_numpy(reading.ids[None, :14]),
                         hook=None if one is None else one.hook).logits[0, -1]
                  for one in (None, change.over(10, 12))]
    for got, expected in zip((found.before, found.after), logits, strict=True):
        p = torch.softmax(expected, -1).numpy()
        p[TOKENIZER.unknown_id or 0] *= TOKENIZER.unknown_id is None
        assert np.allclose(got, p / p.sum(), atol=1e-5)  # the reading keeps float32
    assert found.controls.shape == (1, TOKENIZER.size)
    assert (found.states[:2, 3] == np.float32(0.7)).all() and found.states.shape == (4, 8)
    start = next_token(model, TOKENIZER, reading, 0, 1, change.over(0))
    assert start.moved > 0


@pytest.mark.parametrize("changes", [{"cell": "gru"}, {"cell": "lstm", "layers": 2}], ids=str)
def test_what_moves_at_every_place_is_that_of_reading_up_to_each(changes: dict[str, Any]) -> None:
    model = network(hidden=8, **changes)
    reading = read_states(model, TOKENIZER, TEXT)
    change = Intervention((3,), "clamp", 0.7, layer=model.config.layers - 1, until=3)
    places, expected = (3, 9), []
    for place in places:
        before, after = (
            unroll(model, torch.from_numpy(reading.ids[None, :place]), hook=hook).logits[0, -1]
            .softmax(-1) for hook in (None, change.over(place - 3, place).hook))
        expected.append(float((after - before).detach().abs().sum()) / 2)
    assert np.allclose(moved_at(model, reading, change, places), expected, atol=1e-6)
    assert min(expected) > 1e-4


def test_what_moved_is_told_from_what_the_controls_do() -> None:
    def effect(before: list[float], after: list[float], *controls: list[float]) -> Effect:
        return Effect(np.array(before), np.array(after), np.array(controls).reshape(-1, 2))

    assert effect([0.9, 0.1], [0.2, 0.8], [0.85, 0.15]).verdict == "turns"
    assert effect([0.9, 0.1], [0.2, 0.8]).moved == pytest.approx(0.7)
    assert effect([0.9, 0.1], [0.6, 0.4], [0.85, 0.15]).verdict == "moves"
    assert effect([0.9, 0.1], [0.895, 0.105], [0.9, 0.1]).verdict == "nothing"
    assert effect([0.9, 0.1], [0.2, 0.8], [0.85, 0.15], [0.1, 0.9]).verdict == "no_more"


def test_another_likeliest_token_is_a_turn_only_by_points_and_beyond_the_controls() -> None:
    """The rises by hand; token 1 becomes the likeliest every time."""
    def effect(before: list[float], after: list[float], *controls: list[float]) -> Effect:
        return Effect(np.array(before), np.array(after), np.array(controls).reshape(-1, 3))

    start, after = [0.30, 0.28, 0.42], [0.25, 0.45, 0.30]  # it rises by 17 points
    assert effect(start, after, [0.30, 0.38, 0.32]).verdict == "turns"  # a control: by 10
    risen_more = effect(start, after, [0.26, 0.46, 0.28])  # by 18: and 14 off token 2, not 12
    assert (risen_more.verdict, risen_more.token) == ("no_more", 1)
    # 2 points tip a tie: that moves it, and no more; 0.4 points are nothing
    tipped = effect([0.31, 0.30, 0.39], [0.33, 0.34, 0.33], [0.31, 0.30, 0.39])
    assert (tipped.verdict, tipped.token) == ("moves", 2)
    assert effect([0.332, 0.330, 0.338], [0.332, 0.335, 0.333]).verdict == "nothing"
    # the token that is told is the one that the controls leave alone, not the largest change
    told = effect([0.10, 0.30, 0.60], [0.30, 0.10, 0.60], [0.10, 0.20, 0.70], [0.28, 0.30, 0.42])
    assert (told.verdict, told.token) == ("moves", 1)


@pytest.mark.parametrize("changes", CELLS, ids=NAMES)
def test_writing_under_a_change_draws_with_the_same_random_numbers(changes: dict[str, Any]
                                                                   ) -> None:
    model = network(hidden=8, **changes).float()
    reading = read_states(model, TOKENIZER, TEXT)
    settings = SamplingSettings(temperature=1.0, length=40, seed=5)
    null = Intervention((2,), "scale", 1.0)
    held = Intervention((2, 4), "clamp", 3.0)
    before = digest(model)
    free, same, changed = (write_on(model, TOKENIZER, reading, 7, 10, settings, hook, ("h", 0, 2))
                           for hook in (None, null.hook, held.hook))
    assert free.text == same.text and len(free.text) == 40
    assert (changed.values == 3.0).all() and not (free.values == 3.0).any()
    assert digest(model) == before
    # what is drawn is the argmax of p/E, E the noise that the seed alone fixes
    noise = np.random.Generator(np.random.PCG64(5)).standard_exponential((64, TOKENIZER.size))
    ids = torch.from_numpy(np.concatenate([reading.ids[:10], TOKENIZER.encode(changed.text)])
                           .astype(np.int64))
    with torch.no_grad():
        logits = unroll(model, ids[None], hook=held.over(7).hook).logits[0, 9:-1].double()
    if TOKENIZER.unknown_id is not None:
        logits[:, TOKENIZER.unknown_id] = -torch.inf
    p = torch.softmax(logits, -1).numpy()
    assert (p / noise[:40]).argmax(1).tolist() == ids[10:].tolist()


@pytest.mark.parametrize(("one", "other", "at"), [
    ("abc", "abd", 2), ("abc", "abc", None), ("ab", "abc", 2), ("", "a", 0), ("", "", None)])
def test_where_two_texts_part(one: str, other: str, at: int | None) -> None:
    assert first_difference(one, other) == at


def test_the_loss_under_a_change_is_the_mean_surprise_row_by_row() -> None:
    model = network(cell="gru", hidden=8)
    ids = np.array(TOKENIZER.encode(TEXT * 20), np.int64)
    rows = loss_rows(ids, 300)
    held = Intervention((1,), "clamp", -0.9)
    nats, scored = loss_under(model, rows, [None, held])
    assert 200 <= scored <= 300
    for change, got in zip((None, held), nats, strict=True):
        total = 0.0
        for inputs, targets in zip(rows.inputs, rows.targets, strict=True):
            for at in range(rows.live_width):
                read = torch.from_numpy(inputs[None, :rows.warm_up + at + 1])
                with torch.no_grad():
                    logits = unroll(model, read, hook=None if change is None else change.hook
                                    ).logits[0, -1]
                total -= float(torch.log_softmax(logits, -1)[targets[at]])
        assert got == pytest.approx(total / scored, rel=1e-6)  # losses are taken in float32
    assert nats[0] != nats[1]


def test_a_loss_needs_two_tokens() -> None:
    with pytest.raises(BadInput):
        loss_rows(np.array([3]), 100)
    assert loss_under(network(cell="rnn"), loss_rows(np.array([3, 1]), 100), [None]).tokens == 1
