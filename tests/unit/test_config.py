"""The settings: limits, every problem at once, and what is refused without a crash."""

from __future__ import annotations

import dataclasses
import json

import pytest

from rnnlm_core.config import FIELDS, GROUPS, SCHEMA, RunConfig
from rnnlm_core.errors import ConfigError
from rnnlm_core.idle import idle
from tests.small_runs import dropouts


def codes(error: pytest.ExceptionInfo[ConfigError]) -> list[tuple[str, object]]:
    return [(p.code, p.values.get("field")) for p in error.value.problems]


def refused(text: str) -> list[tuple[str, object]]:
    with pytest.raises(ConfigError) as error:
        RunConfig.from_json(text)
    return codes(error)


def test_the_defaults_are_fine() -> None:
    assert RunConfig().problems() == []
    assert RunConfig().to_query() == {}
    assert sorted(n for names in GROUPS.values() for n in names) == sorted(FIELDS)


def test_every_problem_is_told_not_the_first() -> None:
    with pytest.raises(ConfigError) as error:
        RunConfig(hidden=0, cell="elman", output_dropout=1.5, learning_rate=float("nan")).checked()  # type: ignore[arg-type]
    assert codes(error) == [("config.not_a_choice", "cell"), ("config.too_small", "hidden"),
                            ("config.too_large", "output_dropout"),
                            ("config.not_a_number", "learning_rate")]
    assert str(error.value) == (
        "cell is 'elman'; choose one of rnn, gru, lstm, cnn. hidden is 0, but must be at least 1. "
        "output_dropout is 1.5, but must be at most 0.9. "
        "learning_rate is nan, which is not a finite number.")


def test_unknown_settings_and_wrong_ones_are_told_together() -> None:
    assert refused('{"hiden": 3, "hidden": -1, "batch": "many"}') == [
        ("config.unknown_field", "hiden"), ("config.too_small", "hidden"),
        ("config.not_a_number", "batch")]


@pytest.mark.parametrize("name", [n for n in FIELDS if FIELDS[n].metadata["low"] is not None])
def test_limits_are_inclusive(name: str) -> None:
    low, high = FIELDS[name].metadata["low"], FIELDS[name].metadata["high"]
    for value in (low, high):
        changed = dataclasses.replace(RunConfig(max_steps=5), **{name: value})
        assert changed.problems() == []
    for value, code in ((low - 1, "config.too_small"), (high + 1, "config.too_large")):
        problem, = dataclasses.replace(RunConfig(max_steps=5), **{name: value}).problems()
        assert (problem.code, problem.values["field"]) == (code, name)


def test_a_run_must_be_able_to_end() -> None:
    problem, = RunConfig(max_steps=0, max_seconds=0.0).problems()
    assert problem.code == "config.no_stop"


def test_byte_level_bpe_has_room_for_its_bytes() -> None:
    problem, = RunConfig(tokenizer="bpe", max_vocabulary=255).problems()
    assert problem.code == "config.bpe_vocabulary"
    assert str(problem) == (
        "Byte-level BPE begins with 256 bytes, so max_vocabulary cannot be 255. Make it 256 or "
        "more, or choose another kind of tokenizer.")
    assert RunConfig(tokenizer="bpe", max_vocabulary=256).problems() == []
    assert RunConfig(tokenizer="words", max_vocabulary=255).problems() == []


@pytest.mark.parametrize("text", ["", "no json", "[]", "3", "null", "[" * 50_000, '{"seed": 1',
                                  "\x00", '{"hidden": ' + "9" * 5000 + "}"],
                         ids=lambda text: text[:9])
def test_what_is_no_settings_object_is_refused(text: str) -> None:
    assert refused(text) == [("config.not_json", None)]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "true",
                                   "null", '"8"', "[8]", "{}"], ids=lambda v: v[:9])
def test_what_is_no_count_is_refused(value: str) -> None:
    assert refused(f'{{"hidden": {value}}}') == [("config.not_a_number", "hidden")]


def test_a_fraction_is_no_count() -> None:
    assert refused('{"hidden": 8.5}') == [("config.not_whole", "hidden")]


@pytest.mark.parametrize("value", ["NaN", "1e999", "9" * 400, "false", "null", '"0.1"'],
                         ids=lambda v: v[:9])
def test_what_is_no_number_is_refused(value: str) -> None:
    assert refused(f'{{"output_dropout": {value}}}') == [("config.not_a_number", "output_dropout")]


@pytest.mark.parametrize("value", ["5", "null", '""', '" "', "[]", "true"])
def test_a_text_is_called_by_a_name(value: str) -> None:
    assert refused(f'{{"corpus": {value}}}') == [("config.not_a_choice", "corpus")]


def test_whole_floats_count_and_whole_numbers_measure() -> None:
    config = RunConfig.from_json('{"hidden": 8.0, "output_dropout": 0}')
    assert (type(config.hidden), config.hidden) == (int, 8)
    assert (type(config.output_dropout), config.output_dropout) == (float, 0.0)


def test_settings_of_a_later_version_are_refused() -> None:
    assert refused(json.dumps({"schema": SCHEMA + 1})) == [("config.schema", None)]
    assert refused('{"schema": "1"}') == [("config.schema", None)]


def test_a_query_leaves_the_parameters_of_others_alone() -> None:
    assert RunConfig.from_query({"run": "x", "hidden": "16"}) == RunConfig(hidden=16)


def test_every_bad_number_of_a_query_is_told() -> None:
    with pytest.raises(ConfigError) as error:
        RunConfig.from_query({"hidden": "many", "output_dropout": "", "batch": "1.5", "seed": "-1"})
    assert sorted(codes(error)) == [
        ("config.not_a_number", "hidden"), ("config.not_a_number", "output_dropout"),
        ("config.not_whole", "batch"), ("config.too_small", "seed")]


def test_a_whole_number_may_be_written_in_any_way() -> None:
    assert RunConfig.from_query({"max_steps": "1e3", "batch": "8.0"}) == RunConfig(
        max_steps=1_000, batch=8)


@pytest.mark.parametrize(("config", "names"), [
    (RunConfig(), {"activation", "update_bias", "receptive_field", "layer_dropout", "residual",
                   "gain", "decay_factor", "decay_every", "vectors"}),
    (RunConfig(cell="rnn", initialisation="orthogonal", layers=2, schedule="step"),
     {"forget_bias", "update_bias", "receptive_field", "chrono_steps", "vectors"}),
    (RunConfig(cell="gru", chrono_steps=50, layers=2, schedule="one_cycle", windows="random",
               tokenizer="bytes", initialisation="xavier"),
     {"activation", "forget_bias", "update_bias", "receptive_field", "decay_factor",
      "decay_every", "warm_up_steps", "carry_length", "max_vocabulary", "min_frequency",
      "vectors"}),
    (RunConfig(cell="cnn", initialisation="orthogonal", schedule="range"),
     {"activation", "forget_bias", "update_bias", "chrono_steps", "layers", "residual",
      "decay_factor", "decay_every", "warm_up_steps", "vectors"}),
    (RunConfig(cell="rnn", initialisation="xavier", schedule="step", layers=2, **dropouts(0.0)),
     {"forget_bias", "update_bias", "receptive_field", "chrono_steps", "variational_dropout",
      "vectors"}),
    (RunConfig(embedding=0, embedding_source="file", vectors="0" * 64, initialisation="xavier",
               schedule="step", layers=2),
     {"activation", "update_bias", "receptive_field", "freeze_embedding"}),
], ids=["lstm", "rnn", "gru", "cnn", "no dropout", "one-hot"])
def test_settings_that_change_nothing_beside_the_others(config: RunConfig, names: set[str]) -> None:
    assert idle(config) == names


@pytest.mark.parametrize(("config", "code"), [
    (RunConfig(embedding=0, embedding_source="ppmi"), "config.pretrained_one_hot"),
    (RunConfig(embedding_source="file"), "config.no_vectors"),
    (RunConfig(tie_weights=True, embedding=64, hidden=64, freeze_embedding=True),
     "config.frozen_tied"),
    (RunConfig(vectors="../secrets"), "config.not_a_choice")])
def test_an_embedding_that_cannot_begin_so_is_refused(config: RunConfig, code: str) -> None:
    assert [p.code for p in config.problems()] == [code]
