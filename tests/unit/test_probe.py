"""What the start-up probe decides, whatever the processor can and cannot do."""

import json
import subprocess
import sys

import pytest

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.planning import step_seconds
from rnnlm_core.run import process

PLAN = """
import json, sys
from rnnlm_core.errors import ConfigError
from rnnlm_core.planning import make_plan
from rnnlm_core.prepared import prepare
from rnnlm_core.run.directory import RunFolder
folder = RunFolder(sys.argv[1])
try:
    plan = make_plan(folder.config(), prepare(folder))
    print(json.dumps([plan.precision, plan.bf16_speed]))
except ConfigError as error:
    print(json.dumps([error.problems[0].code, None]))
"""


@pytest.mark.parametrize("instructions", ["AVX2", "AVX512_CORE", "AVX512_CORE_BF16"])
@pytest.mark.parametrize("precision", ["auto", "bf16"])
def test_a_processor_without_bf16_is_survived_and_a_slow_one_refused(
        tmp_path, instructions, precision):
    """oneDNN is told that the processor has no more than these: without bf16 it raises."""
    folder = launch.create_run(RunConfig(
        max_characters=20_000, hidden=32, embedding=8, batch=4, sequence_length=8, max_steps=5,
        max_seconds=0.0, precision=precision), tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PLAN, str(folder.path)], capture_output=True, text=True,
        env={**process.environment(), "ONEDNN_MAX_CPU_ISA": instructions})
    assert not done.returncode, done.stderr
    chosen, gain = json.loads(done.stdout)

    if precision == "auto":
        assert chosen == ("bf16" if gain is not None and gain > 1.05 else "fp32")
    else:  # what a person asks for they get, or are told that it is not there
        assert (chosen, gain is None) in [("bf16", False), ("config.bf16_missing", True)]


def test_the_threads_of_a_worker_sleep_while_they_wait(monkeypatch):
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    assert process.environment()["GOMP_SPINCOUNT"] == "2000"

    monkeypatch.setenv("GOMP_SPINCOUNT", "7")  # somebody chose
    assert process.environment()["GOMP_SPINCOUNT"] == "7"


class Clock:
    """A machine whose steps take as long as the script says at that time."""

    def __init__(self, seconds_a_step):
        self.now, self.seconds_a_step = 0.0, seconds_a_step

    def perf_counter(self):
        return self.now

    def step(self):
        self.now += self.seconds_a_step(self.now)


@pytest.mark.parametrize(("seconds_a_step", "told"), [
    (lambda now: 0.01, 0.01),
    (lambda now: 0.1, 0.1),  # always slow: that is what the run will be like
    (lambda now: 0.1 if now < 0.3 else 0.01, 0.01),  # a neighbour that has just gone
    (lambda now: 0.1 if now > 0.2 else 0.01, 0.01),  # and one that comes
    (lambda now: 1.0, 1.0)])
def test_a_busy_moment_does_not_decide_a_run(monkeypatch, seconds_a_step, told):
    clock = Clock(seconds_a_step)
    monkeypatch.setattr("rnnlm_core.planning.time", clock)
    assert step_seconds(clock) == pytest.approx([told])
    assert clock.now < max(1.0, 8 * told)  # decided within a second, where steps are quick


def test_two_precisions_are_compared_in_one_round(monkeypatch):
    """A busy moment that meets one of them alone would choose the other."""
    clock = Clock(lambda now: 0.1 if now < 0.4 else 0.01)

    class Half(Clock):
        def step(self):
            clock.now += self.seconds_a_step(clock.now) / 2

    monkeypatch.setattr("rnnlm_core.planning.time", clock)
    whole, half = step_seconds(clock, Half(clock.seconds_a_step))
    assert whole / half == pytest.approx(2.0)
