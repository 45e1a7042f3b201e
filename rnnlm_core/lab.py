"""The whole job in ten lines: train, look, write. For notebooks, and what the pages stand on.

    from rnnlm_core import RunConfig, train
    run = train(RunConfig(corpus="names", max_seconds=30))
    print(run.write("LATIN ", length=80))
"""

from __future__ import annotations

import time
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlm_core import launch, prepared
from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.embedding_start import with_named_table
from rnnlm_core.errors import CorpusError, Diverged, Problem, RunError
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.insight.gradients import LagProfile, lag_profile
from rnnlm_core.insight.probe import Probe, read_probes
from rnnlm_core.insight.states import StateReading, read_states, refuse_no_numbers
from rnnlm_core.nets.build import build
from rnnlm_core.nets.language_model import LanguageModel
from rnnlm_core.records import GradientReach, Status, StepMetrics, WrittenSample, Yardstick
from rnnlm_core.run.checkpoint import load_weights
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import entries
from rnnlm_core.worker import Progress, work

if TYPE_CHECKING:
    import pandas


class Run:
    """A run folder, opened: its numbers, its model at any kept step, and what one does with it."""

    def __init__(self, folder: RunFolder | Path | str, step: int | None = None) -> None:
        """`step` picks a kept checkpoint; the newest where it is None."""
        self.folder = folder if isinstance(folder, RunFolder) else RunFolder(folder)
        if not self.folder.exists():
            raise RunError("run.missing", folder=self.folder.id)
        self._step = step

    @property
    def path(self) -> Path:
        return self.folder.path

    @cached_property
    def config(self) -> RunConfig:
        return self.folder.config()

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return prepared.tokenizer(self.folder)

    @property
    def status(self) -> Status:
        return launch.status(self.folder)

    @property
    def yardsticks(self) -> list[Yardstick]:
        return self.folder.yardsticks()

    @property
    def samples(self) -> list[WrittenSample]:
        return self.folder.samples()[0]

    @property
    def profiles(self) -> list[GradientReach]:
        """How far the gradient reached back while the run trained, a record a layer and time."""
        return self.folder.profiles()[0]

    @property
    def probes(self) -> list[Probe]:
        """The states of one fixed text as they were while the run trained."""
        return read_probes(self.folder.probes)

    @property
    def steps_kept(self) -> list[int]:
        return [entry.step for entry in entries(self.folder.checkpoints)]

    def metrics(self) -> pandas.DataFrame:
        """Every logged step as a row, columns as in `StepMetrics`."""
        import pandas

        rows, _ = self.folder.metrics()
        names = list(StepMetrics.__dataclass_fields__)
        return pandas.DataFrame([[getattr(r, n) for n in names] for r in rows], columns=names)

    @cached_property
    def model(self) -> LanguageModel:
        """On the CPU, ready to read (dropout off)."""
        found = load_weights(self.folder.checkpoints, self._step)
        model = build(self.config, self.tokenizer.size)
        weights = found.weights()
        if {n: t.shape for n, t in weights.items()} != {
                n: t.shape for n, t in model.state_dict().items()}:
            raise RunError("run.mismatch", what="tensor shapes")
        model.load_state_dict(weights)
        return model.eval()

    @cached_property
    def untrained(self) -> LanguageModel:
        """The same network as it was before its first step, with the embedding it began with."""
        kept = entries(self.folder.checkpoints)
        if self.config.embedding_source != "scratch" and kept and kept[0].step == 0:
            return Run(self.folder, 0).model
        return build(self.config, self.tokenizer.size).eval()

    @cached_property
    def validation_text(self) -> str:
        return prepared.validation_text(self.folder)

    def write(self, prompt: str = "", **settings: Any) -> str:
        """Text that goes on from `prompt`; settings as in `SamplingSettings`.

        Characters of the prompt that the model has no id for are left out, with a warning.
        """
        if unknown := self.tokenizer.unknown_in(prompt):
            warnings.warn(str(Problem("prompt.unknown_characters",
                                      {"characters": " ".join(unknown)})),
                          stacklevel=2)
        tokens = generate(self.model, self.tokenizer, prompt, SamplingSettings(**settings))
        return "".join(token.text for token in tokens)

    def states(self, text: str) -> StateReading:
        """Every hidden unit and gate over every token of `text`.

        Raises `RunError`, run.no_numbers, where the training diverged and left none.
        """
        reading = read_states(self.model, self.tokenizer, text)
        refuse_no_numbers(reading.h, reading.c, reading.surprise[1:])
        return reading

    def gradient_reach(self, lags: int = 100) -> LagProfile:
        """How the gradient of one loss fades with the distance to earlier states."""
        ids = self.tokenizer.encode(self.validation_text)
        needed = 2 * (lags + 2)
        if len(ids) < needed:
            raise CorpusError("text.too_short", value=len(ids), limit=needed)
        return lag_profile(self.model, ids, lags=lags)


def train(config: RunConfig, runs: Path | str | None = None,
          progress: Progress | None = None) -> Run:
    """Train in this process until the end; returns the finished run.

    `config.vectors` may also be a file of word vectors or `hf:OWNER/NAME:FILE`, read now.

    Raises `BadInput` before anything starts, and `Diverged` or `RunError` where training ended so.
    """
    root = Path(runs) if runs is not None else launch.runs_root()
    folder = launch.create_run(with_named_table(config, root / "corpora"), root)
    work(folder, progress)
    return _checked(folder)


def resume(path: Path | str, progress: Progress | None = None) -> Run:
    """Go on from the last checkpoint, to the bit where machine and versions are the same."""
    folder = RunFolder(path)
    launch.reopen(folder)
    work(folder, progress)
    return _checked(folder)


def _checked(folder: RunFolder) -> Run:
    said = folder.status(time.time())
    if said.error is not None:
        kind = Diverged if said.state == "diverged" else RunError
        raise kind(said.error["code"], **said.error["values"])
    return Run(folder)
