"""What a text has at every character: quotes, brackets, lines, words; each a list of numbers.

Exact definitions, read off the text, no network in sight. Where each of them counts is said in
`insight.labels`.
"""

from __future__ import annotations

import re
import unicodedata

OPENING, CLOSING = "([{（【《「", ")]}）】》」"
_TAB = 4  # columns of indentation, as the page shows it
_VOWELS = frozenset("aeiou")
_STRING_OR_COMMENT = re.compile(
    r"""(?P<quote>["'])(?:\\.|(?!(?P=quote))[^\\\n])*(?P=quote)"""
    r"""|(?:(?<=\s)|^)(?P<hash>\#[^\n]*)|^[ \t]*(?P<slashes>//[^\n]*)""", re.MULTILINE)


def inside_quotes(text: str) -> list[int]:
    """1 after an opening quote up to its closing one: straight ", or “ and ”.

    A blank line closes what was left open, so that one lost quote does not turn the rest around.
    """
    inside, out = False, []
    for before, character in zip("\n" + text, text, strict=False):
        if character in "“”":
            inside = character == "“"
        elif character == '"':
            inside = not inside
        elif character == before == "\n":
            inside = False
        out.append(int(inside))
    return out


def bracket_depth(text: str) -> list[int]:
    """Brackets of any kind that are open: one more from an opener on, one less from a closer on.

    A closer without an opener counts for nothing; a blank line closes all.
    """
    depth, out = 0, []
    for before, character in zip("\n" + text, text, strict=False):
        if character in OPENING:
            depth += 1
        elif character in CLOSING:
            depth = max(0, depth - 1)
        elif character == before == "\n":
            depth = 0
        out.append(depth)
    return out


def inside_brackets(text: str) -> list[int]:
    """1 from an opening bracket of any kind up to the last closing one; blank lines close all."""
    return [int(depth > 0) for depth in bracket_depth(text)]


def comment(text: str) -> list[int]:
    """1 in a comment of program text, up to the end of its line.

    It begins at a # that starts a line or follows white space, or at a // that starts a line but
    for white space; not inside a string that '…' or "…" enclose on the same line. A line of a
    longer string is read as any other, and so is prose.
    """
    out = [0] * len(text)
    for found in _STRING_OR_COMMENT.finditer(text):
        if found.lastgroup in ("hash", "slashes"):
            start, end = found.span(found.lastgroup)
            out[start:end] = [1] * (end - start)
    return out


def leading_space(text: str) -> list[int]:
    """1 at white space (space or tab) with nothing else before it in its line."""
    out, leading = [], True
    for character in text:
        if character == "\n":
            leading = True
        elif character not in " \t":
            leading = False
        out.append(int(leading and character != "\n"))
    return out


def indentation(text: str) -> list[int]:
    """Columns of white space that the line began with, a tab as four; grows while they are read."""
    out, columns, leading = [], 0, True
    for character in text:
        if character == "\n":
            columns, leading = 0, True
        elif leading and character in " \t":
            columns += _TAB if character == "\t" else 1
        else:
            leading = False
        out.append(columns)
    return out


def line_position(text: str) -> list[int]:
    """Characters since the last line break: 0 for the first of a line."""
    out, position = [], 0
    for character in text:
        out.append(position)
        position = 0 if character == "\n" else position + 1
    return out


def word_position(text: str) -> list[int]:
    """Letters of the word before this one; 0 for its first letter and between words."""
    out, position = [], 0
    for character in text:
        out.append(position if character.isalpha() else 0)
        position = position + 1 if character.isalpha() else 0
    return out


def capital_word(text: str) -> list[int]:
    """1 throughout a word that begins with a capital letter."""
    out = [0] * len(text)
    for word in re.finditer(r"[^\W\d_]+", text):
        if word[0][0].isupper():
            out[word.start():word.end()] = [1] * len(word[0])
    return out


def digit(text: str) -> list[int]:
    """1 at a digit: visible in the character itself, so always given away; here to be caught."""
    return [int(c.isdigit()) for c in text]


def digit_run(text: str) -> list[int]:
    """Digits of the number before this one; 0 for its first digit and between numbers."""
    out, position = [], 0
    for character in text:
        out.append(position if character.isdigit() else 0)
        position = position + 1 if character.isdigit() else 0
    return out


def vowel(text: str) -> list[int]:
    """1 at a, e, i, o, u of either case, with or without a mark: always given away, as `digit`."""
    return [int(unicodedata.normalize("NFD", c)[0].lower() in _VOWELS) for c in text]
