"""The score of a game in words and as a chart: both means with their errors, and the yardsticks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rnnlm_core.figures.generate_lines import Course, Level, course_figure
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate.game_play import Game
from rnnlm_ui.i18n import number, t
from rnnlm_ui.loss_units import yardstick_name
from rnnlm_ui.tokens import tokens_of
from rnnlm_ui.toolbox import Scene

HEIGHT = 320
EARLY = 10  # guesses before which luck decides
_BAND = 1.96  # standard errors: 95 %


def bits_text(bits: float) -> str:
    return f"{max(bits, 0.0):.2f}"  # no −0.00


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and half of its 95 % interval by the normal law; 0 where there is but one."""
    exact = np.asarray(values, np.float64)
    error = _BAND * float(exact.std(ddof=1)) / math.sqrt(len(exact)) if len(exact) > 1 else 0.0
    return float(exact.mean()), error


def _told(values: Sequence[float]) -> tuple[float, float]:
    """The mean and its error; 0 while the error of so few says nothing."""
    mean, error = mean_and_error(values)
    return mean, error if len(values) >= EARLY else 0.0


def verdict(yours: Sequence[float], networks: Sequence[float]) -> str:
    """`early`, `you`, `network`, or `close` where the 95 % interval of the difference, taken
    character by character, holds 0."""
    if len(yours) < EARLY:
        return "early"
    apart, error = mean_and_error([a - b for a, b in zip(yours, networks, strict=True)])
    if abs(apart) <= error:
        return "close"
    return "you" if apart < 0 else "network"


def answer_of(game: Game) -> str:
    if not game.guesses:
        return t("generate_game.answer_none")
    (you, your_error), (network, its_error) = map(_told, (game.yours, game.networks))
    return t(f"generate_game.answer.{verdict(game.yours, game.networks)}",
             you=_with_error(you, your_error), network=_with_error(network, its_error),
             n=number(len(game.guesses)))


def _with_error(value: float, error: float) -> str:
    return f"{bits_text(value)} ± {error:.2f}" if error else bits_text(value)


def course(scene: Scene, game: Game) -> None:
    """The running means of both, over uniform and n-grams on the whole held-out text."""
    if not game.guesses:
        return
    counts = np.arange(1, len(game.guesses) + 1)
    lines = [Course(np.cumsum(values) / counts, name, colour, width=width,
                    error=_told(values)[1])
             for values, name, colour, width in (
                 (game.yours, t("generate_game.you"), "ink", 3.0),
                 (game.networks, scene.config.cell.upper(), scene.config.cell, 3.0))]
    levels = yardsticks(scene)
    live_plot(lambda: course_figure(lines, levels, (t("generate_game.axis"),
                                                    t("generate_game.bits_axis")), bits_text,
                                    height=HEIGHT),
              key="game.course", height=HEIGHT, on=(), alt=t("generate_game.course_alt"),
              rev=(game.key, scene.digest, game.guesses))


def yardsticks(scene: Scene) -> list[Level]:
    """Uniform, pairs of tokens, and the best n-gram of this run's held-out text, in bits a
    character; none where tokens without an id make them incomparable, or the text is gone."""
    tokens = tokens_of(scene.folder)
    found = {y.name: y.full for y in scene.folder.yardsticks()}
    if tokens.characters is None or tokens.unknown:
        return []
    ngrams = [name for name in found if name.startswith("kn")]
    names = ["uniform", *dict.fromkeys([*ngrams[:1], *sorted(ngrams, key=found.__getitem__)[:1]])]
    return [Level(found[name] / math.log(2) / tokens.characters, yardstick_name(name))
            for name in names if name in found]
