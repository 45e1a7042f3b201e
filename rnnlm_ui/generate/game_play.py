"""The state of a game: a passage, what was guessed so far, and the bits of both. No widgets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_core.figures.generate import percent
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session
from rnnlm_ui.generate.signs import unsigned
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.data.tokenizer import Tokenizer
    from rnnlm_core.insight.guessing import Habits, Passage

BETS = ("sure", "likely", "maybe")
LONGEST_TYPED = 100
_COUNTED = 300_000  # characters of the training text whose habits are counted
_GUESSES = "game.guesses"  # the key of a game, and its guesses


@dataclass(frozen=True)
class Guess:
    """`pick` is None where the person had no idea."""

    pick: str | None
    bet: str


@dataclass(frozen=True)
class Game:
    key: str
    passage: Passage
    habits: Habits
    tokenizer: Tokenizer
    guesses: tuple[Guess, ...]

    def true(self, n: int) -> str:
        """The character that guess n was for."""
        return self.passage.characters[self.passage.first + n]

    @property
    def over(self) -> bool:
        return len(self.guesses) >= self.passage.length

    @property
    def yours(self) -> list[float]:
        """Bits of each guess."""
        from rnnlm_core.insight.guessing import BETS, bet_share

        return [-math.log2(bet_share(self.habits, g.pick, BETS[g.bet], self.true(n)))
                for n, g in enumerate(self.guesses)]

    @property
    def networks(self) -> list[float]:
        """Bits of the network on the same characters."""
        return [-math.log2(max(float(share), 1e-300))
                for share in self.passage.shares[:len(self.guesses)]]

    @property
    def offered(self) -> list[str]:
        from rnnlm_core.insight.guessing import OFFERED

        first = self.passage.first + len(self.guesses)
        found = self.habits.offered(self.passage.characters[max(0, first - 2):first], 2 * OFFERED)
        never = self.that_never_come(found)
        return [c for c in found if c not in never][:OFFERED]

    def that_never_come(self, characters: Sequence[str | None]) -> tuple[str, ...]:
        """Which of some picks no text of this vocabulary holds."""
        from rnnlm_core.insight.guessing import that_never_come

        return that_never_come(self.tokenizer, [c for c in characters if c is not None])


def game(scene: Scene, number: int) -> Game:
    """As it stands in this tab. Raises where nothing is held out, or the network gives no
    numbers."""
    key = _key(scene, number)
    kept, guesses = session.recall(_GUESSES, ("", ()))
    made = passage(scene.path, scene.step, scene.digest, number)
    return Game(key, made, habits(scene.path), runs.opened(scene.folder, scene.step).tokenizer,
                tuple(guesses)[:made.length] if kept == key else ())


def take(now: Game, picks: list[str | None], bet: str) -> None:
    """One guess after another, until the first wrong one."""
    guesses = list(now.guesses)
    for pick in picks:
        if len(guesses) >= now.passage.length:
            break
        guesses.append(Guess(pick, bet))
        if pick != now.true(len(guesses) - 1):
            break
    session.remember(_GUESSES, (now.key, tuple(guesses)))


def forget() -> None:
    """The same text from its beginning."""
    session.forget(_GUESSES)


def typed_characters(text: str) -> list[str | None]:
    from rnnlm_core.insight.guessing import characters_of

    return [*characters_of(unsigned(text))]


def share_of_bet(bet: str) -> str:
    from rnnlm_core.insight.guessing import BETS

    return percent(BETS[bet])


def _key(scene: Scene, number: int) -> str:
    return f"{scene.folder.id} {number}"


# -- computed once for all visitors ----------------------------------------------------------------
@st.cache_resource(max_entries=64, show_spinner=False)
def passage(path: str, step: int | None, digest: str, number: int) -> Passage:
    """The game of this number against the weights of a moment."""
    from rnnlm_core.insight import guessing
    from rnnlm_core.prepared import held_out_text

    run = runs.opened(RunFolder(path), step)
    return guessing.passage(run.model, run.tokenizer, held_out_text(run.folder), number)


@st.cache_resource(max_entries=8, show_spinner=False)
def habits(path: str) -> Habits:
    """Counted in the training text of a run. Raises where it is gone."""
    from rnnlm_core.insight.guessing import Habits
    from rnnlm_core.prepared import divided

    return Habits.of(divided(RunFolder(path)).training[-_COUNTED:])
