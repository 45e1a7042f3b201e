"""Text files: bytes in, text out, with the encoding named so that a page can show it.

The order is from sure to unsure: byte order mark, strict UTF-8, a code page of Cyrillic or Greek
where its commonest letters are there, a double-byte encoding where the commonest characters of its
language are, GB 18030 where the result is Chinese, the detector of
charset-normalizer for what is not in Latin script, Windows-1252 or, on clear evidence, Windows-1250
(see `code_pages`). What is not text is refused. Only the
byte order mark is dropped; line ends and the rest are left to `cleaning`.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path

from rnnlm_core.data.code_pages import cyrillic_or_greek, is_clear, latin
from rnnlm_core.data.east_asian import east_asian
from rnnlm_core.errors import CorpusError

MAX_BYTES = 20_000_000
# UTF-8 in which some bytes are wrong: each becomes �. Never guessed, only chosen.
LENIENT = "utf-8-lenient"
ENCODINGS = ("utf-8", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "utf-16", "utf-16-le",
             "utf-16-be", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256",
             "cp1257", "cp1258", "iso8859-2", "iso8859-5", "iso8859-9", "koi8-r", "koi8-u", "cp866",
             "cp874", "mac_roman", LENIENT)

# the longer mark first: UTF-32's begins like UTF-16's
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# First bytes of formats that might else pass, and that no text begins with. Most other formats hold
# NUL bytes, and compressed data is full of control characters.
_MAGIC = (
    b"\x89PNG", b"\xff\xd8\xff", b"PK\x03\x04", b"PK\x05\x06", b"%PDF-", b"{\\rtf", b"\x1f\x8b",
    b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0", b"\x93NUMPY", b"\x89HDF",
    b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
# control characters that text files do hold: bell to carriage return, escape, DOS end of file
_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x19\x1c-\x1f\x7f]")
_MOST_CONTROL = 0.01  # of all bytes; random bytes have 0.1
_DETECTOR_BYTES = 1_000  # below, its answers are guesses
_SAMPLE = 200_000  # is enough to judge by
# The 40 most frequent characters of modern and classical Chinese: about a fifth of any text, but
# hardly any of what Korean or Russian bytes look like when read as GB 18030.
_FREQUENT = frozenset("的一是不了在人有我他这个们中来上大为和国地"
                      "到以说时要就出会可也你而之山无风日月")
_FREQUENT_SHARE = 0.04
_FEW = 30
_GB2312 = frozenset(bytes((row, cell)).decode("gb2312", "ignore")
                    for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))


@dataclass(frozen=True)
class DecodedText:
    text: str
    encoding: str  # a name that Python knows
    # chosen, marked, or on clear evidence: how the encoding was told, not what it is
    sure: bool = field(default=True, compare=False)


def read_text_file(path: Path, *, max_bytes: int = MAX_BYTES) -> DecodedText:
    """The text of a file. Raises `CorpusError` as `read_bytes` and `decode_bytes` do."""
    return decode_bytes(read_bytes(path, max_bytes=max_bytes), path.name)


def read_bytes(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """What is in a file.

    Raises `CorpusError`: corpus.no_file (also for what is no ordinary file), corpus.too_large.
    """
    if not path.is_file():
        raise CorpusError("corpus.no_file", name=path.name)
    try:
        with open(path, "rb") as file:
            raw = file.read(max_bytes + 1)  # counted, because a size that is told may be wrong
    except OSError:
        raise CorpusError("corpus.no_file", name=path.name) from None
    if len(raw) > max_bytes:
        limit = max_bytes / 1_000_000
        raise CorpusError("corpus.too_large", name=path.name,
                          limit=int(limit) if limit == int(limit) else limit)
    return raw


def decode_bytes(raw: bytes, name: str, encoding: str | None = None) -> DecodedText:
    """The text in `raw`; `encoding` is what a person chose instead of the guess.

    Raises `CorpusError`: corpus.binary for what is not text, corpus.encoding_at for what cannot be
    read as the chosen encoding, as its mark says, or as any encoding, with the first byte that does
    not fit; corpus.encoding where Python knows no such encoding of text.
    """
    if raw.startswith(_MAGIC):
        raise CorpusError("corpus.binary", name=name)
    if encoding is not None:
        return _decoded(raw, name, encoding)
    for mark, marked in _MARKS:
        if raw.startswith(mark):
            return _decoded(raw, name, marked)
    if _is_binary(raw):
        raise CorpusError("corpus.binary", name=name)
    if (text := _strictly(raw, "utf-8")) is not None:
        return DecodedText(text, "utf-8")
    if _is_damaged_utf8(raw):
        return _decoded(raw, name, "utf-8")  # tells the byte
    sample = raw[:_SAMPLE]
    if (found := cyrillic_or_greek(sample)) and _strictly(raw, found) is not None:
        return _guessed(raw, name, found, clear=True)
    text = _strictly(raw, "gb18030")
    chinese = text is not None and _is_chinese(text)
    if (found := east_asian(sample)) and _strictly(raw, found) is not None:
        return _guessed(raw, name, found, clear=True)
    if chinese:
        return _guessed(raw, name, "gb18030", clear=len(raw) >= _DETECTOR_BYTES)
    if (found := _detected(raw)) is not None:
        return _decoded(raw, name, found)
    found = latin(raw) or "cp1252"
    return _guessed(raw, name, found, clear=is_clear(sample, found))


def has_mark(raw: bytes) -> bool:
    """Whether it begins with a byte order mark."""
    return any(raw.startswith(mark) for mark, _ in _MARKS)


def looks_like_text(raw: bytes) -> bool:
    """Whether `decode_bytes` has a chance."""
    return not raw.startswith(_MAGIC) and (has_mark(raw) or not _is_binary(raw))


def other_readings(raw: bytes) -> list[str]:
    """What is never guessed, but worth a try where the guess fails.

    UTF-16 without its mark, which has a NUL for every letter of English, in every second place; and
    UTF-8 with a few bad bytes.
    """
    if raw.count(b"\0") * 8 > len(raw):
        return ["utf-16-le" if raw[1::2].count(b"\0") > raw[::2].count(b"\0") else "utf-16-be"]
    return [LENIENT] if _is_damaged_utf8(raw) else []


def _is_binary(raw: bytes) -> bool:
    return b"\0" in raw or len(_CONTROL.findall(raw)) > _MOST_CONTROL * len(raw)


def _decoded(raw: bytes, name: str, encoding: str) -> DecodedText:
    try:
        text = (raw.decode("utf-8", "replace") if encoding == LENIENT else raw.decode(encoding)
                ).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise CorpusError("corpus.encoding_at", name=name, encoding=encoding[:40],
                          byte=error.start + 1) from None
    except (ValueError, LookupError):  # not of that encoding; no such encoding
        raise CorpusError("corpus.encoding", name=name, encoding=encoding[:40]) from None
    if len(_CONTROL.findall(text.encode("utf-8", "replace"))) > _MOST_CONTROL * len(text):
        raise CorpusError("corpus.binary", name=name)
    return DecodedText(text, encoding)


def _guessed(raw: bytes, name: str, encoding: str, *, clear: bool) -> DecodedText:
    """Sure only where the evidence is clear and there is enough of it."""
    got = _decoded(raw, name, encoding)
    beyond = sum(c > "\x7f" for c in got.text[:_SAMPLE])
    return replace(got, sure=clear and beyond >= _FEW)


def _strictly(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_damaged_utf8(raw: bytes) -> bool:
    """UTF-8 with a few bad bytes. Any other reading of it would be quietly wrong throughout."""
    text = raw.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    ascii_ = len(text.encode("ascii", "ignore"))
    return len(text) - ascii_ - bad > 20 * bad


def _is_chinese(text: str) -> bool:
    """Mostly ideographs, and among them the ones that any Chinese text is full of.

    A few are taken for Chinese where half are of GB 2312: its two bytes are both beyond ASCII,
    while the further ones of GB 18030 are also what a sign and a letter make, as in `50 °C`.
    """
    text = text[:_SAMPLE]
    ideographs = [c for c in text if "\u4e00" <= c <= "\u9fff"]
    letters = sum(map(str.isalpha, text))
    if len(ideographs) < letters / 2 or not ideographs:
        return False
    frequent = sum(c in _FREQUENT for c in ideographs) / len(ideographs)
    if len(ideographs) < _FEW:
        return sum(c in _GB2312 for c in ideographs) * 2 >= len(ideographs)
    return frequent >= _FREQUENT_SHARE


def _detected(raw: bytes) -> str | None:
    """What the detector says, where it can be believed.

    Between the code pages of Latin script it goes by letter statistics, and took French for Baltic
    (cp1257) and Central European, and Turkish for the latter (tried with 3.5.2): those are left to
    the accented letters (`latin`).
    """
    if len(raw) < _DETECTOR_BYTES or latin(raw) == "cp1250":
        return None
    from charset_normalizer import from_bytes

    best = from_bytes(raw[:_SAMPLE]).best()
    if best is None or _strictly(raw, best.encoding) is None:
        return None
    accented = [c for c in str(best) if c > "\x7f" and c.isalpha()]
    in_latin = sum(unicodedata.name(c, "").startswith("LATIN") for c in accented)
    return None if in_latin * 2 > len(accented) else best.encoding
