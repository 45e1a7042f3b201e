"""PyTorch's optimizers, as a config names them."""

from __future__ import annotations

import torch
from torch import nn

from rnnlm_core.config import RunConfig


def make_optimizer(config: RunConfig, model: nn.Module) -> torch.optim.Optimizer:
    """PyTorch's optimizer for the config, fused where there is such a kernel.

    The weight decay of AdamW acts on the weights by itself, that of the others is a part of the
    gradient (Loshchilov & Hutter 2019, arXiv 1711.05101).
    """
    parameters, rate, decay = list(model.parameters()), config.learning_rate, config.weight_decay
    if config.optimizer == "adamw":
        return torch.optim.AdamW(parameters, rate, weight_decay=decay, fused=True)
    if config.optimizer == "adam":
        return torch.optim.Adam(parameters, rate, weight_decay=decay, fused=True)
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, weight_decay=decay, foreach=True)
    momentum = 0.9 if config.optimizer == "momentum" else 0.0
    return torch.optim.SGD(parameters, rate, momentum, weight_decay=decay, fused=True)


def moments_of(optimizer: str) -> set[str]:
    """What PyTorch's optimizer of this name keeps for each parameter."""
    return {"sgd": set(), "momentum": {"momentum_buffer"}, "rmsprop": {"step", "square_avg"},
            "adam": {"step", "exp_avg", "exp_avg_sq"},
            "adamw": {"step", "exp_avg", "exp_avg_sq"}}[optimizer]
