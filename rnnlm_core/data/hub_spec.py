"""The name of a text on the hub, as it stands in `RunConfig.corpus`, in a link and in a command.

    hf:OWNER/NAME[@REVISION][#PLACE][:CONFIG[:SPLIT[:COLUMN]]]

SPLIT may name the dataset's own division, two or three splits: what is trained on, what is held
out for validation, what is kept for the final test (`train+validation+test`, `train+test`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rnnlm_core.data.hub_errors import plain
from rnnlm_core.errors import CorpusError

MOST_PLACES = 9_999
MOST_PARTS = 3

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
# how the splits of a division are mostly called, in its order, the surest name first
_USUAL_SPLITS = (("train", "training"), ("validation", "valid", "val", "dev", "eval"),
                 ("test", "testing"))
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
        """Raises `CorpusError`: hub.bad_id, since anything else might be read as a path of the
        server (`datasets` looks for a local folder first) or as the name of a loader; hub.revision;
        hub.splits."""
        if not is_id(self.id) or self.id in _LOADERS:
            raise CorpusError("hub.bad_id", value=plain(self.id))
        if self.revision is not None and not is_revision(self.revision):
            raise CorpusError("hub.revision", id=self.id)
        if len(set(self.splits)) < len(self.splits) or len(self.splits) > MOST_PARTS or (
                "" in self.splits):
            raise CorpusError("hub.splits", value=plain(self.split or ""))

    @property
    def splits(self) -> tuple[str, ...]:
        """The split, or the parts of the dataset's own division; none where it is left open."""
        return tuple(self.split.split("+")) if self.split else ()

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


def own_division(splits: Iterable[str]) -> str | None:
    """The splits of a dataset that are made to train, validate and test with, as a spec names them.

    None where there is no training split, or nothing beside it. Where there is no validation split,
    the test split takes its place.
    """
    there = {name.lower(): name for name in splits}
    found = [next((there[name] for name in names if name in there), "") for names in _USUAL_SPLITS]
    return "+".join(filter(None, found)) if found[0] and any(found[1:]) else None


def lacks_validation(splits: tuple[str, ...]) -> bool:
    """Whether what this division holds out for validation is a test split by its name."""
    return len(splits) == MOST_PARTS - 1 and splits[1].lower() in _USUAL_SPLITS[2]


def comes_divided(source: str) -> bool:
    """Whether this text is a dataset's own division. Raises `CorpusError` like `HubSpec.parse`."""
    return source.startswith("hf:") and len(HubSpec.parse(source).splits) > 1
