"""The branches of a text: what was written in other ways, and where each parts from another.

Values only: a step that a reader takes makes a new `Tree`, so that undo and redo need no more than
the trees that there were. The one list that grows is that of the branch being written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from rnnlm_core.records import SampledToken
from rnnlm_ui.generate.trail import Trail

MOST_BRANCHES = 12


@dataclass(frozen=True)
class Part:
    """What one network wrote of a branch: from this token on, to where the next part begins."""

    at: int  # tokens before it
    step: int  # of the weights that wrote it
    penalised: bool = False  # whether repetition was, which puts the candidates in another order


@dataclass
class Branch:
    """A beginning, as it was typed, and the tokens after it."""

    number: int  # never given twice in one tree
    prompt: str = ""
    tokens: list[SampledToken] = field(default_factory=list)
    by_hand: bool = False  # whether a reader has cut or changed it
    gone: int = 0  # characters cut off in front of a beginning that was too long
    trail: Trail = field(default_factory=lambda: Trail(""))
    asked: bool = False  # whether a reader asked for it: it is not what the page wrote by itself
    parts: tuple[Part, ...] = ()

    @property
    def untouched(self) -> bool:
        """Whether nothing of it is a reader's: it may give way to another draw."""
        return not self.by_hand and not self.prompt

    def part(self, index: int) -> Part | None:
        """The part that the token at `index` belongs to."""
        return next((part for part in reversed(self.parts) if part.at <= index), None)

    def written(self) -> list[Part]:
        """The parts of which there is a token; neighbours by one network are one."""
        found: list[Part] = []
        for part in self.parts:
            if part.at < len(self.tokens) and (not found or found[-1].step != part.step):
                found.append(part)
        return found

    @property
    def steps(self) -> list[int]:
        """Of the networks that wrote it, in the order in which they did."""
        return [part.step for part in self.written()]

    def begin_part(self, part: Part) -> None:
        """From `part.at` on it is written so."""
        self.parts = (*(one for one in self.parts if one.at < part.at), part)

    @property
    def bits(self) -> float | None:
        """Mean surprise a character; None where no character is written."""
        count = sum(len(token.text) for token in self.tokens)
        return sum(token.surprise for token in self.tokens) / count if count else None


@dataclass(frozen=True)
class Parting:
    """Where a branch stands in the drawing."""

    branch: Branch
    parent: int | None  # its number; None: a beginning of its own
    at: int  # tokens that it shares with its parent
    depth: int

    @property
    def first(self) -> str:
        """What it has in place of its parent's text: the first characters of it that show."""
        return next((t.text for t in self.branch.tokens[self.at:] if t.text), "")


@dataclass(frozen=True)
class Tree:
    """All branches in the order they were begun, and the number of the one that is shown."""

    branches: tuple[Branch, ...]
    shown: int

    @property
    def branch(self) -> Branch:
        return self[self.shown]

    def __getitem__(self, number: int) -> Branch:
        return next(branch for branch in self.branches if branch.number == number)

    @property
    def full(self) -> bool:
        return len(self.branches) >= MOST_BRANCHES

    def changed(self, branch: Branch) -> Tree:
        """With this branch in the place of the shown one."""
        return replace(self, branches=tuple(
            branch if one.number == self.shown else one for one in self.branches))

    def grown(self, branch: Branch) -> Tree:
        """With one more, shown; in the shown one's place where the tree is full."""
        if self.full:
            return self.changed(replace(branch, number=self.shown))
        new = replace(branch, number=1 + max(one.number for one in self.branches))
        return Tree((*self.branches, new), new.number)

    def without(self, number: int) -> Tree:
        """Its parent is shown in its stead. The last one stays."""
        rest = tuple(one for one in self.branches if one.number != number)
        if not rest:
            return self
        parent = next(p.parent for p in self.partings() if p.branch.number == number)
        instead = parent if parent is not None else rest[0].number
        return Tree(rest, self.shown if self.shown != number else instead)

    def partings(self) -> list[Parting]:
        """All branches as a tree, each after its parent.

        The parent of a branch is the one before it that it has most in common with, the earliest of
        several: computed from what they say, so that a cut or a deletion leaves nothing dangling.
        """
        parents: dict[int, tuple[int | None, int]] = {}
        for place, branch in enumerate(self.branches):
            same = [one for one in self.branches[:place] if one.prompt == branch.prompt]
            shared = [_shared(one.tokens, branch.tokens) for one in same]
            at = max(shared, default=0)
            parents[branch.number] = (same[shared.index(at)].number, at) if same else (None, 0)
        return list(self._below(None, 0, parents))

    def _below(self, parent: int | None, depth: int, parents: dict[int, tuple[int | None, int]]
               ) -> Iterator[Parting]:
        for branch in self.branches:
            above, at = parents[branch.number]
            if above == parent:
                yield Parting(branch, parent, at, depth)
                yield from self._below(branch.number, depth + 1, parents)


def _shared(one: Sequence[SampledToken], other: Sequence[SampledToken]) -> int:
    """How many tokens two texts begin with in common."""
    return sum(1 for _ in takewhile(
        lambda pair: pair[0].id == pair[1].id, zip(one, other, strict=False)))
