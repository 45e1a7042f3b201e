"""What one kept moment of a racer costs the server, by the processor's clock, on one thread."""

from __future__ import annotations

from pathlib import Path

from benchmarks.rows import Found, at_most, one_thread, processor_seconds
from rnnlm_core.config import Cell, RunConfig
from rnnlm_core.data.builtin import builtin_text
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.insight.answers import answers_by_lag
from rnnlm_core.insight.gradients import lag_profile
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import CELLS

CHARACTERS, LAGS, WINDOWS = 24_000, 100, 64


@one_thread()
def race(_runs: Path) -> list[Found]:
    """Lag profile and answers by lag of the lesson's networks (H 64); the slowest of the three."""
    costs = {corpus: max(_seconds(corpus, cell) for cell in CELLS)
             for corpus in ("recall:20", "agreement", "names")}
    return [at_most(f"race: one moment of one racer, {corpus}", 1000 * seconds, "ms", 200)
            for corpus, seconds in costs.items()]


def _seconds(corpus: str, cell: Cell) -> float:
    """Median of five turns after one that is not counted."""
    text = builtin_text(corpus)[:CHARACTERS]
    tokenizer = CharTokenizer.fit(text)
    config = RunConfig(corpus=corpus, cell=cell, hidden=64, embedding=16)
    model, ids = build(config, tokenizer.size).eval(), tokenizer.encode(text)

    def moment() -> None:
        lag_profile(model, ids, LAGS, WINDOWS)
        answers_by_lag(model, tokenizer, text, config)

    moment()
    return processor_seconds(moment)
