"""Numbers in the cells of a drawing: as long as fits, and never "0" for what is not 0."""

from __future__ import annotations

from rnnlm_core.figures.numbers import three, times_ten
from rnnlm_core.figures.template import esc

SIZE = 14  # pixels of the letters
_ROOMY = 56.0  # pixels: wide enough for any number
_LEAST = 10  # pixels of the letters of a long number in a narrow cell
_TIGHT = 0.77  # of the width a cell was drawn with is left on a small screen
_HIGH = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"


def fitted(value: float, width: float) -> str:
    """Plotly markup for a cell of `width` pixels; in smaller letters where it would leave it."""
    text = three(value) if width >= _ROOMY else short(value)
    wide = sum(0.25 if letter == "." else 0.37 if letter in _HIGH else 0.5
               for letter in text)  # of Source Sans, in em
    size = max(_LEAST, int(_TIGHT * width / wide))
    return esc(text) if size >= SIZE else f'<span style="font-size:{size}px">{esc(text)}</span>'


def short(value: float) -> str:
    """Two decimals, none from ten on; below 0.01 two digits, below 0.001 one and a power of ten.
    `0` is exactly 0."""
    size = abs(value)
    if value == 0:
        text = "0"
    elif size >= 9.995:
        text = f"{value:.0f}"
    elif size >= 0.00995:
        text = f"{value:.2f}"
    elif size >= 0.00095:
        text = f"{value:.4f}"
    else:
        digit, power = f"{value:.0e}".split("e")
        text = digit + times_ten(int(power))
    return text.replace("-", "−")
