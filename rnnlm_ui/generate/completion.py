"""What the network would put behind a text that is being typed. No widgets."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer.by_bytes import ByteUnits
from rnnlm_core.data.tokenizer.spelling import divided
from rnnlm_core.errors import RunError
from rnnlm_ui.generate.trail import Trail

if TYPE_CHECKING:
    from rnnlm_core.generate import ConvolutionWriter, SamplingSettings, Writer
    from rnnlm_core.lab import Run

LONGEST = 2_000  # typed characters that are read, the last ones
_STEP = 500  # as many at once fall off in front, so that what was read mostly stays the same
_WORD = re.compile(r" ?[!-~]+$")
_LONGEST_WORD = 24
MOST_TOKENS = 80  # of a completion; it ends with the line anyway


@dataclass(frozen=True)
class Completion:
    text: str  # behind the typed one, to the end of the line
    bits: float | None  # mean surprise of the typed characters, from the second token on
    gone: int  # typed characters in front that are not read
    unknown: tuple[str, ...]  # typed pieces that the vocabulary lacks


class Completer:
    """Reads along: what was read before is not read again, as far as the text is the same."""

    def __init__(self, run: Run, digest: str) -> None:
        self.run, self.digest = run, digest
        self._ids: list[int] = []
        self._bits: list[float] = []  # surprise of each id; of the first, which is given, 0
        self._trail = Trail(digest)
        self._last: tuple[str, str, SamplingSettings | None] = ("", "", None)  # typed, proposed
        tokenizer = run.tokenizer
        never = (tokenizer.unknown_id, tokenizer.start_id, tokenizer.end_id)
        self._texts = ["" if i in never else tokenizer.stream().push(i)
                       for i in range(tokenizer.size)]  # of each id by itself
        self._several = max(map(len, self._texts)) > 1
        self._bytes = isinstance(getattr(tokenizer, "base", tokenizer), ByteUnits)

    def complete(self, typed: str, settings: SamplingSettings) -> Completion:
        """With the settings' temperature, cuts and seed; the same for the same text.

        As long as a reader types what was proposed, the rest of the proposal stays.
        A word or a piece that is only begun is gone on with: the first token has to begin with it.
        """
        gone = math.ceil(max(0, len(typed) - LONGEST) / _STEP) * _STEP
        text, tokenizer = typed[gone:], self.run.tokenizer
        fragment = self._begun(text)
        whole = text[:len(text) - len(fragment)]
        writer = self._read([*tokenizer.known(whole)] or [tokenizer.first_known])
        bits = self._mean_bits(whole)
        unknown = tokenizer.unknown_in(whole)
        base, proposed, under = self._last
        if under == settings and len(base) <= len(typed) and typed != base \
                and (base + proposed).startswith(typed) and base + proposed != typed:
            ghost = (base + proposed)[len(typed):]
        else:
            ghost = self._written(writer, fragment, settings)
        self._last = (typed, ghost, settings)
        return Completion(ghost, bits, gone, unknown)

    def _read(self, ids: list[int]) -> Writer | ConvolutionWriter:
        """A writer that has read all but the last of these, and the surprise of each."""
        from rnnlm_core.generate import writer_of

        same = next((place for place, (a, b) in enumerate(zip(self._ids, ids, strict=False))
                     if a != b), min(len(self._ids), len(ids)))
        self._trail = self._trail.up_to(max(0, same - 1), self.digest)
        read, carried = self._trail.before(len(ids) - 1)
        writer = writer_of(self.run.model, carried)
        self._ids, self._bits = ids, self._bits[:read + 1] or [0.0]
        for place in range(read, len(ids) - 1):
            logits = self._allowed(writer.step([ids[place]])[0], ids[place])
            best = logits.max()
            nats = best + np.log(np.exp(logits - best).sum()) - logits[ids[place + 1]]
            self._bits.append(float(nats) / math.log(2))
            self._trail.note(place + 1, writer)
        return writer

    def _allowed(self, logits: NDArray[np.float64], last: int) -> NDArray[np.float64]:
        logits[self.run.tokenizer.barred_after(last)] = -np.inf
        return logits

    def _mean_bits(self, text: str) -> float | None:
        """None for nothing read, and where the weights give no numbers."""
        first = len(divided(text, self.run.tokenizer)[0][0]) if text else 0
        finite = [bits for bits in self._bits[1:] if math.isfinite(bits)]
        return sum(finite) / (len(text) - first) if finite and len(text) > first else None

    def _written(self, writer: Writer | ConvolutionWriter, fragment: str,
                 settings: SamplingSettings) -> str:
        """A line at most."""
        from rnnlm_core.generate import generate

        tokenizer, model = self.run.tokenizer, self.run.model
        settings = replace(settings, length=MOST_TOKENS, documents=0)
        stream, prompt = tokenizer.stream(), self._ids[-1:]
        if fragment:
            state = writer.carried
            forced = self._healed(writer, fragment, settings)
            if not forced:
                return ""
            more = generate(model, tokenizer, prompt, settings, carried=state, stream=stream,
                            forced=dict(enumerate(forced)), before=self._ids[:-1])
        else:
            more = generate(model, tokenizer, prompt, settings, stream=stream, writer=writer,
                            before=self._ids[:-1])
        found = ""
        for token in more:
            found += token.text
            line = found[len(fragment):]
            if "\n" in line:
                return line[:line.index("\n")] or "\n"
        return found[len(fragment):]

    def _healed(self, writer: Writer | ConvolutionWriter, fragment: str,
                settings: SamplingSettings) -> list[int]:
        """The tokens that say what is begun, and may say more; none where no token does.

        Of bytes that are merged, several may be needed; a word is one or unknown.
        """
        from rnnlm_core.generate import draw, noise_of, reshape

        found, last, left = list[int](), self._ids[-1], fragment
        noise = noise_of(settings.seed, len(self._texts))
        while left:
            logits = self._allowed(writer.step([last])[0], last)
            fits = [i for i, own in enumerate(self._texts) if own.startswith(left)
                    or (self._bytes and own and left.startswith(own))]
            if not fits:
                return []
            if not np.isfinite(logits[fits]).all():
                raise RunError("run.no_numbers")
            only = np.full(len(logits), -np.inf)
            only[fits] = logits[fits]
            p = reshape(only, settings, self._ids + found)
            last = int(p.argmax()) if settings.temperature == 0 else draw(p, next(noise))
            found.append(last)
            left = left[len(self._texts[last]):]
        return found

    def _begun(self, text: str) -> str:
        """The end of a text that may go on within a token: its last piece, or of merged bytes its
        last word with the gap before it. Empty where tokens are no longer than a character."""
        if not text or not self._several:
            return ""
        if self._bytes:
            found = _WORD.search(text)
            return found[0] if found is not None and len(found[0]) <= _LONGEST_WORD else ""
        last, ids = divided(text, self.run.tokenizer)[-1]
        return last if len(ids) == 1 and last.strip() == last else ""
