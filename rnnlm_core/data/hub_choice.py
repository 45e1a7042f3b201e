"""What a dataset of the hub offers, and which of its files a text is read from."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from rnnlm_core.data.columns import Leaf, text_leaves
from rnnlm_core.data.hub_call import Job
from rnnlm_core.data.hub_client import import_datasets, prepare_client
from rnnlm_core.data.hub_errors import listed, plain
from rnnlm_core.data.hub_reading import ParquetReader, StreamReader
from rnnlm_core.data.hub_spec import HubSpec, own_division
from rnnlm_core.errors import CorpusError

_EXPORT = "refs/convert/parquet"
_STREAMED = ("arrow", "csv", "json", "parquet", "text")  # formats that `datasets` may read
# how columns of running text are mostly called, the surest first
_USUAL_COLUMNS = ("text", "content", "paragraphs", "sentence", "story", "poem", "joke", "name")


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
    licence: str = ""  # the tag of its page, "" where there is none
    places: int = 1  # row groups to begin with, about; 1: there is only the beginning

    @property
    def own_division(self) -> str | None:
        """Its training and held-out splits as one choice; None where it has not both."""
        return own_division(self.splits)


Reader = ParquetReader | StreamReader


@dataclass(frozen=True)
class Source:
    """A text that can be read now."""

    dataset: HubDataset
    leaf: Leaf  # how the column is read
    reader: Reader  # of the first split
    others: tuple[Callable[[], Reader], ...]  # of the further splits of a division, not yet opened

    def readers(self) -> Iterator[tuple[Reader, Leaf]]:
        """One split after another, each opened when its turn comes."""
        yield self.reader, self.leaf
        names = self.dataset.split.split("+")[1:]
        for name, opened in zip(names, self.others, strict=True):
            reader = opened()
            column = self.dataset.column
            leaves = text_leaves(reader.schema())
            if column not in leaves:
                raise CorpusError("hub.part_column", id=self.dataset.id, part=plain(name),
                                  value=plain(column), first=self.dataset.split.split("+")[0])
            yield reader, leaves[column]


def open_source(spec: HubSpec, job: Job) -> Source:
    """The files, splits and columns of a dataset, and a reader of what is chosen.

    Called by the thread of `job`; raises `CorpusError` (hub.*) and whatever the libraries raise.
    """
    with job.importing():
        from huggingface_hub import HfApi

        prepare_client()
    api = HfApi(token=job.sent_token)
    info = api.dataset_info(spec.id, revision=spec.revision, timeout=job.seconds)
    job.id = info.id
    if info.gated and job.token is None:
        raise CorpusError("hub.gated", id=info.id)
    names = {sibling.rfilename for sibling in info.siblings or ()}
    needs_script = f"{info.id.split('/')[-1]}.py" in names
    source = _open_export(spec, job, api) if needs_script else _open_repository(
        spec, job, info.sha or "main")
    licence = ", ".join(tagged(info.tags, "license:"))
    return replace(source, dataset=replace(source.dataset, licence=licence))


def tagged(tags: Iterable[str] | None, kind: str) -> tuple[str, ...]:
    """What the page of a dataset says about itself: `license:mit` is `mit` of kind `license:`."""
    return tuple(tag.removeprefix(kind) for tag in tags or () if tag.startswith(kind))


def _open_repository(spec: HubSpec, job: Job, revision: str) -> Source:
    builder, configs = _build(spec.config, job, revision)
    config, data_files = builder.config, builder.config.data_files or {}
    splits = [str(name) for name in data_files]
    if not splits:
        raise CorpusError("hub.no_files", id=job.id)
    chosen = _choose_splits(spec, splits, job.id)
    if builder.name not in _STREAMED:
        kind = PurePosixPath(data_files[chosen[0]][0]).suffix
        raise CorpusError("hub.format", id=job.id, value=plain(kind))

    def reader(split: str) -> Reader:
        files = list(data_files[split])
        if builder.name == "parquet" and not any(file.endswith(".zip") for file in files):
            return ParquetReader(files, job)
        return StreamReader(builder, split, job)

    return _with_column(spec, job, revision, [partial(reader, split) for split in chosen],
                        (configs, config.name), (splits, "+".join(chosen)))


def _build(config: str | None, job: Job, revision: str) -> tuple[Any, list[str]]:
    """The `datasets` builder of a configuration, and the names of all."""
    datasets = import_datasets(job)
    path = f"hf://datasets/{job.id}"  # without the scheme, a local folder of that name would win

    def build(name: str | None) -> Any:
        # an own cache folder, for else any failure is "repaired" by whatever was cached before
        with tempfile.TemporaryDirectory(prefix="unroll-hub-") as folder:
            return datasets.load_dataset_builder(
                path, name=name, revision=revision, token=job.sent_token,
                cache_dir=folder, storage_options={"hf": {"block_size": job.block_bytes}})

    try:
        builder = build(config)
    except ValueError as error:
        # several and no default; none of that name; or a README that describes one it has not
        if not re.search("Config name is missing|BuilderConfig .* not found", str(error)):
            raise
        names = datasets.get_dataset_config_names(path, revision=revision, token=job.sent_token)
        builder = build(_choose("config", config, names, "default", job.id))
    return builder, list(builder.builder_configs) or [builder.config.name]


def _open_export(spec: HubSpec, job: Job, api: Any) -> Source:
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
    chosen = _choose_splits(spec, list(files[config]), job.id)
    readers = [partial(ParquetReader, files[config][split], job) for split in chosen]
    return _with_column(spec, job, str(info.sha), readers, (list(files), config),
                        (list(files[config]), "+".join(chosen)), from_export=True)


def _with_column(spec: HubSpec, job: Job, revision: str, readers: Sequence[Callable[[], Reader]],
                 configs: tuple[list[str], str], splits: tuple[list[str], str],
                 from_export: bool = False) -> Source:
    reader = readers[0]()
    leaves = _leaves(reader, spec.column, job.id)
    column = spec.column or _usual_column(list(leaves))
    dataset = HubDataset(job.id, revision, tuple(configs[0]), tuple(splits[0]), tuple(leaves),
                         configs[1], splits[1], column, from_export, places=reader.places)
    return Source(dataset, leaves[column], reader, tuple(readers[1:]))


def _leaves(reader: Reader, column: str | None, id: str) -> dict[str, Leaf]:
    """The columns of text of a split, that one among them."""
    schema = reader.schema()
    leaves = text_leaves(schema)
    if column is not None and leaves and column not in leaves:
        raise _no_such_column(column, schema, leaves, id)
    if not len(schema):
        raise CorpusError("hub.no_rows", id=id, value=plain(column or "text"))
    if not leaves:
        raise CorpusError("hub.no_text", id=id)
    return leaves


def _no_such_column(column: str, schema: Any, leaves: Iterable[str], id: str) -> CorpusError:
    import pyarrow.types as is_

    kinds = {field.name: "fields" if is_.is_struct(field.type) else str(field.type)
             for field in schema}
    value, choices = plain(column), listed(leaves)
    if column not in kinds:
        return CorpusError("hub.column", id=id, value=value, choices=choices)
    return CorpusError("hub.not_text", id=id, value=value, type=plain(kinds[column]),
                       choices=choices)


def _usual_column(names: list[str]) -> str:
    lower = [name.lower() for name in names]
    usual = next((name for name in _USUAL_COLUMNS if name in lower), lower[0])
    return names[lower.index(usual)]


def _choose_splits(spec: HubSpec, names: list[str], id: str) -> list[str]:
    return [_choose("split", wanted, names, "train", id) for wanted in spec.splits or (None,)]


def _choose(what: str, wanted: str | None, names: list[str], usual: str, id: str) -> str:
    if wanted is None:
        return usual if usual in names else names[0]
    if wanted not in names:
        raise CorpusError(f"hub.{what}", id=id, value=plain(wanted), choices=listed(names))
    return wanted
