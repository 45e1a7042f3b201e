"""Groups of runs: what is made, and that everything wrong is told before anything is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rnnlm_core import launch, sweep
from rnnlm_core.config import RunConfig
from rnnlm_core.data import corpus
from rnnlm_core.errors import ConfigError, CorpusError
from rnnlm_core.nets.parameters import parameter_count
from rnnlm_core.sweep import create_group, equal_seconds, equal_steps, grid, race, repeated
from tests.small_runs import SMALL, small_text


def codes(error: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


# -- grid -----------------------------------------------------------------------------------------
def test_a_grid_has_every_combination_the_last_setting_fastest() -> None:
    made = grid(SMALL, {"hidden": [8, 16], "cell": ["rnn", "gru", "lstm"]})
    assert [(v.config.hidden, v.config.cell) for v in made] == [
        (8, "rnn"), (8, "gru"), (8, "lstm"), (16, "rnn"), (16, "gru"), (16, "lstm")]
    assert made[1].changed == {"hidden": 8, "cell": "gru"}
    assert {dataclasses.replace(v.config, hidden=8, cell="lstm") for v in made} == {SMALL}


@pytest.mark.parametrize("text", [
    "64,128, 256", "64 128  256", "64；128、256，", "64, 128, 256, 64"])
def test_values_are_read_from_text(text: str) -> None:
    assert [v.config.hidden for v in grid(SMALL, {"hidden": text})] == [64, 128, 256]


def test_values_get_the_type_of_their_setting() -> None:
    made = grid(SMALL, {"learning_rate": "1e-3, 0.01, 0.010", "tie_weights": "false",
                        "hidden": [16.0]})
    assert [v.changed for v in made] == [
        {"learning_rate": 0.001, "tie_weights": False, "hidden": 16},
        {"learning_rate": 0.01, "tie_weights": False, "hidden": 16}]


def test_a_value_that_is_the_default_is_taken_all_the_same() -> None:
    default = RunConfig().hidden
    assert [v.config.hidden for v in grid(SMALL, {"hidden": [default]})] == [default]


def test_everything_wrong_is_told_at_once_with_its_value() -> None:
    with pytest.raises(ConfigError) as error:
        grid(SMALL, {"hidden": "64, x, 99999", "learning_rate": "0.01, -1"})
    assert [(p.code, p.values["field"], p.values["value"]) for p in error.value.problems] == [
        ("config.too_small", "learning_rate", -1.0),
        ("config.not_a_number", "hidden", "'x'"), ("config.too_large", "hidden", 99_999)]


def test_what_is_wrong_together_names_the_runs() -> None:
    with pytest.raises(ConfigError) as error:
        grid(dataclasses.replace(SMALL, embedding=16), {"hidden": "16, 32", "tie_weights": "true"})
    assert codes(error) == ["config.tied_sizes", "sweep.in_run"]
    assert str(error.value).startswith("Tied weights need")
    assert str(error.value).endswith("in the runs with hidden = 32, tie_weights = true.")


@pytest.mark.parametrize(("settings", "seeds", "code"), [
    ({}, [], "sweep.settings"),
    ({"hidden": [1], "embedding": [1], "batch": [1], "layers": [1]}, [], "sweep.settings"),
    ({"hidden": " , "}, [], "sweep.no_values"),
    ({"seed": [1, 2]}, [3], "sweep.seed_twice"),
    ({"colour": [1]}, [], "config.unknown_field"),
    ({"hidden": range(1, 66)}, [], "sweep.too_many"),
    ({"hidden": range(1, 34)}, [1, 2], "sweep.too_many"),
])
def test_a_grid_that_cannot_be_is_refused(settings: dict[str, list[int]], seeds: list[int],
                                          code: str) -> None:
    with pytest.raises(ConfigError) as error:
        grid(SMALL, settings, seeds)
    assert codes(error) == [code]


def test_sixty_four_runs_are_not_too_many() -> None:
    assert len(grid(SMALL, {"hidden": range(1, 33)}, seeds=[1, 2])) == 64


# -- seeds, race, budgets -------------------------------------------------------------------------
def test_each_combination_is_repeated_with_each_seed() -> None:
    made = grid(SMALL, {"hidden": [8, 16]}, seeds=[5, 6])
    assert [v.changed for v in made] == [
        {"hidden": 8, "seed": 5}, {"hidden": 8, "seed": 6},
        {"hidden": 16, "seed": 5}, {"hidden": 16, "seed": 6}]
    assert [v.config.seed for v in made] == [5, 6, 5, 6]


def test_a_run_is_repeated_with_other_seeds_and_nothing_else() -> None:
    made = repeated(SMALL, sweep.seeds_from(SMALL, 3))
    assert [v.config for v in made] == [dataclasses.replace(SMALL, seed=s) for s in (1, 2, 3)]


def test_a_race_has_the_three_cells_and_one_set_up() -> None:
    made = race(SMALL)
    assert [v.config for v in made] == [
        dataclasses.replace(SMALL, cell=cell) for cell in ("rnn", "gru", "lstm")]
    assert len(race(SMALL, seeds=[1, 2])) == 6


@pytest.mark.parametrize("tied", [False, True])
def test_a_race_of_equal_size_has_about_equal_parameters(tied: bool) -> None:
    like = RunConfig(hidden=128, embedding=128, tie_weights=tied)
    made = race(like, vocabulary=65)
    wanted = parameter_count(like, 65)
    for variant in made:
        config, hidden = variant.config, variant.config.hidden
        near = [parameter_count(dataclasses.replace(
            config, hidden=hidden + d, embedding=hidden + d if tied else 128), 65)
            for d in (-1, 0, 1)]
        assert min(near, key=lambda count: abs(count - wanted)) == near[1]
        assert abs(near[1] - wanted) / wanted < 0.01
    assert made[2].config == like


def test_a_race_that_one_cell_cannot_run_says_which() -> None:
    with pytest.raises(ConfigError) as error:
        race(dataclasses.replace(SMALL, cell="rnn", initialisation="identity"))
    assert codes(error) == ["config.identity_cell", "sweep.in_run"] * 2
    assert str(error.value).endswith("in the runs with cell = lstm.")


def test_runs_end_after_equal_steps_or_equal_seconds() -> None:
    by_steps, by_seconds = equal_steps(SMALL, 300), equal_seconds(SMALL, 60)
    assert (by_steps.max_steps, by_steps.max_seconds) == (300, 0.0)
    assert (by_seconds.max_steps, by_seconds.max_seconds) == (0, 60.0)
    with pytest.raises(ConfigError) as error:
        equal_steps(SMALL, 0)
    assert codes(error) == ["config.no_stop"]


# -- folders --------------------------------------------------------------------------------------
def own(root: Path, text: str | None = None) -> RunConfig:
    kept = corpus.keep_own_text(root / "corpora", text or small_text(), "own", 50_000)
    return dataclasses.replace(SMALL, corpus=kept.manifest.source)


def test_a_group_shares_its_name_and_each_run_says_what_is_its_own(tmp_path: Path) -> None:
    config = own(tmp_path)
    folders = create_group("sweep", grid(config, {"hidden": [8, 16]}, seeds=[1, 2]), tmp_path)
    origins = [folder.origin() for folder in folders]
    assert [o.changed for o in origins if o] == [
        {"hidden": 8, "seed": 1}, {"hidden": 8, "seed": 2},
        {"hidden": 16, "seed": 1}, {"hidden": 16, "seed": 2}]
    assert {o.kind for o in origins if o} == {"sweep"}
    assert len({o.group for o in origins if o}) == 1
    assert [folder.config().hidden for folder in folders] == [8, 8, 16, 16]
    other = create_group("race", race(config), tmp_path)
    assert len({o.group for f in [*folders, *other] if (o := f.origin())}) == 2


def test_the_text_of_a_large_group_is_read_and_cut_into_tokens_once(tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    variants = grid(own(tmp_path), {"seed": range(64)})
    reads: list[str] = []
    read = corpus.read_stored
    monkeypatch.setattr(corpus, "read_stored", lambda store, sha: reads.append(sha) or read(
        store, sha))
    fits: list[str] = []
    fit = launch.fitted
    monkeypatch.setattr(launch, "fitted", lambda *of: fits.append(of[0][:9]) or fit(*of))
    assert len(create_group("repeat", variants, tmp_path)) == 64
    assert (len(reads), len(fits)) == (1, 1)


def test_a_sweep_over_texts_reads_each(tmp_path: Path) -> None:
    names = [own(tmp_path, small_text(seed=seed)).corpus for seed in (1, 2)]
    folders = create_group("sweep", grid(SMALL, {"corpus": names}), tmp_path)
    assert [folder.config().corpus for folder in folders] == names


def test_what_cannot_be_made_leaves_no_run_and_tells_everything(tmp_path: Path) -> None:
    config = dataclasses.replace(own(tmp_path, small_text(20_000)), layers=4)
    with pytest.raises(ConfigError) as error:
        create_group("sweep", grid(config, {"hidden": [8, 2048], "batch": [4, 1024]}), tmp_path)
    assert set(codes(error)) == {"sweep.in_run", "config.model_too_large"}
    assert str(error.value).endswith("in the runs with hidden = 2048, batch = 1024.")
    assert "hidden = 8," not in str(error.value)
    assert launch.list_runs(tmp_path) == []
    with pytest.raises(CorpusError):
        create_group("sweep", grid(config, {"corpus": [config.corpus, "text:" + "0" * 64]}),
                     tmp_path)
    assert launch.list_runs(tmp_path) == []
