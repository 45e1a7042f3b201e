"""Which text a browser tab looks at: one a run, and what a reader made of others waits."""

from __future__ import annotations

from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session, time_machine
from rnnlm_ui.generate.writing import Writing

WRITING, SELECTED, _SHELF = (f"generate.{name}" for name in ("writing", "selected", "shelf"))
_MOST_SHELVED = 4  # texts of other runs


def current(folder: RunFolder) -> Writing:
    """The text kept in this tab; an untouched example gives way to newer weights.

    At another moment the same beginning is gone on with by the weights of that moment. What a
    reader has made with another run waits on the shelf.
    """
    entry, kept = time_machine.entry(folder), session.recall(WRITING, None)
    digest, moment = entry.sha256 if entry is not None else "", time_machine.moment(folder)
    if isinstance(kept, Writing) and kept.run.path != folder.path:
        kept = _shelved(kept, folder)
    same_moment = kept is not None and kept.moment == moment
    if kept is not None and (kept.digest == digest or kept.kept or (
            same_moment and (kept.prompt or kept.active))):
        return kept
    run = runs.opened(folder, moment)
    _ = run.model  # raises before anything is kept
    writing = Writing(run, digest, entry.step if entry is not None else 0,
                      kept.prompt if kept is not None else "", moment=moment)
    session.remember(WRITING, writing)
    session.forget(SELECTED)
    return writing


def _shelved(kept: Writing, folder: RunFolder) -> Writing | None:
    """Puts away what a reader made with one run, and finds what there was of another."""
    shelf: dict[str, Writing] = dict(session.recall(_SHELF, {}))
    found = shelf.pop(folder.id, None)
    if kept.kept or kept.prompt:
        kept.stop()
        shelf[kept.run.folder.id] = kept
    session.remember(_SHELF, dict(list(shelf.items())[-_MOST_SHELVED:]))
    if found is not None:
        session.remember(WRITING, found)
        session.forget(SELECTED)
    return found


def renew(writing: Writing) -> None:
    """What is written from now on is written by the weights that are looked at."""
    folder = writing.run.folder
    entry, writing.moment = time_machine.entry(folder), time_machine.moment(folder)
    if entry is not None and entry.sha256 != writing.digest:
        writing.run = runs.opened(folder, writing.moment)
        writing.digest, writing.step = entry.sha256, entry.step
