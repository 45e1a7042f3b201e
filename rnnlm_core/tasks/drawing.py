"""The next batch of a task: what `trials` describes, as tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rnnlm_core.tasks.trials import ALPHABET, ECHOED, RECALLED, Trial

QUERY = 2 * RECALLED
BLANK, DELIMITER = ALPHABET, ALPHABET + 1


def draw(trial: Trial, generators: list[torch.Generator]) -> tuple[Tensor, Tensor]:
    """Of every seed: inputs (S, B, T) of symbols or (S, B, T, A) of numbers, and the answers.

    The answers are those of the steps from `learns_from` on, (S, B, N).
    """
    make = {"recall": _recall, "echo": _echo, "copy": _copy, "adding": _adding}[trial.task]
    inputs, answers = zip(*(make(trial, one) for one in generators), strict=True)
    return torch.stack(inputs), torch.stack(answers)


def _recall(trial: Trial, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    first = torch.randint(RECALLED, (trial.batch, 1), generator=generator)
    others = torch.randint(RECALLED, (trial.batch, trial.lag - 1), generator=generator) + RECALLED
    return torch.cat([first, others, torch.full((trial.batch, 1), QUERY)], 1), first


def _echo(trial: Trial, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    bits = torch.randint(2, (trial.batch, trial.lag + ECHOED), generator=generator)
    return bits, bits[:, :-trial.lag]


def _copy(trial: Trial, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    word = torch.randint(ALPHABET, (trial.batch, trial.copied), generator=generator)

    def blanks(count: int) -> Tensor:
        return torch.full((trial.batch, count), BLANK)

    delimiter = torch.full((trial.batch, 1), DELIMITER)
    return (torch.cat([word, blanks(trial.lag - 1), delimiter, blanks(trial.copied)], 1),
            torch.cat([blanks(trial.lag + trial.copied), word], 1))


def _adding(trial: Trial, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    lag = trial.lag
    half, numbers = lag // 2, torch.rand((trial.batch, lag), generator=generator)
    one = torch.randint(half, (trial.batch, 1), generator=generator)
    other = torch.randint(lag - half, (trial.batch, 1), generator=generator) + half
    marks = torch.zeros(trial.batch, lag).scatter_(1, torch.cat([one, other], 1), 1.0)
    return torch.stack([numbers, marks], 2), (numbers * marks).sum(1, keepdim=True)
