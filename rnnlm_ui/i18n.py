"""Every word a user sees: `t("train.start")` out of strings/en.toml or strings/zh.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from rnnlm_core.config import FIELDS
from rnnlm_core.errors import SENTENCES, ConfigError, Problem, UnrollError
from rnnlm_ui import session

FOLDER = Path(__file__).resolve().parents[1] / "strings"
FALLBACK = "en"


@lru_cache(maxsize=4)
def strings(language: str) -> dict[str, str]:
    """All strings of a language, keys flattened: `{"train.start": "Start", ...}`."""
    tables = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return dict(_flatten(tables, ""))


def language() -> str:
    return session.language()


def t(key: str, **values: object) -> str:
    """The string `key` in the reader's language, its placeholders filled.

    A string that is missing in one language is shown in English, one that is missing altogether as
    its key: a page is never lost for a word. Tests see to it that neither happens.
    """
    return translate(language(), key, **values)


def translate(code: str, key: str, /, **values: object) -> str:
    """As `t`, in a given language."""
    text = strings(code).get(key) or strings(FALLBACK).get(key, key)
    return text.format(**{name: Counted(value) for name, value in values.items()}
                       ) if values else text


class Counted(str):
    """A value in a sentence: `{n:run|runs}` becomes `1 run` or `2 runs`."""

    def __format__(self, spec: str) -> str:
        one, bar, many = spec.partition("|")
        return f"{self!s} {one if self == '1' else many}" if bar else super().__format__(spec)


def error_text(error: UnrollError | Problem) -> str:
    """What is wrong, as plain text (not markdown) in the reader's language; all of it."""
    if isinstance(error, Problem):
        problems: tuple[Problem, ...] = (error,)
    else:
        problems = error.problems if isinstance(error, ConfigError) else (error.problem,)
    return joined([_sentence(p, language()) for p in problems])


def joined(sentences: Sequence[str]) -> str:
    """One after another, as the reader's language does it."""
    return ("" if language() == "zh" else " ").join(filter(None, sentences))


def number(value: float) -> str:
    """A whole number with thousands separators."""
    return f"{value:,.0f}"


def percent(share: float, digits: int = 0) -> str:
    """`25 %`, `12.5 %`: with so many digits after the point at most."""
    found = f"{100 * share:.{digits}f}"
    return (found.rstrip("0").rstrip(".") if digits else found) + "\N{NO-BREAK SPACE}%"


def duration(seconds: float) -> str:
    """A time span in the two largest units, `1 min 30 s`. Below 10 s one decimal is kept."""
    if seconds < 9.95:
        return t("units.seconds", n=f"{seconds:.1f}".removesuffix(".0"))
    whole = round(seconds)
    if whole < 60:
        return t("units.seconds", n=whole)
    if whole < 3600:
        return _pair("units.minutes", whole // 60, "units.seconds", whole % 60)
    return _pair("units.hours", whole // 3600, "units.minutes", whole % 3600 // 60)


def _pair(large: str, n: int, small: str, rest: int) -> str:
    first = t(large, n=n)
    return f"{first} {t(small, n=rest)}" if rest else first


def _sentence(problem: Problem, code: str) -> str:
    # English lives beside the code that raises it; in strings/ there are only translations, and
    # what a shell must be told otherwise than a page
    sentence = strings(code).get(f"error.{problem.code}") or SENTENCES.get(problem.code)
    labels = _setting_labels(code)
    values = {name: labels.get(str(value), f"“{value}”") if name == "field" else _readable(value)
              for name, value in problem.values.items()}
    return str(problem) if sentence is None else sentence.format(**labels | values)


@lru_cache(maxsize=4)
def _setting_labels(code: str) -> dict[str, str]:
    """What the forms call the settings that a sentence names."""
    return {name: f"“{strings(code)[f'config.{name}']}”" for name in FIELDS}


def _readable(value: object) -> object:
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) \
        and math.isfinite(value) and value == round(value)
    return number(value) if whole else value  # type: ignore[arg-type]


def _flatten(tables: dict[str, object], prefix: str) -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for name, value in tables.items():
        if isinstance(value, dict):
            flat.extend(_flatten(value, f"{prefix}{name}."))
        else:
            flat.append((f"{prefix}{name}", str(value)))
    return flat
