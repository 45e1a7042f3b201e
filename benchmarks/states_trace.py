"""What the States page waits for: a text with every gate, gates and memory of all units, context.

By the processor's clock (one thread), medians of five turns, at H 128.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.rows import Found, at_most, one_thread, processor_seconds

CHARACTERS, READ = 2_000, 24_000  # of a reader's own text, and of a run's held-out one
_LETTERS = 60


@one_thread()
def states_trace(_runs: Path) -> list[Found]:
    import numpy as np

    from rnnlm_core.config import RunConfig
    from rnnlm_core.data.tokenizer import CharTokenizer
    from rnnlm_core.insight.connectivity import connectivity
    from rnnlm_core.insight.context import context, recovery
    from rnnlm_core.insight.gates import read_gates
    from rnnlm_core.insight.states import read_states
    from rnnlm_core.insight.unit_memory import unit_memory
    from rnnlm_core.nets.build import build
    from rnnlm_core.nets.cells import CELLS

    letters = "".join(chr(ord("0") + i) for i in range(_LETTERS))
    ids = np.random.default_rng(0).integers(0, _LETTERS, READ)
    text, tokenizer = "".join(letters[i] for i in ids[:CHARACTERS]), CharTokenizer.fit(letters)
    found = []
    for cell in CELLS:
        model = build(RunConfig(cell=cell, hidden=128), tokenizer.size).eval()
        gates = read_gates(model, ids)
        name = cell.upper()
        found += [
            at_most(f"states: {CHARACTERS:,} characters with every gate, {name}",
                    processor_seconds(lambda m=model: read_states(m, tokenizer, text)), "s", 0.5),
            at_most(f"states: gates and memory of all units, {name}",
                    processor_seconds(lambda m=model, g=gates: (
                        read_gates(m, ids), unit_memory(m, ids, g))), "s", 2.0),
            at_most(f"states: loss by how much is fed and in order, {name}",
                    processor_seconds(lambda m=model: context(m, ids)), "s", 2.0),
            at_most(f"states: after a wrong token, {name}",
                    processor_seconds(lambda m=model: recovery(m, ids)), "s", 2.0),
            at_most(f"states: what one guess hangs on, {name}",
                    processor_seconds(lambda m=model: connectivity(m, ids, 499)), "s", 0.5)]
    return found
