"""Formulas of the Cell page in lines that fit a phone: broken at signs, never inside a number."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.figures.numbers import three_latex
from rnnlm_ui.cell.forward_element import stacked

NUMBERS = st.floats(-9e3, 9e3, allow_nan=False).map(three_latex)


def lines(latex: str) -> list[str]:
    body = latex.split(r"\rule{0pt}{1.4em}")[1].split(r"\end{aligned}")[0]
    return re.split(r" \\\\(?:\[0\.6em\])? ", body)


def drawn(line: str) -> str:
    return line.replace("&", "").replace(r"\quad", "").replace(" ", "")


def test_a_product_goes_on_at_a_factor() -> None:
    delta = (r"\delta_z[17] = \bar h\,(h_{t-1}-n)\;z(1-z) = "
             r"0.0123\cdot((-0.456)-(-0.789))\cdot0.275(1-0.275) = 8.17\cdot 10^{-4}")
    assert list(map(drawn, lines(stacked([delta], narrow=True)))) == [
        r"\delta_z[17]", r"=\barh\,(h_{t-1}-n)\;z(1-z)", r"=0.0123\cdot((-0.456)-(-0.789))",
        r"\cdot0.275(1-0.275)", r"=8.17\cdot10^{-4}"]


def test_a_plus_in_brackets_holds_together() -> None:
    long = (r"h = z\,\bar h + (U_r^\top\delta_r + U_z^\top\delta_z + U_n^\top (r\,\delta_n))[17]"
            " = 1.00")
    assert any("(U_r" in line and ")[17]" in line for line in lines(stacked([long], narrow=True)))


@pytest.mark.parametrize("narrow", [False, True])
@given(a=NUMBERS, b=NUMBERS, c=NUMBERS, d=NUMBERS)
def test_no_line_breaks_a_number_or_a_bracket_and_none_is_lost(
        narrow: bool, a: str, b: str, c: str, d: str) -> None:
    numbers = rf"{a}\cdot({b}-{c})\cdot{d}(1-{d}) + {a}\cdot{b}"
    found = lines(stacked([rf"x = y = {numbers}"], narrow))
    for line in found:
        assert line.count("(") == line.count(")") and line.count("{") == line.count("}")
        assert not line.rstrip().endswith(r"\cdot") and not drawn(line).startswith(r"\cdot10^")
    written = "".join(map(drawn, found))
    assert written.endswith(drawn(numbers))
