"""Texts that need no network: read from the running Python, generated, or written for this project.

| name | what | same on every machine |
|---|---|---|
| names | names of the characters of Unicode 3.2, one a line, shuffled | yes |
| dialogue2 | sentences with quotations that join words by `_` | yes |
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

_ORDER_SEED = 0  # of the shuffle and the generator: part of the corpus, not of a run
_SOURCE_CHARACTERS = 1_500_000
_DIALOGUE_CHARACTERS = 300_000

_WORDS = (  # noqa: SIM905
    "river stone window morning little garden yellow silver table winter letter basket under after "
    "never always house bread cloud spoon green paper field candle mountain summer water bridge "
    "quiet early seven horse apple corner story market evening lantern pocket"
).split()


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


def dialogue2() -> str:
    """Sentences in which a network must remember whether it is inside quotation marks.

    A sentence is `A said "B" and left.` (70 %) or `A.`; A is 2–8 words joined by spaces, B 2–8
    words joined by `_`: the separator tells at every word whether the network remembers.
    """
    draw = random.Random(_ORDER_SEED)

    def words(separator: str) -> str:
        return separator.join(draw.choice(_WORDS) for _ in range(draw.randint(2, 8)))

    lines: list[str] = []
    length = 0
    while length < _DIALOGUE_CHARACTERS:
        spoken = draw.random() < 0.7
        line = f'{words(" ")} said "{words("_")}" and left.' if spoken else f'{words(" ")}.'
        lines.append(line)
        length += len(line) + 1
    return "\n".join(lines) + "\n"


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
    "dialogue2": dialogue2,
    "stories_en": _own_text("stories_en"),
    "stories_zh": _own_text("stories_zh"),
    "manual": python_manual,
    "source": python_source,
}
