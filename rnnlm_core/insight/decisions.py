"""Places of the generated texts at which one earlier symbol decides what comes, read off the text.

A decision is a place of a text of `data.generated` at which one earlier symbol settles which of a
few characters comes next. `insight.scoring` asks a network. Decisions fall into groups (how deep
the bracket, how many nouns between), since the easy ones hide the hard ones in a mean.

Sources: agreement: Linzen, Dupoux & Goldberg 2016 (arXiv 1611.01368). Counting: Weiss, Goldberg &
Yahav 2018 (arXiv 1805.04908).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rnnlm_core.data.generated import family_of
from rnnlm_core.data.generated.memory import AGAIN, KEYS, LETTERS, QUESTION
from rnnlm_core.data.generated.nested import BRACKETS
from rnnlm_core.data.generated.numbers import BETWEEN
from rnnlm_core.data.generated.sentences import MOST_ATTRACTORS

PAIRS = dict(BRACKETS)
CLOSERS = "".join(PAIRS.values())


@dataclass(frozen=True)
class Decision:
    """After `text[:at]` the character `right` comes, and never one of `rivals`."""

    at: int  # index of the decided character, so text[at] is `right`
    right: str
    rivals: str
    groups: tuple[str, ...]


def anbn_decisions(text: str) -> list[Decision]:
    """Newline on time: after every b, whether the line ends (as many b's as a's) or goes on.

    Groups: `all`, `ends` (the newline is due), `goes_on`.
    """
    return [Decision(at, text[at], "b" if text[at] == "\n" else "\n",
                     ("all", "ends" if text[at] == "\n" else "goes_on"))
            for at in range(1, len(text)) if text[at - 1] == "b"]


def dyck_decisions(text: str) -> list[Decision]:
    """The right closer, wherever a bracket closes. Groups: `all` and `depth_1` … (1: outermost).

    `returns` are those whose opener is not the character before: it must be remembered. With a
    single kind of brackets, newline on time: after every closer, whether the line ends.
    """
    closers = "".join(c for c in CLOSERS if c in text)
    if len(closers) == 1:
        return [Decision(at, text[at], "\n" if text[at] != "\n" else "()",
                         ("all", "ends" if text[at] == "\n" else "goes_on"))
                for at in range(1, len(text)) if text[at - 1] == closers]
    found = []
    for at, depth, opened in brackets(text):
        if text[at] in CLOSERS:
            groups = ["all", f"depth_{depth}"] + (["returns"] if opened < at - 1 else [])
            rivals = closers.replace(text[at], "")
            found.append(Decision(at, text[at], rivals, tuple(groups)))
    return found


def agreement_decisions(text: str) -> list[Decision]:
    """The verb's first letter, i of `is` or a of `are`, by the number of nouns in between.

    Groups: `attractors_0` … `attractors_3`, `attractors` (1–3), and `conflict`: the noun just
    before the verb is of the other number than the subject.
    """
    found = []
    for sentence in re.finditer(r"the (\w+)((?: \w+ the \w+)*) (is|are) \w+\.", text):
        subject, between, verb = sentence.groups()
        nouns = re.findall(r" the (\w+)", between)
        groups = [f"attractors_{len(nouns)}"]
        if 1 <= len(nouns) <= MOST_ATTRACTORS:
            groups.append("attractors")
            if nouns[-1].endswith("s") != subject.endswith("s"):
                groups.append("conflict")
        found.append(Decision(sentence.start(3), verb[0], "a" if verb == "is" else "i",
                              tuple(groups)))
    return found


def dialogue2_decisions(text: str) -> list[Decision]:
    """The separator between two words of the list: `_` inside quotation marks, a space outside.

    Groups: `all`, `inside`, `outside`. The spaces around `said`, `and`, `left` are not counted.
    """
    found = []
    for gap in re.finditer(r"(?<=[a-z])[ _](?=[a-z])(?!said\b|left\b)", text):
        separator = gap[0]
        groups = ("all", "inside" if separator == "_" else "outside")
        found.append(Decision(gap.start(), separator, " " if separator == "_" else "_", groups))
    return found


def dialogue_decisions(text: str) -> list[Decision]:
    """The sign after the last word of a list: `!` inside quotation marks, a stop outside.

    Groups: `all`, `inside`, `outside`.
    """
    return [Decision(end.start(), end[0], "." if end[0] == "!" else "!",
                     ("all", "inside" if end[0] == "!" else "outside"))
            for end in re.finditer(r'(?<=[a-z])[!.](?<!left\.)', text)]


def recall_decisions(text: str) -> list[Decision]:
    """The recalled letter, after the question mark. Group: `all`."""
    return [Decision(answer.start(1), answer[1], KEYS.replace(answer[1], ""), ("all",))
            for answer in re.finditer(rf"{re.escape(QUESTION)}([{KEYS}])", text)]


def copy_decisions(text: str) -> list[Decision]:
    """Each repeated letter against the other three, and newline on time.

    Groups: `all`, and `letters` or `ends`.
    """
    found = []
    for line in re.finditer(rf"{re.escape(AGAIN)}([{LETTERS}]+\n)", text):
        for at in range(line.start(1), line.end(1)):
            rivals = LETTERS.replace(text[at], "")
            found.append(Decision(at, text[at], rivals,
                                  ("all", "ends" if text[at] == "\n" else "letters")))
    return found


def addition_decisions(text: str) -> list[Decision]:
    """Each digit of the sum against the other nine.

    Groups: `all`, `place_1` … (1: the last digit, which comes first), and `carry` where one comes
    in from the digit before.
    """
    found = []
    for line in re.finditer(r"(\d+)\+(\d+)=(\d+)\n", text):
        first, second = int(line[1]), int(line[2])
        for place in range(len(line[3])):
            groups = ["all", f"place_{place + 1}"]
            if first % 10**place + second % 10**place >= 10**place:
                groups.append("carry")
            found.append(_digit(text, line.start(3) + place, *groups))
    return found


def calendar_decisions(text: str) -> list[Decision]:
    """Each digit of the days that follow against the other nine.

    Groups: `all`, `changes` (other than the day before has it there), `month_begins`.
    """
    found = []
    for day in re.finditer(rf"(?<={BETWEEN})\d{{4}}-\d\d-\d\d", text):
        before = text[day.start() - len(BETWEEN) - len(day[0]):day.start()]
        for place in (n for n, c in enumerate(day[0]) if c.isdigit()):
            groups = ["all"] + (["changes"] if day[0][place] != before[place] else [])
            groups += ["month_begins"] if day[0].endswith("-01") else []
            found.append(_digit(text, day.start() + place, *groups))
    return found


def _digit(text: str, at: int, *groups: str) -> Decision:
    return Decision(at, text[at], "0123456789".replace(text[at], ""), groups)


DECISIONS: dict[str, Callable[[str], list[Decision]]] = {
    "anbn": anbn_decisions, "dyck": dyck_decisions, "agreement": agreement_decisions,
    "dialogue2": dialogue2_decisions, "dialogue": dialogue_decisions, "recall": recall_decisions,
    "copy": copy_decisions, "addition": addition_decisions, "calendar": calendar_decisions}


def decisions_of(corpus: str, text: str) -> list[Decision]:
    """Those of a generated text of this name; none in texts of pure chance and all others."""
    family = family_of(corpus)
    return DECISIONS[family](text) if family in DECISIONS else []


def brackets(text: str) -> list[tuple[int, int, int]]:
    """(index, depth, index of the opener) of every bracket; depth 1 is the outermost."""
    found, open_at = [], list[int]()
    for at, character in enumerate(text):
        if character in PAIRS:
            open_at.append(at)
            found.append((at, len(open_at), at))
        elif character in CLOSERS and open_at:
            found.append((at, len(open_at), open_at.pop()))
    return found
