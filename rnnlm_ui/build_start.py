"""The equations of the next run's network, and what its start means before any training."""

from __future__ import annotations

import math

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.insight import start
from rnnlm_ui.config_form import choice
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import named, words_of

# Mathematics needs no translation. U_k is the block of W_hh that belongs to the gate k.
EQUATIONS = {
    "rnn": r"h_t = {phi}\!\left(W x_t + U h_{{t-1}} + b\right)",
    "gru": r"""\begin{aligned}
        r_t &= \sigma(W_r x_t + U_r h_{t-1} + b_r)\\
        z_t &= \sigma(W_z x_t + U_z h_{t-1} + b_z)\\
        n_t &= \tanh\!\big(W_n x_t + b_{in}\\
            &\qquad\quad + r_t \odot (U_n h_{t-1} + b_{hn})\big)\\
        h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}
        \end{aligned}""",
    "lstm": r"""\begin{aligned}
        i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i)\\
        f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f)\\
        g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g)\\
        o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o)\\
        c_t &= f_t \odot c_{t-1} + i_t \odot g_t\\
        h_t &= o_t \odot \tanh(c_t)
        \end{aligned}""",
    "cnn": r"""\begin{aligned}
        f^{(l)}_t &= \operatorname{ReLU}\big(W^{(l)}_0 x^{(l-1)}_{t-d_l}\\
            &\qquad\quad + W^{(l)}_1 x^{(l-1)}_t + b^{(l)}\big)\\
        x^{(l)}_t &= x^{(l-1)}_t + f^{(l)}_t\\
        R &= 1 + \textstyle\sum_l d_l
        \end{aligned}""",
}
PHI = {"tanh": r"\tanh", "relu": r"\operatorname{ReLU}", "sigmoid": r"\sigma"}


def equations(config: RunConfig) -> None:
    """The chosen cell's inner equations, whose convention they are, and what stands around it."""
    st.markdown(t(f"build.equations.{config.cell}"))
    formula = EQUATIONS[config.cell]
    st.latex(formula.format(phi=PHI[config.activation]) if config.cell == "rnn" else formula)
    st.markdown(":gray[" + t(f"build.convention.{config.cell}") + "]")
    if lines := around(config):
        st.markdown(t("build.equations.around"))
        st.latex(r"\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}")


def around(config: RunConfig) -> list[str]:
    """Input, what a layer hands up and output, each where it is not the plain one."""
    lines = []
    if not config.embedding:
        lines.append(r"x_t &= \operatorname{onehot}(w_t)")
    residual = config.residual and config.layers > 1 and config.cell != "cnn"
    norm = r"\operatorname{LN}(%s)" if config.layer_norm else "%s"
    if config.cell == "cnn" and config.layer_norm:
        lines.append(r"x^{(l)}_t &= x^{(l-1)}_t + \operatorname{LN}\big(f^{(l)}_t\big)")
    elif config.layer_norm or residual:
        lines.append(r"y^{(l)}_t &= " + norm % r"h^{(l)}_t"
                     + (r" + y^{(l-1)}_t \quad (l > 1)" if residual else ""))
    if config.softmax == "adaptive":
        lines.append(r"p(w) &= p(\text{tail}) \cdot p(w \mid \text{tail})")
    elif config.tie_weights:
        lines.append(r"s_t &= E\,h_t + b_o")
    return lines


def matters(config: RunConfig) -> str:
    """How far an untrained network of this kind reaches, as the answer's last sentence."""
    words = words_of(config)
    if (sight := start.in_sight(config)) is not None:
        return t("build.matters.cnn", n=number(sight[0]), **words)
    if (shares := start.kept(config)) is not None:
        low, high = (steps(start.half_life(share)) for share in shares)
        return t("build.matters.gate", n=low if low == high else f"{low}–{high}",
                 state="c" if config.cell == "lstm" else "h", **words)
    factor = start.fading(config) or 0.0
    values = {"factor": f"{factor:.2f}", "n": steps(start.horizon(factor)), **words}
    return t(f"build.matters.{_course(factor)}", **values)


def _course(factor: float) -> str:
    return "grows" if factor > 1.005 else "holds" if factor > 0.995 else "fades"


def steps(count: float) -> str:
    return f"{count:.1f}" if count < 10 else number(count) if math.isfinite(count) else "∞"


def section(config: RunConfig) -> None:
    """The start in a few lines: what is drawn, its spectrum or gate, and what vanishes."""
    lines = [_spectrum(config), *_course_of_gradient(config)]
    name = choice("initialisation", config.initialisation)
    st.markdown(t("build.start.title", name=name) + "  \n" + "  \n".join(
        line for line in lines if line))


def _spectrum(config: RunConfig) -> str:
    """Of W_hh; a CNN has none."""
    if config.cell == "cnn":
        return ""
    found = start.spectrum(config)
    what = t("build.start.matrix" if config.cell == "rnn" else "build.start.block")
    return t("build.start.spectrum", what=what, radius=f"{found.radius:.2f}",
             largest=f"{found.largest:.2f}")


def _course_of_gradient(config: RunConfig) -> list[str]:
    words = words_of(config)
    if (sight := start.in_sight(config)) is not None:
        return [t("build.start.cnn", n=number(sight[0]), blocks=sight[1], **words)]
    if (shares := start.kept(config)) is not None:
        return [_gate(config, shares)]
    factor, bound = start.fading(config) or 0.0, start.spectrum(config).bound
    about = t(f"build.start.{_course(factor)}", factor=f"{factor:.2f}",
              n=steps(start.horizon(factor)), **words)
    sure = "build.start.bound_sure" if bound < 1 else "build.start.bound"
    return [about, t(sure, bound=f"{bound:.2f}")]


def _gate(config: RunConfig, shares: tuple[float, float]) -> str:
    gate = "f" if config.cell == "lstm" else "z"
    many = named(config).many
    if config.chrono_steps:
        return t("build.start.chrono", gate=gate, n=config.chrono_steps, many=many,
                 half=steps(start.half_life(shares[1])))
    bias = config.forget_bias if config.cell == "lstm" else config.update_bias
    return t("build.start.gate", gate=gate, bias=f"{bias:g}", share=f"{shares[0]:.3f}", many=many,
             half=steps(start.half_life(shares[0])), gone=steps(start.horizon(shares[0])))
