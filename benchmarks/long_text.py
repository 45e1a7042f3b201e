"""A text of a hundred megabytes on its way to a network: the most memory that takes.

`python -m benchmarks.long_text FILE KIND [DIVISION]` goes that way in a process of its own and
prints each stage, the peak so far in megabytes, and its seconds: what a page does (kept, read,
divided, counted, a tokenizer fitted and its tokens counted), and then what a run's worker does.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any, TextIO

from benchmarks.rows import Found, at_most
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.data import tokenizer as tokenizers
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.corpus import keep_own_text, read_stored
from rnnlm_core.data.parts import divide
from rnnlm_core.data.statistics import text_statistics, token_statistics
from rnnlm_core.prepared import prepare
from rnnlm_core.run.directory import RunFolder

CHARACTERS = 50_000_000  # as many as a text may have
KINDS = ("characters", "words", "bpe")
_WORDS = 300_000  # different ones, the n-th 1/n as common as the first (Zipf)
_LINES, _LONG, _CHINESE = 20_000, 12, 80  # at a time; words of a line; signs of one in Chinese
_LIMIT = 1_000.0  # megabytes
Stage = tuple[str, float, float]


def long_text(folder: Path) -> Found:
    """The highest peak of any kind of tokenizer."""
    path = folder / "long.txt"
    with open(path, "w", encoding="utf-8") as file:
        write(file, CHARACTERS)
    peaks = []
    for kind in KINDS:
        stages = went(path, kind)
        print(f"  {path.stat().st_size / 1e6:.0f} MB, {kind}: " + ", ".join(
            f"{name} {peak:.0f} MB {seconds:.1f} s" for name, peak, seconds in stages),
            file=sys.stderr)
        peaks.append(max(peak for _, peak, _ in stages))
    path.unlink()
    return at_most("data: most memory for a text of 100 MB", max(peaks), "MB", _LIMIT)


def write(file: TextIO, characters: int) -> None:
    """Lines of made-up words and, every second one, of Chinese; some with an emoji, for which every
    character of the text takes four bytes of memory."""
    draw = random.Random(0)
    letters = [["", "s", "t", "k", "br", "m", "l", "n"], ["a", "e", "i", "o", "u"]]
    words = ["".join(draw.choice(letters[place % 2]) for place in range(draw.randint(2, 9)))
             for _ in range(_WORDS)]
    weights = list(accumulate(1 / rank for rank in range(1, _WORDS + 1)))
    chinese = BUILTIN["stories_zh"]().replace("\n", "")
    while characters > 0:
        drawn = draw.choices(words, cum_weights=weights, k=_LONG * _LINES)
        lines = []
        for at in range(0, len(drawn), _LONG):
            start = draw.randrange(len(chinese) - _CHINESE)
            lines.append(" ".join(drawn[at:at + _LONG]) + "🙂" * (at % 5 == 0) if len(lines) % 2
                         else chinese[start:start + _CHINESE])
        part = "\n".join([*lines, ""])[:characters]
        characters -= len(part)
        file.write(part)


def went(path: Path, kind: str) -> list[Stage]:
    done = subprocess.run([sys.executable, "-m", "benchmarks.long_text", path, kind],
                          stdout=subprocess.PIPE, text=True, check=True)
    return [(name, peak, seconds) for name, peak, seconds in json.loads(done.stdout)]


def main(path: Path, kind: Any, division: Any = "contiguous") -> list[Stage]:
    config = RunConfig(tokenizer=kind, division=division, max_characters=CHARACTERS)
    begin, stages = time.perf_counter(), []

    def done(name: str) -> None:
        nonlocal begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        stages.append((name, peak, time.perf_counter() - begin))
        begin = time.perf_counter()

    folder = as_on_a_page(path, config, done)
    prepare(folder)
    done("prepared")
    return stages


def as_on_a_page(path: Path, config: RunConfig, done: Callable[[str], None]) -> RunFolder:
    """A run of this text, with all that a page tells of it on the way; the text is then let go."""
    runs = path.parent / "long"
    kept = keep_own_text(runs / "corpora", path.read_text("utf-8"), path.name, CHARACTERS).manifest
    done("kept")
    corpus = read_stored(runs / "corpora", kept.sha256)
    done("read")
    parts = divide(corpus.text, config)
    done("divided")
    text_statistics(corpus.text, parts)
    done("counted")
    fitted = tokenizers.fit(config.tokenizer, parts.training, config.max_vocabulary,
                            config.min_frequency)
    done("fitted")
    numbers = token_statistics(parts, fitted)
    done("tokens")
    return launch.create_run(config, runs, corpus, fit=lambda *_: (fitted, numbers.training))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *sys.argv[2:])))
