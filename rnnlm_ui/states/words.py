"""Words: which tokens the network takes for alike, and one word in different sentences."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import embeddings_view
from rnnlm_ui.states import contextual
from rnnlm_ui.states.look import Look


def show(look: Look, answer: DeltaGenerator) -> None:
    contextual.section(look, answer)
    embeddings_view.section(look.folder)
