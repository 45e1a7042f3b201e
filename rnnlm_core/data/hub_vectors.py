"""Word vectors from a repository of the Hugging Face hub: its first rows, and no more of it.

    hf:[datasets/]OWNER/NAME[@REVISION][:FILE[:FILE_IN_ZIP]]

A repository of models unless it says datasets/. Tables are ordered by how common their words are,
so the first rows are the useful ones: plain text and .gz are read from the beginning, a .zip by its
list and then the one file in it, all by range requests. Deadlines, cancelling, tokens and faults
are those of `hub`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO, Any

from rnnlm_core.data.hub import STALL_SECONDS
from rnnlm_core.data.hub_call import FIRST_ANSWER_SECONDS, HubProgress, Job, supervise
from rnnlm_core.data.hub_choice import tagged
from rnnlm_core.data.hub_client import prepare_client
from rnnlm_core.data.hub_errors import listed, plain
from rnnlm_core.data.hub_spec import is_id, is_revision
from rnnlm_core.data.vector_reading import Budget, Reading, read_vectors, tables_inside
from rnnlm_core.errors import CorpusError

HUB = "hf:"
DATASETS = "datasets/"
USUAL_ROWS = 100_000
READ_SECONDS = 180.0
_MOST_BYTES = 1_000_000_000  # a 300-number row takes 2.6 kB of text
# what a table's file may end with, the likeliest first
_FITTING = (".vec", ".vec.gz", ".vec.zip", ".npz", ".txt.gz", ".zip", ".txt", ".gz")
_LONGEST = 200


@dataclass(frozen=True)
class VectorSpec:
    """Which table of which repository; what is None is chosen when the repository is known."""

    id: str
    file: str | None = None
    member: str | None = None  # of a .zip file
    revision: str | None = None  # None: the newest
    datasets: bool = False  # a repository of a dataset, not of a model

    def __post_init__(self) -> None:
        """Raises `CorpusError`: vectors.bad_id, hub.revision."""
        names = [name for name in (self.file, self.member) if name is not None]
        if not is_id(self.id) or not all(
                name.isprintable() and 0 < len(name) <= _LONGEST for name in names):
            raise CorpusError("vectors.bad_id", value=plain(str(self)))
        if self.revision is not None and not is_revision(self.revision):
            raise CorpusError("hub.revision", id=self.id)

    @classmethod
    def parse(cls, source: str) -> VectorSpec:
        """From `hf:…` as above. Raises `CorpusError` like the class itself."""
        scheme, _, rest = source.partition(":")
        if scheme != "hf":
            raise CorpusError("vectors.bad_id", value=plain(source))
        head, *names = rest.split(":", 2)
        name, _, revision = head.partition("@")
        file, member = [part or None for part in [*names, "", ""][:2]]
        return cls(name.removeprefix(DATASETS), file, member, revision or None,
                   name.startswith(DATASETS))

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        parts = [f"{DATASETS * self.datasets}{self.id}{revision}", self.file, self.member]
        return HUB + ":".join(part for part in parts if part)

    @property
    def title(self) -> str:
        """The table's own name."""
        return (self.member or self.file or self.id).rsplit("/", 1)[-1]


@dataclass(frozen=True)
class HubTables:
    """What a repository offers, and what is chosen of it."""

    spec: VectorSpec  # with a file, and where that is a .zip, one of its members
    revision: str
    files: tuple[tuple[str, int], ...]  # that may be tables, the likeliest first, with their bytes
    members: tuple[str, ...]  # of the chosen .zip
    licence: str  # the tag of its page, "" where there is none


@dataclass(frozen=True)
class HubVectors:
    """The table, and what was read for it."""

    read: Reading
    spec: VectorSpec  # with every choice made
    revision: str
    bytes_moved: int


def inspect_vectors(spec: VectorSpec, *, token: str | None = None,
                    seconds: float = FIRST_ANSWER_SECONDS, stall_seconds: float = STALL_SECONDS
                    ) -> HubTables:
    """The files of a repository that may be tables; the likeliest is chosen where `spec` leaves it
    open. Raises `CorpusError` (hub.*, vectors.*), within `seconds` where the hub is silent.
    """
    job = Job(spec.id, seconds, stall_seconds, READ_SECONDS, token=token)

    def look() -> HubTables:
        found = _look(spec, job)
        file = found.spec.file
        if file is None:
            file = found.files[0][0]
        found = replace(found, spec=replace(found.spec, file=file))
        if not file.endswith(".zip"):
            return found
        with _opened(found, job) as content:
            members = tables_inside(content, file)
        if not members:
            raise CorpusError("vectors.none_inside", name=plain(file))
        member = found.spec.member if found.spec.member in members else members[0]
        return replace(found, members=tuple(members), spec=replace(found.spec, member=member))

    return supervise(job, look, None, None)


def fetch_vectors(spec: VectorSpec, *, most_rows: int = USUAL_ROWS, token: str | None = None,
                  seconds: float = FIRST_ANSWER_SECONDS, stall_seconds: float = STALL_SECONDS,
                  max_seconds: float = READ_SECONDS,
                  progress: Callable[[HubProgress], None] | None = None,
                  cancelled: Callable[[], bool] | None = None) -> HubVectors:
    """The first `most_rows` of a table, or what came of them in `max_seconds`.

    Where the repository, or its .zip, holds several tables, `spec` must name one. `progress` and
    `cancelled` are called by the caller's own thread, 20 times a second. Raises `CorpusError` like
    `inspect_vectors`, and hub.cancelled.
    """
    # `block_bytes`: small pieces for few rows, since the last one is moved in vain
    job = Job(spec.id, seconds, stall_seconds, max_seconds,
              max_characters=100 * most_rows, token=token)
    job.most_bytes = _MOST_BYTES

    def tell(rows: int) -> None:
        job.end_if_abandoned()
        job.progress = HubProgress(0, rows, job.bytes_moved / 1e6)

    def read() -> HubVectors:
        found = _look(spec, job)
        if found.spec.file is None:
            if len(found.files) > 1:
                raise CorpusError("vectors.which", name=job.id,
                                  choices=listed(name for name, _ in found.files))
            found = replace(found, spec=replace(found.spec, file=found.files[0][0]))
        chosen = found.spec
        assert chosen.file is not None
        with _opened(found, job) as content:
            table = read_vectors(content, chosen.file, Budget(most_rows, max_seconds),
                                 chosen.member, tell)
        return HubVectors(table, chosen, found.revision, job.bytes_moved)

    return supervise(job, read, progress, cancelled)


def _look(spec: VectorSpec, job: Job) -> HubTables:
    """What the repository holds; a file that `spec` names must be there."""
    with job.importing():
        from huggingface_hub import HfApi

        prepare_client()
    api = HfApi(token=job.sent_token)
    kind = "dataset" if spec.datasets else "model"
    info: Any = api.repo_info(spec.id, repo_type=kind, revision=spec.revision, files_metadata=True,
                              timeout=job.seconds)
    if info.gated and job.token is None:
        raise CorpusError("hub.gated", id=info.id)
    sizes = {one.rfilename: int(one.size or 0) for one in info.siblings or ()}
    rank = {name: next(place for place, end in enumerate(_FITTING) if name.endswith(end))
            for name in sizes if name.endswith(_FITTING)}
    files = tuple((name, sizes[name]) for name in sorted(rank, key=lambda n: (rank[n], n)))
    if spec.file is not None and spec.file not in sizes:
        raise CorpusError("vectors.no_hub_file", id=info.id, value=plain(spec.file),
                          choices=listed(name for name, _ in files) or "–")
    if not files:
        raise CorpusError("vectors.no_files", id=info.id)
    return HubTables(replace(spec, id=info.id), info.sha or "main", files, (),
                     ", ".join(tagged(info.tags, "license:")))


def _opened(found: HubTables, job: Job) -> IO[bytes]:
    from huggingface_hub import HfFileSystem

    spec = found.spec
    system = HfFileSystem(token=job.sent_token, skip_instance_cache=True)
    path = f"{DATASETS * spec.datasets}{spec.id}@{found.revision}/{spec.file}"
    file: IO[bytes] = system.open(path, "rb", block_size=job.block_bytes)
    return file
