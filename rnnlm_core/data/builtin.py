"""Texts that need no network: read from the running Python, generated, or written for this project.

| name | what | same on every machine |
|---|---|---|
| names | names of the characters of Unicode 3.2, one a line, shuffled | yes |
| dialogue2, anbn, recall:20, markov:3, … | generated, see `data.generated` | yes |
| stories_en, stories_zh | short stories written for this project, small vocabulary | yes |
| manual | the Python manual's topics (`pydoc_data.topics`) | differs by Python version |
| source | Python source of the standard library, by file name | differs by Python version |
"""

from __future__ import annotations

import random
import sys
import sysconfig
import unicodedata
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

from rnnlm_core.data.generated import GENERATED, family_of, teaching

_ORDER_SEED = 0  # of the shuffle: part of the corpus, not of a run
_SOURCE_CHARACTERS = 1_500_000


def character_names() -> str:
    """The 12,886 names of Unicode 3.2 without CJK ideographs and Hangul syllables, one a line.

    `ucd_3_2_0` is frozen, so that the text is the same in every Python; its names that follow
    from the code point (ideographs, syllables) teach nothing and are left out.
    """
    skipped = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HANGUL SYLLABLE")
    every = (unicodedata.ucd_3_2_0.name(chr(point), "") for point in range(sys.maxunicode + 1))
    names = [name for name in every if name and not name.startswith(skipped)]
    random.Random(_ORDER_SEED).shuffle(names)
    return "\n".join(names) + "\n"


def python_manual() -> str:
    """The topics of Python's own help, as this Python ships them."""
    from pydoc_data.topics import topics  # 0.7 MB of source: read only where used

    return "\n\n".join(topics.values()) + "\n"


def python_source() -> str:
    """Modules of the standard library in order of their names, about 1.5 M characters."""
    parts, length = [], 0
    for path in _standard_modules():
        text = path.read_text(encoding="utf-8", errors="replace")
        parts.append(text)
        length += len(text)
        if length >= _SOURCE_CHARACTERS:
            break
    return "".join(parts)[:_SOURCE_CHARACTERS]


def _standard_modules() -> Iterator[Path]:
    yield from sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))


def _own_text(name: str) -> Callable[[], str]:
    def read() -> str:
        return resources.files("rnnlm_core.data").joinpath(f"texts/{name}.txt").read_text("utf-8")
    return read


BUILTIN: dict[str, Callable[[], str]] = {
    "names": character_names,
    **GENERATED,
    "stories_en": _own_text("stories_en"),
    "stories_zh": _own_text("stories_zh"),
    "manual": python_manual,
    "source": python_source,
}


def is_builtin(source: str) -> bool:
    """Whether a text of this name is made here, be its parameter (`recall:999`) right or wrong."""
    return source in BUILTIN or family_of(source) is not None


def builtin_text(source: str) -> str:
    """A built-in text by its name. Raises `CorpusError` for a wrong parameter, KeyError for others.
    """
    if source not in BUILTIN and (made := teaching(source)) is not None:
        return made.text()
    return BUILTIN[source]()
