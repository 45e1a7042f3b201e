"""Any file that a person has, as a text: plain or a column of a table, packed or not.

What the file leaves open is guessed, and everything that was guessed can be chosen instead.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from rnnlm_core.data.archives import Member, is_archive, unpack
from rnnlm_core.data.cleaning import visible
from rnnlm_core.data.csv_tables import read_csv
from rnnlm_core.data.files import decode_bytes, has_mark, looks_like_text, other_readings
from rnnlm_core.data.joining import JoinedRows, RowCounts
from rnnlm_core.data.tables import Table, kind_of, read_json, read_parquet
from rnnlm_core.errors import CorpusError

ALL = "*"  # every plain text of an archive, one after another
_PREVIEW, _PREVIEW_LINES = 240, 4
_MOST_REPAIRS = 3
_TRIED = 1_000  # characters


@dataclass(frozen=True)
class Wishes:
    """What a person chose; an empty one is left to the guess."""

    file: str = ""  # of an archive, or `ALL`
    encoding: str = ""
    plain: bool = False  # a table is to be read as the text that it is
    header: bool = True  # the first row of a CSV file names the columns
    column: str = ""
    blank_line: bool = False  # between rows
    once: bool = False  # without short rows that were there before; long ones go in any case


@dataclass
class Found:
    """What there is to choose, as far as the file could be read, and what was taken."""

    files: list[str] = field(default_factory=list)  # of an archive of several, `ALL` first
    file: str = ""
    left_out: int = 0  # files of the archive that are no text
    encoding: str = ""
    sure: bool = True  # of the encoding, of every file that was read
    preview: str = ""  # the first lines of the file, decoded
    kind: str | None = None  # of table
    columns: list[str] = field(default_factory=list)
    column: str = ""
    rows: RowCounts | None = None
    unread: bytes = b""  # the file that could not be decoded


def read_upload(raw: bytes, name: str, wishes: Wishes, found: Found, max_characters: int) -> str:
    """The text of a file; `found` is filled in on the way, also where the way ends in an error.

    Of a table no more rows are read than give `max_characters`. Raises `CorpusError` (corpus.*).
    """
    members = unpack(raw, name)
    if is_archive(raw):
        readable = [m for m in members if kind_of(m.name, m.raw) or looks_like_text(m.raw)]
        found.left_out = len(members) - len(readable)
        if not readable:
            raise CorpusError("corpus.nothing_inside", name=name)
        members = readable
    texts = [member for member in members if kind_of(member.name, member.raw) is None]
    if len(members) > 1:
        found.files = [ALL] * (len(texts) > 1) + [member.name for member in members]
    found.file = wishes.file if wishes.file in found.files else (found.files or [""])[0]
    if found.file == ALL:
        return "\n".join(_decoded(text, wishes, found) for text in texts)
    chosen = next((m for m in members if m.name == found.file), members[0])
    found.kind = kind_of(chosen.name, chosen.raw)
    if found.kind is None or (wishes.plain and found.kind != "parquet"):
        mark = "\ufeff" if has_mark(chosen.raw) else ""  # for the cleaning to take off and count
        return mark + _decoded(chosen, wishes, found)
    return _column(_table(chosen, found.kind, wishes, found), chosen.name, wishes, found,
                   max_characters)


def _decoded(member: Member, wishes: Wishes, found: Found) -> str:
    found.unread = member.raw
    got = decode_bytes(member.raw, member.name, wishes.encoding or None)
    found.unread = b""
    found.encoding = found.encoding or got.encoding
    found.sure &= got.sure
    if not found.preview:
        found.preview = visible("\n".join(got.text[:_PREVIEW].splitlines()[:_PREVIEW_LINES]))
    return got.text


def _table(member: Member, kind: str, wishes: Wishes, found: Found) -> Table:
    if kind == "parquet":
        return read_parquet(member.raw, member.name)
    text = _decoded(member, wishes, found)
    if kind in ("csv", "tsv"):
        return read_csv(text, member.name, tabs=kind == "tsv", header=wishes.header)
    return read_json(text, member.name, lines=kind == "jsonl")


def _column(table: Table, name: str, wishes: Wishes, found: Found, max_characters: int) -> str:
    found.columns = list(table.leaves)
    found.column = wishes.column if wishes.column in table.leaves else table.usual()
    rows = JoinedRows(blank_line=wishes.blank_line, once=wishes.once)
    found.rows = rows.counts
    rows.fill(table.values(table.leaves[found.column]), max_characters)
    if not found.rows.read:
        raise CorpusError("corpus.no_rows", name=name)
    if not (text := rows.take()):
        raise CorpusError("corpus.blank_column", name=name, column=found.column)
    return text


def repairs(raw: bytes, name: str, wishes: Wishes, found: Found) -> list[tuple[Wishes, Found]]:
    """What else could be wished for where these wishes were refused: each of them gives a text.

    Another encoding, another column of the table, or the table as the text that it is.
    """
    others = [replace(wishes, encoding="")] if found.unread and wishes.encoding else []
    others += [replace(wishes, encoding=encoding) for encoding in other_readings(found.unread)]
    others += [replace(wishes, column=column) for column in found.columns if column != found.column]
    if found.kind not in (None, "parquet") and not wishes.plain and not found.unread:
        others.append(replace(wishes, plain=True))
    working = []
    for other in others:
        with suppress(CorpusError):
            what = Found()
            if read_upload(raw, name, other, what, _TRIED).strip():
                working.append((other, what))
        if len(working) == _MOST_REPAIRS:
            break
    return working
