"""Each finding on a really trained tiny run that has the fault, and none on one that has not."""

import dataclasses
import hashlib
import math
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rnnlm_core import prepared
from rnnlm_core.config import FIELDS
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.insight.diagnosis import Case, Course, Finding, diagnose, grew_first
from rnnlm_core.insight.health import (
    examine,
    first_broken,
    gradients,
    noise_scale,
    norms_by_part,
    part_of,
    training_rows,
)
from rnnlm_core.lab import Run
from rnnlm_core.records import StepMetrics, Yardstick
from rnnlm_core.worker import work
from rnnlm_core.yardsticks import all_yardsticks
from tests.small_runs import new_run, small_text, with_plan

BASE = {"embedding": 16, "hidden": 24, "batch": 16, "sequence_length": 24, "max_steps": 250,
        "learning_rate": 1e-2, "warm_up_steps": 5, "input_dropout": 0.0, "output_dropout": 0.0}
MARKOV = small_text(12_000)  # 5 words at random: learnt in a moment, nothing more to learn
NAMES = BUILTIN["names"]()[:40_000]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """`run(text, **changes)`: a finished run, trained once for all tests that ask for it."""
    root, yardsticks = tmp_path_factory.mktemp("runs"), {}

    @cache
    def trained(text=MARKOV, **changes):
        settings = {**BASE, **changes}
        layers = [f"layers.{i}" for i in range(settings.get("layers", 1))]
        folder = with_plan(new_run(root, text, **settings), evaluate_every=10, sample_every=50,
                           live_width=64, layer_names=["embedding", *layers, "output"])
        state = work(folder)
        found = prepared.prepare(folder)
        split = text, settings.get("validation_share")
        if split not in yardsticks:
            yardsticks[split] = all_yardsticks(found)
        folder.write_yardsticks(yardsticks[split])
        return SimpleNamespace(
            folder=folder, config=folder.config(), state=state, prepared=found,
            case=Case(folder.config(), state, Course.of(folder.metrics()[0]), folder.yardsticks()))
    return trained


def shallow(one) -> dict[str, Finding]:
    return {finding.code: finding for finding in diagnose(one.case)}


def deep(one) -> dict[str, Finding]:
    health = examine(one.folder, one.state == "diverged")
    return {finding.code: finding for finding in diagnose(dataclasses.replace(
        one.case, health=health))}


# -- good runs ---------------------------------------------------------------------------------
@pytest.mark.parametrize("changes", [
    {}, {"cell": "gru"}, {"cell": "rnn"},
    {"cell": "rnn", "activation": "relu", "learning_rate": 3e-3}], ids=str)
def test_of_a_good_run_it_says_what_is_fine(run, changes):
    one = run(**changes)
    found = deep(one)

    assert list(found) == ["fine"] and list(shallow(one)) == ["fine"]
    told = {e.code: e.values for e in found["fine"].evidence}
    assert told["fine_curve"]["jumps"] < 0.1
    assert abs(told["fine_gap"]["now"] - told["fine_gap"]["training"]) < 0.1
    assert told["copies_fine"]["written"] < 1.5 * told["copies_fine"]["held_out"]
    assert not found["fine"].suggestion


# -- seen in the curves --------------------------------------------------------------------------
def test_memorising(run):
    one = run(BUILTIN["stories_en"]()[:1_500], hidden=64, learning_rate=2e-2)
    finding = shallow(one)["memorising"]

    assert finding.values["now"] > finding.values["best"] + 0.05
    assert finding.values["training"] < finding.values["now"] - 0.1
    assert 0 < finding.at == finding.values["best_step"] < 250
    assert finding.suggestion == {"input_dropout": 0.2, "output_dropout": 0.2}
    copies = deep(one)["memorising"].evidence[0]
    assert copies.values["passage"] in one.prepared.tokenizer.decode(one.prepared.train_ids)
    assert len(copies.values["passage"]) >= copies.values["written"] >= 8


def test_validation_that_stands_still_far_above_training(run):
    one = run(BUILTIN["stories_en"]()[:1_500], hidden=64, learning_rate=2e-2)
    course = one.case.course
    best = np.nanargmin(course.validation)
    until = dataclasses.replace(course, **{  # the same run, had it ended at its best
        f.name: getattr(course, f.name)[:best + 40] for f in dataclasses.fields(course)})
    found = {f.code: f for f in diagnose(dataclasses.replace(one.case, course=until))}
    assert found.keys() & {"apart", "memorising"}
    assert "apart" not in shallow(run())
    falling = dataclasses.replace(until, validation=np.where(
        np.isfinite(until.validation), np.linspace(3.8, 2.2, len(until.step)), np.nan))
    assert diagnose(dataclasses.replace(one.case, course=falling, state="running"))[0].code \
        not in ("memorising", "apart")


@pytest.mark.parametrize("changes", [
    {"learning_rate": 1e-5}, {"learning_rate": 1e-3, "optimizer": "sgd"}], ids=str)
def test_a_learning_rate_that_is_too_low(run, changes):
    one = run(NAMES, **changes)
    finding = deep(one)["rate_low"]

    assert finding.sure == "clear"
    assert finding.suggestion == {"learning_rate": pytest.approx(10 * changes["learning_rate"])}
    codes = {e.code: e.values for e in finding.evidence}
    assert codes["update"]["ratio"] < 1e-3
    assert list(shallow(one)) == ["rate_low"]
    # where nothing is left to learn, as on noise, no rate would help
    now = float(one.case.course.curve[1][-1])
    done = dataclasses.replace(one.case, yardsticks=[
        *one.case.yardsticks[:2], Yardstick("best", now - 0.01, now)])
    assert [finding.code for finding in diagnose(done)] == ["fine"]


def test_a_learning_rate_that_is_too_high(run):
    high, wild = run(NAMES, learning_rate=1.0), run(
        NAMES, cell="rnn", optimizer="sgd", learning_rate=30.0)

    assert shallow(high)["rate_high"].suggestion["learning_rate"] in (0.1, 0.33)
    worse = shallow(wild)["rate_wild"]
    assert worse.values["worst"] > 1.5 * math.log(high.prepared.tokenizer.size)
    assert worse.suggestion == {"learning_rate": 3.0} and worse.at == 0


def test_an_exploding_gradient(run):
    finding = shallow(run(NAMES, cell="rnn", initialisation="orthogonal", gain=5.0,
                          learning_rate=3e-3, clip_norm=1.0))["exploding"]
    assert finding.values["norm"] > 100 and finding.suggestion == {"gain": 1.0}


def test_stopped_while_still_learning(run):
    finding = shallow(run(NAMES, max_steps=120))["still_learning"]
    assert finding.values["before"] - finding.values["now"] > 0.03
    assert finding.suggestion == {"max_steps": 240} and finding.at is None
    assert finding.evidence[0].code == "ngram_ahead"


def test_too_small_for_its_text(run):
    one = run(cell="rnn", hidden=1, embedding=2, learning_rate=3e-2)
    finding = shallow(one)["too_small"]
    assert finding.suggestion == {"hidden": 2}
    assert finding.evidence[0].values["loss"] < finding.values["now"] - 0.02


def test_a_batch_that_is_too_small(run):
    one = run(NAMES, batch=1, sequence_length=8)
    finding = deep(one)["batch_small"]
    assert finding.values["tokens"] == 8 and finding.suggestion == {"batch": 4}
    assert finding.values["swing"] > max(0.2, finding.values["fall"])
    assert "batch_small" not in shallow(run(NAMES, max_steps=120))


# -- seen in the weights -------------------------------------------------------------------------
def test_dead_units(run):
    one = run(NAMES, cell="rnn", activation="relu", learning_rate=0.3)
    share = deep(one)["dead"].values["share"]

    states = Run(one.folder).states(one.prepared.tokenizer.decode(one.prepared.validation_ids))
    assert share >= 0.1
    assert share >= (states.h[0] <= 0).all(0).mean() - 1e-9  # over all of the text at most as many


def test_saturated_states(run):
    one = run(cell="rnn", initialisation="orthogonal", gain=1.5, learning_rate=0.1)
    finding = deep(one)["saturated"]
    assert finding.values["share"] > 0.5 and finding.sure == "possible"
    assert finding.suggestion == {"gain": 1.0}


def test_a_stuck_gate(run):
    finding = deep(run(forget_bias=10.0, learning_rate=2e-3))["stuck"]
    assert finding.values == {"share": 1.0, "gate": "f", "layer": 1}
    assert finding.suggestion == {"forget_bias": 1.0}


def test_a_vanishing_gradient(run):
    one = run(NAMES, cell="rnn", activation="sigmoid", learning_rate=3e-3)
    finding = deep(one)["vanishing"]
    assert finding.values["horizon"] <= 5 and finding.suggestion == {"activation": "tanh"}
    told = finding.evidence[0].values
    kn = {y.name: y.live for y in one.case.yardsticks}
    assert told["loss"] == kn[f"kn{told['order']}"] and told["back"] >= finding.values["horizon"]


def test_diverging_and_which_layer_went_first(run):
    one = run(cell="rnn", activation="relu", initialisation="identity", layers=2, hidden=32,
              optimizer="sgd", learning_rate=0.1, clip_norm=0.0, schedule="constant",
              warm_up_steps=0, sequence_length=64, max_steps=40)
    assert one.state == "diverged"
    finding = deep(one)["diverged"]

    told = {e.code: e.values for e in finding.evidence}
    assert told["broken_forward"]["part"] == lowest_broken(one)
    rows = [row.layer_norms for row in one.folder.metrics()[0]]
    assert told["grew_first"]["part"] == "layers.1" and told["grew_first"]["step"] == 3
    assert rows[2][2] == pytest.approx(told["grew_first"]["factor"] * np.median(
        [row[2] for row in rows[:3]]))
    assert finding.suggestion == {"learning_rate": 0.01}
    assert list(shallow(one)) == ["diverged"]


def lowest_broken(one) -> str:
    """By hand, one layer after the other, on the last good weights."""
    model = Run(one.folder).model
    x = model.embedding(training_rows(one.prepared, one.config, model_step(one))[0][:, :-1])
    for index, layer in enumerate(model.layers):
        x, _ = layer(x)
        if not x.isfinite().all():
            return f"layers.{index}"
    return "output"


def model_step(one) -> int:
    return Run(one.folder).steps_kept[-1]


# -- what it is measured by ------------------------------------------------------------------------
def test_the_part_that_fails_first_is_named(run):
    one = run()
    rows = training_rows(one.prepared, one.config, seed=1)[0]
    for name in ("embedding.weight", "output.bias"):
        model = Run(one.folder).model
        with torch.no_grad():
            model.get_parameter(name)[:] = math.inf
        assert first_broken(model, rows) == (part_of(name), "forward")
    assert first_broken(Run(one.folder).model, rows)[1] == "largest"


def test_the_first_layer_to_grow_is_not_the_largest():
    def row(step, *norms):
        return StepMetrics(step, 0, 0.0, 1.0, layer_norms=list(norms))
    rows = [row(i, 1.0, 2.0) for i in range(8)] + [row(8, 12.0, 4.0), row(9, 50.0, 9e9)]
    assert grew_first(rows, ["a", "b"]) == ("a", 8, 12.0)
    assert grew_first(rows[:8], ["a", "b"]) is None
    assert grew_first(rows, []) is None  # a run of an older version


def test_the_noise_scale_is_that_of_single_sequences(run):
    one = run(NAMES, max_steps=120)
    model = Run(one.folder, step=16).model  # early: later, noise hides what is estimated
    rows = training_rows(one.prepared, one.config, seed=3)
    single = torch.stack([torch.cat([g.flatten() for g in gradients(model, row[None]).values()])
                          for row in rows.flatten(0, 1)])
    # the covariance of single gradients, and their mean without its own noise: no batches at all
    trace = float(single.var(0).sum())
    signal = float(single.mean(0).square().sum()) - trace / len(single)
    assert noise_scale(model, rows) == pytest.approx(trace / signal, rel=0.5)


def test_a_step_of_plain_descent_changes_by_rate_times_gradient(run):
    one = run(NAMES, max_steps=120, optimizer="sgd", learning_rate=0.5, clip_norm=0.1,
              weight_decay=0.0)
    health = examine(one.folder)
    gradient = math.sqrt(sum(part.gradient**2 for part in health.layers))
    update = math.sqrt(sum(part.update**2 for part in health.layers))
    assert gradient > 0.1  # so that it is clipped
    assert update == pytest.approx(health.of_peak * 0.5 * 0.1, rel=1e-3)
    weights = norms_by_part(dict(Run(one.folder).model.named_parameters()))
    assert {p.name: p.weights for p in health.layers} == pytest.approx(weights)


def test_examining_changes_nothing(run):
    one = run()

    def files() -> dict[str, str]:
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest()
                for p in Path(one.folder.path).rglob("*") if p.is_file()}
    before, state = files(), torch.get_rng_state()
    first = examine(one.folder)
    assert examine(one.folder) == first
    assert files() == before and torch.equal(torch.get_rng_state(), state)


def test_a_run_without_its_text_is_read_as_far_as_it_goes(run, monkeypatch):
    one = run()
    (one.folder.store / one.config.corpus.removeprefix("text:") / "text.txt").unlink()
    health = examine(one.folder)
    assert health.layers == [] and health.copying is None and health.step == 250


def test_too_few_steps_say_nothing(run):
    course = Course.of([StepMetrics(1, 10, 0.1, 3.0, 3.0, 1.0, 1.0, 1e-3)])
    one = run(NAMES, max_steps=120)
    assert diagnose(dataclasses.replace(one.case, course=course)) == []
    assert diagnose(dataclasses.replace(one.case, course=Course.of([]))) == []


def test_without_validation_the_training_loss_is_looked_at(run):
    one = run(NAMES, validation_share=0.0, learning_rate=1e-5)
    assert not one.case.course.validated
    assert len(one.case.course.curve[0]) == 20
    assert deep(one)["rate_low"].sure == "likely"


@pytest.mark.parametrize("name", ["learning_rate", "hidden", "batch", "max_steps"])
def test_suggestions_stay_within_the_limits(run, name):
    """Of every finding, on a config at the limits."""
    one = run(NAMES, max_steps=120)
    limit = FIELDS[name].metadata["high"]
    config = dataclasses.replace(one.config, **{name: limit})
    course = one.case.course
    for loss in (course.validation, np.linspace(3, 1, len(course.step)),
                 np.where(np.arange(len(course.step)) % 2, 9.0, 1.0)):
        bent = dataclasses.replace(course, validation=loss)
        for finding in diagnose(dataclasses.replace(one.case, config=config, course=bent)):
            assert dataclasses.replace(config, **finding.suggestion).problems() == []
