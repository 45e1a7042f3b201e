"""What the tokens of a run are called, and its losses in bits a character, by which runs of
different tokens compare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.states import visible
from rnnlm_core.prepared import measured_tokens
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.i18n import t

_HIDDEN = "◌"  # what has no sign, beside what has one; so do the charts


@dataclass(frozen=True)
class Tokens:
    """Names for one and for many; what is known of them on the validation text."""

    one: str
    many: str
    characters: float | None = 1.0  # a token; None where the text is gone
    unknown: float = 0.0  # share of tokens that have no id

    def with_bits(self, value: str, nats: float) -> str:
        """A loss a token, and what it is a character where that is something else; where tokens
        have no id, that it is none of the text's."""
        if self.characters is None:
            return value
        if self.unknown:  # the ids are another text, and an easier one
            share = f"{self.unknown:.1%}".replace("%", " %")
            return t("token.no_bits" if self.characters != 1.0 else "token.no_bits_characters",
                     value=value, share=share)
        if self.characters == 1.0:
            return value
        return t("token.with_bits", value=value,
                 bits=f"{nats / math.log(2) / self.characters:.2f}")


def named(config: RunConfig) -> Tokens:
    """Characters are called so; everything else is a token."""
    kind = "characters" if config.by_character else "tokens"
    return Tokens(t(f"token.one.{kind}"), t(f"token.many.{kind}"))


def words_of(config: RunConfig) -> dict[str, str]:
    """The two names, as placeholders of a sentence."""
    names = named(config)
    return {"one": names.one, "many": names.many}


def words_on(folder: RunFolder) -> dict[str, str]:
    """The same for a page on a run, damaged ones included."""
    try:
        return words_of(folder.config())
    except UnrollError:
        return words_of(RunConfig())


def tokens_of(folder: RunFolder) -> Tokens:
    """Those of a run, measured once for all visitors."""
    names = named(folder.config())
    return Tokens(names.one, names.many, *_measured(str(folder.path)))


@st.cache_data(max_entries=256, show_spinner=False)
def _measured(path: str) -> tuple[float | None, float]:
    try:
        return measured_tokens(RunFolder(path))
    except UnrollError:
        return None, 0.0


def listed(pieces: Sequence[str]) -> str:
    """Pieces by sight, by code points where nothing would be seen; at most twenty."""
    return " ".join(map(_seen, pieces[:20])) + (" …" if len(pieces) > 20 else "")


def _seen(piece: str) -> str:
    shown = "".join(c if c.isprintable() and not c.isspace() else _HIDDEN for c in visible(piece))
    return shown if shown.strip(_HIDDEN) else " ".join(f"U+{ord(c):04X}" for c in piece)
