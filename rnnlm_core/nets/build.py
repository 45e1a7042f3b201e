"""A config's network, whichever kind it is."""

from __future__ import annotations

import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.cnn import CausalCNN
from rnnlm_core.nets.language_model import LanguageModel
from rnnlm_core.nets.recurrent import RecurrentModel


def build(config: RunConfig, vocabulary: int) -> LanguageModel:
    """A freshly initialised model: the same weights for the same seed, whatever ran before."""
    kind = CausalCNN if config.cell == "cnn" else RecurrentModel
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return kind(config, vocabulary)
