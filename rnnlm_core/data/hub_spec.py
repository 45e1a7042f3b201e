"""The name of a text on the hub, as it stands in `RunConfig.corpus`, in a link and in a command.

    hf:OWNER/NAME[@REVISION][#PLACE][:CONFIG[:SPLIT[:COLUMN]]]
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rnnlm_core.data.hub_errors import plain
from rnnlm_core.errors import CorpusError

MOST_PLACES = 9_999

# names that `datasets` takes for a loader of local files, not for a dataset
_LOADERS = frozenset((
    "arrow", "audiofolder", "cache", "conll", "csv", "eval", "fasta", "fastq", "genbank", "harbor",
    "hdf5", "iceberg", "imagefolder", "json", "lance", "meshfolder", "mmcif", "niftifolder",
    "pandas", "parquet", "pdb", "pdffolder", "sql", "text", "tsfile", "videofolder", "vortex",
    "webdataset", "xml"))
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_ID = re.compile(rf"{_PART}(?:/{_PART})?")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,99}")
_PLACE = re.compile(r"[1-9][0-9]{0,3}")
_HEAD = re.compile(r"(?P<id>[^@#]*)(?:@(?P<revision>[^#]*))?(?:#(?P<place>.*))?", re.DOTALL)


def is_id(id: str) -> bool:
    """Whether a repository may be called that: a name, or OWNER/NAME."""
    odd = "--" in id or ".." in id or id.startswith("buckets/")
    return _ID.fullmatch(id) is not None and not odd


def is_revision(name: str) -> bool:
    return _REVISION.fullmatch(name) is not None and ".." not in name


@dataclass(frozen=True)
class HubSpec:
    """Which text of which dataset; what is None is chosen when the dataset is known."""

    id: str
    config: str | None = None
    split: str | None = None
    column: str | None = None
    revision: str | None = None  # a branch, a pull request's `refs/pr/2`, a commit; None: main
    place: int = 0  # 0: from the beginning; else a seed that chooses the row group to begin with

    def __post_init__(self) -> None:
        """Raises `CorpusError` (hub.bad_id): anything else might be read as a path of the server
        (`datasets` looks for a local folder first) or as the name of a loader."""
        if not is_id(self.id) or self.id in _LOADERS:
            raise CorpusError("hub.bad_id", value=plain(self.id))
        if self.revision is not None and not is_revision(self.revision):
            raise CorpusError("hub.revision", id=self.id)

    @classmethod
    def parse(cls, source: str) -> HubSpec:
        """From `hf:…` as above; an empty part is left open. Raises `CorpusError`, hub.*."""
        scheme, _, rest = source.partition(":")
        if scheme != "hf":
            raise CorpusError("hub.bad_id", value=plain(source))
        name, *choices = rest.split(":", 3)
        head = _HEAD.fullmatch(name)
        assert head is not None  # its last group takes everything
        place = head["place"]
        if place is not None and not _PLACE.fullmatch(place):
            raise CorpusError("hub.place", value=plain(place), limit=MOST_PLACES)
        config, split, column = [choice or None for choice in [*choices, "", "", ""][:3]]
        return cls(head["id"], config, split, column, head["revision"] or None, int(place or 0))

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        place = f"#{self.place}" if self.place else ""
        parts = [f"{self.id}{revision}{place}", self.config, self.split, self.column]
        while not parts[-1]:
            parts.pop()
        return "hf:" + ":".join(part or "" for part in parts)
