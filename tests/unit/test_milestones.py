"""When a yardstick was passed, and what is marked on the curve."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from rnnlm_core.figures.training import LossCurves, LossWords, Series, loss_figure
from rnnlm_core.records import Event
from rnnlm_ui import i18n
from rnnlm_ui.milestones import crossings, event_marks, passed_at


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: "en")


def tail(steps, losses, seconds_a_step=0.5):
    every = np.arange(1.0, max(steps) + 1)
    columns = {"step": every, "seconds": every * seconds_a_step}
    return SimpleNamespace(validation=lambda: (np.array(steps, float), np.array(losses, float)),
                           column=columns.__getitem__)


def test_a_yardstick_is_passed_where_the_drawn_curve_first_crosses_it():
    run = tail([10, 20, 30, 40], [4.0, 2.0, 1.0, 2.5])
    when = passed_at(run, math.sqrt(2.0))

    # halfway between 2 and 1 on a logarithmic axis
    assert (when.step, when.seconds) == (pytest.approx(25), pytest.approx(12.5))
    assert passed_at(run, 1.0) is None  # reached, not passed
    assert passed_at(run, 5.0).step == 10  # at once


def test_rings_lie_on_the_lines_in_the_unit_of_the_chart():
    run = tail([10, 20], [4.0, 1.0])
    [ring] = crossings(run, {"KN 3": 2.0, "KN 4": 0.5}, lambda nats: nats / math.log(2))

    assert ring.value == pytest.approx(2 / math.log(2)) and ring.step == pytest.approx(15)
    assert ring.text == "✓ KN 3 (at step 15, after 7.5 s)"


def events(*given):
    return SimpleNamespace(events=lambda: ([Event(step, 0.0, kind, values)
                                            for step, kind, values in given], 0))


def test_what_happened_is_marked_in_words():
    marks = event_marks(events(
        (0, "planned", {}), (5, "paused", {}), (5, "unpaused", {}),
        (9, "knob", {"name": "learning_rate", "value": 0.001, "before": 0.004}),
        (12, "knob", {"name": "sample_temperature", "value": 1.0, "before": 0.8}),
        (15, "knob", {"name": "of a later version", "value": 1.0}), (20, "finished", {})))

    assert [(m.step, m.label) for m in marks] == [
        (5, ""), (9, "0.001"), (12, "Temperature of its samples 1")]
    assert marks[1].text == "Learning rate: 0.004 → 0.001 after step 9"


def test_the_figure_shows_both():
    words = LossWords("bits", "step", "training", "validation")
    curves = LossCurves(validation=Series([1, 20], [4.0, 1.0]))
    run = tail([10, 20], [4.0, 1.0])
    figure = loss_figure(
        curves, [], "lstm", words, 400, crossings(run, {"a<b>": 2.0}, lambda nats: nats),
        event_marks(events((9, "knob", {"name": "learning_rate", "value": 2, "before": 1}))))

    ring, mark = figure.data[3], figure.data[4]
    assert ring.text == ("✓ a&lt;b&gt; (at step 15, after 7.5 s)",) and ring.x == (15.0,)
    assert mark.x == (9,) and "1 → 2" in mark.text[0]
    assert any(shape.x0 == 9 == shape.x1 for shape in figure.layout.shapes)
    assert "2" in [note.text for note in figure.layout.annotations]
