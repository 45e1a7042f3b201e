"""Norms by parameter, as a page reads them from a run's file."""

from __future__ import annotations

import numpy as np
import pytest

from rnnlm_ui.live import RunTail
from rnnlm_ui.norms_table import MOST, NormsTable, by_layer
from tests.small_runs import new_run, with_plan


def line(step: int, *norms: float | None) -> dict[str, object]:
    return {"step": step, "gradient_norm": 5.0, "clipped_norm": 1.0,
            "parameter_norms": list(norms)}


def test_rows_come_back_and_lines_without_norms_are_passed_over() -> None:
    table = NormsTable()
    table.add([{"step": 1, "gradient_norm": 2.0}, line(2, 3.0, 4.0), line(3, 1.0),
               {"step": 4, "gradient_norm": None, "parameter_norms": [1.0, 1.0]},
               {"step": "x"}, line(5, None, 2.0)])
    assert table.steps.tolist() == [2, 5]
    assert table.whole[0].tolist() == [5, 5] and table.whole[1].tolist() == [1, 1]
    assert table.parts[0].tolist() == [3, 4] and np.isnan(table.parts[1, 0])


def test_a_long_run_keeps_an_even_sample() -> None:
    whole, pieces = NormsTable(), NormsTable()
    lines = [line(step, float(step)) for step in range(3 * MOST)]
    whole.add(lines)
    for at in range(0, len(lines), 100):
        pieces.add(lines[at:at + 100])
    for table in (whole, pieces):
        assert len(table.steps) <= MOST
        assert set(np.diff(table.steps)) == {4.0} and table.steps[0] == 0
        assert table.parts[:, 0].tolist() == table.steps.tolist()


def test_layers_are_the_root_of_the_sum_of_squares() -> None:
    names = ["embedding.weight", "layers.0.weight_ih", "layers.0.weight_hh", "layers.1.bias",
             "output.weight"]
    layers, norms = by_layer(names, np.array([[1.0, 3.0, 4.0, 2.0, 7.0]]))
    assert layers == ["embedding", "layers.0", "layers.1", "output"]
    assert norms.tolist() == [[1, 5, 2, 7]]


def test_a_worker_logs_what_the_trainer_measured(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from rnnlm_core.worker import work

    folder = with_plan(new_run(tmp_path, max_steps=5, clip_norm=0.1))
    work(folder)
    table = RunTail(folder).refresh().norms
    before, after = table.whole
    assert table.steps.tolist() == [1, 2, 3, 4, 5]
    # the parameters together are the whole
    assert np.linalg.norm(table.parts, axis=1) == pytest.approx(before, rel=1e-3)
    assert after == pytest.approx(np.minimum(before, 0.1))
