"""Text to ids and back: by character, by byte, or by word.

A tokenizer is a list of pieces; the id of a piece is its place in the list. Characters and words
are counted in the training part alone, and where a piece is unknown, its id is 0, `<unk>`, shown as
�. It is never generated, so text written by a model holds only pieces that it has read. Bytes are
all known from the start.

A new kind that divides text into pieces needs `divide` and a name (see `WordTokenizer`); one whose
pieces are bytes needs a `ByteStream` over them.
"""

from __future__ import annotations

import codecs
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import regex
from numpy.typing import NDArray

from rnnlm_core.errors import CorpusError, RunError

UNKNOWN = "�"
UNKNOWN_ID = 0
MAX_VOCABULARY = 50_000
Ids = NDArray[np.unsignedinteger[Any]]


class TextStream:
    """Ids one by one in, text out as soon as it is whole."""

    invalid = 0  # bytes so far that are no UTF-8

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces

    def push(self, token: int) -> str:
        """The text that this token completes; empty where it is only the beginning of some."""
        return self._pieces[token]

    def finish(self) -> str:
        """What is left over at the end."""
        return ""


class ByteStream(TextStream):
    """The same for pieces that are bytes: a character is shown with its last byte, bytes that are
    no UTF-8 as �, as soon as the decoder knows."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._bytes = pieces
        self._waiting = b""

    def push(self, token: int) -> str:
        self._waiting += self._bytes[token]
        return self._take(final=False)

    def finish(self) -> str:
        return self._take(final=True)

    def _take(self, final: bool) -> str:
        text = ""
        while self._waiting:
            try:
                whole, used = codecs.utf_8_decode(self._waiting, "strict", final)
            except UnicodeDecodeError as bad:
                text += self._waiting[:bad.start].decode() + UNKNOWN
                self.invalid += bad.end - bad.start
                self._waiting = self._waiting[bad.end:]
            else:
                self._waiting = self._waiting[used:]
                return text + whole
        return text


class Tokenizer(ABC):
    """What every kind can do. `pieces[i]` stands for id i on a page."""

    kind: ClassVar[str]
    pieces: tuple[str, ...]
    unknown_id: ClassVar[int | None] = UNKNOWN_ID  # None where everything is known

    @classmethod
    @abstractmethod
    def fit(cls, text: str, max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1) -> Self:
        """The vocabulary of a training text: at most `max_vocabulary` ids, `<unk>` included.

        Rarer pieces than `min_frequency` become `<unk>`. Raises `CorpusError` where none is left.
        """

    @abstractmethod
    def encode(self, text: str) -> Ids:
        """Ids of all pieces, in order, in the smallest type that holds V."""

    @abstractmethod
    def to_json(self) -> str:
        """As `from_json` reads it."""

    @classmethod
    @abstractmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """From the JSON object that `to_json` wrote."""

    @property
    def size(self) -> int:
        """V."""
        return len(self.pieces)

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        return np.uint8 if self.size <= 2**8 else np.uint16 if self.size <= 2**16 else np.uint32

    def stream(self) -> TextStream:
        """To decode ids as they come."""
        return TextStream(self.pieces)

    def decode(self, ids: NDArray[np.integer[Any]] | list[int]) -> str:
        stream = self.stream()
        return "".join([stream.push(int(i)) for i in ids]) + stream.finish()

    def known(self, text: str) -> list[int]:
        """Ids of `text` without what the vocabulary lacks."""
        return [i for i in self.encode(text).tolist() if i != self.unknown_id]

    def unknown_in(self, text: str) -> tuple[str, ...]:
        """The pieces of `text` that the vocabulary lacks, each once, in order of appearance."""
        return ()

    def id_of(self, piece: str) -> int:
        """The id that `piece` stands for. Raises KeyError where there is none."""
        return self._ids[piece]

    @cached_property
    def first_known(self) -> int:
        """What is read first where there is no text: a newline, else the first known piece."""
        return self._ids.get("\n", 0 if self.unknown_id is None else self.unknown_id + 1)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in enumerate(self.pieces)}

    def owners(self, ids: Iterable[int]) -> tuple[str, NDArray[np.int64]]:
        """The text of `ids`, and for each of its characters the place of the token that ends it."""
        stream, texts, owners = self.stream(), [], []
        place = -1
        for place, token in enumerate(ids):
            texts.append(stream.push(int(token)))
            owners += [place] * len(texts[-1])
        texts.append(stream.finish())
        owners += [place] * len(texts[-1])
        return "".join(texts), np.array(owners, np.int64)


@dataclass(frozen=True)
class ByteTokenizer(Tokenizer):
    """UTF-8: id i is the byte i, whatever the text. Bytes without a sign of their own are shown by
    their number, as ‹E4›."""

    kind = "bytes"
    unknown_id = None
    pieces: tuple[str, ...] = tuple(
        chr(i) if i in (9, 10) or 32 <= i < 127 else f"‹{i:02X}›" for i in range(256))

    @classmethod
    def fit(cls, text: str, max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1) -> Self:
        """Always the same 256: nothing is counted, nothing left out."""
        return cls()

    def encode(self, text: str) -> Ids:
        return np.frombuffer(text.encode("utf-8", "replace"), np.uint8).copy()

    def stream(self) -> TextStream:
        return ByteStream([bytes([i]) for i in range(256)])

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind})

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        return cls()


@dataclass(frozen=True)
class PieceTokenizer(Tokenizer):
    """A vocabulary of text pieces after `<unk>`. A kind says how text is divided into them."""

    pieces: tuple[str, ...]

    @staticmethod
    @abstractmethod
    def divide(text: str) -> Iterator[str]:
        """The pieces of a text; joined, they are the text."""

    @classmethod
    def fit(cls, text: str, max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1) -> Self:
        counts = cls._count(text)
        counts.pop(UNKNOWN, None)
        frequent = [piece for piece, count in counts.items() if count >= min_frequency]
        if not frequent:
            raise CorpusError("corpus.nothing_frequent", limit=min_frequency,
                              value=max(counts.values(), default=0))
        frequent.sort(key=lambda piece: (-counts[piece], piece))
        return cls((UNKNOWN, *cls._ordered(frequent[:max_vocabulary - 1])))

    @classmethod
    def _count(cls, text: str) -> Counter[str]:
        return Counter(cls.divide(text))

    @staticmethod
    def _ordered(pieces: list[str]) -> list[str]:
        """From the commonest on: what an adaptive softmax wants."""
        return pieces

    def encode(self, text: str) -> Ids:
        known = self._known_ids
        return np.fromiter((known.get(p, UNKNOWN_ID) for p in self.divide(text)), self.dtype)

    def unknown_in(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p for p in self.divide(text) if p not in self._known_ids))

    @cached_property
    def _known_ids(self) -> dict[str, int]:
        return {piece: i for i, piece in enumerate(self.pieces) if i != UNKNOWN_ID}

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind, "pieces": self.pieces[1:]}, ensure_ascii=True)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        return cls((UNKNOWN, *map(str, values["pieces"])))


class CharTokenizer(PieceTokenizer):
    """Every code point is a piece; ids in code point order."""

    kind = "characters"

    @staticmethod
    def divide(text: str) -> Iterator[str]:
        return iter(text)

    @classmethod
    def _count(cls, text: str) -> Counter[str]:
        # by code point in numpy: 50 M characters in a second, a Counter takes ten
        counts = np.bincount(_code_points(text)) if text else np.zeros(0, np.int64)
        return Counter({chr(point): int(counts[point]) for point in np.flatnonzero(counts)})

    @staticmethod
    def _ordered(pieces: list[str]) -> list[str]:
        return sorted(pieces)

    def encode(self, text: str) -> Ids:
        """By table look-up: 49 ms for 10 M characters."""
        points = _code_points(text)
        return self._table[np.minimum(points, len(self._table) - 1)]

    @cached_property
    def _table(self) -> Ids:
        # one entry past the highest known code point stays 0 and catches everything above
        highest = max((ord(c) for c in self.pieces[1:]), default=0)
        table = np.zeros(highest + 2, self.dtype)
        for index, character in enumerate(self.pieces[1:], start=1):
            table[ord(character)] = index
        return table

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind, "characters": self.pieces[1:]}, ensure_ascii=True)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        return cls((UNKNOWN, *map(str, values["characters"])))


class WordTokenizer(PieceTokenizer):
    """Words, numbers of up to three digits, signs and white space; nothing is lost.

    A gap is a token of its own. With one space taken along by each word, as in GPT-2, the text has
    fewer tokens, but every word needs two ids, with and without it, and more words are unknown: at
    the same V and the same steps an LSTM and Kneser–Ney both then lost more bits a character, the
    spelling of unknown words counted (2.09 against 2.02, and 1.95 against 1.85, on `manual`).
    Scripts without spaces are read letter by letter. Ids from the commonest piece on.
    """

    kind = "words"
    _UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    _LETTER = rf"[[\p{{L}}\p{{M}}]--{_UNSPACED}]"
    _PIECE = regex.compile(
        rf"(?V1){_LETTER}+(?:['’]{_LETTER}+)*"
        rf"|{_UNSPACED}\p{{M}}*"
        r"|\p{N}{1,3}"
        r"|[^\s\p{L}\p{M}\p{N}]"
        r"|\n|[^\S\n]+")

    @classmethod
    def divide(cls, text: str) -> Iterator[str]:
        return (match[0] for match in cls._PIECE.finditer(text))


KINDS: dict[str, type[Tokenizer]] = {
    kind.kind: kind for kind in (CharTokenizer, ByteTokenizer, WordTokenizer)}


def fit(kind: str, training_text: str, max_vocabulary: int = MAX_VOCABULARY,
        min_frequency: int = 1) -> Tokenizer:
    """The tokenizer of this kind for a training text. Raises as `Tokenizer.fit`."""
    return KINDS[kind].fit(training_text, max_vocabulary, min_frequency)


def from_json(text: str) -> Tokenizer:
    """What `to_json` wrote. Raises `RunError` where it is none."""
    try:
        values = json.loads(text)
        return KINDS[values["kind"]].from_values(values)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RunError("run.mismatch", what="tokenizer.json") from None


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
