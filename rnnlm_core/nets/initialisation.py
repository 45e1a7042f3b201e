"""How the recurrent weights begin: what decides how far back a network can learn at all.

PyTorch's own start draws everything from U(±1/√H), so W_hh has a spectral radius of about 0.58 and
every vanilla RNN begins in the vanishing regime. The others draw W_hh block by block (one block a
gate), W_ih by Xavier, and set the biases to zero.

Source: Glorot & Bengio 2010 (Xavier); Saxe et al. 2014 (arXiv 1312.6120, orthogonal); Le et al.
2015 (arXiv 1504.00941, identity with ReLU); Gers et al. 2000 and Jozefowicz et al. 2015 (forget
bias); Tallec & Ollivier 2018 (arXiv 1804.11188, chrono).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnnlm_core.config import RunConfig

IDENTITY_INPUT_STD = 0.001  # of W_ih beside an identity W_hh (Le et al. 2015)


@torch.no_grad()
def initialise(layer: nn.RNNBase, config: RunConfig) -> None:
    """Draw the weights of one recurrent layer anew, as the config asks. Uses the global generator.

    PyTorch adds two biases: where one is set, b_ih holds it and b_hh is zero.
    """
    w_ih, w_hh, b_ih, b_hh = (getattr(layer, f"{name}_l0") for name in (
        "weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    gates = w_hh.shape[0] // w_hh.shape[1]
    if config.initialisation != "pytorch":
        for block in w_ih.chunk(gates):
            if config.initialisation == "identity":
                nn.init.normal_(block, std=IDENTITY_INPUT_STD)
            else:
                nn.init.xavier_uniform_(block)
        for block in w_hh.chunk(gates):
            _recurrent_block(block, config)
        b_ih.zero_()
        b_hh.zero_()
    _gate_biases(b_ih, b_hh, config)


def _recurrent_block(block: Tensor, config: RunConfig) -> None:
    """W_hh of one gate (H, H), `gain` times as large as the rule draws it."""
    if config.initialisation == "identity":
        nn.init.eye_(block).mul_(config.gain)
    elif config.initialisation == "orthogonal":
        nn.init.orthogonal_(block, config.gain)
    else:
        nn.init.xavier_uniform_(block, config.gain)


def _gate_biases(b_ih: Tensor, b_hh: Tensor, config: RunConfig) -> None:
    """What the gates begin with: how long each unit keeps its state before anything is learned."""
    if config.cell == "lstm":
        keep, let_in = slice(config.hidden, 2 * config.hidden), slice(0, config.hidden)
        if config.chrono_steps:
            memory = _chrono(b_ih[keep], config.chrono_steps)
            _set(b_ih, b_hh, keep, memory)
            _set(b_ih, b_hh, let_in, -memory)
        else:
            _set(b_ih, b_hh, keep, config.forget_bias)
    elif config.cell == "gru":
        keep = slice(config.hidden, 2 * config.hidden)  # z = 1 keeps the old state in PyTorch
        if config.chrono_steps:
            _set(b_ih, b_hh, keep, _chrono(b_ih[keep], config.chrono_steps))
        elif config.update_bias:
            _set(b_ih, b_hh, keep, config.update_bias)


def _chrono(like: Tensor, longest: int) -> Tensor:
    """log U(1, T_max − 1), one a unit: a gate of σ(b) keeps for about e^b steps."""
    return torch.empty_like(like).uniform_(1.0, max(1.0, longest - 1.0)).log_()


def _set(b_ih: Tensor, b_hh: Tensor, gate: slice, value: Tensor | float) -> None:
    b_ih[gate] = value
    b_hh[gate] = 0.0
