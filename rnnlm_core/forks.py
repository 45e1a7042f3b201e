"""What a fork can change of the run that it goes on from, and what that leaves of it."""

from __future__ import annotations

from rnnlm_core.config import FIELDS

# the weights and the losses before a fork are those of these settings
FORK_FIXED = (*(n for n in FIELDS if FIELDS[n].metadata["group"] == "text"),
              "cell", "activation", "embedding", "hidden", "layers", "receptive_field",
              "tie_weights", "layer_norm", "residual", "softmax", "embedding_source", "vectors")
# with another one of these, the place in the text and the carried state do not fit any more
WINDOW_FIELDS = {"batch", "sequence_length", "backprop_length", "carry_length", "windows"}
