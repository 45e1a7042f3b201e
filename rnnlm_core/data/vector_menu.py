"""The menu of word vectors on the hub, from `vector_menu.toml`: its head says what is known."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rnnlm_core.data.hub_vectors import VectorSpec


@dataclass(frozen=True)
class VectorEntry:
    """A table worth a try."""

    source: str
    name: str
    en: str  # what it was made of, in one sentence or two
    zh: str

    @property
    def spec(self) -> VectorSpec:
        return VectorSpec.parse(self.source)

    def sentence(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@cache
def vector_menu() -> tuple[VectorEntry, ...]:
    """All of it, in the order in which it is offered."""
    text = resources.files(__package__).joinpath("vector_menu.toml").read_text("utf-8")
    return tuple(VectorEntry(**entry) for entry in tomllib.loads(text)["table"])
