"""Columns of text in any table, nested ones included, each as one text a row.

    text                    a string, as it is
    tags                    a list of strings, joined by spaces
    translation.en          a field inside a column made of named fields
    answers.text            such a field of every item of a list, joined by spaces
    messages                a conversation, a list of {role, content}: a line `role: content` a turn

Numbers, truth values, dates, labels, pictures and sounds are not text and not offered. Works on
Arrow tables (`text_leaves`, `values_of`) and on rows of plain Python values as JSON has them
(`json_leaves`, `text_of`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# what a turn of a conversation calls the speaker and what is said (OpenAI, ShareGPT, …)
_SPEAKERS = ("role", "from", "speaker")
_WORDS = ("content", "value", "text")
_MOST_KEYS = 8  # deep enough for any table, and an end for a JSON file made of brackets


@dataclass(frozen=True)
class Leaf:
    """How one text a row is read: down these keys, the column first, through lists on the way."""

    keys: tuple[str, ...]
    turn: tuple[str, str] | None = None  # of a conversation: the keys of speaker and words

    @property
    def name(self) -> str:
        return ".".join(self.keys)


def text_leaves(schema: Any) -> dict[str, Leaf]:
    """Every text that the columns of a `pa.Schema` hold, by name, in its order."""
    found = [leaf for field in schema for leaf in _leaves_of_type(field.type, (field.name,))]
    return _by_name(found)


def values_of(batch: Any, leaf: Leaf) -> list[str | None]:
    """The text of each row of a `pa.RecordBatch` or `pa.Table`; None where there is none.

    Raises `UnicodeDecodeError` for a string that is not UTF-8 (Arrow does not look by itself).
    """
    import pyarrow.compute as pc
    import pyarrow.types as is_

    column, keys = batch.column(leaf.keys[0]), leaf.keys[1:]
    while keys and is_.is_struct(column.type):  # the fields beside it are never made Python's
        column, keys = pc.struct_field(column, keys[0]), keys[1:]
    return [_text(value, keys, leaf.turn) for value in column.to_pylist()]


def json_leaves(rows: Iterable[Mapping[str, Any]]) -> dict[str, Leaf]:
    """Every text that any of these rows holds, in the order in which they are first met."""
    found: dict[Leaf, None] = {}
    for row in rows:
        for name, value in row.items():
            found.update(dict.fromkeys(_leaves_of_value(value, (name,))))
    return _by_name(found)


def text_of(row: Mapping[str, Any], leaf: Leaf) -> str | None:
    """The text of one row of plain Python values; None where there is none."""
    return _text(row, leaf.keys, leaf.turn)


# -- finding ---------------------------------------------------------------------------------------
def _by_name(leaves: Iterable[Leaf]) -> dict[str, Leaf]:
    """The shallower one where two have one name (a column `a.b`, and `b` inside `a`)."""
    found: dict[str, Leaf] = {}
    for leaf in leaves:
        if leaf.name not in found or len(leaf.keys) < len(found[leaf.name].keys):
            found[leaf.name] = leaf
    return found


def _leaves_of_type(kind: Any, keys: tuple[str, ...]) -> Iterator[Leaf]:
    import pyarrow as pa
    import pyarrow.types as is_

    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type  # JSON kept as text
    if is_.is_dictionary(kind):
        kind = kind.value_type
    if is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind):
        yield Leaf(keys)
    elif _is_list(kind):
        turn = _turn({f.name: f.type for f in kind.value_type}, is_.is_string, is_.is_large_string
                     ) if is_.is_struct(kind.value_type) else None
        if turn is not None:
            yield Leaf(keys, turn)
        else:
            yield from _leaves_of_type(kind.value_type, keys)
    elif is_.is_struct(kind):
        for field in kind:
            yield from _leaves_of_type(field.type, (*keys, field.name))


def _is_list(kind: Any) -> bool:
    import pyarrow.types as is_

    return bool(is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind)
                or is_.is_list_view(kind) or is_.is_large_list_view(kind))


def _leaves_of_value(value: Any, keys: tuple[str, ...]) -> Iterator[Leaf]:
    if len(keys) > _MOST_KEYS:
        return
    if isinstance(value, str):
        yield Leaf(keys)
    elif isinstance(value, list):
        for item in value:
            turn = _turn(item, lambda v: isinstance(v, str)) if isinstance(item, dict) else None
            if turn is not None:
                yield Leaf(keys, turn)
            else:
                yield from _leaves_of_value(item, keys)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves_of_value(inner, (*keys, str(name)))


def _turn(fields: Mapping[str, Any], *is_text: Any) -> tuple[str, str] | None:
    """The keys of speaker and words, where these are the fields of a turn."""
    def first(names: tuple[str, ...]) -> str | None:
        return next((name for name in names if name in fields
                     and any(test(fields[name]) for test in is_text)), None)

    speaker, words = first(_SPEAKERS), first(_WORDS)
    return None if speaker is None or words is None else (speaker, words)


# -- reading ---------------------------------------------------------------------------------------
def _text(value: Any, keys: tuple[str, ...], turn: tuple[str, str] | None) -> str | None:
    if isinstance(value, list):
        if turn is not None and not keys:
            return _conversation(value, *turn)
        parts = [text for item in value if (text := _text(item, keys, turn)) is not None]
        return " ".join(parts) if parts else None
    if keys:
        return _text(value.get(keys[0]), keys[1:], turn) if isinstance(value, dict) else None
    return value if isinstance(value, str) and turn is None else None


def _conversation(turns: list[Any], speaker: str, words: str) -> str | None:
    lines = [f"{turn.get(speaker) or '?'}: {turn[words]}\n" for turn in turns
             if isinstance(turn, dict) and isinstance(turn.get(words), str)]
    return "".join(lines) or None
