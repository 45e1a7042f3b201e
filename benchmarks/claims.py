"""`python -m benchmarks.claims`: what texts claim about gradients, each held against a run.

Writes `docs/claims.json`, which the page "Check the textbook" reads, and `docs/claims.md` from it.
It takes seconds: figures of the recall task are those of `docs/reproduced.json`. The words are in
`strings/`: what is said under `claims.said`, what was found under `.found`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks import claims_measured as measured
from benchmarks.claims_measured import Values
from benchmarks.reproduced import DOCS
from rnnlm_ui.claims import TOPICS, Claim, Topic, Verdict, loaded, readables, source_text
from rnnlm_ui.i18n import translate

RECALL = "python -m benchmarks.reproduce recall"
HERE = "python -m benchmarks.claims"


@dataclass(frozen=True)
class Check:
    """A claim, how it is measured, and what the figures must show for the verdict to stand."""

    name: str
    topic: Topic
    verdict: Verdict
    source: str
    lab: str  # the tool of the Gradients page where it can be seen
    measure: Callable[[], Values]  # with the network and settings of `view`, where it has some
    bears: Callable[[Values], bool]
    view: Mapping[str, str | float] = field(default_factory=dict)  # which part of that tool
    run: str = HERE

    def measured(self) -> Claim:
        """Raises ValueError where the figures do not bear the verdict out."""
        values = self.measure()
        if not self.bears(values):
            raise ValueError(f"{self.name} is called {self.verdict}, but was measured as {values}")
        return Claim(self.name, self.topic, self.verdict, self.source, self.lab, dict(self.view),
                     self.run, values)


View = dict[str, str | float]


def _gate(cell: str, bias: float) -> View:
    slider = "forget" if cell == "lstm" else "update"
    return {"room": "gate", "room_cell": cell, f"room_{slider}": bias}


def _gain(activation: str, gain: float, noise: float) -> View:
    return {"room": "gain", "room_net": "random", "room_phi": activation, "room_gain": gain,
            "room_noise": noise, "room_bias": 0.0}


_MATRIX: View = {"room": "matrix", "room_diagonal": 0.9, "room_corner": 10.0}
_UNIT: View = {"room": "unit", "room_unit": "tanh", "room_weight": 1.5, "room_start": 0.5}
_GERS = "Gers et al. 2000; Jozefowicz et al. 2015"
CHECKS: tuple[Check, ...] = (
    Check("rnn_long", "cells", "contradicted", "tutorial 2.1, FAQ", "dial",
          lambda: measured.recall(30, "rnn_default"), lambda v: v["solved"] < 4, run=RECALL),
    Check("lstm_vanishing", "cells", "contradicted", "tutorial FAQ", "room",
          measured.lstm_vanishes, lambda v: v["left"] < 1e-10 and v["solved"] < 4,
          _gate("lstm", 0.0)),
    Check("lstm_exploding", "cells", "contradicted", "tutorial FAQ", "room",
          lambda: measured.gate("lstm", 5.0), lambda v: v["rate"] > 1, _gate("lstm", 5.0)),
    Check("name_decides", "cells", "contradicted", "common", "dial",
          lambda: measured.recalls(lstm=(30, "lstm_default"), rnn=(30, "rnn_orthogonal")),
          lambda v: v["lstm_solved"] < v["rnn_solved"], run=RECALL),
    Check("forget_bias_1", "cells", "depends", _GERS, "dial",
          lambda: measured.recalls(one=(10, "lstm_forget_1"), none=(10, "lstm_default"),
                                   far=(30, "lstm_forget_1")),
          lambda v: v["one_median"] < v["none_median"] and v["far_solved"] < 4, run=RECALL),
    Check("chrono", "cells", "reproduced", "Tallec & Ollivier 2018", "dial",
          lambda: measured.recalls(chrono=(30, "lstm_chrono"), none=(30, "lstm_default")),
          lambda v: v["chrono_solved"] >= 4 > v["none_solved"], run=RECALL),
    Check("orthogonal", "cells", "reproduced", "Saxe et al. 2013; Le et al. 2015", "dial",
          lambda: measured.recalls(orthogonal=(30, "rnn_orthogonal"), none=(30, "rnn_default")),
          lambda v: v["orthogonal_solved"] >= 4 > v["none_solved"], run=RECALL),
    Check("gru_keeps", "cells", "depends", "Cho et al. 2014; Chung et al. 2014; PyTorch", "room",
          measured.gru_convention, lambda v: v["plus"] > 0.98 and v["minus"] < 0.7,
          _gate("gru", 5.0)),
    Check("sigma_bound", "theory", "reproduced", "Pascanu et al. 2013", "spectra",
          lambda: measured.gain(0.9, "tanh", 0.3), lambda v: v["rate"] <= v["bound"] < 1),
    Check("sigma_explodes", "theory", "contradicted", "common", "room",
          lambda: measured.gain(1.5, "tanh", 1.0), lambda v: v["rate"] < 1 < v["bound"],
          _gain("tanh", 1.5, 1.0)),
    Check("eigenvalues", "theory", "contradicted", "common", "room",
          measured.growing_matrix, lambda v: v["largest"] > 10 and v["radius"] < 1, _MATRIX),
    Check("g_one", "theory", "depends", "common", "room",
          measured.g_one, lambda v: abs(v["still"] - 1) < 1e-9 and v["strong"] < 0.7,
          _gain("tanh", 1.0, 0.3)),
    Check("sigmoid", "theory", "reproduced", "Bengio et al. 1994", "room",
          lambda: measured.gain(1.0, "sigmoid", 0.3), lambda v: v["rate"] <= 0.25,
          _gain("sigmoid", 1.0, 0.3)),
    Check("relu", "theory", "depends", "common", "room",
          measured.relu, lambda v: v["one"] < 0.9 and v["more"] > 1.1, _gain("relu", 1.6, 1.0)),
    Check("large_weights", "theory", "contradicted", "common", "room",
          measured.one_unit, lambda v: v["at_more"] < v["at_one"], _UNIT),
    Check("direct_path", "theory", "depends", "common", "room",
          lambda: measured.gate("lstm", 1.0), lambda v: v["direct"] + 0.05 < v["rate"],
          _gate("lstm", 1.0)),
    Check("total_norm", "training", "contradicted", "common", "reach",
          measured.total_norm, lambda v: abs(v["near"] / v["full"] - 1) < 1e-3),
    Check("clipping", "training", "contradicted", "common", "clip",
          measured.clipping, lambda v: abs(v["after"] / v["before"] - 1) < 1e-9),
    Check("clip_value", "training", "contradicted", "common", "clip",
          measured.clip_by_value, lambda v: v["degrees"] > 1),
    Check("healthy", "training", "contradicted", "common", "dial",
          lambda: measured.recall(100, "rnn_identity"),
          lambda v: v["r0"] > 0.1 and v["solved"] < 4, run=RECALL),
    Check("truncation", "training", "depends", "common", "truncate",
          measured.truncation, lambda v: v["beyond"] == 0 and v["reached"] == v["chunk"]),
    Check("tutorial_backward", "tutorial", "contradicted", "tutorial 3.3.2", "textbook",
          measured.tutorial_backward, lambda v: v["cosine"] < 0.5 and v["error"] < 1e-9,
          {"textbook": "backward"}),
    Check("tutorial_loss", "tutorial", "contradicted", "tutorial 3.3.3", "textbook",
          measured.tutorial_loss, lambda v: v["undefined"] > 0 and v["here"] == v["elsewhere"],
          {"textbook": "loss", "textbook_loss": "delta"}),
    Check("squared_error", "tutorial", "contradicted", "tutorial 3.2.2", "textbook",
          measured.squared_error, lambda v: v["squared"] < v["entropy"] / 100,
          {"textbook": "loss"}),
    Check("test_text", "tutorial", "contradicted", "tutorial 3.2.5", "textbook",
          measured.test_text,
          lambda v: v["after"] < v["best"] and v["other_after"] > v["other_before"],
          {"textbook": "prediction"}))


def as_markdown(claims: list[Claim]) -> str:
    """The page of the docs, from the rows alone."""
    parts = ["""# What texts claim about gradients, checked

Made by `python -m benchmarks.claims` from the same rows as the page's table (`claims.json`): the
figures are computed by `benchmarks/claims_measured.py`, those of the recall task read from
`reproduced.json`. **reproduced**: it came out here. **contradicted**: it did not, or the opposite
did. **depends**: true under a condition that the claim does not name. A test computes all figures
anew. “Tutorial” is the Chinese text on recurrent language models that this lab grew from. *See it*
is the end of the address of the Gradients page.
"""]
    for topic in TOPICS:
        lines = ["| claim | said by | verdict | measured | run | see it |",
                 "|---|---|---|---|---|---|"]
        for claim in claims:
            if claim.topic == topic:
                verdict = translate("en", f"claims.verdict.{claim.verdict}")
                said = translate("en", f"claims.said.{claim.name}")
                found = translate("en", f"claims.found.{claim.name}", **readables(claim))
                source = source_text(claim.source, "en")
                lines.append(f"| {said} | {source} | **{verdict}** | {found} "
                             f"| `{claim.run}` | `?{claim.address}` |")
        title = translate("en", f"claims.topic.{topic}")
        parts.append(f"## {title}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def keep(folder: Path = DOCS) -> None:
    rows = [asdict(check.measured()) for check in CHECKS]
    (folder / "claims.json").write_text(
        json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (folder / "claims.md").write_text(as_markdown(loaded(folder / "claims.json")), "utf-8")


if __name__ == "__main__":
    keep()
