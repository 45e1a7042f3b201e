"""A prepared text with its papers: where it came from, what was changed, its SHA-256.

Texts lie in a store, `STORE/SHA256/text.txt` with `manifest.json` beside, and are shared by all
runs. `load_corpus` turns any source into a stored text: a built-in name, a hub dataset, or
`text:SHA256` for what is in the store already (own text, pasted or uploaded).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

from rnnlm_core.data.builtin import BUILTIN, builtin_text, is_builtin
from rnnlm_core.data.cleaning import Cleaning, clean, first_changes
from rnnlm_core.data.hub import HubProgress, HubSpec, fetch_hub_text
from rnnlm_core.data.own_parts import SHORTEST_PART, beginning, budgets, pieces
from rnnlm_core.errors import CorpusError
from rnnlm_core.files import replace_file

SHORTEST = 32  # characters
OWN = "text:"
HUB = "hf:"
_VARIES_BY_PYTHON = ("manual", "source")
_SHA256 = re.compile("[0-9a-f]{64}")
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Manifest:
    """The papers of a text (`manifest.json` in the store, `corpus.json` in a run)."""

    source: str  # as in `RunConfig.corpus`
    title: str
    characters: int
    sha256: str
    max_characters: int = 0
    rows: int | None = None
    revision: str | None = None  # of the dataset, or the Python version a text was read from
    cleaning: dict[str, int] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)  # the first places of `cleaning`
    parts: tuple[int, ...] = ()  # characters of each part, where the text comes divided

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Raises `CorpusError` where this is no manifest."""
        try:
            read = cls(**json.loads(text))
            parts = tuple(int(length) for length in read.parts)
            if parts and (min(parts) < 1 or sum(parts) != read.characters):
                raise ValueError
        except (ValueError, TypeError):
            raise CorpusError("corpus.lost") from None
        return replace(read, parts=parts)


@dataclass(frozen=True)
class Corpus:
    text: str
    manifest: Manifest

    @property
    def pieces(self) -> list[str]:
        """Its own parts; one, where it has none."""
        return pieces(self.text, self.manifest.parts)


def load_corpus(source: str, store: Path, max_characters: int,
                progress: Callable[[HubProgress], None] | None = None,
                cancelled: Callable[[], bool] | None = None, token: str | None = None
                ) -> Corpus:
    """The text of `source`, from the store where it is there, else prepared and stored.

    An own text that is longer than `max_characters` is cut, and is then a text of its own.
    `token` is a reader's own, for a dataset of the hub that asks for one; it is kept nowhere.
    Raises `CorpusError` with one sentence on what to do.
    """
    if source.startswith(OWN):
        own = read_stored(store, source.removeprefix(OWN))
        papers = own.manifest
        return own if len(own.text) <= max_characters else keep_text(
            store, own.pieces, OWN, papers.title, max_characters, papers.rows, notes=papers.notes)
    if is_builtin(source):
        version = platform.python_version() if source in _VARIES_BY_PYTHON else None
        stored = _find(store, source, max_characters, version)
        return stored or keep_text(store, builtin_text(source), source, source, max_characters,
                                   revision=version)
    if source.startswith(HUB):
        if stored := _find(store, source, max_characters, None):
            return stored
        got = fetch_hub_text(HubSpec.parse(source), max_characters=max_characters,
                             progress=progress, cancelled=cancelled, token=token)
        counts = got.counts
        notes = {"blank_rows": counts.blanks + counts.nulls, "null_rows": counts.nulls,
                 "copies": counts.copies, "leaks": counts.leaks,
                 "repeated_rows": counts.repeated, "read": str(got.spec),
                 "from_export": got.from_export, "ended": got.ended}
        return keep_text(store, got.parts, source, got.spec.id, max_characters, rows=counts.rows,
                         revision=got.revision, notes=notes)
    raise CorpusError("corpus.unknown", value=source, choices=", ".join(BUILTIN))


def keep_text(store: Path, raw: str | Sequence[str], source: str, title: str, max_characters: int,
              rows: int | None = None, revision: str | None = None,
              notes: dict[str, Any] | None = None, requests: tuple[str, ...] = ()) -> Corpus:
    """Clean `raw`, refuse what cannot be trained on, and put it into the store.

    `raw` may be the parts of a text that comes divided: each is cleaned by itself and gets its
    share of `max_characters`, so nothing moves from one into another. `requests` are steps of
    `cleaning` beyond the usual ones. The title loses the marks that would turn the words around it
    about.

    `source` may be `text:` alone; the manifest then names the text by its own SHA-256.
    """
    title = _DIRECTION_MARKS.sub("", title)
    raws = [raw] if isinstance(raw, str) else raw
    cleaned = [clean(part, requests) for part in raws]
    cleaning = Cleaning(*map(sum, zip(*(astuple(counts) for _, counts in cleaned), strict=True)))
    changes = [asdict(c) for c in first_changes("".join(raws), requests)] \
        if any(astuple(cleaning)) else []
    parts = _cut([part for part, _ in cleaned], max_characters)
    text = "".join(parts)
    if not text.strip():
        raise CorpusError("corpus.empty", limit=SHORTEST)
    if len(text) < SHORTEST:
        raise CorpusError("corpus.below_minimum", value=len(text), limit=SHORTEST)
    if len(set(text)) < 2:
        raise CorpusError("corpus.one_symbol")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    manifest = Manifest(source + sha256 if source == OWN else source, title, len(text), sha256,
                        max_characters, rows, revision, asdict(cleaning), notes or {}, changes,
                        tuple(map(len, parts)) if len(parts) > 1 else ())
    folder = store / sha256
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / "text.txt", text.encode())
    _keep_papers(store, manifest)
    return Corpus(text, manifest)


def _cut(parts: list[str], max_characters: int) -> list[str]:
    if len(parts) == 1:
        return [parts[0][:max_characters]]
    kept = [beginning(part, share) for part, share
            in zip(parts, budgets(max_characters, len(parts)), strict=True)]
    for place, part in enumerate(kept, 1):
        if len(part) < SHORTEST_PART:
            raise CorpusError("corpus.short_part", part=place, value=len(part),
                              limit=SHORTEST_PART)
    return kept


def _keep_papers(store: Path, manifest: Manifest) -> None:
    """One text may come from several sources: each keeps its papers."""
    name = hashlib.sha256(f"{manifest.source} {manifest.max_characters}".encode()).hexdigest()[:8]
    path = store / manifest.sha256 / f"manifest-{name}.json"
    replace_file(path, manifest.to_json().encode())


def keep_own_text(store: Path, raw: str, title: str, max_characters: int) -> Corpus:
    """Pasted or uploaded text; `manifest.source` is what goes into `RunConfig.corpus`."""
    return keep_text(store, raw, OWN, title, max_characters)


def keep_cleaned(store: Path, corpus: Corpus, request: str, title: str) -> Corpus:
    """A text once more, with a step of cleaning on request: a text of its own.

    Its papers also count what had been changed before.
    """
    papers = corpus.manifest
    again = keep_text(store, corpus.pieces, OWN, title, papers.max_characters,
                      notes=papers.notes, requests=(request,))
    counts = {name: n + papers.cleaning.get(name, 0) for name, n in again.manifest.cleaning.items()}
    manifest = replace(again.manifest, cleaning=counts, changes=papers.changes
                       + again.manifest.changes)
    _keep_papers(store, manifest)
    return Corpus(again.text, manifest)


def read_stored(store: Path, sha256: str) -> Corpus:
    """A text by its hash. Raises `CorpusError`, corpus.not_stored, where it is not there or is not
    what it was."""
    folder = store / sha256
    manifests = _manifests(folder.glob("manifest-*.json")) if _SHA256.fullmatch(sha256) else []
    if not manifests:
        raise CorpusError("corpus.not_stored")
    own = [manifest for manifest in manifests if manifest.source == OWN + sha256]
    try:
        return Corpus(_read_checked(folder, sha256), [*own, manifests[-1]][0])
    except CorpusError:
        raise CorpusError("corpus.not_stored") from None


def stored_manifests(store: Path) -> list[Manifest]:
    """Every text in the store, the newest first; damaged papers are passed over."""
    return _manifests(store.glob("*/manifest-*.json"))


def _manifests(papers: Iterable[Path]) -> list[Manifest]:
    found: list[tuple[float, Manifest]] = []
    for path in papers:
        with contextlib.suppress(OSError, ValueError, CorpusError):  # gone meanwhile, or damaged
            found.append((path.stat().st_mtime, Manifest.from_json(path.read_text("utf-8"))))
    return [manifest for _, manifest in sorted(found, key=lambda f: -f[0])]


def _find(store: Path, source: str, max_characters: int, revision: str | None) -> Corpus | None:
    for manifest in stored_manifests(store):
        same = (manifest.source, manifest.max_characters) == (source, max_characters)
        if same and revision in (None, manifest.revision):
            try:
                return Corpus(_read_checked(store / manifest.sha256, manifest.sha256), manifest)
            except CorpusError:
                return None  # damaged in the store: prepare it again
    return None


def _read_checked(folder: Path, sha256: str) -> str:
    try:
        raw = (folder / "text.txt").read_bytes()
    except OSError:
        raise CorpusError("corpus.lost") from None
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise CorpusError("corpus.lost")
    return raw.decode()


def text_of(manifest: Manifest, store: Path) -> str:
    """The exact text of a run: from the store, or a built-in text read again and checked.

    Raises `CorpusError` where it is gone or, for a text of another Python version, different.
    """
    try:
        return _read_checked(store / manifest.sha256, manifest.sha256)
    except CorpusError:
        if not is_builtin(manifest.source):
            raise
    text = clean(builtin_text(manifest.source))[0][:manifest.max_characters]
    if hashlib.sha256(text.encode()).hexdigest() != manifest.sha256:
        raise CorpusError("corpus.changed", name=manifest.title)
    return text
