"""Several continuations from one place, each with another seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rnnlm_core.records import SampledToken
from rnnlm_ui.generate.writing import Writing

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings


def ways_on(writing: Writing, index: int, settings: SamplingSettings, count: int
            ) -> list[list[SampledToken]]:
    """`count` continuations of `settings.length` tokens after the first `index`, with the seeds
    `settings.seed`, … + count − 1. The first is the one that "Continue" would write there.

    What was kept of the states is gone on from, exactly; the text itself is left as it is.
    """
    from rnnlm_core.generate import generate, writer_of

    run, start = writing.run, writing.start.ids
    ids = [*start, *(token.id for token in writing.tokens[:index])]
    trail = writing.branch.trail.up_to(len(ids), writing.digest)
    read, carried = trail.before(len(ids) - 1)
    reader = writer_of(run.model, carried)
    for token in ids[read:-1]:
        reader.read([token])
    found = []
    for way in range(count):
        stream = run.tokenizer.stream()
        for token in ids[len(start):]:
            stream.push(token)
        seed = (settings.seed + index + way) % 2**63
        found.append(list(generate(
            run.model, run.tokenizer, ids[-1:], replace(settings, seed=seed), stream=stream,
            carried=reader.carried, before=ids[:-1])))
    return found
