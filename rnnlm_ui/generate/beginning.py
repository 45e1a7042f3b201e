"""A typed beginning as the network reads it, and as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.data.tokenizer.spelling import spelled

LONGEST_PROMPT = 20_000  # characters that are read; of a longer one its end, which counts most
SHOWN_PROMPT = 500  # characters of it that the page shows, its end again


@dataclass(frozen=True)
class Beginning:
    ids: tuple[int, ...]  # what the network reads: one start in place of none
    known: str  # the text of these
    shown: str  # as it was typed, unknown pieces in their places
    lacking: tuple[bool, ...]  # for each character of `shown`, whether the vocabulary lacks it
    hidden: int  # characters in front of `shown` that are read and not shown
    unknown: tuple[str, ...]  # the pieces that are left out, each once


def cut(typed: str) -> tuple[str, int]:
    """The end of what was typed, as much as is read, and how many characters were cut off."""
    gone = max(0, len(typed) - LONGEST_PROMPT)
    return typed[gone:], gone


def beginning_of(prompt: str, tokenizer: Tokenizer) -> Beginning:
    from rnnlm_core.generate import starting_ids

    hidden = max(0, len(prompt) - SHOWN_PROMPT)
    owners = spelled(prompt, tokenizer).owners[hidden:]
    return Beginning(
        tuple(starting_ids(tokenizer, prompt)), tokenizer.decode(tokenizer.known(prompt)),
        prompt[hidden:], tuple((owners < 0).tolist()), hidden, tokenizer.unknown_in(prompt))
