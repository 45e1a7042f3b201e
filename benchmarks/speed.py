"""Training speed beside loops that others would write, and beside itself in bad company.

One thread, by the processor's clock (so that what else the machine does counts little); ratios are
medians of five turns, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.rows import TURNS, Found, at_least, at_most, in_turn, ratio
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.run import process
from rnnlm_core.run.directory import RunFolder

STEPS = 300


def loop(which: str, folder: RunFolder, *limit: str, **environment: str) -> dict[str, Any]:
    """What `benchmarks.loop` says."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.loop", which, str(folder.path), *limit],
        capture_output=True, text=True, env={**process.environment(), **environment})
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def has_amx() -> bool:
    info = Path("/proc/cpuinfo")
    return info.exists() and "amx_bf16" in info.read_text()


def speed(runs: Path) -> list[Found]:
    """The default settings of each cell, 300 steps of the same windows from the same weights."""
    found: list[Found] = []
    for cell in ("lstm", "gru", "rnn"):
        folder = launch.create_run(RunConfig(cell=cell, max_steps=STEPS, max_seconds=0.0), runs)
        turns = [loop("pair", folder, "--steps", str(STEPS)) for _ in range(TURNS)]
        gain, ours, bare, probe = (statistics.median(said[name] for said in turns)
                                   for name in ("ratio", "ours", "bare", "probe"))
        apart = max(abs(said["loss"] - said["bare_loss"]) for said in turns)
        print(f"  {cell} {turns[0]['precision']}: ours {ours:,.0f} tokens/s, bare {bare:,.0f}, "
              f"ratios {' '.join(format(said['ratio'], '.3f') for said in turns)}; validation "
              f"after {STEPS} steps {turns[0]['loss']:.5f}, bare {turns[0]['bare_loss']:.5f}; "
              f"probe {probe:.2f} s", file=sys.stderr)
        limit = 1.6 if cell == "lstm" and has_amx() else 0.97
        found += [
            at_least(f"speed: {cell} over a bare fp32 loop", gain, "×", limit),
            at_most(f"speed: {cell}, loss apart after {STEPS} steps", apart, "nats", 0.01)]
        if cell == "lstm":
            found.append(at_most("speed: start-up probe", probe, "s", 1.0))
            found += _against_characters(folder, ours)
    return found


def _against_characters(folder: RunFolder, ours: float) -> list[Found]:
    seen = in_turn({which: lambda which=which: float(
        loop(which, folder, "--steps", "40")["processor"]) for which in ("characters", "cells")})
    names = {"characters": "nn.LSTM a character, as char-rnn.pytorch", "cells": "nn.LSTMCell"}
    return [at_least(f"speed: lstm over a loop of {names[which]}",
                     ours / statistics.median(values), "×", 5.0) for which, values in seen.items()]


# -- a busy neighbour ------------------------------------------------------------------------------
def neighbour(runs: Path) -> list[Found]:
    """Wall-clock speed with none, one and as many busy processes as cores, for 1 and 2 threads.

    The fair share of t threads beside n busy ones on c cores is c / (t + n) of a core each, at
    most one; of two threads that wait for each other the slower one counts, and with it on a core
    that it shares by halves, half the speed is what is left.
    """
    cores = os.cpu_count() or 1
    return [row for threads in (1, 2) if threads <= cores
            for row in _in_company(runs, threads, cores)]


def _in_company(runs: Path, threads: int, cores: int) -> list[Found]:
    folder = launch.create_run(RunConfig(threads=threads, max_steps=10**6, max_seconds=0.0), runs)
    seen = in_turn({str(n): lambda n=n: _beside(folder, n) for n in (0, 1, cores)})
    found = []
    for n in (1, cores):
        fair = min(1.0, cores / (threads + n)) if threads + n > cores else 1.0
        if threads > 1 and fair < 1:
            fair = min(fair, 0.5)
        name = f"neighbour: {threads} thread{'s' * (threads > 1)} beside {n} busy"
        print(f"  {name}: {statistics.median(seen[str(n)]):,.0f} of "
              f"{statistics.median(seen['0']):,.0f} tokens/s", file=sys.stderr)
        found.append(at_least(name, ratio(seen[str(n)], seen["0"]), "×", round(fair, 2)))
    return found


def _beside(folder: RunFolder, busy: int) -> float:
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        return float(loop("ours", folder, "--seconds", "8")["wall"])
    finally:
        for one in spinning:
            one.kill()
            one.wait()
