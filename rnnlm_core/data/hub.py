"""Texts from the Hugging Face hub: only as much as asked for, and never a long silence.

    hf:OWNER/NAME[:CONFIG[:SPLIT[:COLUMN]]]  →  inspect_hub: what is there to choose
                                             →  fetch_hub_text: the rows of one column, joined

Parquet files are read by pieces of one column; all other formats are streamed by `datasets`, which
also decides what the configurations, splits and files of a repository are. A dataset that needs a
script is read from the hub's own Parquet export. Nothing is cleaned here but byte order marks.

Deadlines are our own, since those of the libraries add up (measured: 7 s for `timeout=4`, 23 s of
retries offline, 20 minutes while streaming). Each call works in a daemon thread, and the caller
stops waiting when no first answer comes, when nothing moves any more, or when it is cancelled. Two
hooks in the HTTP client see every request of such a thread: they count its bytes, end its retries
after the third refusal, and end the thread itself when nobody waits for it.

`datasets` and `huggingface_hub` are imported by the first call, because it takes seconds. They read
HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE at that moment, so these must be set before; importing this
module neither reads nor sets any. The first call does change, for the whole process: the client
factory of huggingface_hub (the hooks), the retry constants of datasets, both libraries' progress
bars (off), the download count that datasets sends to another host (off), the import of torch by
datasets (off), and the hub cache where the usual place cannot be written. Tokens are never sent: a
stranger at the page must not read what the owner of the server may.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from rnnlm_core.data.hub_call import HubProgress, Job, import_datasets, prepare_client, supervise
from rnnlm_core.data.hub_errors import listed, plain
from rnnlm_core.data.hub_reading import Joined, ParquetReader, StreamReader, values_of
from rnnlm_core.errors import CorpusError

__all__ = ["HubDataset", "HubProgress", "HubSpec", "HubText", "fetch_hub_text", "inspect_hub"]

FIRST_ANSWER_SECONDS = 4.0  # leaves a second of the five that a person waits for an error
STALL_SECONDS = 20.0
READ_SECONDS = 180.0

_EXPORT = "refs/convert/parquet"
_STREAMED = ("arrow", "csv", "json", "parquet", "text")  # formats that `datasets` may read
# names that `datasets` takes for a loader of local files, not for a dataset
_LOADERS = frozenset((
    "arrow", "audiofolder", "cache", "conll", "csv", "eval", "fasta", "fastq", "genbank", "harbor",
    "hdf5", "iceberg", "imagefolder", "json", "lance", "meshfolder", "mmcif", "niftifolder",
    "pandas", "parquet", "pdb", "pdffolder", "sql", "text", "tsfile", "videofolder", "vortex",
    "webdataset", "xml"))
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_ID = re.compile(rf"{_PART}(?:/{_PART})?")


# -- what goes in and out --------------------------------------------------------------------------
@dataclass(frozen=True)
class HubSpec:
    """Which text of which dataset; what is None is chosen when the dataset is known."""

    id: str
    config: str | None = None
    split: str | None = None
    column: str | None = None

    def __post_init__(self) -> None:
        """Raises `CorpusError` (hub.bad_id): anything else might be read as a path of the server
        (`datasets` looks for a local folder first) or as the name of a loader."""
        odd = "--" in self.id or ".." in self.id or self.id.startswith("buckets/")
        if not _ID.fullmatch(self.id) or odd or self.id in _LOADERS:
            raise CorpusError("hub.bad_id", value=plain(self.id))

    @classmethod
    def parse(cls, source: str) -> HubSpec:
        """From `hf:OWNER/NAME[:CONFIG[:SPLIT[:COLUMN]]]`; an empty part is left open."""
        scheme, _, rest = source.partition(":")
        if scheme != "hf":
            raise CorpusError("hub.bad_id", value=plain(source))
        id, *choices = rest.split(":", 3)
        return cls(id, *(choice or None for choice in choices))

    def __str__(self) -> str:
        parts = [self.id, self.config, self.split, self.column]
        while not parts[-1]:
            parts.pop()
        return "hf:" + ":".join(part or "" for part in parts)


@dataclass(frozen=True)
class HubDataset:
    """What a dataset offers, and what is chosen of it."""

    id: str  # as the hub writes it now: old names are redirected
    revision: str
    configs: tuple[str, ...]
    splits: tuple[str, ...]
    columns: tuple[str, ...]  # of text; a field inside a column is `translation.en`
    config: str
    split: str
    column: str
    from_export: bool  # read from the hub's Parquet export, because the dataset needs a script


@dataclass(frozen=True)
class HubText:
    """The text, and what it was made of."""

    text: str
    spec: HubSpec  # with every choice made
    revision: str
    rows: int  # that are in the text (lines, where the dataset is plain text files)
    blank_rows: int  # left out
    characters: int
    bytes_moved: int
    from_export: bool
    ended: Literal["all", "characters", "seconds"]  # what was reached first


# -- the two calls ---------------------------------------------------------------------------------
def inspect_hub(id: str, *, config: str | None = None, split: str | None = None,
                seconds: float = FIRST_ANSWER_SECONDS,
                stall_seconds: float = STALL_SECONDS) -> HubDataset:
    """What the dataset `id` offers, with a choice made: configuration `default` or the first,
    split `train` or the first, column `text` or the first.

    Raises `CorpusError` (hub.*): within `seconds` where the hub does not answer at all, within
    `stall_seconds` where it stops answering.
    """
    spec = HubSpec(id, config, split)
    job = Job(spec.id, seconds, stall_seconds, max_seconds=READ_SECONDS, max_characters=0)
    return supervise(job, lambda: _open(spec, job).dataset, None, None)


def fetch_hub_text(spec: HubSpec, *, max_characters: int, seconds: float = FIRST_ANSWER_SECONDS,
                   stall_seconds: float = STALL_SECONDS, max_seconds: float = READ_SECONDS,
                   progress: Callable[[HubProgress], None] | None = None,
                   cancelled: Callable[[], bool] | None = None) -> HubText:
    """The first `max_characters` of a column, its rows joined by line ends, blank rows left out.

    After `max_seconds` the text read so far is returned (`ended` says so). `progress` and
    `cancelled` are called by the caller's own thread, 20 times a second. Raises `CorpusError` like
    `inspect_hub`, and hub.cancelled.
    """
    job = Job(spec.id, seconds, stall_seconds, max_seconds, max_characters)
    return supervise(job, lambda: _read(_open(spec, job), job), progress, cancelled)


# -- choosing --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Source:
    dataset: HubDataset
    keys: tuple[str, ...]  # the column, then the fields inside it
    reader: ParquetReader | StreamReader


def _open(spec: HubSpec, job: Job) -> _Source:
    with job.importing():
        from huggingface_hub import HfApi

        prepare_client()
    api = HfApi(token=False)
    info = api.dataset_info(spec.id, timeout=job.seconds)
    job.id = info.id
    if info.gated:
        raise CorpusError("hub.gated", id=info.id)
    names = {sibling.rfilename for sibling in info.siblings or ()}
    if f"{info.id.split('/')[-1]}.py" in names:
        return _open_export(spec, job, api)
    return _open_repository(spec, job, info.sha or "main")


def _open_repository(spec: HubSpec, job: Job, revision: str) -> _Source:
    builder, configs = _build(spec.config, job, revision)
    config, data_files = builder.config, builder.config.data_files or {}
    splits = [str(name) for name in data_files]
    if not splits:
        raise CorpusError("hub.no_files", id=job.id)
    split = _choose("split", spec.split, splits, "train", job.id)
    if builder.name not in _STREAMED:
        kind = PurePosixPath(data_files[split][0]).suffix
        raise CorpusError("hub.format", id=job.id, value=plain(kind))
    reader: ParquetReader | StreamReader
    if builder.name == "parquet" and not any(f.endswith(".zip") for f in data_files[split]):
        reader = ParquetReader(list(data_files[split]), job)
    else:
        reader = StreamReader(builder, split, job)
    return _with_column(spec, job, revision, reader, (configs, config.name), (splits, split))


def _build(config: str | None, job: Job, revision: str) -> tuple[Any, list[str]]:
    """The `datasets` builder of a configuration, and the names of all."""
    datasets = import_datasets(job)
    path = f"hf://datasets/{job.id}"  # without the scheme, a local folder of that name would win

    def build(name: str | None) -> Any:
        # an own cache folder, for else any failure is "repaired" by whatever was cached before
        with tempfile.TemporaryDirectory(prefix="unroll-hub-") as folder:
            return datasets.load_dataset_builder(
                path, name=name, revision=revision, token=False, cache_dir=folder,
                storage_options={"hf": {"block_size": job.block_bytes}})

    try:
        builder = build(config)
    except ValueError as error:
        # several and no default; none of that name; or a README that describes one it has not
        if not re.search("Config name is missing|BuilderConfig .* not found", str(error)):
            raise
        names = datasets.get_dataset_config_names(path, revision=revision, token=False)
        builder = build(_choose("config", config, names, "default", job.id))
    return builder, list(builder.builder_configs) or [builder.config.name]


def _open_export(spec: HubSpec, job: Job, api: Any) -> _Source:
    """The Parquet export: files are CONFIG/SPLIT/NNNN.parquet, a part of a long split `partial-`.

    Read without `datasets`, which takes all configurations of the export for one.
    """
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        info = api.dataset_info(job.id, revision=_EXPORT, timeout=job.stall_seconds)
    except RevisionNotFoundError:
        raise CorpusError("hub.script", id=job.id) from None
    files: dict[str, dict[str, list[str]]] = {}
    for name in sorted(sibling.rfilename for sibling in info.siblings or ()):
        folders = name.split("/")
        if len(folders) == 3 and name.endswith(".parquet"):
            splits = files.setdefault(folders[0], {})
            path = f"hf://datasets/{job.id}@{info.sha}/{name}"
            splits.setdefault(folders[1].removeprefix("partial-"), []).append(path)
    if not files:
        raise CorpusError("hub.script", id=job.id)
    config = _choose("config", spec.config, list(files), "default", job.id)
    split = _choose("split", spec.split, list(files[config]), "train", job.id)
    reader = ParquetReader(files[config][split], job)
    return _with_column(spec, job, str(info.sha), reader, (list(files), config),
                        (list(files[config]), split), from_export=True)


def _with_column(spec: HubSpec, job: Job, revision: str, reader: ParquetReader | StreamReader,
                 configs: tuple[list[str], str], splits: tuple[list[str], str],
                 from_export: bool = False) -> _Source:
    leaves = dict(_leaves(reader.schema(), ()))
    text = sorted((keys for keys, kind in leaves.items() if _is_text(kind)), key=len)
    named = {".".join(keys): keys for keys in text}
    if spec.column is not None and spec.column not in named:
        kinds = {".".join(keys): str(kind) for keys, kind in leaves.items()}
        kinds |= {keys[0]: "fields" for keys in leaves if len(keys) > 1}
        choices = listed(named)
        if spec.column in kinds and named:
            raise CorpusError("hub.not_text", id=job.id, value=plain(spec.column),
                              type=plain(kinds[spec.column]), choices=choices)
        if named:
            raise CorpusError("hub.column", id=job.id, value=plain(spec.column), choices=choices)
    if not leaves:
        raise CorpusError("hub.no_rows", id=job.id, value=plain(spec.column or "text"))
    if not named:
        raise CorpusError("hub.no_text", id=job.id)
    column = spec.column or _default(list(named), "text")
    dataset = HubDataset(job.id, revision, tuple(configs[0]), tuple(splits[0]), tuple(named),
                         configs[1], splits[1], column, from_export)
    return _Source(dataset, named[column], reader)


def _choose(what: str, wanted: str | None, names: list[str], usual: str, id: str) -> str:
    if wanted is None:
        return _default(names, usual)
    if wanted not in names:
        raise CorpusError(f"hub.{what}", id=id, value=plain(wanted), choices=listed(names))
    return wanted


def _default(names: list[str], usual: str) -> str:
    return usual if usual in names else names[0]


def _leaves(fields: Iterable[Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every column of an Arrow schema, and every field of columns made of named fields."""
    import pyarrow.types as is_

    for field in fields:
        keys = (*above, field.name)
        if is_.is_struct(field.type):
            yield from _leaves(field.type, keys)
        else:
            yield keys, field.type


def _is_text(kind: Any) -> bool:
    import pyarrow.types as is_

    if is_.is_dictionary(kind):
        kind = kind.value_type
    return bool(is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind))


# -- reading ---------------------------------------------------------------------------------------
def _read(source: _Source, job: Job) -> HubText:
    dataset, text = source.dataset, Joined(source.reader.keeps_lines)
    until = time.monotonic() + job.max_seconds
    ended: Literal["all", "characters", "seconds"] = "all"
    for batch in source.reader.batches(".".join(source.keys)):
        text.add(values_of(batch, source.keys))
        job.progress = HubProgress(text.characters, text.rows, job.bytes_moved / 1e6)
        if text.characters >= job.max_characters:
            ended = "characters"
            break
        if time.monotonic() > until:
            ended = "seconds"
            break
    if not text.rows:
        raise CorpusError("hub.no_rows", id=job.id, value=dataset.column)
    joined = "".join(text.parts)[:job.max_characters]
    spec = HubSpec(dataset.id, dataset.config, dataset.split, dataset.column)
    return HubText(joined, spec, dataset.revision, text.rows, text.blank_rows, len(joined),
                   job.bytes_moved, dataset.from_export, ended)
