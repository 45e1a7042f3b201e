"""Forward: one step of the cell, from what was read to the next token, at three distances."""

from __future__ import annotations

import math

from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.numbers import three
from rnnlm_core.figures.states import visible
from rnnlm_ui.cell import forward_element, forward_gate
from rnnlm_ui.cell.bench import Bench, Wish
from rnnlm_ui.cell.drawing import cell_drawing
from rnnlm_ui.cell.stage import on_stage
from rnnlm_ui.i18n import t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

_BEFORE = 12  # characters that are named before a place


def show(scene: Scene, answer: DeltaGenerator) -> None:
    on_stage(scene, answer, "forward", finding, _draw, losses=False)


def _draw(bench: Bench) -> Wish:
    if bench.level == "cell":
        return cell_drawing(bench, bench.step.values, back=False, alt=finding(bench))
    if bench.level == "gate":
        return forward_gate.show(bench)
    forward_element.show(bench)
    return {}


# -- the answer ------------------------------------------------------------------------------------
def finding(bench: Bench) -> str:
    """One sentence at each distance, with the run's own numbers."""
    if bench.level == "cell":
        return prediction(bench)
    if bench.level == "gate":
        return forward_gate.finding(bench)
    return forward_element.finding(bench)


def prediction(bench: Bench) -> str:
    found, pieces = bench.step.prediction, bench.vocabulary
    best = int(found.p.argmax())
    return t("cell_forward.answer" if best == found.target else "cell_forward.answer_other",
             before=plain(before(bench)), came=plain(visible(pieces[found.target])),
             share=share(float(found.p[found.target])), best=plain(visible(pieces[best])),
             best_share=share(float(found.p[best])), bits=bits(found.loss),
             **words_of(bench.scene.config))


def before(bench: Bench) -> str:
    """The end of what was read up to this step."""
    pieces = bench.reading.pieces[max(0, bench.place + 1 - _BEFORE):bench.place + 1]
    return visible("".join(pieces)[-_BEFORE:])


def share(value: float) -> str:
    """`62 %`; small ones with three digits."""
    number = f"{100 * value:.0f}" if value >= 0.01 else three(100 * value)
    return f"{number}\N{NO-BREAK SPACE}%"


def bits(nats: float) -> str:
    return three(nats / math.log(2))

