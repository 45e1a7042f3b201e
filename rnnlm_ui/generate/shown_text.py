"""What a branch says: its beginning and its tokens as text, as ids, and as the page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnnlm_core.records import SampledToken
from rnnlm_ui.generate.beginning import Beginning, beginning_of
from rnnlm_ui.generate.branches import Branch, Tree

if TYPE_CHECKING:
    from rnnlm_core.data.tokenizer import Tokenizer
    from rnnlm_core.lab import Run


class ShownText:
    """The text of the branch that is shown."""

    run: Run
    tree: Tree
    _begun: tuple[str, Tokenizer, Beginning] | None

    @property
    def branch(self) -> Branch:
        return self.tree.branch

    @property
    def prompt(self) -> str:
        """As it was typed."""
        return self.branch.prompt

    @property
    def tokens(self) -> list[SampledToken]:
        return self.branch.tokens

    @property
    def start(self) -> Beginning:
        prompt, tokenizer = self.prompt, self.run.tokenizer
        if self._begun is None or self._begun[0] != prompt or self._begun[1] is not tokenizer:
            self._begun = (prompt, tokenizer, beginning_of(prompt, tokenizer))
        return self._begun[2]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Pieces of the beginning that the vocabulary lacks: they are left out."""
        return self.start.unknown

    @property
    def beginning(self) -> str:
        """What the network reads of it."""
        return self.start.known

    @property
    def text(self) -> str:
        """All that the network has read and written."""
        return self.beginning + "".join(token.text for token in self.tokens)

    @property
    def shown(self) -> str:
        """The same as the page shows it: what was typed, unknown pieces included, and its end only
        where it is long."""
        return self.start.shown + "".join(token.text for token in self.tokens)

    @property
    def owners(self) -> list[int]:
        """For each character of `shown`, the token that brought it; −1 for the beginning."""
        found = [-1] * len(self.start.shown)
        for index, token in enumerate(self.tokens):
            found += [index] * len(token.text)
        return found

    @property
    def ids(self) -> list[int]:
        return [*self.start.ids, *(token.id for token in self.tokens)]

    def following(self, index: int, typed: str) -> list[int]:
        """The known tokens of a text that comes after the first `index`: no document begins with
        it, unless one has just ended."""
        tokenizer = self.run.tokenizer
        ids, last = tokenizer.known(typed), [*self.start.ids, *(
            token.id for token in self.tokens[:index])][-1]
        begun = ids[:1] == [tokenizer.start_id] and last != tokenizer.end_id
        return ids[1:] if begun else ids

    @property
    def broken(self) -> tuple[int, bool]:
        """How many written bytes are no UTF-8 and stand as �, and whether the last ones only begin
        a character: these are not shown."""
        stream = self.run.tokenizer.stream()
        for token in self.tokens:
            stream.push(token.id)
        return stream.invalid, bool(stream.finish())
