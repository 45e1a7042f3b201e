"""From characters to ids, to batches and to yardsticks; what byte-level BPE takes to learn, a long
text to hold, and the beginning of a Parquet file to fetch.

By the processor's clock (one thread), medians of five turns; BPE by that on the wall, since it uses
every core.
"""

from __future__ import annotations

import random
import string
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.long_text import long_text
from benchmarks.rows import Found, at_least, at_most, processor_seconds
from rnnlm_core.config import RunConfig
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.tokenizer import BpeTokenizer, CharTokenizer
from rnnlm_core.nets.ngram import KneserNey

CHARACTERS = 10_000_000
_WINDOWS = 5_000
MEGABYTES, PIECES = 10, 2_000


def data(runs: Path) -> list[Found]:
    found = [_characters(name, text) for name, text in _texts().items()]
    return [*found, *_bpe(), _batches(), _kneser_ney(), long_text(runs), _parquet(runs)]


def _texts() -> dict[str, str]:
    """Of ten million characters each: Latin, Chinese, and every assigned or unassigned point of
    Unicode but for surrogates, in no order, which no cache can hold."""
    draw = random.Random(0)
    points = [chr(p) for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    texts = {"Latin": BUILTIN["stories_en"](), "Chinese": BUILTIN["stories_zh"](),
             "all of Unicode": "".join(draw.choices(points, k=CHARACTERS))}
    return {name: (text * (CHARACTERS // len(text) + 1))[:CHARACTERS]
            for name, text in texts.items()}


def _characters(name: str, text: str) -> Found:
    # of the whole text: all of Unicode is more than a vocabulary may hold, and most is <unk> then
    tokenizer = CharTokenizer.fit(text)
    seconds = processor_seconds(lambda: tokenizer.encode(text))
    return at_least(f"data: characters to ids, {name}", CHARACTERS / seconds / 1e6, "M/s", 100.0)


def _bpe() -> list[Found]:
    text = _library_source()
    megabytes = len(text.encode()) / 1e6
    learning, tokenizer = _timed(lambda: BpeTokenizer.fit(text, PIECES))
    reading, ids = _timed(lambda: tokenizer.encode(text))
    print(f"  BPE: {tokenizer.size:,} pieces of {megabytes:.1f} MB in {learning:.1f} s, "
          f"{len(text) / len(ids):.2f} characters a token, read in {reading:.1f} s",
          file=sys.stderr)
    return [at_most(f"data: BPE of {PIECES:,} pieces on {megabytes:.0f} MB", learning, "s", 12.0),
            ("data: BPE, text to ids", megabytes / reading, "MB/s", "–", None)]


def _batches() -> Found:
    """The windows of a default run, one after the other."""
    import numpy as np

    from rnnlm_core.data.batches import Streams

    config = RunConfig()
    ids = np.random.default_rng(0).integers(0, 40, 1_000_000).astype(np.uint8)
    streams = Streams(ids, config.batch, config.sequence_length, config)
    seconds = processor_seconds(lambda: [streams.next() for _ in range(_WINDOWS)])
    return at_most("data: a batch", seconds / _WINDOWS * 1e6, "µs", 20.0)


def _kneser_ney() -> Found:
    """Counting all orders up to 5 on a million characters, and scoring a tenth of them."""
    text = _library_source()[:1_100_000]
    ids = CharTokenizer.fit(text).encode(text)

    def work() -> None:
        model = KneserNey.fit(ids[:1_000_000], 5, int(ids.max()) + 1)
        model.losses(ids[1_000_000:], 5)

    return at_most("data: Kneser–Ney of order 5 on 1 MB", processor_seconds(work), "s", 3.0)


def _parquet(runs: Path) -> Found:
    """What comes over the line for the first hundred thousand characters out of a file of eight
    megabytes in many row groups, from a hub that is played on this machine."""
    from tests.hub_stand_in import Repo, StandIn, make_calls, parquet

    draw = random.Random(0)
    rows = ["".join(draw.choices(string.ascii_letters, k=200)) for _ in range(39_000)]
    file = parquet({"text": rows}, row_group_size=1_000)
    with StandIn({"acme/letters": Repo({"train.parquet": file})}) as hub:
        made, = make_calls(hub.url, [{"do": "fetch", "spec": "hf:acme/letters"}], runs / "hub")
        sent = hub.sent("train.parquet")
    if made["ok"]["text"] != "\n".join(rows)[:100_000]:
        raise RuntimeError("another text than the file's")
    print(f"  {len(file) / 1e6:.1f} MB of Parquet: {sent / 1e6:.3f} MB sent", file=sys.stderr)
    return at_most("data: Parquet, first 100 kB out of 8 MB", sent / 1e6, "MB", 0.5)


def _library_source() -> str:
    """Python's own modules in order of their names, to ten megabytes."""
    parts, size = [], 0
    folder = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(folder.rglob("*.py")):
        if size < MEGABYTES * 1_000_000 and "site-packages" not in path.parts:
            parts.append(path.read_text(encoding="utf-8", errors="replace"))
            size += len(parts[-1].encode())
    return "".join(parts).encode()[:MEGABYTES * 1_000_000].decode("utf-8", "ignore")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    done = work()
    return time.perf_counter() - begin, done
