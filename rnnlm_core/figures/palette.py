"""The colours: who (a hue and a dash a cell), how much (fills that start at the background).

Everything is drawn in `LIGHT`; the browser swaps each hex for its `MAP` partner in the dark theme,
without a rerun. That works only because every light hex is unique, upper case, and written as
`#RRGGBB` or `#RRGGBBAA`: never write `rgba()` in a figure, and no colour that is not in `LIGHT`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Scale = list[tuple[float, str]]

LIGHT: dict[str, str] = {
    "bg": "#FFFFFF", "panel": "#F3F5F7", "ink": "#17202A", "dim": "#55606C",
    "grid": "#E3E7EB", "rule": "#CBD2D9",
    "rnn": "#C24F00", "gru": "#007F5F", "lstm": "#0066A8", "cnn": "#7D2A60", "ngram": "#6B7580",
    "negfill": "#B3A3E8", "posfill": "#F7BE55", "hot": "#C2255C",
    "ok": "#00785A", "warning": "#B35300", "error": "#B3261E",
}
DARK: dict[str, str] = {
    "bg": "#0E1319", "panel": "#1B222B", "ink": "#EEF2F6", "dim": "#A4B0BD",
    "grid": "#262F3A", "rule": "#3B4653",
    "rnn": "#FF8A3D", "gru": "#2FC598", "lstm": "#5DB5F0", "cnn": "#F5B5DA", "ngram": "#8D99A6",
    "negfill": "#5F4BBB", "posfill": "#8F5E00", "hot": "#FF6F9C",
    "ok": "#35C79B", "warning": "#FF9A4D", "error": "#FF8A80",
}
MAP: dict[str, str] = {LIGHT[name]: DARK[name] for name in LIGHT}

# Hue alone does not separate GRU, CNN and n-grams for a colour-blind reader: the dash does.
DASH: dict[str, str] = {
    "rnn": "dash", "gru": "dashdot", "lstm": "solid", "cnn": "longdash", "ngram": "dash",
}

SURPRISE_TOP = 8.0  # bits: one in 256; anything rarer looks the same
SURPRISE_ALPHA = 0.62  # the strongest rose that still leaves text readable (5.6 : 1)


def fade(colour: str, alpha: float) -> str:
    """`#RRGGBB` with an opacity of 0 to 1, as `#RRGGBBAA`."""
    return f"{colour}{round(255 * min(1.0, max(0.0, alpha))):02X}"


def diverging() -> Scale:
    """Signed values: violet, the page, amber. Use with `zmid=0`."""
    return [(0.0, LIGHT["negfill"]), (0.5, LIGHT["bg"]), (1.0, LIGHT["posfill"])]


def sequential() -> Scale:
    """Amounts from 0 (surprise, a gate, a gradient map): the page to rose."""
    return [(0.0, fade(LIGHT["hot"], 0.0)), (1.0, fade(LIGHT["hot"], SURPRISE_ALPHA))]


def value_fill(values: Iterable[float]) -> list[str]:
    """A fill for each signed value in [-1, 1]; zero and what is not a number stay the page."""
    return [_value_fill(float(v)) for v in values]


def surprise_fill(bits: Iterable[float], top: float = SURPRISE_TOP) -> list[str]:
    """A rose fill for each surprise in bits, full at `top`."""
    return [fade(LIGHT["hot"], _surprise_alpha(float(b) / top)) for b in bits]


def share_fill(shares: Iterable[float]) -> list[str]:
    """A rose fill for each amount in [0, 1], a gate for example. Linear, as `sequential()`."""
    return [fade(LIGHT["hot"], SURPRISE_ALPHA * _clipped(float(s))) for s in shares]


def value_gradient() -> str:
    """The CSS gradient that is the key of `value_fill` and `diverging`."""
    return f"linear-gradient(90deg, {LIGHT['negfill']}, {LIGHT['bg']}, {LIGHT['posfill']})"


def surprise_gradient() -> str:
    """The CSS gradient that is the key of `surprise_fill`; five stops follow its curve."""
    stops = [fade(LIGHT["hot"], _surprise_alpha(i / 4)) for i in range(5)]
    return f"linear-gradient(90deg, {', '.join(stops)})"


def share_gradient() -> str:
    """The CSS gradient that is the key of `share_fill` and `sequential`."""
    low, high = fade(LIGHT["hot"], 0.0), fade(LIGHT["hot"], SURPRISE_ALPHA)
    return f"linear-gradient(90deg, {low}, {high})"


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB`. Source: WCAG 2.2, "relative luminance"."""
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21. Text needs 4.5, lines 3. Source: WCAG 2.2, "contrast ratio"."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def over(colour: str, alpha: float, background: str) -> str:
    """The opaque colour that `colour` at `alpha` gives on `background`."""
    pairs: Sequence[tuple[int, int]] = [
        (int(colour[i:i + 2], 16), int(background[i:i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(alpha * a + (1 - alpha) * b):02X}" for a, b in pairs)


def _clipped(share: float) -> float:
    return 0.0 if math.isnan(share) else min(1.0, max(0.0, share))


def _value_fill(value: float) -> str:
    return fade(LIGHT["posfill" if value > 0 else "negfill"], _clipped(abs(value)))


def _surprise_alpha(share: float) -> float:
    # the power lifts small surprises: half of all characters are below one bit
    return SURPRISE_ALPHA * float(_clipped(share) ** 0.8)
