"""The training process of trials: start, progress, stop, a page that was left, a killed server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from rnnlm_core.errors import BadInput
from rnnlm_core.run import process
from rnnlm_core.tasks.desk import Desk, Order, Result, at_pace
from rnnlm_core.tasks.training import train
from rnnlm_core.tasks.trials import Trial

QUICK = Trial("rnn_default", 4, (1, 2), 12, hidden=8)
ENDLESS = Trial("lstm_default", 60, max_steps=100_000)
SECONDS = 150  # two busy cores start torch in several


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def desk() -> Iterator[Desk]:
    one = Desk(limit=2)
    yield one
    one.close()


def finished(desk: Desk, visitor: str, trials: list[Trial]) -> dict[str, Result]:
    until(lambda: not desk.missing(trials) or desk.look(visitor, trials) is None)
    return desk.look(visitor, trials)


def test_the_process_says_what_training_here_says(desk: Desk) -> None:
    expected = deque(train(QUICK), maxlen=1).pop()
    desk.start("one", [QUICK])
    found = finished(desk, "one", [QUICK])[QUICK.key]
    assert (found.step, found.done, found.diverged) == (12, True, 0)
    assert tuple(found.solved_at) == expected.solved_at
    assert [step for step, _ in found.curve] == [1, 5, 10, 12]
    assert found.curve[-1][1] == pytest.approx(expected.scores, abs=1e-4)


def test_what_is_finished_is_there_for_everybody_at_once(desk: Desk) -> None:
    desk.start("one", [QUICK])
    first = finished(desk, "one", [QUICK])
    desk.start("another", [QUICK])
    assert desk.running("another") is None
    assert desk.look("another", [QUICK]) == first


def test_a_stop_ends_the_process_and_keeps_what_was_seen(desk: Desk) -> None:
    desk.start("one", [ENDLESS])
    order = desk.running("one")
    assert order is not None and order.trials == (ENDLESS,)
    until(lambda: bool(desk.look("one", [ENDLESS])))
    desk.stop("one")
    assert process.process_started(order.pid) is None and desk.running("one") is None
    found = desk.look("one", [ENDLESS])[ENDLESS.key]
    assert 0 < found.step < ENDLESS.max_steps and not found.done
    assert desk.missing([ENDLESS]) == [ENDLESS]
    assert not order.folder.exists()


def test_a_new_start_takes_the_place_of_the_one_before(desk: Desk) -> None:
    """In the same process: what is not asked for any more ends, what is goes on where it was."""
    desk.start("one", [ENDLESS])
    until(lambda: bool(desk.look("one", [ENDLESS])))
    before = desk.running("one")
    assert before is not None
    desk.start("one", [QUICK, ENDLESS])
    finished(desk, "one", [QUICK])
    reached = desk.look("one", [QUICK, ENDLESS])
    assert reached[QUICK.key].done and desk.running("one") is before
    at = reached[ENDLESS.key].step
    until(lambda: desk.look("one", [ENDLESS])[ENDLESS.key].step > at)
    steps = [step for step, _ in before.results[ENDLESS.key].curve]
    assert steps == sorted(set(steps))

    other = replace(QUICK, lag=5)
    desk.start("one", [other])
    assert finished(desk, "one", [other])[other.key].done
    until(lambda: not before.running)
    assert desk.missing([ENDLESS]) == [ENDLESS]


def test_an_order_that_came_too_late_begins_anew(desk: Desk) -> None:
    desk.start("one", [QUICK])
    order = desk.running("one")
    assert order is not None
    until(lambda: not order.running)
    other = replace(QUICK, lag=5)
    order.change([QUICK, other])
    assert finished(desk, "one", [other])[other.key].done


def test_more_than_the_limit_are_refused_in_words(desk: Desk) -> None:
    desk.start("one", [ENDLESS])
    desk.start("two", [ENDLESS])
    with pytest.raises(BadInput, match=r"takes \(2\) are running for others") as refused:
        desk.start("three", [ENDLESS])
    assert refused.value.code == "trials.busy"
    desk.start("two", [ENDLESS])  # one's own is no hindrance
    desk.stop("one")
    desk.start("three", [ENDLESS])


def test_a_process_that_dies_is_told_and_what_it_finished_stays(desk: Desk) -> None:
    desk.start("one", [QUICK, ENDLESS])
    until(lambda: ENDLESS.key in desk.look("one", [ENDLESS]))
    order = desk.running("one")
    assert order is not None
    psutil.Process(order.pid).kill()
    until(lambda: not order.running)
    assert set(desk.look("one", [QUICK, ENDLESS])) == {QUICK.key, ENDLESS.key}
    assert desk.missing([QUICK, ENDLESS]) == [ENDLESS]
    assert "ended by a fault" in str(desk.failure("one")) and desk.failure("another") is None
    desk.start("one", [ENDLESS])
    assert desk.failure("one") is None


def test_nobody_looks_any_more(desk: Desk) -> None:
    order = Order([ENDLESS], patience=2.0)
    until(lambda: (order.folder / "progress.jsonl").exists())
    until(lambda: not order.running)
    order.look()
    assert not order.failed and not order.folder.exists()


def test_it_never_outlives_a_killed_server(tmp_path: Path) -> None:
    """Another Python orders a training and is killed outright."""
    code = ("import sys, time\nfrom rnnlm_core.tasks.desk import Order\n"
            "from rnnlm_core.tasks.trials import Trial\n"
            "order = Order([Trial('lstm_default', 60, max_steps=100_000)])\n"
            "print(order.pid, order.folder, flush=True)\ntime.sleep(600)")  # it does not look
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                          env=process.environment()) as server:
        assert server.stdout is not None
        pid, folder = server.stdout.readline().split()
        until(lambda: (Path(folder) / "progress.jsonl").exists())
        assert process.process_started(int(pid)) is not None
        server.kill()
        until(lambda: process.process_started(int(pid)) is None)
        until(lambda: not Path(folder).exists())


def test_a_line_that_is_still_being_written_is_left_for_later(desk: Desk) -> None:
    desk.start("one", [ENDLESS])
    order = desk.running("one")
    assert order is not None
    until(lambda: bool(desk.look("one", [ENDLESS])))
    psutil.Process(order.pid).suspend()
    desk.look("one", [ENDLESS])
    line = json.dumps({"trial": "k", "step": 3, "seconds": 0.1, "solved_at": [None, 2],
                       "diverged": 0, "done": False, "points": [[1, [0.1, None]]]})
    with open(order.folder / "progress.jsonl", "ab", buffering=0) as file:
        file.write(line[:20].encode())
        order.look()
        assert list(order.results) == [ENDLESS.key]
        file.write(line[20:].encode() + b"\n")
        order.look()
    assert order.results["k"] == Result(3, 0.1, [None, 2], 0, False, [(1, [0.1, None])])


def test_the_time_left_begins_as_expected_and_ends_at_nothing(desk: Desk) -> None:
    assert Trial("gru_default").expected_seconds == pytest.approx(
        2 * Trial("gru_default", max_steps=500).expected_seconds)
    desk.start("one", [QUICK])
    order = desk.running("one")
    assert order is not None
    assert order.seconds_left == pytest.approx(QUICK.expected_seconds)
    finished(desk, "one", [QUICK])
    assert order.seconds_left == 0


def test_a_trial_survives_the_order_file() -> None:
    assert Trial.from_json(json.loads(json.dumps(asdict(QUICK)))) == QUICK


def test_an_estimate_goes_to_the_measured_pace_without_a_jump() -> None:
    # a machine that takes 16 times as long as an ordinary one: 30 s of work are 480
    told = [at_pace(30 - past / 16, past, past / 16) for past in range(481)]

    assert told[0] == 30 and told[-1] == 0
    assert max(abs(b - a) for a, b in pairwise(told)) < 5  # seconds a second
    assert told[240] == pytest.approx(15 * 250 / 25)  # by hand: (240 + 10) / (15 + 10) a second
    assert at_pace(7.0, 3.0, 3.0) == 7  # an ordinary machine
