"""The few changes made to any text before it is read, each counted and shown.

Line ends become `\\n`, a byte order mark goes, lone surrogates and control characters go, and the
text is put into Unicode's composed form (NFC). Nothing that carries meaning is touched.

Two more only on request. NFKC (UAX 15) also replaces look-alikes: ﬁ by fi, ① by 1, and full-width
signs by ASCII, which ruins Chinese punctuation. Collapsing white space loses the indentation of
code and verse.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

REQUESTS = ("compatibility", "collapsed")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MARKS = re.compile(r"\A\ufeff+")
_LINE_END = re.compile(r"\r\n?")
# spaces at the end of a line, several in a row, several blank lines; never the full-width space
_SPACES = re.compile(r"\n(?:[ \t\u00a0]*\n){2,}|[ \t\u00a0]+(?=\n|\Z)|[ \t\u00a0]{2,}")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")  # no normal form changes ASCII by itself
# what may join the character before it: marks, and the later letters of a Hangul syllable
_HANGUL_LATER = re.compile(r"[\u1161-\u1175\u11a8-\u11c2]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\u00a0]")
_AROUND = 24  # characters shown on both sides of a change
_SHOWN = 2  # places of each step
_NEAR = 64  # changes that are looked at to show them
Place = tuple[int, int, str]  # from, to, and what stands there afterwards


@dataclass(frozen=True)
class Cleaning:
    """How many places each step changed; the steps in their order."""

    byte_order_marks: int = 0
    line_ends: int = 0
    lone_surrogates: int = 0
    control_characters: int = 0
    composed: int = 0
    compatibility: int = 0
    collapsed: int = 0


@dataclass(frozen=True)
class Change:
    """A place that a step changed, with what stands around it."""

    step: str
    at: int  # the character of the text, as it was when the step began
    before: str  # what cannot be seen is written as its number, ⟨FEFF⟩
    after: str


def clean(text: str, requests: tuple[str, ...] = ()) -> tuple[str, Cleaning]:
    """The text as the network reads it, and what was changed. `requests` are of `REQUESTS`."""
    counts = {}
    for name, step in _STEPS.items():
        if name not in REQUESTS or name in requests:
            text, counts[name] = step(text)
    return text, Cleaning(**counts)


def first_changes(text: str, requests: tuple[str, ...] = ()) -> list[Change]:
    """The first places that each step of `clean` changes, before and after."""
    found = []
    for name, step in _STEPS.items():
        if name in REQUESTS and name not in requests:
            continue
        found += _shown(name, text, list(islice(_PLACES[name](text), _NEAR)))
        # without counting all of them again, which takes Python long
        text = unicodedata.normalize("NFC", text) if name == "composed" else step(text)[0]
    return found


def _shown(name: str, text: str, places: list[Place]) -> list[Change]:
    """The first places, each with its surroundings, where other places are changed too."""
    found: list[Change] = []
    shown_to = -1
    for start, end, _ in places:
        if start < shown_to or len(found) == _SHOWN:
            continue
        left, shown_to = max(0, start - _AROUND), end + _AROUND
        after, at = "", left
        for first, last, by in places:
            if left <= first and last <= shown_to:
                after, at = after + text[at:first] + by, last
        found.append(Change(name, start, _visible(name, text[left:shown_to]),
                            _visible(name, after + text[at:shown_to])))
    return found


def _visible(step: str, text: str) -> str:
    """What cannot be seen as its number in Unicode, ⟨FEFF⟩, and what a step is about made plain:
    accents apart from their letters, spaces as dots. Line breaks stay."""
    if step == "composed":
        return "".join(visible(c) if not _joins(c) else _number(c) for c in text)
    return visible(text).replace(" ", "·") if step == "collapsed" else visible(text)


def visible(text: str) -> str:
    """What cannot be seen as its number in Unicode; line breaks, tabs and spaces stay."""
    return _UNSEEN.sub(lambda match: _number(match[0]), text)


def _number(character: str) -> str:
    return f"⟨{ord(character):04X}⟩"


def replaced_characters(text: str) -> dict[tuple[str, str], int]:
    """What NFKC makes of the characters of a text, the most frequent first: {(from, to): times}."""
    pairs = {(c, unicodedata.normalize("NFKC", c)) for c in set(text)}
    counts = {pair: text.count(pair[0]) for pair in pairs if pair[0] != pair[1]}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


# -- the steps -------------------------------------------------------------------------------------
def _without_marks(text: str) -> tuple[str, int]:
    kept = text.lstrip("\ufeff")
    return kept, len(text) - len(kept)


def _composed(text: str) -> tuple[str, int]:
    if unicodedata.is_normalized("NFC", text):
        return text, 0
    return unicodedata.normalize("NFC", text), sum(1 for _ in _composed_places(text))


def _composed_places(text: str) -> Iterator[Place]:
    """The characters, each with the marks after it, that the composed form changes."""
    for run in _BEYOND_ASCII.finditer(text):
        first = max(0, run.start() - 1)  # a mark may follow an ASCII letter
        part, start = text[first:run.end()], 0
        if unicodedata.is_normalized("NFC", part):
            continue
        for end in range(1, len(part) + 1):
            if end < len(part) and _joins(part[end]):
                continue
            composed = unicodedata.normalize("NFC", part[start:end])
            if composed != part[start:end]:
                yield first + start, first + end, composed
            start = end


def _joins(character: str) -> bool:
    return bool(unicodedata.category(character)[0] == "M" or _HANGUL_LATER.match(character))


def is_apart(character: str) -> bool:
    """Whether a text may be cut before it: what stands in front is cleaned as it would be whole."""
    return not (_joins(character) or _CONTROL.match(character) or _SURROGATE.match(character))


def _compatible(text: str) -> tuple[str, int]:
    return unicodedata.normalize("NFKC", text), sum(replaced_characters(text).values())


def _compatible_places(text: str) -> Iterator[Place]:
    for run in _BEYOND_ASCII.finditer(text):
        for at, character in enumerate(run[0], run.start()):
            if (by := unicodedata.normalize("NFKC", character)) != character:
                yield at, at + 1, by


def _collapse(match: re.Match[str]) -> str:
    if match[0][0] == "\n":
        return "\n\n"
    return "" if match.end() == len(match.string) or match.string[match.end()] == "\n" else " "


def _matches(pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str]
             ) -> Callable[[str], Iterator[Place]]:
    return lambda text: ((*match.span(), by if isinstance(by, str) else by(match))
                         for match in pattern.finditer(text))


_STEPS: dict[str, Callable[[str], tuple[str, int]]] = {
    "byte_order_marks": _without_marks,
    "line_ends": lambda text: _LINE_END.subn("\n", text),
    "lone_surrogates": lambda text: _SURROGATE.subn("", text),
    "control_characters": lambda text: _CONTROL.subn("", text),
    "composed": _composed,
    "compatibility": _compatible,
    "collapsed": lambda text: _SPACES.subn(_collapse, text),
}
_PLACES: dict[str, Callable[[str], Iterator[Place]]] = {
    "byte_order_marks": _matches(_MARKS, ""),
    "line_ends": _matches(_LINE_END, "\n"),
    "lone_surrogates": _matches(_SURROGATE, ""),
    "control_characters": _matches(_CONTROL, ""),
    "composed": _composed_places,
    "compatibility": _compatible_places,
    "collapsed": _matches(_SPACES, _collapse),
}
