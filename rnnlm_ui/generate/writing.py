"""A text that one browser tab watches grow: started, stopped, branched, gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rnnlm_core.records import SampledToken
from rnnlm_ui.generate.beginning import cut
from rnnlm_ui.generate.branches import Branch, Part, Tree
from rnnlm_ui.generate.history import Dials, History, Moment
from rnnlm_ui.generate.pen import Pen
from rnnlm_ui.generate.shown_text import ShownText
from rnnlm_ui.generate.trail import Trail

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.lab import Run

MOST = 1_500  # written tokens: more would make every refresh of the page heavy
_MOST_LEFT = 24  # texts of a reader's that wait at other moments of the run


class Writing(ShownText):
    """The branches of a text, the history of what was done to them, and the pen that writes on the
    one that is shown."""

    def __init__(self, run: Run, digest: str, step: int, prompt: str = "",
                 moment: int | None = None) -> None:
        self.take_weights(run, digest, step, moment)
        self.moment = moment  # of the text: the step that was asked for; None: the newest
        self._left: dict[int | None, Tree] = {}  # a reader's, by the moment where it waits
        self.tree = Tree((Branch(1, prompt),), 1)
        self.history = History()
        self.dials: Dials = {}  # the settings, as they stand
        self.under: SamplingSettings | None = None  # what they come to
        self.heard: object = None  # the wish that was carried out last
        self._begun = None
        self._turning = False  # whether the last step was another setting: several are one step
        self._moving = False  # the same for another moment
        self.pen = Pen()

    def take_weights(self, run: Run, digest: str, step: int, moment: int | None) -> None:
        """What is written from now on is written by these, opened for this moment."""
        self.run, self.digest, self.step, self.opened_for = run, digest, step, moment

    # -- the branch that is shown ---------------------------------------------------------------
    @property
    def by_hand(self) -> bool:
        """Whether a reader has cut or changed what is shown."""
        return self.branch.by_hand

    @property
    def kept(self) -> bool:
        """Whether a reader has changed what is here."""
        return self.by_hand or len(self.tree.branches) > 1

    @property
    def given(self) -> bool:
        """Whether the page wrote this by itself, and no reader has asked for it or changed it."""
        return not (self.kept or self.branch.asked)

    @property
    def example(self) -> bool:
        """Whether newer weights may write this anew of their own accord: nothing of it, nor of what
        was taken back, is a reader's."""
        return (self.given and not self.prompt and not self.active and not self.history.future)

    @property
    def worth_keeping(self) -> bool:
        return bool(not self.given or self.prompt or self.history.past or self.history.future)

    @property
    def active(self) -> bool:
        return self.pen.active

    @property
    def left(self) -> int:
        return self.pen.left if self.active else 0

    @property
    def unread(self) -> int:
        """Tokens of the text so far that are still to be read before the next one is written."""
        return len(self.pen.unread) if self.active else 0

    @property
    def full(self) -> bool:
        return len(self.tokens) >= MOST

    # -- what a reader does: each a step of the history --------------------------------------------
    def begin(self, typed: str, settings: SamplingSettings, now: float) -> None:
        """A text from this beginning; a branch of its own where a reader had a hand in the old."""
        self._check(settings)
        self._step()
        prompt, gone = cut(typed)
        new = Branch(self.tree.shown, prompt, gone=gone, asked=True)
        self.tree = self.tree.changed(new) if self.branch.untouched else self.tree.grown(new)
        self._start(settings, now)

    def again(self, settings: SamplingSettings, now: float, turned: bool = False) -> None:
        """The same beginning once more, in the place of what the network had written; a branch of
        its own where a reader has changed that. `turned`: because of another setting."""
        self._check(settings)
        if not (turned and self._turning):
            self._step()
        self._turning = turned
        new = Branch(self.tree.shown, self.prompt, gone=self.branch.gone, asked=True)
        self.tree = self.tree.grown(new) if self.by_hand else self.tree.changed(new)
        self._start(settings, now)

    def fill(self, settings: SamplingSettings, now: float) -> None:
        """Write the page's own text, which is no step of a reader's."""
        self._check(settings)
        self.tree = self.tree.changed(
            Branch(self.tree.shown, self.prompt, gone=self.branch.gone))
        self._start(settings, now)

    def empty(self) -> None:
        """The page's own text is written anew, by other weights."""
        self.tree = Tree((Branch(1, self.prompt, gone=self.branch.gone),), 1)

    def move(self, moment: int | None) -> None:
        """Another moment of the run, whose weights are taken: what a reader left there is shown,
        else the same beginning, still to be written. Moments in a row are one step; there and back
        is none."""
        past = self.history.past
        if self._moving and past and past[-1].looked_at == moment:
            self._restore(past.pop())
            return
        if not self._moving:
            self._step()
        self.leave()
        left = self._left.pop(moment, None)
        self.stop()
        if left is not None:
            self.tree = left
        else:
            self.empty()
        self.moment, self._moving, self._turning = moment, True, False

    def leave(self) -> None:
        """What a reader made at this moment waits there."""
        if not self.given:
            self._left.pop(self.moment, None)
            self._left[self.moment] = self.tree
            for moment in list(self._left)[:-_MOST_LEFT]:
                del self._left[moment]

    def go_on(self, settings: SamplingSettings, now: float) -> None:
        """Write `settings.length` more tokens from here. Errors as `generate`, at once.

        Noise depends on seed and place alone: at one place, two continuations draw alike.
        """
        self._check(settings)
        self._step()
        self.tree = self.tree.changed(self._cut(len(self.tokens), self.by_hand))
        self._start(settings, now)

    def keep(self, count: int) -> None:
        """Take back what was written after the first `count` tokens."""
        self._step()
        self.tree = self.tree.changed(self._cut(count))

    def put(self, index: int, piece: str) -> None:
        """A branch with another token in place of the written one at `index`, and nothing after it.

        It has to be one of the alternatives that there were.
        """
        instead, part = self.tokens[index], self.branch.part(index)
        probability, tokenizer = dict(instead.alternatives)[piece], self.run.tokenizer
        token_id, stream = tokenizer.id_of(piece), tokenizer.stream()
        for token in self.tokens[:index]:
            stream.push(token.id)
        self.adopt(index, [replace(instead, id=token_id, text=stream.push(token_id),
                                   probability=probability)])
        if part is not None:  # by the network whose alternative it is
            self.branch.begin_part(replace(part, at=index))

    def force(self, index: int, ids: Sequence[int], settings: SamplingSettings, now: float) -> None:
        """A branch that has these tokens after the first `index`, and goes on from them."""
        self._check(settings)
        if index < len(self.tokens):
            self.adopt(index, [])
        else:
            self.keep(index)
        self._start(replace(settings, length=settings.length + len(ids)), now, ids)

    def adopt(self, index: int, tokens: Sequence[SampledToken], penalised: bool = False) -> None:
        """A branch that has these, already written, after the first `index`."""
        self._step()
        branch = self._cut(index)
        branch.tokens += tokens
        if tokens:
            branch.begin_part(Part(index, self.step, penalised))
        self.tree = self.tree.grown(branch)

    def show(self, number: int) -> None:
        self._step()
        self.tree = replace(self.tree, shown=number)

    def delete(self, number: int) -> None:
        self._step()
        self.tree = self.tree.without(number)

    def undo(self) -> None:
        """As it was before the last step, settings included; all written since can be redone."""
        self._restore(self.history.undo(self._now()))

    def redo(self) -> None:
        self._restore(self.history.redo(self._now()))

    def turn(self, settings: SamplingSettings, now: float) -> None:
        """What is still to be written comes under these settings: no step of its own."""
        self._start(settings, now)

    def stop(self) -> None:
        self.pen.stop()

    def _restore(self, moment: Moment) -> None:
        self.stop()
        if moment.looked_at != self.moment:
            self.leave()
        self._turning = self._moving = False
        self.tree, self.dials, self.moment = moment.tree, moment.dials, moment.looked_at

    def _now(self) -> Moment:
        return Moment(self.tree, self.dials, self.moment)

    def _check(self, settings: SamplingSettings) -> None:
        self.stop()
        settings.checked()

    def _step(self) -> None:
        self.stop()
        self._turning = self._moving = False
        if self.tokens or self.kept or self.prompt:  # an empty page is nothing to come back to
            self.history.step(self._now())

    def _cut(self, count: int, by_hand: bool = True) -> Branch:
        """The shown branch up to so many tokens, as a value of its own."""
        tokens = self.tokens[:max(0, count)]
        return replace(self.branch, tokens=tokens, by_hand=by_hand, asked=True,
                       parts=tuple(part for part in self.branch.parts if part.at < len(tokens)),
                       trail=self._trail(len(self.start.ids) + len(tokens)))

    def _trail(self, count: int) -> Trail:
        return self.branch.trail.up_to(count, self.digest)

    def _start(self, settings: SamplingSettings, now: float, forced: Sequence[int] = ()) -> None:
        self.stop()
        self.branch.trail = self._trail(len(self.ids))
        self.branch.begin_part(
            Part(len(self.tokens), self.step, settings.repetition_penalty != 1))
        length = min(settings.checked().length, MOST - len(self.tokens))
        seed = (settings.seed + len(self.tokens)) % 2**63
        self.pen.start(self.run, self.branch, self.ids,
                       replace(settings, length=length, seed=seed), now, forced)

    # -- what time brings -----------------------------------------------------------------------
    def advance(self, now: float, pace: str, budget: float) -> None:
        """Write what is due by now at this pace, as far as the budget of seconds goes."""
        self.pen.advance(now, pace, budget)
