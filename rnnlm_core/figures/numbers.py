"""Numbers as a person reads them: three significant digits, a real minus sign, powers of ten.

And rounded lists of them, for lines that the browser walks along: Plotly would pack an array.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def three(value: float) -> str:
    """`0.0312`, `−1.2`, `3.1×10⁻¹⁷`, `0`; `–` for what is no number."""
    mantissa, exponent = _parts(value)
    if exponent is None:
        return mantissa
    return mantissa + times_ten(exponent)


def times_ten(power: int) -> str:
    """`×10⁻⁵`."""
    return f"×10{raised(power)}"


def raised(power: int) -> str:
    """`⁻⁵`."""
    return str(power).translate(_RAISED)


def to_decimals(values: Values) -> list[float]:
    """Four decimals, where all are near 1."""
    return [round(float(value), 4) for value in values]


def to_digits(values: Values) -> list[float]:
    """Four significant digits, whatever their size."""
    return [float(f"{value:.4g}") for value in values]


def three_latex(value: float) -> str:
    """The same for a formula; negative numbers in brackets, so that they can be factors."""
    mantissa, exponent = _parts(value)
    text = mantissa.replace("−", "-")
    if exponent is not None:
        text = rf"{text}\cdot 10^{{{exponent}}}"
    return f"({text})" if text.startswith("-") else text


def _parts(value: float) -> tuple[str, int | None]:
    if not math.isfinite(value):
        return ("∞" if value > 0 else "−∞") if math.isinf(value) else "–", None
    if value == 0:
        return "0", None
    if 1e-3 <= abs(value) < 1e4:
        # rounded first: 0.99951 has three digits as 1.00, and not four
        digits = 2 - math.floor(math.log10(float(f"{abs(value):.2e}")))
        return f"{value:.{max(0, digits)}f}".replace("-", "−"), None
    mantissa, exponent = f"{value:.2e}".split("e")
    return mantissa.replace("-", "−"), int(exponent)
