"""Make, fork and find run folders."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs

from rnnlm_core.config import FIELDS, RunConfig
from rnnlm_core.data import tokenizer as tokenizers
from rnnlm_core.data.corpus import Corpus, load_corpus
from rnnlm_core.data.parts import divide
from rnnlm_core.data.split import fit_to_text
from rnnlm_core.embedding_start import refuse_other_size, with_kept_table
from rnnlm_core.errors import ConfigError, Problem, storage_error
from rnnlm_core.forks import FORK_FIXED, WINDOW_FIELDS
from rnnlm_core.nets.parameters import training_megabytes
from rnnlm_core.records import Control, Origin
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import copy_until, entry_at

MAX_MEGABYTES = 4_000
PROJECT = Path(__file__).resolve().parents[2]
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
# settings that a plan was measured with: where a fork changes one, it is measured anew
_MEASURED = {*WINDOW_FIELDS, "max_steps", "max_seconds", "device", "precision", "threads",
             "optimizer", "loss", "averaging"}


def runs_root() -> Path:
    """Where runs are kept: `$UNROLL_RUNS`, else a folder of this user."""
    return Path(os.environ.get("UNROLL_RUNS") or platformdirs.user_data_path("unroll") / "runs")


def models_root() -> Path:
    """The trained runs that come with the project."""
    return PROJECT / "models"


def fitted(text: str, config: RunConfig, own: tuple[int, ...] = ()
           ) -> tuple[tokenizers.Tokenizer, int]:
    """The tokenizer of a text's training part, and how many tokens that has."""
    training = divide(text, config, own).training
    tokenizer = tokenizers.fit(config.tokenizer, training, config.max_vocabulary,
                               config.min_frequency, config.marks)
    return tokenizer, len(tokenizer.encode(training))


def create_run(config: RunConfig, root: Path, corpus: Corpus | None = None,
               origin: Origin | None = None, fit: Callable[..., Any] = fitted) -> RunFolder:
    """A new run folder, ready to start. Fetches the text where it is not in the store yet.

    Who makes many at once gives the text, and a `fit` that remembers.

    Raises `ConfigError` (all problems of the settings), `CorpusError`, or `RunError` where the
    disk refuses, and then leaves no run.
    """
    config.checked()
    config = with_kept_table(config, root / "corpora")
    try:
        corpus = corpus or load_corpus(config.corpus, root / "corpora", config.max_characters)
        tokenizer, tokens = fit(corpus.text, config.of_text(), corpus.manifest.parts)
        fits = fit_to_text(tokens, config.batch, config.sequence_length)
        needed = training_megabytes(replace(config, batch=fits.batch), tokenizer.size)
        if needed > MAX_MEGABYTES:
            raise ConfigError([Problem("config.model_too_large",
                                       {"value": round(needed), "limit": MAX_MEGABYTES})])
        refuse_other_size(config, root / "corpora")
        return _new_folder(root, {
            "tokenizer.json": tokenizer.to_json(), "corpus.json": corpus.manifest.to_json(),
            "control.json": Control().to_json(),
            **({} if origin is None else {"origin.json": origin.to_json()}),
            "config.json": config.to_json()})  # last: with it the folder is a run
    except OSError as error:
        raise storage_error(error) from error


def _new_folder(root: Path, files: dict[str, str]) -> RunFolder:
    root.mkdir(parents=True, exist_ok=True)
    while True:
        folder = RunFolder(root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}")
        with contextlib.suppress(FileExistsError):  # another one's, of this very second
            folder.path.mkdir()
            break
    try:
        for name, content in files.items():
            folder.write(name, content)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return folder


def fork(folder: RunFolder, step: int | None, config: RunConfig, root: Path) -> RunFolder:
    """A new run that begins as a copy of this one at a kept step, with changed settings.

    Steps and seconds count on from there, so `max_steps` and `max_seconds` are totals. Where
    nothing is changed and the moment was kept whole, the fork repeats the other run to the bit.
    Raises `ConfigError` (all problems), or `RunError` where there is no such moment.
    """
    config.checked()
    before, entry = folder.config(), entry_at(folder.checkpoints, step)
    changed = {n: getattr(config, n) for n in FIELDS if getattr(config, n) != getattr(before, n)}
    if fixed := [n for n in changed if n in FORK_FIXED]:
        raise ConfigError([Problem("config.fork_fixed", {"field": n}) for n in fixed])
    rows = [r for r in folder.metrics()[0] if r.step <= entry.step]
    seconds = rows[-1].seconds if rows else 0.0
    if (config.max_steps and config.max_steps <= entry.step) or (
            config.max_seconds and config.max_seconds <= seconds):
        raise ConfigError([Problem("config.fork_ended", {
            "step": entry.step, "seconds": f"{seconds:.0f}"})])
    origin = Origin("fork", parent=folder.id, step=entry.step,
                    exact=entry.whole and not changed,
                    changed=changed)
    samples = [s for s in folder.samples()[0] if s.step <= entry.step]
    profiles = [p for p in folder.profiles()[0] if p.step <= entry.step]
    files = {name: (folder.path / name).read_text("utf-8")
             for name in ("tokenizer.json", "corpus.json", "validation.txt", "yardsticks.json")
             if (folder.path / name).is_file()}
    if (plan := folder.plan()) is not None and not set(changed) & _MEASURED:
        files["plan.json"] = plan.to_json()
    try:
        made = _new_folder(root, {
            **files, "origin.json": origin.to_json(), "control.json": Control().to_json(),
            "metrics.jsonl": "".join(r.to_json() + "\n" for r in rows),
            "samples.jsonl": "".join(s.to_json() + "\n" for s in samples),
            "profiles.jsonl": "".join(p.to_json() + "\n" for p in profiles)})
        copy_until(folder.checkpoints, made.checkpoints, entry.step)
        made.write("config.json", config.to_json())  # last: with it the folder is a run
        return made
    except OSError as error:
        raise storage_error(error) from error


def list_runs(root: Path) -> list[RunFolder]:
    """Every run of a folder, the newest first."""
    if not root.is_dir():
        return []
    found = [RunFolder(path) for path in root.iterdir() if (path / "config.json").is_file()]
    return sorted(found, key=lambda folder: folder.id, reverse=True)


def find_run(run_id: str, root: Path) -> RunFolder | None:
    """A run by its id, own or shipped; ids that are no plain folder name find nothing."""
    if not _RUN_ID.fullmatch(run_id):
        return None
    for parent in (root, models_root()):
        folder = RunFolder(parent / run_id)
        if folder.exists():
            return folder
    return None
