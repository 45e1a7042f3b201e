"""What must be held in mind in a generated text, at every character: exact, read off the text.

Where the current character shows it, it does not count (`Label.where`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.generated import family_of
from rnnlm_core.data.generated.memory import AGAIN, DISTRACTORS, QUESTION
from rnnlm_core.data.generated.numbers import BETWEEN
from rnnlm_core.insight.decisions import CLOSERS, PAIRS
from rnnlm_core.insight.labels import Label, label_of_tokens, labels_of
from rnnlm_core.insight.ranks import Kind

Floats = NDArray[np.float64]
Places = NDArray[np.bool_]


def corpus_labels(corpus: str, text: str) -> list[Label]:
    """What a unit could hold at every character of a text of this name; empty where there is none.

    anbn, copy: `counter`, letters read less letters repeated. dyck: `depth`, and `top`, whether the
    innermost open bracket is a square one (where one is open; away from openers, which show it).
    agreement: `plural`, whether the subject is, until the verb. recall: `key`, whether the letter
    to be recalled is a or b, and `since_key`, characters since then. addition: `carry` into the
    next digit. calendar: `month_end`, whether the day just read was a month's last.
    """
    family = family_of(corpus)
    return _LABELS[family](text) if family in _LABELS else []


def labels_at_tokens(corpus: str, text: str, owners: NDArray[np.int64], ids: NDArray[np.int64]
                     ) -> list[Label]:
    """All labels of a text, a generated one's own first, at its tokens `ids` (`owners`: of each
    character, the token that ends it)."""
    return [label_of_tokens(label, owners, ids)
            for label in corpus_labels(corpus, text) + labels_of(text)]


def _label(name: str, kind: Kind, values: Floats, where: Places) -> Label:
    return Label(name, kind, values, where, False)


# -- counting -------------------------------------------------------------------------------------
def _anbn(text: str) -> list[Label]:
    count, out = 0, []
    for character in text:
        count = 0 if character == "\n" else count + (1 if character == "a" else -1)
        out.append(count)
    return [_counter(out)]


def _copy(text: str) -> list[Label]:
    count, step, out = 0, 1, []
    for character in text:
        if character == AGAIN:
            step = -1
        elif character == "\n":
            count, step = 0, 1
        else:
            count += step
        out.append(count)
    return [_counter(out)]


def _counter(counts: list[int]) -> Label:
    return _label("counter", "real", np.array(counts, np.float64), np.ones(len(counts), bool))


def _dyck(text: str) -> list[Label]:
    to_close, depths, tops = "", [], []
    for character in text:
        if character in PAIRS:
            to_close += PAIRS[character]
        elif character in CLOSERS:
            to_close = to_close[:-1]
        depths.append(len(to_close))
        tops.append(to_close[-1:] == CLOSERS[1])
    depth = np.array(depths, np.float64)
    away = np.array([c in CLOSERS for c in text], bool)
    return [_label("depth", "real", depth, np.ones(len(text), bool)),
            _label("top", "binary", np.array(tops, np.float64), away & (depth > 0))]


# -- one thing that is held for a while -----------------------------------------------------------
def _agreement(text: str) -> list[Label]:
    values, where = _nothing(text)
    for sentence in re.finditer(r"the \w+?(s?)((?: of the \w+)* )(?=(?:is|are) )", text):
        values[sentence.start(2):sentence.end(2)] = float(bool(sentence[1]))
        where[sentence.start(2):sentence.end(2)] = True
    return [_label("plural", "binary", values, where)]


def _recall(text: str) -> list[Label]:
    (held, where), since = _nothing(text), np.zeros(len(text))
    for line in re.finditer(rf"([a-z])([{DISTRACTORS}]*{re.escape(QUESTION)})", text):
        held[line.start(2):line.end(2)] = float(line[1] in "ab")
        since[line.start(2):line.end(2)] = np.arange(1, len(line[2]) + 1)
        where[line.start(2):line.end(2)] = True
    return [_label("key", "binary", held, where), _label("since_key", "real", since, where)]


def _addition(text: str) -> list[Label]:
    values, where = _nothing(text)
    for line in re.finditer(r"(\d+)\+(\d+)=(\d+)", text):
        for place in range(min(len(line[1]), len(line[3]))):
            tens = 10 ** (place + 1)
            at = line.start(3) + place
            values[at] = float(int(line[1]) % tens + int(line[2]) % tens >= tens)
            where[at] = True
    return [_label("carry", "binary", values, where)]


def _calendar(text: str) -> list[Label]:
    values, where = _nothing(text)
    for day in re.finditer(rf"(\d{{4}}-\d\d-\d\d)({BETWEEN})", text):
        after = date.fromisoformat(day[1]) + timedelta(1)
        values[day.start(2):day.end(2)] = float(after.day == 1)
        where[day.start(2):day.end(2)] = True
    return [_label("month_end", "binary", values, where)]


def _nothing(text: str) -> tuple[Floats, Places]:
    return np.zeros(len(text)), np.zeros(len(text), bool)


_LABELS: dict[str | None, Callable[[str], list[Label]]] = {
    "anbn": _anbn, "copy": _copy, "dyck": _dyck, "agreement": _agreement, "recall": _recall,
    "addition": _addition, "calendar": _calendar}
