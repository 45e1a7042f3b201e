"""What is inside a .gz or .zip file, never more of it than a limit.

Sizes are counted while decompressing, because those that an archive tells may be wrong: a gzip file
of 20 kB can hold 20 MB of zeros. Nothing is ever written to disk, so a name like `../../x` in an
archive is only a name.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass

from rnnlm_core.errors import CorpusError

MAX_UNPACKED = 100_000_000  # bytes, all files of an archive together
MAX_FILES = 1_000
_PIECE = 1 << 16
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
# by their first entries: office documents, books and programs, which are zip files too
_DOCUMENTS = ("[Content_Types].xml", "mimetype", "META-INF/")


@dataclass(frozen=True)
class Member:
    name: str
    raw: bytes


def is_archive(raw: bytes) -> bool:
    return raw.startswith((_GZIP, _ZIP, _EMPTY_ZIP))


def unpack(raw: bytes, name: str, max_bytes: int = MAX_UNPACKED) -> list[Member]:
    """The files in an archive, in its order; `raw` itself where it is none.

    A compressed file inside an archive is unpacked too, an archive inside is not. Raises
    `CorpusError`: corpus.unpacked_too_large, corpus.too_many_files, corpus.locked,
    corpus.damaged_archive, corpus.binary for documents that are no text files.
    """
    if raw.startswith(_GZIP):
        unpacked = _gunzip(raw, name, max_bytes)
        if unpacked is None:
            raise CorpusError("corpus.unpacked_too_large", name=name, limit=_megabytes(max_bytes))
        return [Member(name.removesuffix(".gz"), unpacked)]
    if not raw.startswith((_ZIP, _EMPTY_ZIP)):
        return [Member(name, raw)]
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _unzip(archive, name, max_bytes)
    # a method that Python lacks is told by NotImplementedError, a cut stream by EOFError
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
        raise CorpusError("corpus.damaged_archive", name=name) from None


def _gunzip(raw: bytes, name: str, max_bytes: int) -> bytes | None:
    """Every member of a gzip file (`cat a.gz b.gz` is one); None as soon as they are too long."""
    parts, left = [], max_bytes
    while raw.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=31)
        try:
            part = stream.decompress(raw, left + 1)
        except zlib.error:
            raise CorpusError("corpus.damaged_archive", name=name) from None
        left -= len(part)
        if left < 0:
            return None
        if not stream.eof:  # cut off
            raise CorpusError("corpus.damaged_archive", name=name)
        parts.append(part)
        raw = stream.unused_data
    return b"".join(parts)


def _unzip(archive: zipfile.ZipFile, name: str, max_bytes: int) -> list[Member]:
    entries = archive.infolist()
    if any(entry.filename.startswith(_DOCUMENTS) for entry in entries):
        raise CorpusError("corpus.binary", name=name)
    files = [entry for entry in entries if not entry.is_dir() and not _is_hidden(entry.filename)]
    if len(files) > MAX_FILES:
        raise CorpusError("corpus.too_many_files", name=name, value=len(files), limit=MAX_FILES)
    found, left = [], max_bytes
    for entry in files:
        if entry.flag_bits & 1:
            raise CorpusError("corpus.locked", name=name)
        inside, raw = entry.filename, _read(archive, entry, left)
        if raw is not None and raw.startswith(_GZIP):
            inside, raw = inside.removesuffix(".gz"), _gunzip(raw, inside, left)
        if raw is None:
            raise CorpusError("corpus.unpacked_too_large", name=name, limit=_megabytes(max_bytes))
        left -= len(raw)
        found.append(Member(inside, raw))
    return found


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes | None:
    """A file of an archive; None as soon as it is longer than `left`."""
    parts, size = [], 0
    with archive.open(entry) as file:
        while part := file.read(_PIECE):
            parts.append(part)
            size += len(part)
            if size > left:
                return None
    return b"".join(parts)


def _is_hidden(name: str) -> bool:
    """What a Mac adds to every archive, and files that begin with a point."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _megabytes(size: int) -> int | float:
    return size // 1_000_000 if size % 1_000_000 == 0 else size / 1_000_000
