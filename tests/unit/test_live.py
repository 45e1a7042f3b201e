"""A run in the server's memory: exact while its steps are few, fair when they are many."""

import json
import math

import numpy as np
import pytest

from rnnlm_core.insight.diagnosis import Course
from rnnlm_core.records import StepMetrics, WrittenSample
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.live import SAMPLES, RunTail, spread
from rnnlm_ui.metrics_table import COLUMNS, MOST, MetricsTable

LOSS, VALIDATION, NORM, CLIPPED = 1, 2, 3, 4


def course(count, evaluate_every=50, seed=0):
    """A falling noisy loss with a few wild steps; rows as `MetricsTable.add` wants them."""
    random = np.random.default_rng(seed)
    steps = np.arange(1.0, count + 1)
    losses = 1 + 2 / np.sqrt(steps) + random.normal(0, 0.1, count)
    norms = random.lognormal(0, 1, count)
    losses[random.integers(0, count, 5)] += 4
    validation = np.where(steps % evaluate_every == 0, 1.1 + 2 / np.sqrt(steps), np.nan)
    return np.column_stack([steps, losses, validation, norms, np.minimum(norms, 1.0),
                            steps * 0.01, np.full(count, 4e-3)])


def table_of(rows, piece=700):
    table = MetricsTable()
    for at in range(0, len(rows), piece):
        table.add(rows[at:at + piece])
    return table


def test_a_run_of_usual_length_is_kept_row_by_row():
    rows = course(MOST)
    rows[100, LOSS] = math.nan
    table = table_of(rows)

    for index, name in enumerate(COLUMNS):
        np.testing.assert_array_equal(table.column(name), rows[:, index])
        np.testing.assert_array_equal(table.even(name), rows[:, index])
    assert table.clipped_share == pytest.approx(float((rows[:, NORM] > 1).mean()))


def test_the_running_mean_is_that_of_a_plain_loop():
    rows = course(1000)
    rows[100, LOSS] = math.nan
    good = [row for row in rows if not math.isnan(row[LOSS])]
    steps, means = table_of(rows).running_mean(250, 60)

    assert len(steps) == 250 and steps[-1] == 1000
    for step, mean in zip(steps, means, strict=True):
        end = next(i for i, row in enumerate(good) if row[0] == step) + 1
        window = [row[LOSS] for row in good[max(0, end - 16):end]]  # 999 // 60
        assert mean == pytest.approx(sum(window) / len(window))


def test_a_long_run_keeps_a_bounded_number_of_rows():
    table, rows = MetricsTable(), course(300_000, 5)
    sizes = []
    for at in range(0, len(rows), 9_000):
        table.add(rows[at:at + 9_000])
        sizes.append(len(table.column("step")))

    assert max(sizes) <= MOST
    assert table.count == 300_000 and table.evaluations == 60_000


@pytest.fixture(scope="module")
def long_run():
    rows = course(100_000)
    return rows, table_of(rows)


def test_of_a_long_run_the_extremes_and_the_newest_steps_stay(long_run):
    rows, table = long_run
    for name, index in (("loss", LOSS), ("gradient_norm", NORM)):
        for extreme in (np.argmin, np.argmax):
            step = rows[extreme(rows[:, index]), 0]
            assert step in table.column("step"), name
    np.testing.assert_array_equal(table.column("loss")[-50:], rows[-50:, LOSS])
    assert table.last("step") == 100_000 and table.last("seconds") == 1000.0


def test_of_a_long_run_every_evaluation_stays_up_to_a_bound(long_run):
    rows, table = long_run
    seen = np.isfinite(table.column("validation"))

    np.testing.assert_array_equal(table.column("step")[seen], np.arange(50.0, 100_001, 50))
    np.testing.assert_array_equal(table.column("validation")[seen],
                                  rows[49::50, VALIDATION])


def test_beyond_it_the_best_the_last_and_the_first_under_a_yardstick_are_found():
    rows = course(40_000, 1)
    rows[:, VALIDATION] = 5 - rows[:, 0] / 10_000
    rows[23_456, VALIDATION] = 0.25
    table = table_of(rows)
    steps, losses = (table.column(name)[np.isfinite(table.column("validation"))]
                     for name in ("step", "validation"))

    assert len(losses) < 3_000
    assert losses.min() == 0.25 and steps[np.argmin(losses)] == 23_457
    assert steps[-1] == 40_000 and steps[0] == 1
    assert steps[losses < 3][0] == pytest.approx(20_001, abs=40_000 / 250)


def test_shares_and_means_of_a_long_run_are_those_of_all_its_steps(long_run):
    rows, table = long_run
    assert table.clipped_share == pytest.approx(float((rows[:, NORM] > 1).mean()), abs=1e-12)

    steps, means = table.running_mean(250, 60)
    assert len(steps) > 200
    for step, mean in zip(steps[20:], means[20:], strict=True):
        widths = np.arange(1600, 1750)  # 100,000 / 60 and at most a stretch between two kept rows
        end = int(step)
        before = np.cumsum(rows[:end, LOSS][::-1])[widths - 1] / widths
        assert np.isclose(before, mean, atol=1e-9).any(), step


def test_what_is_said_of_a_long_run_rests_on_a_fair_sample(long_run):
    """The extremes, which are kept for the drawing, would make its noise look larger."""
    rows, table = long_run
    def seen(values):
        return Course(*(values(name) for name in Course.__dataclass_fields__))
    whole = seen(lambda name: rows[:, COLUMNS.index(name)])
    fair = seen(table.even)
    drawn = seen(table.column)

    assert fair.swing == pytest.approx(whole.swing, rel=0.1)
    assert drawn.swing > 1.5 * whole.swing
    assert fair.training == pytest.approx(whole.training, abs=0.03)
    assert fair.clipped == pytest.approx(whole.clipped, abs=0.03)
    assert fair.first == whole.first and fair.fallen_late == pytest.approx(whole.fallen_late)
    assert fair.first_share == pytest.approx(whole.first_share, abs=0.01)


# -- the files ---------------------------------------------------------------------------------
def append(folder, name, records):
    with open(folder.path / name, "a", encoding="utf-8") as file:
        file.writelines(record.to_json() + "\n" for record in records)


def steps_of(first, last):
    return [StepMetrics(step, 512 * step, step / 10, 1 / step, gradient_norm=2.0,
                        clipped_norm=1.0) for step in range(first, last + 1)]


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def test_only_what_is_new_is_read_and_an_earlier_picture_stays(folder):
    tail = RunTail(folder)
    assert tail.refresh().last_step == 0
    append(folder, "metrics.jsonl", steps_of(1, 10))
    before = tail.refresh()
    append(folder, "metrics.jsonl", steps_of(11, 30))
    after = tail.refresh()

    assert (before.last_step, len(before.column("loss"))) == (10, 10)
    assert (after.last_step, after.seconds, after.clipped_share) == (30, 3.0, 1.0)
    np.testing.assert_array_equal(after.column("loss"), 1 / np.arange(1.0, 31))


def test_a_file_that_a_resume_has_cut_is_read_anew(folder):
    tail = RunTail(folder)
    append(folder, "metrics.jsonl", steps_of(1, 30))
    append(folder, "samples.jsonl", [WrittenSample(s, 0.0, "x") for s in (1, 10, 20)])
    tail.refresh()
    for name in ("metrics.jsonl", "samples.jsonl"):
        (folder.path / name).write_text("")
    append(folder, "metrics.jsonl", steps_of(1, 12))
    append(folder, "samples.jsonl", [WrittenSample(1, 0.0, "x")])

    now = tail.refresh()
    assert (now.last_step, len(now.column("step")), len(now.samples)) == (12, 12, 1)


def test_lines_that_are_no_steps_are_passed_over(folder):
    append(folder, "metrics.jsonl", steps_of(1, 3))
    with open(folder.path / "metrics.jsonl", "a") as file:
        file.write('[1]\nnull\n{"step": "many"}\n{"loss": 1}\n{"step": {}}\nno json\n'
                   + json.dumps({"step": 4, "loss": None}) + '\n{"step": 5, "lo')
    now = RunTail(folder).refresh()

    assert now.column("step").tolist() == [1, 2, 3, 4]
    assert math.isnan(now.column("loss")[-1])


def test_a_file_whose_steps_go_back_is_read_once_and_does_not_hang(folder):
    append(folder, "metrics.jsonl", [*steps_of(1, 5), *steps_of(3, 4)])
    tail = RunTail(folder)
    tail.refresh()
    append(folder, "metrics.jsonl", steps_of(2, 3))

    assert tail.refresh().last_step == 3


def test_a_large_file_is_read_in_blocks_of_whole_lines(folder):
    append(folder, "metrics.jsonl", steps_of(1, 500))
    found, at, blocks = [], 0, 0
    while True:
        values, after = folder.metric_values(at, 1000)
        if after == at:
            break
        found, at, blocks = [*found, *values], after, blocks + 1

    assert [line["step"] for line in found] == list(range(1, 501))
    assert at == (folder.path / "metrics.jsonl").stat().st_size and blocks > 20


def test_samples_stay_bounded_dense_at_the_beginning_and_even_after_it():
    kept = []
    for step in range(1, 20_001):
        kept = spread([*kept, WrittenSample(step, 0.0, "")])
        assert len(kept) <= SAMPLES
    steps = [sample.step for sample in kept]

    assert steps[0] == 1 and steps[-1] == 20_000
    assert max(np.diff(steps)) <= 20_000 / 25
    for moment in (2, 10, 100, 1000):  # a sample is near every early moment
        assert min(abs(step / moment - 1) for step in steps) < 0.35
