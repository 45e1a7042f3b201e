"""States of the network along a text, so that writing goes on from any place of it exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnlm_core.generate import ConvolutionWriter, Writer
    from rnnlm_core.nets.language_model import Carried

EVERY = 16  # tokens between two states that are kept; those between are read once more


@dataclass
class Trail:
    """The state after so many ids, of the weights with this digest.

    What lies between two kept states is read again by the same step loop that wrote it. So the
    state at a place is the one that there was, to the bit; the fused layers add up in another order
    and would come only near it.
    """

    digest: str
    kept: dict[int, Carried] = field(default_factory=dict)

    def note(self, count: int, writer: Writer | ConvolutionWriter) -> None:
        """Keep the state of a writer that has read so many ids, now and then."""
        if count % EVERY == 0 and count not in self.kept:
            self.kept[count] = writer.carried

    def before(self, count: int) -> tuple[int, Carried | None]:
        """The nearest kept place at or before this one, and its state; None: the beginning."""
        at = max((place for place in self.kept if place <= count), default=0)
        return at, self.kept.get(at)

    def up_to(self, count: int, digest: str) -> Trail:
        """The same for a text that is the same in its first ids only; empty for other weights."""
        if digest != self.digest:
            return Trail(digest)
        return Trail(digest, {at: state for at, state in self.kept.items() if at <= count})
