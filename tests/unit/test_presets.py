"""The recipes are what their sources say: settings, parameters, and three steps of each."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from benchmarks.reproduce_shakespeare import shakespeare_config
from rnnlm_core.config import FIELDS, RunConfig
from rnnlm_core.data.tokenizer import fit
from rnnlm_core.nets.parameters import parameter_count
from rnnlm_core.presets import PRESETS, SHAKESPEARE, matching
from rnnlm_core.trainer import Trainer
from rnnlm_ui.i18n import strings
from tests.small_runs import plan_of, small_text

ALL = list(PRESETS.values())


@pytest.mark.parametrize("preset", ALL, ids=lambda p: p.name)
def test_each_is_a_valid_config_that_is_found_again_from_its_link(preset) -> None:  # type: ignore[no-untyped-def]
    config = preset.applied(RunConfig())
    assert config.problems() == []
    assert RunConfig.from_query(config.to_query()) == config
    assert matching(config) is preset


# Each by the layers of its own source, counted by hand:
# char-rnn: two LSTM layers of 4 (i2h + h2h), each Linear with a bias, and the decoder
# makemore: wte, Linear(128, 64), start, lm_head; our second bias is as large as its start
# word_language_model: encoder, nn.LSTM of two layers, decoder, WikiText-2 has 33,278 words
COUNTED = {
    "char_rnn": 4 * 128 * (65 + 1) + 4 * 128 * (128 + 1) + 2 * 4 * 128 * (128 + 1) + 65 * 129,
    "zaremba": 10_000 * 200 + 2 * 2 * 4 * (200 * 200 + 200) + 200 * 10_000 + 10_000,
    "word_language_model": 33_278 * 200 + 2 * (800 * 200 * 2 + 2 * 800) + 33_278 * 201,
    "makemore": 27 * 64 + (128 * 64 + 64) + 64 + 64 * 27 + 27,
    "shakespeare_narrow": 65 * 64 + 4 * 256 * (64 + 256 + 2) + 65 * 257,
    "shakespeare": 65 * 128 + 4 * 384 * (128 + 384 + 2) + 65 * 385,
    "nanogpt_cpu": 65 * 128 + 4 * 384 * (128 + 384 + 2) + 65 * 385}


@pytest.mark.parametrize("name", COUNTED)
def test_parameters_are_those_of_the_source(name: str) -> None:
    preset = PRESETS[name]
    assert preset.parameters is not None
    vocabulary, count = preset.parameters
    assert count == COUNTED[name]
    assert parameter_count(preset.applied(RunConfig()), vocabulary) == count


def test_char_rnn_has_the_published_240_321_parameters() -> None:
    assert parameter_count(PRESETS["char_rnn"].applied(RunConfig()), 65) == 240_321


@pytest.mark.parametrize("name, steps, rate, clip", [("zaremba", 20, 1.0, 5.0)])
def test_a_loss_that_is_summed_over_time_is_matched_by_rate_and_clip(
        name: str, steps: int, rate: float, clip: float) -> None:
    """θ − lr · clip(Σ_t g_t) there equals θ − lr' · clip'(Σ_t g_t / T) here, clipped or not."""
    config = PRESETS[name].applied(RunConfig())
    for norm in (0.5, 400.0):  # of the summed gradient: below and above the limit
        theirs = rate * min(norm, clip)
        ours = config.learning_rate * min(norm / steps, config.clip_norm)
        assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("preset", ALL, ids=lambda p: p.name)
def test_each_trains(preset, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Three steps at its own rate, on few rows: the first loss is about ln V, all are finite."""
    config = dataclasses.replace(preset.applied(RunConfig()), batch=4, sequence_length=16,
                                 threads=1, max_steps=3)
    text = small_text(6_000)
    tokenizer = fit(config.tokenizer, text, config.max_vocabulary, config.min_frequency)
    trainer = Trainer(config, plan_of(config), tokenizer.encode(text), tokenizer.size)
    losses = [trainer.step().loss for _ in range(3)]
    assert losses[0] == pytest.approx(math.log(tokenizer.size), rel=0.15)
    assert all(math.isfinite(loss) for loss in losses)


def test_a_recipe_keeps_seed_machine_and_a_text_of_ones_own() -> None:
    own = RunConfig(corpus="text:" + "a" * 64, max_characters=2_000_000, seed=7, device="mps")
    applied = PRESETS["zaremba"].applied(own)
    assert applied.corpus == own.corpus and applied.max_characters == 2_000_000
    assert (applied.seed, applied.device) == (7, "mps")
    assert PRESETS["zaremba"].applied(RunConfig()).corpus == "manual"
    assert PRESETS["char_rnn"].applied(RunConfig(corpus="source")).corpus == "source"


def test_any_changed_setting_is_no_longer_the_recipe() -> None:
    config = PRESETS["makemore"].applied(RunConfig())
    assert matching(dataclasses.replace(config, hidden=65)) is None
    assert matching(dataclasses.replace(config, seed=9, corpus="source")) is PRESETS["makemore"]
    assert matching(RunConfig()) is None


def test_the_mended_tutorial_changes_exactly_what_its_visible_flaws_name() -> None:
    tutorial = PRESETS["tutorial"]
    named = {setting for flaw in tutorial.flaws for setting in flaw.settings}
    assert set(tutorial.mends()) == named == {"windows", "validation_share", "clip_norm"}
    assert tutorial.mends()["windows"] == ("random", "carried")
    assert PRESETS["tutorial_mended"].mends() == {}


def test_the_shakespeare_recipe_is_the_one_that_is_reproduced() -> None:
    measured = shakespeare_config("shakespeare", 180.0, 1, "names")
    ours = dataclasses.replace(RunConfig(), **SHAKESPEARE)
    assert {n for n in FIELDS if getattr(measured, n) != getattr(ours, n)} <= {"max_characters"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_recipe_and_flaw_has_its_words(language: str) -> None:
    words = strings(language)
    for preset in ALL:
        for part in ("title", "what", "look", "differs"):
            assert words[f"preset.{preset.name}.{part}"]
        told = words[f"preset.{preset.name}.what"] + words[f"preset.{preset.name}.look"]
        for figure in preset.figures:
            assert f"{figure.value:g}" in told  # the words promise what the recipe records
        for flaw in preset.flaws:
            assert words[f"preset.flaw.{flaw.name}"] and words[f"preset.right.{flaw.name}"]
