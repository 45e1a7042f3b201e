"""The tools of the States page: how long a reader waits, by the processor's clock, one thread.

`find`: 10,000 tokens of Python source against 512 units and 16 labels, as states that an LSTM 256
has of it (h and c), so that saturated units tie as they really do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.rows import Found, at_most, one_thread, processor_seconds
from rnnlm_core.config import RunConfig
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.insight.accuracies import accuracies
from rnnlm_core.insight.labels import Label, label_of_tokens
from rnnlm_core.insight.own_labels import pattern_label
from rnnlm_core.insight.picking import has_enough, places_of
from rnnlm_core.insight.strips import all_units
from rnnlm_core.insight.units import first_list, search, token_labels, unit_names
from rnnlm_core.nets.build import build

TOKENS, LABELS = 10_000, 16
_PATTERNS = (r"\bself\b", r"(?<=def )\w+", r"\bimport\b.*", r"(?<=\.)\w+", r"=\s*\w+", r"^\s*#.*",
             r"\breturn\b.*", r"\w+(?=\()")


def states(_runs: Path) -> list[Found]:
    """One group for the whole page; each tool adds its rows."""
    return find()


@one_thread()
def find() -> list[Found]:
    text = BUILTIN["source"]()[:TOKENS]
    tokenizer = CharTokenizer.fit(text)
    ids, labels = token_labels(tokenizer, text)
    labels = _enough(labels, text, tokenizer.owners(ids)[1], ids)
    models = [build(RunConfig(cell="lstm", hidden=256, seed=seed), tokenizer.size).eval()
              for seed in (1, 2)]
    units, control = (all_units(model, ids) for model in models)
    names = unit_names(models[0].config)
    print(f"  {len(ids):,} tokens, {len(units)} units, {len(labels)} labels: "
          f"{', '.join(label.name for label in labels)}", file=sys.stderr)
    return [
        at_most("states: find, first list without guards", processor_seconds(
            lambda: first_list(units, names, labels)), "s", 1.0),
        at_most("states: find, with every guard", processor_seconds(
            lambda: search(units, control, names, labels, ids, None, echoes=True)), "s", 2.5),
        at_most("states: find, three accuracies of a label", processor_seconds(
            lambda: accuracies(units, labels[0], ids, 0)), "s", 1.0),
        ("states: find, reading the text (LSTM 256)", processor_seconds(
            lambda: all_units(models[0], ids)), "s", "–", None)]


def _enough(labels: list[Label], text: str, owners: Any, ids: Any) -> list[Label]:
    """Sixteen that are searched: those of the text, then patterns."""
    usable = [label for label in labels if has_enough(label, places_of(label))]
    for pattern in _PATTERNS:
        label = label_of_tokens(pattern_label(pattern, text), owners, ids)
        if len(usable) < LABELS and has_enough(label, places_of(label)):
            usable.append(label)
    if len(usable) < LABELS:
        raise RuntimeError(f"the text has cases of only {len(usable)} labels")
    return usable
