"""Every field of `RunConfig` as an option of a command, and the options as a config."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from rnnlm_core import launch
from rnnlm_core.config import FIELD_TYPES, FIELDS, RunConfig
from rnnlm_core.data.builtin import BUILTIN, is_builtin
from rnnlm_core.data.corpus import HUB, OWN, keep_own_text
from rnnlm_core.data.files import read_bytes
from rnnlm_core.data.hub_call import HubProgress
from rnnlm_core.data.hub_spec import comes_divided
from rnnlm_core.data.uploads import Found, Wishes, read_upload
from rnnlm_core.data.vector_sources import named_table
from rnnlm_core.data.vector_table import TablePapers
from rnnlm_core.embedding_start import vectors_unused

_SHORT = {"max_steps": "--steps", "max_seconds": "--seconds"}


def config_of(settings: dict[str, Any], runs: Path | None) -> tuple[RunConfig, Path]:
    """The options as a config, a file among them kept in the store, and where the runs go."""
    given = {name: value for name, value in settings.items() if value is not None}
    if "max_steps" in given and "max_seconds" not in given:
        given["max_seconds"] = 0.0  # asked for steps: no limit in time
    root = runs or launch.runs_root()
    if comes_divided(given.get("corpus", "")):
        given.setdefault("division", "own")
    if given.get("vectors"):
        given = _with_table(given, root)
    config = RunConfig.from_mapping(given)
    if not is_builtin(source := config.corpus) and not source.startswith((HUB, OWN)):
        config = _with_file(config, Path(source), root)
    return config, root


def _with_file(config: RunConfig, path: Path, root: Path) -> RunConfig:
    """The file's text goes into the store; the run names it by its hash, never by a path."""
    found = Found()
    text = read_upload(read_bytes(path), path.name, Wishes(), found, config.max_characters)
    kept = keep_own_text(root / "corpora", text, path.name, config.max_characters)
    if told := _as_read(found, kept.manifest.characters < len(text)):
        print(f"{path.name}: {told}", file=sys.stderr)
    return RunConfig.from_mapping({**_values(config), "corpus": kept.manifest.source})


def _as_read(found: Found, cut: bool) -> str:
    """What was guessed of a file or left out; nothing where it was read as it is."""
    told = [] if found.encoding in ("", "utf-8", "utf-8-sig") else [f"read as {found.encoding}"]
    if found.column:
        told.append(f"the column {found.column}")
    if cut:
        told.append("cut at --max-characters")
    return ", ".join(told)


def _with_table(given: dict[str, Any], root: Path) -> dict[str, Any]:
    """A table that is named is used, with the size that it has; nothing is read for settings that
    are wrong anyway."""
    size = given.get("embedding", FIELDS["embedding"].default)
    checked = {"embedding_source": "file", **given, "vectors": "0" * 64, "embedding": size}
    if RunConfig.from_mapping(checked).embedding_source != "file":
        raise vectors_unused(given["embedding_source"])
    papers = _told(given["vectors"], root / "corpora")
    print(f"{papers.title}: {papers.words:,} words of {papers.size} numbers"
          + (f", the first {papers.rows:,} rows" if papers.ended != "all" else ""),
          file=sys.stderr)
    return {"embedding": papers.size, **given, "embedding_source": "file",
            "vectors": papers.sha256}


def _told(name: str, store: Path) -> TablePapers:
    """The table of that name; how far the hub has come stands in a line of its own."""
    moved = False

    def tell(at: HubProgress) -> None:
        nonlocal moved
        moved = True
        print(f"\rReading the vectors: {at.rows:,} rows, {at.megabytes:.1f} MB ", end="",
              file=sys.stderr, flush=True)

    try:
        return named_table(name, store, tell)
    finally:
        if moved:
            print(file=sys.stderr)


def _values(config: RunConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in FIELDS}


def _option(name: str) -> inspect.Parameter:
    kind, default = FIELD_TYPES[name], FIELDS[name].default
    choices = get_args(kind)
    text = f"One of {', '.join(choices)}. " if choices else ""
    if name == "corpus":
        text = "A built-in name (" + ", ".join(BUILTIN) + "; the number after a colon may be " \
            "another), a file, or hf:OWNER/NAME. "
    if name == "vectors":
        text = "A file of word vectors (.vec, .txt, .npz, .gz, .zip:FILE), " \
            "hf:OWNER/NAME:FILE, or the SHA-256 of a kept one. "
    names = [f"--{name.replace('_', '-')}", *filter(None, [_SHORT.get(name)])]
    if kind is bool:
        names = [f"{names[0]}/--no-{name.replace('_', '-')}"]
    optional: Any = (str if choices else kind) | None
    annotation = Annotated[optional, typer.Option(*names, help=f"{text}Default {default}.")]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None,
                             annotation=annotation)


def with_settings(run: Callable[..., None]) -> Callable[..., None]:
    """`run` with its own options and one for each config field: no list of them can go stale."""
    def command(**options: Any) -> None:
        run(**options)

    own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY)
           for p in inspect.signature(run, eval_str=True).parameters.values()
           if p.kind is not inspect.Parameter.VAR_KEYWORD]
    parameters = [*own, *map(_option, FIELDS)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    command.__doc__ = run.__doc__
    return command
