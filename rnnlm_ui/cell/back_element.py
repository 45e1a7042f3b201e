"""The third distance backwards: where one unit's gradient comes from, and where it goes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rnnlm_core.figures.cell_terms import Bar, terms_figure, terms_height
from rnnlm_core.figures.numbers import three, three_latex
from rnnlm_core.figures.states import glyph, visible
from rnnlm_ui.cell.bench import Bench
from rnnlm_ui.cell.forward_element import SHOWN, formula
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain


def show(bench: Bench) -> None:
    picture, side = st.columns([1.1, 1], gap="medium")
    with picture:
        bars, total = terms(bench)
        live_plot(lambda: terms_figure(bars, total), key="cell.back_terms", on=(),
                  alt=finding(bench), height=terms_height(len(bars)),
                  rev=bench.revision("back", bench.later))
    with side:
        formula(formulas(bench), bench.narrow)


def terms(bench: Bench) -> tuple[list[Bar], Bar]:
    """What ∂L/∂h of the unit adds up from: a token's error through W_o each, or what the layer
    above sends down; and what comes back from the next step. Of a token: p − y."""
    k, back = bench.element, bench.back
    if bench.gate == "s":
        p = float(bench.step.prediction.p[k])
        came = float(k == bench.step.prediction.target)
        return [Bar(f"p[{k}]", p), Bar(f"−y[{k}]", -came)], Bar(f"e[{k}]", p - came)
    bars = []
    output = bench.step.blocks.get("s")
    if output is not None and _straight(bench):
        products = output.factors[0].W[:, k] * back.values["s"]
        order = np.argsort(-np.abs(products), kind="stable")
        shown = order[:SHOWN - 1] if len(order) > SHOWN else order
        for v in shown:
            token = glyph(bench.vocabulary[v])
            told = f"W<sub>o</sub>[{token}, {k}]" + (
                "" if bench.narrow else f" · e[{token}] = "
                f"{three(float(output.factors[0].W[v, k]))} × {three(float(back.values['s'][v]))}")
            bars.append(Bar(told, float(products[v])))
        if len(shown) < len(order):
            bars.append(Bar(t("cell_step.smaller", n=number(len(order) - len(shown))),
                            float(products[order[len(shown):]].sum())))
    else:
        bars.append(Bar(t("cell_back.from_above"), float(back.here[k])))
    if bench.later:
        bars.append(Bar(t("cell_back.from_next"), float(back.later["h"][k])))
    return bars, Bar(f"∂L/∂h<sub>t</sub>[{k}]", float(back.values["h"][k]))


def _straight(bench: Bench) -> bool:
    """Whether the layer's h is what the output layer sees, and the loss nothing else."""
    config = bench.scene.config
    return bench.layer == config.layers - 1 and not config.layer_norm


def formulas(bench: Bench) -> list[str]:
    """From ∂L/∂h to δ, to one weight, and to the step before, with the run's own numbers."""
    k, n, gate = bench.element, bench.element, bench.gate
    forward, back = bench.step.values, bench.back
    if gate == "s":
        e, h = float(back.values["s"][k]), bench.step.prediction.seen
        j = int(np.abs(h).argmax())
        return [rf"e[{n}] = p[{n}] - y[{n}] = {three_latex(e)}",
                rf"\partial L/\partial W_o[{n},{j}] = e[{n}]\,h_t[{j}] = "
                rf"{three_latex(e)}\cdot{three_latex(float(h[j]))} = "
                rf"{three_latex(e * float(h[j]))}"]
    v = {name: three_latex(float(values[k])) for name, values in forward.items()
         if name not in ("x", "s", "p")}
    d = {name: three_latex(float(values[k])) for name, values in back.values.items()
         if name not in ("x", "s")}
    hidden, h = float(back.hidden_side[gate][k]), forward["h_before"]
    j = int(np.abs(h).argmax())
    U = "U" if gate == "h" else f"U_{gate}"
    side = r"r\,\delta_n" if gate == "n" else r"\delta_t" if gate == "h" else rf"\delta_{gate}"
    return [*_chain(bench.scene.config.cell, gate, n, v, d, bench),
            rf"\partial L/\partial {U}[{n},{j}] = {side}[{n}]\,h_{{t-1}}[{j}]"
            rf" = {three_latex(hidden)}\cdot{three_latex(float(h[j]))} = "
            rf"{three_latex(hidden * float(h[j]))}",
            *_before(bench, v, d)]


def _chain(cell: str, gate: str, n: int, v: dict[str, str], d: dict[str, str], bench: Bench
           ) -> list[str]:
    """δ of the gate by the chain rule. Source: `insight.bptt`."""
    if cell == "lstm":
        later = three_latex(float(bench.back.later["c"][bench.element]))
        c = (rf"\bar c[{n}] = \bar h\,o\,(1-\tanh^2 c_t) + \bar c_{{t+1}} f_{{t+1}} = "
             rf"{d['h']}\cdot{v['o']}\cdot(1-{v['tanh_c']}^2) + {later} = {d['c']}")
        factors = {"i": ("g", v["g"]), "f": ("c_{t-1}", v["c_before"]), "g": ("i", v["i"])}
        if gate == "o":
            return [rf"\delta_o[{n}] = \bar h\,\tanh c_t\;o(1-o) = {d['h']}\cdot{v['tanh_c']}"
                    rf"\cdot{v['o']}(1-{v['o']}) = {d['a.o']}"]
        name, value = factors[gate]
        slope, numbers = ("(1-g^2)", rf"(1-{v['g']}^2)") if gate == "g" else (
            f"{gate}(1-{gate})", rf"{v[gate]}(1-{v[gate]})")
        return [c, rf"\delta_{gate}[{n}] = \bar c\,{name}\;{slope} = {d['c']}\cdot{value}\cdot"
                rf"{numbers} = {d['a.' + gate]}"]
    if cell == "gru":
        if gate == "n":
            return [rf"\delta_n[{n}] = \bar h\,(1-z)(1-n^2) = {d['h']}\cdot(1-{v['z']})\cdot"
                    rf"(1-{v['n']}^2) = {d['a.n']}"]
        if gate == "z":
            return [rf"\delta_z[{n}] = \bar h\,(h_{{t-1}}-n)\;z(1-z) = {d['h']}\cdot"
                    rf"({v['h_before']}-{v['n']})\cdot{v['z']}(1-{v['z']}) = {d['a.z']}"]
        return [rf"\delta_r[{n}] = \delta_n\,m\;r(1-r) = {d['r']}\cdot{v['r']}(1-{v['r']}) = "
                rf"{d['a.r']}"]
    slope = {"tanh": ("(1-h_t^2)", rf"(1-{v['h']}^2)"), "sigmoid": (
        "h_t(1-h_t)", rf"{v['h']}(1-{v['h']})")}.get(
        bench.scene.config.activation,
        (r"[a_t>0]", "1" if float(bench.step.values["a.h"][bench.element]) > 0 else "0"))
    return [rf"\delta_t[{n}] = \bar h\,{slope[0]} = {d['h']}\cdot{slope[1]} = {d['a.h']}"]


def _before(bench: Bench, v: dict[str, str], d: dict[str, str]) -> list[str]:
    """What goes on to the step before. Of an LSTM's c: by the direct path, and in total."""
    cell, n = bench.scene.config.cell, bench.element
    before = rf"\partial L/\partial h_{{t-1}}[{n}]"
    if cell == "lstm":
        c = rf"\partial L/\partial c_{{t-1}}[{n}]"
        held = [rf"{before} = \sum_{{q=f,i,g,o}}\,\sum_k U_q[k,{n}]\,\delta_q[k] = "
                rf"{d['h_before']}",
                rf"\left.{c}\right|_h = \bar c\,f\quad\text{{{t('cell_back.held')}}} = "
                rf"{d['c']}\cdot{v['f']} = {d['c_before']}"]
        if bench.place == 0:  # no step made its h from its c
            return held
        through = float(bench.back.values["c_total"][n]) - float(bench.back.values["c_before"][n])
        return [*held, rf"{c} = \bar c\,f + \bar h_{{t-1}}\,o_{{t-1}}(1-\tanh^2 c_{{t-1}}) = "
                rf"{d['c_before']} + {three_latex(through)} = {d['c_total']}"]
    if cell == "gru":
        return [rf"{before} = z\,\bar h + (U_r^\top\delta_r + U_z^\top\delta_z + "
                rf"U_n^\top (r\,\delta_n))[{n}] = {d['h_before']}"]
    return [rf"{before} = \sum_k U[k,{n}]\,\delta_t[k] = {d['h_before']}"]


def finding(bench: Bench) -> str:
    k, back = bench.element, bench.back.values
    if bench.gate == "s":
        return t("cell_back.token_answer", e=three(float(back["s"][k])),
                 token=plain(visible(bench.vocabulary[k])))
    return t("cell_back.element_answer", k=k, gate=bench.gate,
             delta=three(float(back[f"a.{bench.gate}"][k])), over=three(float(back["h"][k])),
             before=three(float(back["h_before"][k])))
