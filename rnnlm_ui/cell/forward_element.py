"""The third distance: one element, its row times the column, and what it makes of the state."""

from __future__ import annotations

import math
import re

import streamlit as st

from rnnlm_core.figures.cell_terms import Bar, terms_figure, terms_height
from rnnlm_core.figures.numbers import three, three_latex
from rnnlm_core.figures.states import visible
from rnnlm_ui.cell.bench import Bench
from rnnlm_ui.cell.symbols import function_sign, matrix_symbol, vector_symbol
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain

_WIDE = 30  # letters of a line that fit a phone
_WIDEST = 40  # letters of LaTeX that fit the column beside the terms
SHOWN = 8  # terms of a sum, the largest
_PLUS, _TIMES = re.compile(r" \+ "), re.compile(r"\\cdot(?! 10\^)")  # not the one of a number
_LATEX = {"sigmoid": r"\sigma", "tanh": r"\tanh", "relu": r"\mathrm{ReLU}"}


def show(bench: Bench) -> None:
    picture, side = st.columns([1.25, 1], gap="medium")
    with picture:
        bars, total = terms(bench)
        live_plot(lambda: terms_figure(bars, total), key="cell.terms", on=(), alt=finding(bench),
                  height=terms_height(len(bars)), rev=bench.revision("terms"))
    with side:
        formula(formulas(bench), bench.narrow)


def formula(lines: list[str], narrow: bool) -> None:
    """Formulas with numbers, and why these seem not to come out to the last digit."""
    st.latex(stacked(lines, narrow))
    st.markdown(t("cell_step.rounded"))


def stacked(lines: list[str], narrow: bool) -> str:
    """Formulas below each other; where one goes on, in letters first and then in numbers, it goes
    on below; on a phone at each sign of equality, below what it is of. What is still too wide
    goes on at a plus, a product at a factor."""
    rows = []
    for line in lines:
        left, *parts = line.split(" = ")
        if not narrow and len(parts) > 2:
            on = " = ".join(parts[1:])
            parts = [parts[0], *(parts[1:] if len(on) > _WIDEST else [on])]
        elif not narrow and len(parts) == 2 and len(line) < 60:
            parts = [" = ".join(parts)]
        if narrow:
            rows.append(rf"&{left} \\ &\quad = "
                        + r" \\ &\quad = ".join(_broken(part) for part in parts))
            continue
        rows.append(rf"{left} &= " + r" \\ &= ".join(_broken(part) for part in parts))
    # a strut: a bar over the first letter would else be cut off by the box
    return r"\small\begin{aligned}\rule{0pt}{1.4em}" + r" \\[0.6em] ".join(rows) + r"\end{aligned}"


def _broken(part: str) -> str:
    """A long sum in lines of at most `_WIDE` letters, as they are drawn, broken at its signs; a
    term that is wider still, between its factors."""
    return r" \\ &\quad + ".join(
        r" \\ &\quad \cdot ".join(_filled(line, _TIMES, r"\cdot "))
        for line in _filled(part, _PLUS, " + "))


def _filled(part: str, sign: re.Pattern[str], written: str) -> list[str]:
    """As many pieces a line as fit, divided at the signs outside of all brackets."""
    cuts = [found.span() for found in sign.finditer(part) if not _open(part[:found.start()])]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(part)]
    filled: list[str] = []
    for piece in map(part.__getitem__, map(slice, starts, ends)):
        if filled and _drawn(f"{filled[-1]}{written}{piece}") <= _WIDE:
            filled[-1] += f"{written}{piece}"
        else:
            filled.append(piece)
    return filled


def _open(latex: str) -> int:
    """How many brackets are not closed yet."""
    return sum(map(latex.count, "([{")) - sum(map(latex.count, ")]}"))


def _drawn(latex: str) -> int:
    """About how many letters a formula shows: commands one each, what only groups none."""
    return len(re.sub(r"[{}_^\s]", "", re.sub(r"\\(?:[a-zA-Z]+|.)", "x", latex)))


def terms(bench: Bench) -> tuple[list[Bar], Bar]:
    """The largest terms with their two factors, the rest as one."""
    from rnnlm_core.insight.cell_step import rest_of

    block, element = bench.step.blocks[bench.gate], bench.element
    row = bench.step.row(bench.gate, element)
    shown = SHOWN if len(row.terms) > SHOWN + 1 else len(row.terms)
    bars = []
    for term in row.terms[:shown]:
        factor = block.factors[term.factor]
        gain = "" if factor.gain is None else f" × {three(float(factor.gain[element]))}"
        if term.column < 0:
            name = f"{factor.bias.replace('_', '<sub>', 1)}</sub>"
            told = f"{name} = {three(term.weight)}{gain}"
        elif bench.narrow:
            told = f"{matrix_symbol(factor.matrix, bench.gate)}[{element}, {term.column}]"
        else:
            told = (f"{matrix_symbol(factor.matrix, bench.gate)}[{element}, {term.column}]"
                    f" · {vector_symbol(factor.vector)}[{term.column}] = "
                    f"{three(term.weight)} × {three(term.value)}{gain}")
        bars.append(Bar(told, term.product))
    count, rest = rest_of(row.terms, shown)
    if count:
        bars.append(Bar(t("cell_step.smaller", n=number(count)), rest))
    symbol = {"s": "s", "h": "a<sub>t</sub>"}.get(bench.gate, f"a<sub>{bench.gate}</sub>")
    return bars, Bar(f"{symbol}[{element}]", row.total)


def formulas(bench: Bench) -> list[str]:
    """The same as formulas with the run's own numbers, and what becomes of the element."""
    k, gate, block = bench.element, bench.gate, bench.step.blocks[bench.gate]
    v = {name: three_latex(float(values[k])) for name, values in bench.step.values.items()
         if name not in ("x", "s", "p") and k < len(values)}
    n, a = k, three_latex(float(block.a[k]))
    if gate == "s":
        p = bench.step.prediction
        lines = [rf"s_{{{n}}} = \sum_j W_o[{n},j]\,h_t[j] + b_o[{n}] = {a}",
                 rf"p_{{{n}}} = \frac{{e^{{s_{{{n}}}}}}}{{\sum_v e^{{s_v}}}} = "
                 + three_latex(float(p.p[k]))]
        if k == p.target:
            lines.append(rf"L = -\ln p_{{{n}}} = {three_latex(p.loss)}")
        return lines
    U, W = ("U", "W") if gate == "h" else (f"U_{gate}", f"W_{gate}")
    sums = [float(f.scale[k] * (f.W[k] @ f.v)) for f in block.factors]
    bias = [float(f.scale[k] * f.b[k]) for f in block.factors]
    name = "a_t" if gate == "h" else f"a_{gate}"
    first = rf"{name}[{n}] = \sum_j {W}[{n},j]\,x_t[j] + \sum_j {U}[{n},j]\,h_{{t-1}}[j] + b[{n}]"
    if gate == "n":
        first = (rf"a_n[{n}] = \sum_j W_n[{n},j]\,x_t[j] + b_{{ih}}[{n}] + r[{n}]\,m[{n}]")
    # in the order of the letters; b_hn is in m, so r weighs it, too
    told = (sums[0], bias[0], sums[1] + bias[1]) if gate == "n" else (*sums, sum(bias))
    numbers = f" = {' + '.join(map(three_latex, told))} = {a}"
    value = "h_t" if gate == "h" else gate
    phi = rf"{value}[{n}] = {_LATEX[block.function]}{_bracketed(a)} = {v[gate]}"
    return [first + numbers, phi, *_state(bench.scene.config.cell, n, v)]


def _state(cell: str, n: int, v: dict[str, str]) -> list[str]:
    """What the gates make of the state at this unit."""
    if cell == "lstm":
        return [rf"c_t[{n}] = f\,c_{{t-1}} + i\,g = {v['f']}\cdot{v['c_before']} + "
                rf"{v['i']}\cdot{v['g']} = {v['c']}",
                rf"h_t[{n}] = o\,\tanh c_t = {v['o']}\cdot{v['tanh_c']} = {v['h']}"]
    if cell == "gru":
        return [rf"h_t[{n}] = (1-z)\,n + z\,h_{{t-1}} = (1-{v['z']})\cdot{v['n']} + "
                rf"{v['z']}\cdot{v['h_before']} = {v['h']}"]
    return []


def _bracketed(text: str) -> str:
    return text if text.startswith("(") else f"({text})"


def finding(bench: Bench) -> str:
    row = bench.step.row(bench.gate, bench.element)
    block = bench.step.blocks[bench.gate]
    products = [term.product for term in row.terms if term.column >= 0]  # the others are biases
    if bench.gate == "s":
        return t("cell_forward.token_answer", a=three(row.total), n=number(len(products)),
                 token=plain(visible(bench.vocabulary[bench.element])),
                 share=three(100 * float(block.value[bench.element])))
    needed = _needed(products)
    return t("cell_forward.element_answer" if needed > 1 else "cell_forward.element_answer_alone",
             gate=bench.gate, k=bench.element, function=function_sign(block.function),
             a=three(row.total), n=number(len(products)), most=number(needed),
             value=three(float(block.value[bench.element])))


def _needed(products: list[float]) -> int:
    """How many of the largest terms make nine tenths of all sizes together."""
    whole, so_far = math.fsum(map(abs, products)), 0.0
    for count, product in enumerate(products, 1):
        so_far += abs(product)
        if so_far >= 0.9 * whole:
            return count
    return len(products)
