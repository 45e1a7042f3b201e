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

import logging
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from rnnlm_core.errors import CorpusError

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
_BATCH_ROWS = 64  # small, because a row may hold a whole book
_TRIES = 3
_BUSY = (408, 429, 500, 502, 503, 504)
_POLL_SECONDS = 0.05

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


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
            raise CorpusError("hub.bad_id", value=_plain(self.id))

    @classmethod
    def parse(cls, source: str) -> HubSpec:
        """From `hf:OWNER/NAME[:CONFIG[:SPLIT[:COLUMN]]]`; an empty part is left open."""
        scheme, _, rest = source.partition(":")
        if scheme != "hf":
            raise CorpusError("hub.bad_id", value=_plain(source))
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
class HubProgress:
    """How far a call has come."""

    characters: int
    rows: int
    megabytes: float  # moved over the network, metadata included


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
    job = _Job(spec.id, seconds, stall_seconds, max_seconds=READ_SECONDS, max_characters=0)
    return _supervise(job, lambda: _open(spec, job).dataset, None, None)


def fetch_hub_text(spec: HubSpec, *, max_characters: int, seconds: float = FIRST_ANSWER_SECONDS,
                   stall_seconds: float = STALL_SECONDS, max_seconds: float = READ_SECONDS,
                   progress: Callable[[HubProgress], None] | None = None,
                   cancelled: Callable[[], bool] | None = None) -> HubText:
    """The first `max_characters` of a column, its rows joined by line ends, blank rows left out.

    After `max_seconds` the text read so far is returned (`ended` says so). `progress` and
    `cancelled` are called by the caller's own thread, 20 times a second. Raises `CorpusError` like
    `inspect_hub`, and hub.cancelled.
    """
    job = _Job(spec.id, seconds, stall_seconds, max_seconds, max_characters)
    return _supervise(job, lambda: _read(_open(spec, job), job), progress, cancelled)


# -- choosing --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Source:
    dataset: HubDataset
    keys: tuple[str, ...]  # the column, then the fields inside it
    reader: _ParquetReader | _StreamReader


def _open(spec: HubSpec, job: _Job) -> _Source:
    with job.importing():
        from huggingface_hub import HfApi

        _prepare_client()
    api = HfApi(token=False)
    info = api.dataset_info(spec.id, timeout=job.seconds)
    job.id = info.id
    if info.gated:
        raise CorpusError("hub.gated", id=info.id)
    names = {sibling.rfilename for sibling in info.siblings or ()}
    if f"{info.id.split('/')[-1]}.py" in names:
        return _open_export(spec, job, api)
    return _open_repository(spec, job, info.sha or "main")


def _open_repository(spec: HubSpec, job: _Job, revision: str) -> _Source:
    builder, configs = _build(spec.config, job, revision)
    config, data_files = builder.config, builder.config.data_files or {}
    splits = [str(name) for name in data_files]
    if not splits:
        raise CorpusError("hub.no_files", id=job.id)
    split = _choose("split", spec.split, splits, "train", job.id)
    if builder.name not in _STREAMED:
        kind = PurePosixPath(data_files[split][0]).suffix
        raise CorpusError("hub.format", id=job.id, value=_plain(kind))
    reader: _ParquetReader | _StreamReader
    if builder.name == "parquet" and not any(f.endswith(".zip") for f in data_files[split]):
        reader = _ParquetReader(list(data_files[split]), job)
    else:
        reader = _StreamReader(builder, split, job)
    return _with_column(spec, job, revision, reader, (configs, config.name), (splits, split))


def _build(config: str | None, job: _Job, revision: str) -> tuple[Any, list[str]]:
    """The `datasets` builder of a configuration, and the names of all."""
    datasets = _import_datasets(job)
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


def _open_export(spec: HubSpec, job: _Job, api: Any) -> _Source:
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
    reader = _ParquetReader(files[config][split], job)
    return _with_column(spec, job, str(info.sha), reader, (list(files), config),
                        (list(files[config]), split), from_export=True)


def _with_column(spec: HubSpec, job: _Job, revision: str, reader: _ParquetReader | _StreamReader,
                 configs: tuple[list[str], str], splits: tuple[list[str], str],
                 from_export: bool = False) -> _Source:
    leaves = dict(_leaves(reader.schema(), ()))
    text = sorted((keys for keys, kind in leaves.items() if _is_text(kind)), key=len)
    named = {".".join(keys): keys for keys in text}
    if spec.column is not None and spec.column not in named:
        kinds = {".".join(keys): str(kind) for keys, kind in leaves.items()}
        kinds |= {keys[0]: "fields" for keys in leaves if len(keys) > 1}
        choices = _listed(named)
        if spec.column in kinds and named:
            raise CorpusError("hub.not_text", id=job.id, value=_plain(spec.column),
                              type=_plain(kinds[spec.column]), choices=choices)
        if named:
            raise CorpusError("hub.column", id=job.id, value=_plain(spec.column), choices=choices)
    if not leaves:
        raise CorpusError("hub.no_rows", id=job.id, value=_plain(spec.column or "text"))
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
        raise CorpusError(f"hub.{what}", id=id, value=_plain(wanted), choices=_listed(names))
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
class _ParquetReader:
    """Parquet files over the network, one column, no more of it than is asked for.

    `buffer_size` makes pyarrow read a column piece by piece; without it, it asks for the column of
    a whole row group, which may be 200 MB.
    """

    keeps_lines = False

    def __init__(self, files: list[str], job: _Job) -> None:
        from huggingface_hub import HfFileSystem

        self._files, self._block = files, job.block_bytes
        self._system = HfFileSystem(token=False, skip_instance_cache=True)
        self._first = self._file(files[0])

    def _file(self, path: str) -> Any:
        from pyarrow.parquet import ParquetFile

        source = self._system.open(path, "rb", block_size=self._block)
        return ParquetFile(source, pre_buffer=False, buffer_size=self._block)

    def schema(self) -> Any:
        return self._first.schema_arrow

    def batches(self, column: str) -> Iterator[Any]:
        for number, path in enumerate(self._files):
            file = self._file(path) if number else self._first
            # one thread: the hooks know a call by the thread that asks
            yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=[column],
                                         use_threads=False)


class _StreamReader:
    """Any other format, streamed by `datasets`."""

    def __init__(self, builder: Any, split: str, job: _Job) -> None:
        # Text files are read line by line, but with their line ends, so that the text is the file.
        self.keeps_lines = builder.name == "text"
        # Small pieces: the usual ones are 10 MB, of a CSV file 10,000 rows.
        settings = {"keep_linebreaks": True, "sample_by": "line",
                    "chunksize": 500 if builder.name == "csv" else job.block_bytes}
        for name, value in settings.items():
            if hasattr(builder.config, name):
                setattr(builder.config, name, value)
        rows = builder.as_streaming_dataset(split=split)
        self._batches = iter(rows.with_format("arrow").iter(batch_size=_BATCH_ROWS))
        self._first = next(self._batches, None)

    def schema(self) -> Any:
        return () if self._first is None else self._first.schema

    def batches(self, column: str) -> Iterator[Any]:
        return chain([self._first], self._batches)


def _read(source: _Source, job: _Job) -> HubText:
    dataset, text = source.dataset, _Joined(source.reader.keeps_lines)
    until = time.monotonic() + job.max_seconds
    ended: Literal["all", "characters", "seconds"] = "all"
    for batch in source.reader.batches(".".join(source.keys)):
        text.add(_values(batch, source.keys))
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


def _values(batch: Any, keys: tuple[str, ...]) -> list[str | None]:
    import pyarrow.compute as pc

    column = batch.column(keys[0])
    values: list[str | None] = (pc.struct_field(column, keys[1:]) if keys[1:] else column
                                ).to_pylist()
    return values


class _Joined:
    """Rows joined by line ends; a row that has one keeps it."""

    def __init__(self, keeps_lines: bool) -> None:
        self.parts: list[str] = []
        self.characters = self.rows = self.blank_rows = 0
        self._keeps_lines = keeps_lines  # a blank line of a text file is part of the text
        self._open_line = False

    def add(self, rows: Iterable[str | None]) -> None:
        for row in rows:
            row = (row or "").removeprefix("\ufeff")
            if not self._keeps_lines and not row.strip():
                self.blank_rows += 1
                continue
            part = "\n" + row if self._open_line else row
            self.parts.append(part)
            self.characters += len(part)
            self.rows += 1
            self._open_line = not row.endswith("\n")


# -- deadlines -------------------------------------------------------------------------------------
class _Abandoned(BaseException):
    """Ends a worker thread. No `Exception`, since libraries catch and retry those."""


class _Job:
    """One call from both sides: its thread notes what moves, its caller looks at the clock."""

    def __init__(self, id: str, seconds: float, stall_seconds: float, max_seconds: float,
                 max_characters: int) -> None:
        self.id, self.seconds, self.stall_seconds = id, seconds, stall_seconds
        self.max_seconds, self.max_characters = max_seconds, max_characters
        # Small blocks for small texts; large ones for large texts, since each is a round trip.
        self.block_bytes = min(max(max_characters // 4, 1 << 16), 1 << 22)
        # Some formats must be read whole (a JSON list, an archive): that has to end as well.
        self._most_bytes = 64_000_000 + 20 * max_characters
        self.progress = HubProgress(0, 0, 0.0)
        self.bytes_moved = 0
        self.verdict: CorpusError | None = None
        self._started = self._heard = time.monotonic()
        self._answered = self._importing = False
        self._unanswered = self._refusals = self._status = 0
        self._abandoned = threading.Event()

    @property
    def patience(self) -> float:
        """The longest silence, in seconds."""
        return self.stall_seconds if self._answered else self.seconds

    # the caller's side
    def abandon(self) -> None:
        self._abandoned.set()

    def raise_if_late(self) -> None:
        now = time.monotonic()
        if now - self._started > self.max_seconds + self.stall_seconds:
            raise _timeout(self.max_seconds)
        if self._importing:
            return
        if self._answered:
            late = now - self._heard > self.stall_seconds
        else:  # where the import was slow, the hub still gets half of its time
            late = now > max(self._started + self.seconds, self._heard + self.seconds / 2)
        if late:
            raise _busy(self._status) if self._refusals else _timeout(self.patience)

    # the thread's side
    @contextmanager
    def importing(self) -> Iterator[None]:
        """Meanwhile nobody is late: an import takes seconds, and is not the hub's fault."""
        self._importing = True
        yield
        self._heard = time.monotonic()
        self._importing = False

    def asks(self) -> None:
        """Before each request."""
        self._end_if_abandoned()
        self._unanswered += 1
        if self._unanswered > _TRIES:
            self._give_up(CorpusError("hub.offline"))

    def hears(self, status: int) -> None:
        """After the head of each answer."""
        self._answered, self._unanswered, self._heard = True, 0, time.monotonic()
        self._status = status
        self._refusals = self._refusals + 1 if status in _BUSY else 0
        if self._refusals >= _TRIES:
            self._give_up(_busy(status))

    def moves(self, count: int) -> None:
        """After each piece of an answer's body."""
        self._end_if_abandoned()
        self.bytes_moved += count
        self._heard = time.monotonic()
        if self.bytes_moved > self._most_bytes:
            limit = self._most_bytes // 1_000_000
            self._give_up(CorpusError("corpus.too_large", name=self.id, limit=limit))

    def _end_if_abandoned(self) -> None:
        if self._abandoned.is_set():
            raise _Abandoned

    def _give_up(self, verdict: CorpusError) -> None:
        self.verdict = verdict
        raise _Abandoned


_JOB: ContextVar[_Job | None] = ContextVar("hub_job", default=None)


def _supervise(job: _Job, work: Callable[[], _T], progress: Callable[[HubProgress], None] | None,
               cancelled: Callable[[], bool] | None) -> _T:
    """The result of `work`, done by a thread that is left behind when it takes too long."""
    outcome: futures.Future[_T] = futures.Future()

    def run() -> None:
        _JOB.set(job)
        try:
            outcome.set_result(work())
        except _Abandoned:
            outcome.set_exception(job.verdict or CorpusError("hub.cancelled", id=job.id))
        except Exception as error:
            outcome.set_exception(job.verdict or _as_corpus_error(error, job))

    threading.Thread(target=run, name=f"hub {job.id}", daemon=True).start()
    shown = job.progress
    try:
        while True:
            done, _ = futures.wait([outcome], timeout=_POLL_SECONDS)
            if progress and job.progress != shown:
                shown = job.progress
                progress(shown)
            if done:
                return outcome.result()
            if cancelled and cancelled():
                raise CorpusError("hub.cancelled", id=job.id)
            job.raise_if_late()
    finally:
        job.abandon()


# -- the libraries, told to be brief ---------------------------------------------------------------
_client_lock = threading.Lock()
_client_is_ready = False


def _prepare_client() -> None:
    """Put the hooks into the HTTP client of huggingface_hub, once a process."""
    global _client_is_ready
    import httpx2
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils._http import default_client_factory
    from huggingface_hub.utils.tqdm import disable_progress_bars

    class Metered(httpx2.SyncByteStream):
        def __init__(self, stream: httpx2.SyncByteStream, job: _Job) -> None:
            self._stream, self._job = stream, job

        def __iter__(self) -> Iterator[bytes]:
            for piece in self._stream:
                self._job.moves(len(piece))
                yield piece

        def close(self) -> None:
            self._stream.close()

    def before(request: httpx2.Request) -> None:
        if job := _JOB.get():
            job.asks()

    def after(response: httpx2.Response) -> None:
        if job := _JOB.get():
            job.hears(response.status_code)
            assert isinstance(response.stream, httpx2.SyncByteStream)
            response.stream = Metered(response.stream, job)

    def client() -> httpx2.Client:
        made = default_client_factory()
        hooks = made.event_hooks
        made.event_hooks = {"request": [*hooks["request"], before],
                            "response": [*hooks["response"], after]}
        return made

    with _client_lock:
        if not _client_is_ready:
            set_client_factory(client)
            disable_progress_bars()
            if not _can_write(constants.HF_HUB_CACHE):
                constants.HF_HUB_CACHE = tempfile.mkdtemp(prefix="unroll-hub-cache-")
            _client_is_ready = True


def _can_write(folder: str) -> bool:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _import_datasets(job: _Job) -> Any:
    with job.importing():
        import datasets

    # These are read when used. The hooks end what is refused; this is for cut connections.
    for name, value in {"READ_MAX_RETRIES": _TRIES, "READ_RETRY_INTERVAL": 1,
                        "READ_SERVER_UNAVAILABLE_RETRY_INTERVAL": 1,
                        "READ_RATE_LIMIT_RETRY_INTERVAL": 1,
                        "OPEN_MAX_RETRIES": _TRIES, "OPEN_RETRY_INTERVAL": 1}.items():
        setattr(datasets.config, f"STREAMING_{name}", value)
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False  # a request to another host, up to 3 s
    datasets.config.TORCH_AVAILABLE = False  # each stream would import torch: 3 s, 200 MB
    datasets.disable_progress_bars()
    return datasets


# -- what went wrong -------------------------------------------------------------------------------
def _as_corpus_error(error: Exception, job: _Job) -> CorpusError:
    """The one sentence for whatever the libraries raised; only names of kinds get out.

    Their texts hold addresses and paths of the server, and one kind stands for many faults, so the
    whole chain of causes is looked at. A missing README leaves a harmless 404 in every chain.
    """
    import httpx2
    from huggingface_hub import errors as hub

    id, causes = job.id, list(_causes(error))
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    statuses = [cause.response.status_code for cause in causes
                if isinstance(cause, hub.HfHubHTTPError) and cause.response is not None]

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if known := next((cause for cause in causes if isinstance(cause, CorpusError)), None):
        return known
    if any_is(hub.GatedRepoError):
        return CorpusError("hub.gated", id=id)
    if any_is(hub.RepositoryNotFoundError, hub.DisabledRepoError):
        return CorpusError("hub.missing", id=id)
    if refused := next((status for status in statuses if status in _BUSY), None):
        return _busy(refused)
    if any_is(httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ProxyError,
              hub.OfflineModeIsEnabled):
        return CorpusError("hub.offline")
    if any_is(httpx2.TimeoutException):
        return _timeout(job.patience)
    if 403 in statuses or 401 in statuses:
        return CorpusError("hub.gated", id=id)
    if names & {"EmptyDatasetError", "DataFilesNotFoundError"}:
        return CorpusError("hub.no_files", id=id)
    if any("scripts are no longer supported" in str(cause) for cause in causes):
        return CorpusError("hub.script", id=id)
    if any("Data files don't belong to" in str(cause) for cause in causes):
        return CorpusError("hub.outside", id=id)  # its README names a path of the server, or a URL
    _log.info("reading the dataset %s failed", id, exc_info=error)
    return CorpusError("hub.unreadable", id=id, reason=_reason(error, names))


def _reason(error: Exception, names: set[str]) -> str:
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError) and error.response is not None:
        return f"answer {error.response.status_code}"
    for name, reason in {"UnicodeError": "not UTF-8", "CastError": "columns differ between files",
                         "ArrowInvalid": "damaged file", "ParserError": "damaged table"}.items():
        if name in names:
            return reason
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and what it was raised during."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if not any(cause is other for other in seen):
            seen.append(cause)
            yield cause
            waiting += [c for c in (cause.__cause__, cause.__context__) if c is not None]


def _busy(status: int) -> CorpusError:
    return CorpusError("hub.busy", status=status)


def _timeout(seconds: float) -> CorpusError:
    return CorpusError("hub.timeout", seconds=int(seconds) if seconds == int(seconds) else seconds)


def _plain(value: str, longest: int = 60) -> str:
    """What a stranger typed or named, fit for one sentence."""
    printable = "".join(c if c.isprintable() else "?" for c in value)
    return printable if len(printable) <= longest else printable[:longest] + "…"


def _listed(names: Iterable[str], most: int = 20) -> str:
    names = [_plain(name) for name in names]
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
