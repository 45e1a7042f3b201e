"""Many runs from one set-up: a grid over settings, repeated seeds, a race of the cells.

Everything is checked before the first folder is made, and all problems are told at once. The runs
of a group share `origin.group`; `launch.enqueue` starts them as places become free. Imports no
torch.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from rnnlm_core import launch
from rnnlm_core.config import FIELD_TYPES, FIELDS, RunConfig
from rnnlm_core.data.corpus import Corpus, load_corpus
from rnnlm_core.errors import ConfigError, Problem
from rnnlm_core.nets.parameters import parameter_count
from rnnlm_core.records import Origin
from rnnlm_core.run.directory import RunFolder

MAX_SETTINGS = 3
MAX_RUNS = 64
CELLS = ("rnn", "gru", "lstm")
_SHOWN = 3  # combinations that one problem names
_BETWEEN_VALUES = re.compile(r"[,;\s，、；]+")

_T = TypeVar("_T")


class Variant(NamedTuple):
    """The settings of one run of a group, and those among them that tell it from the others."""

    config: RunConfig
    changed: dict[str, Any]


def grid(config: RunConfig, settings: Mapping[str, str | Sequence[Any]],
         seeds: Sequence[int] = ()) -> list[Variant]:
    """Every combination of one to three settings, the last one varying fastest, for each seed.

    Values come as a list or as a text like "64, 128"; equal ones count once. Raises `ConfigError`
    with everything that is wrong, each with the values it concerns.
    """
    values = {name: _values(given) for name, given in settings.items()}
    problems = [Problem("config.unknown_field", {"field": n}) for n in values if n not in FIELDS]
    problems += [Problem("sweep.no_values", {"field": n}) for n, v in values.items() if not v]
    if not 1 <= len(values) <= MAX_SETTINGS:
        problems.append(Problem("sweep.settings", {"value": len(values), "limit": MAX_SETTINGS}))
    if "seed" in values and seeds:
        problems.append(Problem("sweep.seed_twice"))
    runs = max(1, len(seeds))
    for listed in values.values():
        runs *= len(listed)
    if runs > MAX_RUNS:
        problems.append(Problem("sweep.too_many", {"value": runs, "limit": MAX_RUNS}))
    if problems:
        raise ConfigError(problems)
    combinations = [dict(zip(values, c, strict=True))
                    for c in itertools.product(*values.values())]
    return _variants(config, combinations, seeds)


def repeated(config: RunConfig, seeds: Sequence[int]) -> list[Variant]:
    """The same run with each of these seeds. Raises `ConfigError`."""
    return grid(config, {"seed": seeds})


def race(config: RunConfig, vocabulary: int | None = None, seeds: Sequence[int] = ()
         ) -> list[Variant]:
    """RNN, GRU and LSTM from one set-up. Raises `ConfigError`.

    With the size of the vocabulary given, each cell gets the hidden size that brings its number
    of parameters closest to that of `config`; without, they share the hidden size.
    """
    lanes: list[dict[str, Any]] = [{"cell": cell} for cell in CELLS]
    if vocabulary is not None:
        config.checked()
        lanes = [{**lane, **_same_size(replace(config, **lane), config, vocabulary)}
                 for lane in lanes]
    return _variants(config, lanes, seeds)


def vocabulary(config: RunConfig, root: Path) -> int:
    """The tokens of the text of these settings, for `race`. Raises `CorpusError`."""
    corpus = load_corpus(config.corpus, root / "corpora", config.max_characters)
    return launch.fitted(corpus.text, config, corpus.manifest.parts)[0].size


def equal_steps(config: RunConfig, steps: int) -> RunConfig:
    """Runs that end after the same number of steps, however long that takes each."""
    return RunConfig.from_mapping({**dataclasses.asdict(config), "max_steps": steps,
                                   "max_seconds": 0.0})


def equal_seconds(config: RunConfig, seconds: float) -> RunConfig:
    """Runs that train for the same time, however many steps that is for each.

    Fair as long as each has a core of its own: the queue sees to that, a neighbour outside of it
    may not.
    """
    return RunConfig.from_mapping({**dataclasses.asdict(config), "max_steps": 0,
                                   "max_seconds": seconds})


def seeds_from(config: RunConfig, count: int) -> list[int]:
    """`count` seeds, from that of the settings upwards."""
    return list(range(config.seed, config.seed + count))


def create_group(kind: Literal["sweep", "race", "repeat"], variants: Sequence[Variant], root: Path
                 ) -> list[RunFolder]:
    """A run folder for each variant, all or none; each text is loaded once.

    Raises `ConfigError` with the problems of all of them, `CorpusError`, or `RunError`.
    """
    group = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
    texts: dict[tuple[str, int], Corpus] = {}
    made: list[RunFolder] = []
    fit = lru_cache(maxsize=MAX_SETTINGS)(launch.fitted)  # of a million words: a second each

    def make(config: RunConfig, changed: dict[str, Any]) -> None:
        source = config.corpus, config.max_characters
        if source not in texts:
            texts[source] = load_corpus(source[0], root / "corpora", source[1])
        made.append(launch.create_run(config, root, texts[source],
                                      Origin(kind, group, changed=changed), fit))

    try:
        _all_good((changed, partial(make, config, changed)) for config, changed in variants)
    except BaseException:
        for folder in made:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return made


# -- values ---------------------------------------------------------------------------------------
def _values(given: str | Sequence[Any]) -> list[Any]:
    """Each value once, in the order given."""
    listed = filter(None, _BETWEEN_VALUES.split(given)) if isinstance(given, str) else given
    return list(dict.fromkeys(listed))


def _changed(config: RunConfig, changed: Mapping[str, Any]) -> Variant:
    """A variant with typed values; texts are read as in a link."""
    query = {**config.to_query(), **{n: _text(n, v) for n, v in changed.items()}}
    variant = RunConfig.from_query(query)
    return Variant(variant, {name: getattr(variant, name) for name in changed})


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    whole = FIELD_TYPES[name] is int and isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)


def _variants(config: RunConfig, changes: Sequence[dict[str, Any]], seeds: Sequence[int]
              ) -> list[Variant]:
    """One of each, and of each seed. Raises `ConfigError`."""
    if seeds:
        changes = [{**changed, "seed": seed} for changed in changes
                   for seed in dict.fromkeys(seeds)]
    if len(changes) > MAX_RUNS:
        raise ConfigError([Problem("sweep.too_many", {"value": len(changes), "limit": MAX_RUNS})])
    made = _all_good((changed, partial(_changed, config, changed)) for changed in changes)
    return list({variant.config: variant for variant in made}.values())  # 0.1 and 0.10 are one


def _all_good(cases: Iterable[tuple[dict[str, Any], Callable[[], _T]]]) -> list[_T]:
    """What each case makes; where some fail, one `ConfigError` that tells each problem once.

    A problem of a setting names setting and value by itself. One of several settings together is
    told with the changes of the runs that have it.
    """
    made: list[_T] = []
    found: dict[str, tuple[Problem, list[dict[str, Any]]]] = {}
    for changed, make in cases:
        try:
            made.append(make())
        except ConfigError as error:
            for problem in error.problems:
                found.setdefault(str(problem), (problem, []))[1].append(changed)
    if found:
        raise ConfigError(itertools.chain.from_iterable(
            _told(problem, where) for problem, where in found.values()))
    return made


def _told(problem: Problem, where: list[dict[str, Any]]) -> list[Problem]:
    if "field" in problem.values:
        return [problem]
    shown = [", ".join(f"{n} = {v}" for n, v in changed.items()) for changed in where[:_SHOWN]]
    more = ["…"] if len(where) > _SHOWN else []
    return [problem, Problem("sweep.in_run", {"values": "; ".join([*shown, *more])})]


def _same_size(config: RunConfig, like: RunConfig, vocabulary: int) -> dict[str, Any]:
    """The hidden size with about as many parameters as `like`; tied weights take E along."""
    wanted = parameter_count(like, vocabulary)

    def sized(hidden: int) -> dict[str, Any]:
        return {"hidden": hidden, **({"embedding": hidden} if config.tie_weights else {})}

    def surplus(hidden: int) -> int:
        return parameter_count(replace(config, **sized(hidden)), vocabulary) - wanted

    low, high = 1, int((FIELDS["embedding"] if config.tie_weights
                        else FIELDS["hidden"]).metadata["high"])
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if surplus(middle) > 0 else (middle, high)
    return sized(min(low, high, key=lambda hidden: abs(surplus(hidden))))
