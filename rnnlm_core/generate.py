"""Writing with the model: one token at a time, in one stream or in many side by side.

`sampling` has the rules of drawing and `nets.writer` the network; what a writer needs of them is
to be had from here too.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

import numpy as np

from rnnlm_core.data.tokenizer import TextStream, Tokenizer
from rnnlm_core.errors import ConfigError, Problem, RunError
from rnnlm_core.nets.cells import Hook
from rnnlm_core.nets.language_model import Carried, LanguageModel
from rnnlm_core.nets.writer import ConvolutionWriter, Writer, writer_of
from rnnlm_core.records import SampledToken
from rnnlm_core.sampling import (
    ALTERNATIVES,
    MAX_LENGTH,
    SamplingSettings,
    draw,
    kinds_of,
    noise_of,
    penalised,
    reshape,
    sampled,
)

__all__ = [
    "ALTERNATIVES", "MAX_LENGTH", "SamplingSettings", "Writer", "character_surprise", "draw",
    "generate", "generate_many", "noise_of", "penalised", "reshape", "starting_ids", "writer_of",
    "written"]


def generate(model: LanguageModel, tokenizer: Tokenizer, prompt: str | Sequence[int],
             settings: SamplingSettings | None = None, hook: Hook | None = None,
             carried: Carried | None = None, stream: TextStream | None = None,
             before: Sequence[int] = (), writer: Writer | ConvolutionWriter | None = None,
             forced: Mapping[int, int] | None = None
             ) -> Generator[SampledToken, None, Carried]:
    """Read the prompt, then yield `settings.length` tokens, each with what else it could have been.

    The prompt is text, or ids to go on from. Pieces of it that the vocabulary lacks are left out
    (`tokenizer.unknown_in` names them). Where nothing is left, the network reads the start mark
    first, a newline where it knows no marks, or the vocabulary's first piece where it has no
    newline; that start is not part of the text. With `settings.documents`, writing may end sooner:
    at the end mark of the last of them.
    `carried` is the state in front of the prompt; the generator returns (`StopIteration.value`) the
    state before the last token, so a continuation takes it with that token's id as its prompt, with
    the `stream` that has seen all ids so far, and with the ids in front of the prompt as `before`,
    for the repetition penalty. `hook(layer, t, state)` sees every state, those of the prompt
    included (t counts from its first token). `writer` is one that has read all in front of the
    prompt, in place of a new one with `carried` and `hook`: when a token is yielded it has read
    what comes before that token, and its state may be looked at. `forced` has ids by position, 0
    for the first token that is written: they stand there whatever would have been drawn, and what
    follows meets the same noise as without them.

    `text` is what becomes visible with a token: of a byte that only begins a character it is
    empty, and bytes that make none give �; a character that the last token leaves open is never
    shown. `probability` and `alternatives` are at temperature 1 before any cut, without `<unk>`
    and marks where none can stand, which are masked before everything; `entropy` and `kept` are of
    the distribution drawn from. Errors, at once and not at the first token: `generate.bad_setting`
    (a `ConfigError` with all), `generate.no_marks` where documents are asked of a model that knows
    none, `run.mismatch` where tokenizer and model differ; while writing, `run.no_numbers`.
    """
    start = _start(model, tokenizer, prompt, [settings := settings or SamplingSettings()])
    return _only(_write(writer or writer_of(model, carried, hook), tokenizer, start, [settings],
                        [stream or tokenizer.stream()], before, forced or {}))


def generate_many(model: LanguageModel, tokenizer: Tokenizer, prompt: str | Sequence[int],
                  settings: Sequence[SamplingSettings], hook: Hook | None = None,
                  carried: Carried | None = None, before: Sequence[int] = (),
                  forced: Mapping[int, int] | None = None) -> Iterator[list[SampledToken | None]]:
    """Several streams from one beginning, side by side as one batch: a list a position, one token
    for each of the settings, None where that stream has ended.

    Each is what `generate` writes with its settings, but that the products of a batch are rounded
    otherwise (by 1e-7 or so). Settings that differ in the cuts only meet the same noise; for
    independent samples give each its `seed`. The hook sees the states (B, H) of all streams.
    Errors as `generate`.
    """
    start = _start(model, tokenizer, prompt, settings)
    return _write(writer_of(model, carried, hook, len(settings)), tokenizer, start, settings,
                  [tokenizer.stream() for _ in settings], before, forced or {})


def _start(model: LanguageModel, tokenizer: Tokenizer, prompt: str | Sequence[int],
           settings: Sequence[SamplingSettings]) -> list[int]:
    """What is read first, after a look at everything that may be wrong."""
    for each in settings:
        each.checked()
    if tokenizer.size != model.vocabulary or tokenizer.size < 2:
        raise RunError("run.mismatch",
                       what=f"{tokenizer.size} tokens for {model.vocabulary} outputs")
    if tokenizer.end_id is None and any(each.documents for each in settings):
        raise ConfigError([Problem("generate.no_marks")])
    return starting_ids(tokenizer, prompt) if isinstance(prompt, str) else list(prompt)


def starting_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """The known pieces of the prompt, or the start that stands in for an empty one."""
    return tokenizer.known(prompt) or [tokenizer.first_known]


def _write(writer: Writer | ConvolutionWriter, tokenizer: Tokenizer, start: Sequence[int],
           settings: Sequence[SamplingSettings], streams: Sequence[TextStream],
           before: Sequence[int], forced: Mapping[int, int]
           ) -> Generator[list[SampledToken | None], None, Carried]:
    """Tokens of B streams, a position at a time; returns the state before the last of all."""
    noises = {each.seed: noise_of(each.seed, tokenizer.size) for each in settings}
    kinds = kinds_of(settings)
    read = [[*before, *start] for _ in settings]
    left, documents = [each.length for each in settings], [each.documents for each in settings]
    for token in start[:-1]:
        writer.read([token] * len(settings))
    carried, position = writer.carried, 0
    while any(left):
        logits = writer.step([ids[-1] for ids in read])
        if not np.isfinite(logits).all():  # their sum would warn where it is inf − inf
            raise RunError("run.no_numbers")
        noise = {seed: next(more) for seed, more in noises.items()}
        found = sampled(logits, kinds, np.array([noise[each.seed] for each in settings]),
                        tokenizer, read, forced.get(position))
        position += 1
        tokens: list[SampledToken | None] = [None] * len(settings)
        for row, (chosen, *facts) in enumerate(found):
            read[row].append(chosen)
            if left[row]:
                tokens[row] = SampledToken(chosen, streams[row].push(chosen), *facts)
                left[row] -= 1
                if documents[row] and chosen == tokenizer.end_id:
                    documents[row] -= 1
                    left[row] *= documents[row] > 0
        if not any(left):
            carried = writer.carried
        yield tokens
    return carried


def _only(steps: Generator[list[SampledToken | None], None, Carried]
          ) -> Generator[SampledToken, None, Carried]:
    """The one stream of a batch of one."""
    try:
        while True:
            (token,) = next(steps)
            assert token is not None
            yield token
    except StopIteration as end:
        carried: Carried = end.value
        return carried


def written(tokens: Iterator[SampledToken]) -> str:
    """All of it as one text."""
    return "".join(token.text for token in tokens)


def character_surprise(tokens: Sequence[SampledToken]) -> list[float]:
    """Bits of each written character: a token's are shared evenly among the characters it brings.

    The bytes of one character are added up. So the sum is that of the tokens (but for a character
    left open at the end), the mean is bits a character, and all kinds of tokens compare.
    """
    bits: list[float] = []
    open_bits = 0.0
    for token in tokens:
        open_bits += token.surprise
        if token.text:
            bits += [open_bits / len(token.text)] * len(token.text)
            open_bits = 0.0
    return bits
