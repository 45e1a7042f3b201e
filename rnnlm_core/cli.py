"""`python -m rnnlm_core`: train, resume, sweep, race, queue, generate, runs, ship.

Every field of `RunConfig` is an option of `train`, `sweep` and `race`. Results go to stdout,
progress to stderr.
Exit codes: 0 finished, 2 bad input, 3 diverged, 130 interrupted with the checkpoint kept.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from rnnlm_core import launch, sweep
from rnnlm_core.cli_options import config_of, with_settings
from rnnlm_core.errors import RunError, UnrollError, storage_error
from rnnlm_core.records import Status
from rnnlm_core.run.directory import RunFolder

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="Small recurrent language models: train, look inside, write.")
_WAIT_SECONDS = 0.5
VaryOption = Annotated[list[str], typer.Option(
    "--vary", help="SETTING=VALUE,VALUE,… up to three times, for example hidden=64,128.")]
SeedsOption = Annotated[int, typer.Option(
    "--seeds", min=1, max=sweep.MAX_RUNS, help="Each run with so many seeds.")]
EqualOption = Annotated[bool, typer.Option(
    "--equal-parameters", help="Choose hidden so that all have as many parameters.")]
RunsOption = Annotated[Path | None, typer.Option("--runs", help="Folder of the runs.")]


def _train(runs: RunsOption = None, **settings: Any) -> None:
    """Train in the foreground; the last line on stdout is the run folder."""
    config, root = config_of(settings, runs)
    folder = launch.create_run(config, root)
    if config.embedding_source == "file":
        _tell_coverage(folder)
    _foreground(folder)


def _tell_coverage(folder: RunFolder) -> None:
    """How much of the text the table knows, before anybody waits for the training."""
    from rnnlm_core.embedding_start import file_coverage
    from rnnlm_core.prepared import prepare

    read = prepare(folder)
    found = file_coverage(folder.config(), read.train_ids, read.tokenizer, folder.store)
    print(f"{found.count:,} of {read.tokenizer.size:,} tokens ({found.of_vocabulary:.1%}) begin "
          f"with a vector of their own: {found.of_text:.1%} of the training part.", file=sys.stderr)
    if found.missing:
        print("The commonest without one: " + ", ".join(
            f"{piece!r} ({count:,})" for piece, count in found.missing), file=sys.stderr)


app.command("train")(with_settings(_train))


def _sweep(vary: VaryOption, runs: RunsOption = None, seeds: SeedsOption = 1, **settings: Any
           ) -> None:
    """Queue a run for each combination of up to three settings; their folders go to stdout."""
    config, root = config_of(settings, runs)
    found: dict[str, str] = {}
    for one in vary:
        name, _, values = one.partition("=")
        found[name.strip().replace("-", "_")] = values
    repeats = sweep.seeds_from(config, seeds) if seeds > 1 else []
    _queue_group("sweep", sweep.grid(config, found, repeats), root)


def _race(runs: RunsOption = None, seeds: SeedsOption = 1, equal_parameters: EqualOption = False,
          **settings: Any) -> None:
    """Queue an RNN, a GRU and an LSTM from one set-up; their folders go to stdout."""
    config, root = config_of(settings, runs)
    vocabulary = sweep.vocabulary(config, root) if equal_parameters else None
    repeats = sweep.seeds_from(config, seeds) if seeds > 1 else []
    _queue_group("race", sweep.race(config, vocabulary, repeats), root)


def _queue_group(kind: Literal["sweep", "race"], variants: list[sweep.Variant], root: Path) -> None:
    folders = sweep.create_group(kind, variants, root)
    launch.enqueue(folders)
    for folder, variant in zip(folders, variants, strict=True):
        told = ", ".join(f"{name} {value}" for name, value in variant.changed.items())
        print(f"{folder.id}  {told}", file=sys.stderr)
    print(f"{len(folders)} runs are queued. See how they do: python -m rnnlm_core queue --runs "
          f"{root}", file=sys.stderr)
    with _for_a_reader():
        print("\n".join(str(folder.path) for folder in folders))


app.command("sweep")(with_settings(_sweep))
app.command("race")(with_settings(_race))


@app.command("queue")
def show_queue(
        runs: RunsOption = None,
        cancel: Annotated[list[str] | None, typer.Option(
            help="Take this run out of the queue, or stop it. May be given several times.")] = None,
        clear: Annotated[bool, typer.Option("--clear", help="Take out all that wait.")] = False,
        wait: Annotated[bool, typer.Option("--wait", help="Return when all have ended.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """List the runs that wait or run, in their order; go on with a queue that stands still."""
    root = _root(runs)
    chosen = [_own_run(name, root) for name in cancel or []]
    for folder in [*chosen, *(launch.in_queue(root, "waiting") if clear else [])]:
        launch.cancel(folder)
    launch.keep_queue_going(root)
    while wait and (left := launch.in_queue(root)):
        print(f"\r{len(left)} runs to go ", end="", file=sys.stderr, flush=True)
        time.sleep(_WAIT_SECONDS)
        launch.keep_queue_going(root)
    rows = [_queue_row(folder) for folder in launch.in_queue(root)]
    with _for_a_reader():
        print(json.dumps(rows, indent=1) if as_json
              else "\n".join(map(_queue_line, rows)) or "The queue is empty.")


def _root(runs: Path | None) -> Path:
    """Where the runs are. Raises `RunError` where a person named a folder that is not there."""
    if runs is not None and not runs.is_dir():
        raise RunError("run.no_folder", folder=str(runs))
    return runs or launch.runs_root()


def _own_run(name: str, root: Path) -> RunFolder:
    """A run by its id or its folder. Raises `RunError` where there is none."""
    found = launch.find_run(Path(name).name, root)
    if found is None or found.path.parent != root.resolve():
        raise RunError("run.missing", folder=name)
    return found


def _queue_row(folder: RunFolder) -> dict[str, Any]:
    said, place, origin = launch.status(folder), launch.queue_place(folder), folder.origin()
    return {"id": folder.id, "state": said.state, "step": said.step,
            "total_steps": said.total_steps, "place": None if place is None else place.place,
            "seconds_to_wait": None if place is None else place.seconds,
            "seconds_left": said.seconds_left, "changed": {} if origin is None else origin.changed,
            "folder": str(folder.path)}


def _queue_line(row: dict[str, Any]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in row["changed"].items())
    if row["place"] is None:
        how = f"step {row['step']}/{row['total_steps']}"
    else:
        wait = row["seconds_to_wait"]
        how = f"place {row['place']}" + (f", about {wait:.0f} s to wait" if wait else "")
    return f"{row['id']}  {row['state']:<14} {how:<30} {told}".rstrip()


@app.command("resume")
def resume(run: Path) -> None:
    """Go on from the last checkpoint of a run that was stopped or lost."""
    folder = RunFolder(run)
    launch.reopen(folder)
    _foreground(folder)


def _foreground(folder: RunFolder) -> None:
    from tqdm import tqdm

    from rnnlm_core.worker import EXIT_CODES, work

    bar = tqdm(total=None, unit=" steps", file=sys.stderr, dynamic_ncols=True)

    def show(said: Status) -> None:
        if said.total_steps:
            bar.total = said.total_steps
        bar.n = said.step
        bar.set_description(said.activity or said.state, refresh=False)
        if said.tokens_per_second:  # none any more once it has ended: the last one stays
            bar.set_postfix_str(f"{said.tokens_per_second / 1000:.1f} k tokens/s", refresh=False)
        bar.refresh()

    state = work(folder, show)
    bar.close()
    for notice in launch.notices(folder):
        print(notice, file=sys.stderr)
    error = folder.status(0).error
    if error is not None:
        print(UnrollError(error["code"], **error["values"]), file=sys.stderr)
    print(folder.path)
    if state == "stopped":
        print("Interrupted; the checkpoint is kept. Go on with: python -m rnnlm_core resume "
              f"{folder.path}", file=sys.stderr)
        raise typer.Exit(130)
    raise typer.Exit(EXIT_CODES[state])


@app.command("generate")
def generate_text(
        run: Path,
        prompt: str = "",
        length: int = 300,
        temperature: float = 0.8,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 1,
        documents: Annotated[int, typer.Option(
            help="Stop at the end of so many, of a model trained with marks.")] = 0,
        step: Annotated[int | None, typer.Option(help="A kept checkpoint; default the last.")]
        = None) -> None:
    """Write text that goes on from a prompt, as it is drawn."""
    from rnnlm_core.generate import SamplingSettings, generate
    from rnnlm_core.lab import Run

    settings = SamplingSettings(temperature=temperature, top_k=top_k, top_p=top_p, seed=seed,
                                length=length, documents=documents)
    opened = Run(run, step)
    if unknown := opened.tokenizer.unknown_in(prompt):
        print(UnrollError("prompt.unknown_characters", characters=" ".join(unknown)),
              file=sys.stderr)
        prompt = opened.tokenizer.decode(opened.tokenizer.known(prompt))
    tokens = generate(opened.model, opened.tokenizer, prompt, settings)  # refuses bad settings
    with _for_a_reader():
        print(prompt, end="", flush=True)
        for token in tokens:
            print(token.text, end="", flush=True)
        print()


@app.command("runs")
def runs(runs: RunsOption = None,
         as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """List the runs, the newest first."""
    rows = []
    for folder in launch.list_runs(_root(runs)):
        try:
            said, config = launch.status(folder), folder.config()
        except UnrollError as error:
            print(f"{folder.id}: {error}", file=sys.stderr)  # the others are listed all the same
            continue
        rows.append({"id": folder.id, "state": said.state, "step": said.step,
                     "total_steps": said.total_steps, "corpus": config.corpus,
                     "cell": config.cell, "hidden": config.hidden,
                     "validation_nats": said.final_validation, "folder": str(folder.path)})
    with _for_a_reader():
        print(json.dumps(rows, indent=1) if as_json else "\n".join(map(_line, rows)))


def _line(row: dict[str, Any]) -> str:
    loss = row["validation_nats"]
    shown = f"{loss:.3f} nats" if isinstance(loss, float) else ""
    return (f"{row['id']}  {row['state']:<14} {row['cell']:<5}{row['hidden']:<5} "
            f"{row['step']}/{row['total_steps']} steps  {shown:<11} {row['corpus']}")


@contextlib.contextmanager
def _for_a_reader() -> Iterator[None]:
    """A reader who goes away (`… | head`) ends the command quietly."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes again
        raise typer.Exit(0) from None


@app.command("ship")
def ship(run: Path, destination: Path,
         earlier: Annotated[int, typer.Option(help="Earlier moments kept, weights only.")] = 2
         ) -> None:
    """Copy a finished run for `models/`: last checkpoint whole, its validation text beside it."""
    from rnnlm_core import shipping

    print(shipping.ship(RunFolder(run), destination, earlier).path)


def main() -> None:
    """Run the command line; errors become one sentence on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):  # what a terminal cannot show ends no command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except UnrollError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        print(storage_error(error), file=sys.stderr)
        sys.exit(2)
