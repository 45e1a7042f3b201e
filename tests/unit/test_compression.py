"""The file compressor as a yardstick: what is known of its answer without asking it."""

import math
import random

import pytest

from rnnlm_core.data.compression import xz_bits
from rnnlm_core.prepared import prepare
from rnnlm_core.yardsticks import xz_yardstick
from tests.small_runs import new_run, small_text, with_plan


def drawn(symbols: str, characters: int, seed: int) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice(symbols) for _ in range(characters))


@pytest.mark.parametrize(("symbols", "bits"), [("ab", 1.0), ("abcdefghijklmnop", 4.0)])
def test_noise_costs_its_entropy_and_a_little_more(symbols: str, bits: float) -> None:
    """No code is shorter than the entropy (Shannon 1948); xz loses less than a sixth on these."""
    found = xz_bits(drawn(symbols, 200_000, 1), drawn(symbols, 20_000, 2))
    assert bits < found < 1.17 * bits + 0.1


def test_what_stood_in_the_training_part_costs_next_to_nothing() -> None:
    text = drawn("abcdefghijklmnop", 100_000, 1)
    assert xz_bits(text, text[10_000:30_000]) < 0.1


def test_a_yardstick_in_nats_a_token_is_that_of_its_characters(tmp_path) -> None:
    draw = random.Random(0)
    text = "".join(f"{draw.choice(['abba', 'cad', 'deed'])}\n" for _ in range(4_000))
    found = {}
    for kind in ("characters", "words"):
        prepared = prepare(with_plan(new_run(tmp_path, text, tokenizer=kind)))
        found[kind] = xz_yardstick(prepared).full * len(prepared.validation_ids)
    assert found["words"] == pytest.approx(found["characters"], rel=1e-12)
    length = len(prepared.tokenizer.decode(prepared.validation_ids))
    bits = xz_bits(text[:len(text) - length], text[len(text) - length:])
    assert found["characters"] == pytest.approx(bits * math.log(2) * length, rel=1e-12)


def test_nothing_is_said_where_a_piece_is_unknown(tmp_path) -> None:
    prepared = prepare(with_plan(new_run(tmp_path, small_text(20_000), tokenizer="words",
                                         max_vocabulary=3)))
    assert xz_yardstick(prepared) is None
