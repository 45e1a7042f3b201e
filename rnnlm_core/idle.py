"""Which settings change nothing beside the others."""

from __future__ import annotations

from rnnlm_core.config import DROPOUTS, RunConfig


def idle(config: RunConfig) -> set[str]:
    """The form disables their fields, comparisons pass over them."""
    gates = {"lstm": {"forget_bias"}, "gru": {"update_bias"}}.get(config.cell, set())
    found = {"forget_bias", "update_bias"} - (set() if config.chrono_steps else gates)
    if config.cell != "rnn":
        found.add("activation")
    if config.cell not in ("gru", "lstm"):
        found.add("chrono_steps")
    if config.cell == "cnn":  # as deep as its receptive field asks for, always residual
        found |= {"layers", "residual"}
    else:
        found.add("receptive_field")
        if config.layers == 1:
            found |= {"layer_dropout", "residual"}
    if config.embedding_source != "file":
        found.add("vectors")
    if not config.embedding:
        found.add("freeze_embedding")
    if config.initialisation == "pytorch":
        found.add("gain")
    if not any(getattr(config, name) for name in DROPOUTS):
        found.add("variational_dropout")
    if config.tokenizer == "bytes":
        found |= {"max_vocabulary", "min_frequency"}
    if config.division == "own":
        found |= {"validation_share", "test_share"}
    if config.division != "contiguous" or not config.validation_share + config.test_share:
        found.add("gap")
    if config.windows == "random":
        found.add("carry_length")
    if config.schedule != "step":
        found |= {"decay_factor", "decay_every"}
    if config.schedule in ("one_cycle", "range"):  # they rise in their own way
        found.add("warm_up_steps")
    return found
