"""Cells and how their weights begin, by name. No torch here: a page lists them without it."""

from __future__ import annotations

from dataclasses import dataclass

from rnnlm_core.config import Activation, Cell


@dataclass(frozen=True)
class Start:
    """A cell and how its weights begin; what is not named keeps PyTorch's U(±1/√H).

    `orthogonal` and `identity` are W_hh, with biases 0 and small input weights, N(0, 0.1²): strong
    inputs push tanh to where its slope is small. (Le et al. take N(0, 0.001²) for the identity.)
    `forget_bias` (LSTM) and `update_bias` (GRU) are the whole bias of that gate, in b_ih, and all
    other biases are 0: at forget bias 5 that alone decides whether the gradient grows or merely
    lasts. `chrono` draws them from the length of the task instead, and −b_f for the input gate.
    Sources: orthogonal: Saxe et al. 2013 (arXiv 1312.6120). identity: Le et al. 2015 (1504.00941).
    Forget bias: Gers et al. 2000, Jozefowicz et al. 2015. chrono: Tallec & Ollivier 2018
    (1804.11188); in PyTorch's GRU z keeps the old state, so that b_z has the sign of b_f.
    """

    name: str
    cell: Cell
    activation: Activation = "tanh"
    orthogonal: bool = False
    identity: bool = False
    forget_bias: float | None = None
    update_bias: float | None = None
    chrono: bool = False


STARTS: dict[str, Start] = {start.name: start for start in (
    Start("rnn_default", "rnn"),
    Start("rnn_sigmoid", "rnn", "sigmoid"),
    Start("rnn_orthogonal", "rnn", orthogonal=True),
    Start("rnn_identity", "rnn", "relu", identity=True),
    Start("gru_default", "gru"),
    Start("gru_update_5", "gru", update_bias=5.0),
    Start("gru_chrono", "gru", chrono=True),
    Start("lstm_default", "lstm"),
    Start("lstm_forget_0", "lstm", forget_bias=0.0),
    Start("lstm_forget_1", "lstm", forget_bias=1.0),
    Start("lstm_forget_5", "lstm", forget_bias=5.0),
    Start("lstm_chrono", "lstm", chrono=True))}
