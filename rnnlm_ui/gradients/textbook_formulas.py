r"""The formulas of the textbook tool in LaTeX: mathematics needs no translation.

The colours are readable on both themes (above 4 : 1; KaTeX does not follow the theme), and each of
them marks the same term everywhere: the error orange, what comes from later blue, the slope green,
a fault pink. Lines are short, so that they fit on a phone.
"""

from __future__ import annotations

FAULT, ERROR, LATER, SLOPE = "#D6336C", "#D9480F", "#1C7ED6", "#2B8A3E"


def _colour(colour: str, formula: str) -> str:
    return rf"\textcolor{{{colour}}}{{{formula}}}"


def fault(formula: str) -> str:
    return _colour(FAULT, formula)


def _marked(formula: str, letter: str) -> str:
    return fault(rf"\underbrace{{{formula}}}_{{\text{{({letter})}}}}")


_SLOPE = _colour(SLOPE, r"f'(a_t) \odot")
_ERROR = _colour(ERROR, r"W_o^\top (p_t - y_t)")
_LATER = _colour(LATER, r"W_{hh}^\top\, \delta_{t+1}")

TUTORIAL = (r"\begin{aligned}\delta_t = \," + fault(r"f'\!\big(") + _marked(r"W_{hh}", "b")
            + r"\,\delta_{t+1} &+ " + _marked(r"W_{xh}\,\delta_{t-1}", "c, d") + r"\\ &+ "
            + _marked("b_h", "e") + " - " + _marked("y_t", "f") + fault(r"\big)")
            + _colour(FAULT, r"\;\text{(a)}") + r"\end{aligned}")
RIGHT = (r"\begin{aligned}\delta_t &= " + _SLOPE + r"\big(" + _ERROR + r"\\ &\qquad + " + _LATER
         + r"\big)\\ \delta_{T+1} &= 0\end{aligned}")

DERIVATION: dict[str, str] = {
    "parts": r"""\begin{aligned}\bar g_t := \frac{\partial L}{\partial h_t}
        &= \Big(\frac{\partial s_t}{\partial h_t}\Big)^{\!\top} \frac{\partial L_t}{\partial s_t}\\
        &+ \Big(\frac{\partial a_{t+1}}{\partial h_t}\Big)^{\!\top} \delta_{t+1}\end{aligned}""",
    "error": r"""\begin{aligned}L_t &= -s_t[w] + \log \textstyle\sum_j e^{s_t[j]}\\
        \frac{\partial L_t}{\partial s_t} &= """ + _colour(ERROR, "p_t - y_t") + r"\end{aligned}",
    "output": r"\begin{aligned}s_t &= W_o h_t\\ \Big(\frac{\partial s_t}{\partial h_t}\Big)^{\!"
              r"\top} \frac{\partial L_t}{\partial s_t} &= " + _ERROR + r"\end{aligned}",
    "carry": r"""\begin{aligned}a_{t+1} &= W_{xh}\, x_{t+1} + W_{hh}\, h_t + b_h\\
        \frac{\partial a_{t+1}}{\partial h_t} &= W_{hh}
        \;\Rightarrow\; """ + _LATER + r"\end{aligned}",
    "slope": r"\begin{aligned}h_t &= f(a_t)\\ "
             r"\delta_t = \frac{\partial L}{\partial a_t} &= " + _SLOPE + r"\,\bar g_t"
             r"\end{aligned}",
    "whole": r"\boxed{" + RIGHT + "}",
}
ARRAYS = (r"\begin{aligned}\frac{\partial L}{\partial W_{hh}} &= \sum_t \delta_t h_{t-1}^\top, &"
          r"\frac{\partial L}{\partial W_{xh}} &= \sum_t \delta_t x_t^\top\\"
          r"\frac{\partial L}{\partial b_h} &= \sum_t \delta_t, &"
          r"\frac{\partial L}{\partial W_o} &= \sum_t (p_t - y_t) h_t^\top\end{aligned}")


def _delta(slope: str, error: str, later: str) -> str:
    return rf"\begin{{aligned}}\delta_t = {slope} \big( &{error}\\ &+ {later} \big)\end{{aligned}}"


_S, _E, _L = r"f'(a_t) \odot", r"W_o^\top (p_t - y_t)", r"W_{hh}^\top\, \delta_{t+1}"
_NO_CARRY = r"\delta_t = f'(a_t) \odot W_o^\top (p_t - y_t)"
_RULE = _delta(_SLOPE, _ERROR, _LATER)
EXERCISES: dict[str, tuple[str, str]] = {  # as it is asked, and what is right
    "transpose": (_delta(_S, _E, r"W_{hh}\, \delta_{t+1}"), _RULE),
    "no_slope": (r"\delta_t = " + _E + r"\, + " + _L, _RULE),
    "squares": (_delta(r"(1 - h_t \odot h_t) \odot", _E, _L), _RULE),
    "slope_of_h": (_delta(r"f'(h_t) \odot", _E, _L), _RULE),
    "no_carry": (_NO_CARRY, _RULE),
    "no_carry_pairs": (_NO_CARRY, _RULE),
    "no_output": (_delta(_S, r"(p_t - y_t)", _L), _RULE),
    "sign": (_delta(_S, r"W_o^\top (y_t - p_t)", _L), _RULE),
    "mean": (r"\tilde\delta_t = \tfrac{1}{T}\, \delta_t", _RULE),
    "delta_loss": (r"L = -\textstyle\sum_t \log (y_t \cdot \delta_t)",
                   r"L = -\tfrac{1}{N} \textstyle\sum_t \log (y_t \cdot p_t)"),
    "squared_error": (r"L = \textstyle\sum_j (p_j - y_j)^2", r"L = -\textstyle\sum_j y_j \log p_j"),
    "test_text": (r"\theta \leftarrow \theta - \alpha \nabla_{\!\theta}\, L_{\text{test}}",
                  r"p_t = \operatorname{softmax}(W_o h_t), \quad \theta \leftarrow \theta"),
}
PULLS = (r"\begin{aligned}\Big|\frac{\partial L}{\partial s_1}\Big| &= 4\,\varepsilon\,"
         r"(1 - \varepsilon)^2 && L = \textstyle\sum_j (p_j - y_j)^2\\"
         r"\Big|\frac{\partial L}{\partial s_1}\Big| &= 1 - \varepsilon && L = -\log p_1"
         r"\end{aligned}")
DELTA_LOSS = "L = -" + r"\textstyle\sum_t \log\big(y_t \cdot " + fault(r"\delta_t") + r"\big)"
TRUE_LOSS = (r"L = -\tfrac{1}{N} \textstyle\sum_t \log\big(y_t \cdot "
             + _colour(ERROR, "p_t") + r"\big)")
