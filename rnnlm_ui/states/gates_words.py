"""What the gates and memories of a run are told in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.figures.states_gates import DotWords
from rnnlm_ui.i18n import number, percent, t
from rnnlm_ui.states.findings import unit_name
from rnnlm_ui.states.look import Look

if TYPE_CHECKING:
    from rnnlm_ui.states.gates import Found

LONGER = (20, 10, 5, 2)  # tokens: the largest that some unit holds for is told of


def is_relu(look: Look) -> bool:
    return look.config.cell == "rnn" and look.config.activation == "relu"


def answer(look: Look, found: Found, start: Found) -> str:
    """How many units hold for long, beside the untrained network and what the gate alone says."""
    steps, before = found.memory.steps, start.memory.steps
    limit = next((n for n in LONGER if (steps > n).any()), None)
    if limit is None:
        name, value = _longest(look, found)
        return t("states_gates.answer_none", name=name, value=value, **look.words,
                 control=_steps(float(np.nanmax(before)), found.memory.lags))
    values = {"n": int((steps > limit).sum()), "units": number(found.memory.measured),
              "control": int((before > limit).sum()), "steps": limit, **look.words}
    if found.alone is None:
        return t("states_gates.answer_rnn", **values)
    measured = found.alone[~np.isnan(steps)]
    return t("states_gates.answer", alone=int((measured > limit).sum()), gate=_gate(look), **values)


def saturation(look: Look, part: str, found: Found, start: Found) -> str:
    """How much of the time a gate stands at its ends, over all units."""
    own, before = found.gates.parts[part], start.gates.parts[part]
    name = t(f"states.part.{part}")
    values = {"part": name[0].upper() + name[1:],
              "low": _share(own.low), "high": _share(own.high),
              "low_before": _share(before.low), "high_before": _share(before.high)}
    if is_relu(look):
        return t("states_gates.title.relu", dead=int((own.low >= 1).sum()),
                 units=number(own.low.size), part=values["part"], low=values["low"],
                 low_before=values["low_before"])
    if part == "c":
        return t("states_gates.title.c", least=_signed(own.edges[0]), most=_signed(own.edges[-1]),
                 **values)
    return t(f"states_gates.title.{_kind(look, part)}", **values)


def triangle(look: Look, part: str) -> DotWords:
    kind = "c" if part == "c" else _kind(look, part)
    trained, untrained = names()
    return DotWords(t(f"states_gates.low.{kind}"), t(f"states_gates.high.{kind}"), trained,
                    untrained)


def names() -> tuple[str, str]:
    """This network and the one before its first step."""
    return t("states_gates.trained"), t("states_gates.untrained")


def memory(look: Look) -> DotWords:
    if look.config.cell == "rnn":
        x = t("states_gates.dots.relu" if is_relu(look) else "states_gates.dots.flat")
    else:
        x = t("states_gates.dots.alone", gate=_gate(look), **look.words)
    return DotWords(x, t("states_gates.dots.measured", **look.words), *names(),
                    t("states_gates.dots.same"))


def spread_title(look: Look, found: Found, start: Found) -> str:
    own, before = (one.memory.steps if one.alone is None else one.alone for one in (found, start))
    values = {"value": _steps(float(np.nanmedian(own))), **look.words,
              "control": _steps(float(np.nanmedian(before)))}
    if found.alone is None:
        return t("states_gates.half_rnn", **values)
    return t("states_gates.half", gate=_gate(look), **values)


def spread_axis(look: Look) -> str:
    if look.config.cell == "rnn":
        return t("states_gates.dots.measured", **look.words)
    return t("states_gates.dots.alone", gate=_gate(look), **look.words)


def memory_title(look: Look, found: Found) -> str:
    name, value = _longest(look, found)
    return t("states_gates.measured", name=name, value=value, **look.words)


def hovers(look: Look, part: str, layer: int, found: Found) -> list[str]:
    """One line a unit of a layer."""
    return [_unit(look, part, layer, unit, found) for unit in range(look.config.hidden)]


def chosen(look: Look, part: str, found: Found) -> str:
    return t("states_gates.chosen",
             text=_unit(look, part, look.choice.layer, look.choice.unit, found))


def caption(look: Look, found: Found) -> str:
    return t("states_gates.caption", tokens=number(found.gates.tokens),
             places=found.memory.places, lags=found.memory.lags,
             measured=number(found.memory.measured),
             units=number(found.memory.steps.size), **look.words)


def _unit(look: Look, part: str, layer: int, unit: int, found: Found) -> str:
    reading = found.gates.parts[part]
    kind = "relu" if is_relu(look) else "c" if part == "c" else _kind(look, part)
    told = [t(f"states_gates.unit.{kind}", name=unit_name(part, layer, unit, look.config),
              low=_share(reading.low[layer, unit]), high=_share(reading.high[layer, unit]))]
    steps = float(found.memory.steps[layer, unit])
    if not np.isnan(steps):
        told.append(t("states_gates.unit.holds", value=_steps(steps, found.memory.lags),
                      **look.words))
    if found.alone is not None:
        told.append(t("states_gates.unit.alone", gate=_gate(look),
                      value=_steps(float(found.alone[layer, unit]))))
    return t("states_gates.unit.join").join(told)


def _kind(look: Look, part: str) -> str:
    """A gate from 0 to 1, or a value from −1 to 1."""
    sigmoid = part == "h" and look.config.activation == "sigmoid"
    return "gate" if part in ("f", "i", "o", "z", "r") or sigmoid else "tanh"


def _gate(look: Look) -> str:
    """The gate that keeps, by name."""
    return t(f"states_gates.keeps.{look.config.cell}")


def _longest(look: Look, found: Found) -> tuple[str, str]:
    steps = found.memory.steps
    layer, unit = np.unravel_index(int(np.nanargmax(steps)), steps.shape)
    part = "c" if look.config.cell == "lstm" else "h"
    return (unit_name(part, int(layer), int(unit), look.config),
            _steps(float(steps[layer, unit]), found.memory.lags))


def _steps(value: float, most: int | None = None) -> str:
    """A length in tokens; beyond what was tried, or what can be told, `> 100`."""
    if np.isinf(value) or value >= 1000:
        return f"> {number(most if most is not None and np.isinf(value) else 1000)}"
    return f"{value:.1f}" if value < 99.95 else number(value)


def _share(values: NDArray[np.float64] | float) -> str:
    return percent(float(np.mean(values)))


def _signed(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")
