"""What the start-up probe decides, whatever the processor can and cannot do."""

import json
import subprocess
import sys

import pytest

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
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
