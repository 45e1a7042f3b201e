"""Which text a browser tab looks at: one a run, and what a reader made of others waits."""

from __future__ import annotations

from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session, time_machine
from rnnlm_ui.generate.writing import Writing

WRITING, SELECTED, _SHELF = (f"generate.{name}" for name in ("writing", "selected", "shelf"))
_MOST_SHELVED = 4  # texts of other runs


def current(folder: RunFolder, wished: bool = False) -> Writing:
    """The text kept in this tab; the page's own example gives way to newer weights.

    At another moment the same beginning is gone on with by the weights of that moment, which is a
    step that can be taken back. `wished`: something is asked of the text as it stands on the
    screen, so it stays. What a reader has made with another run waits on the shelf.
    """
    kept: Writing | None = session.recall(WRITING, None)
    if kept is not None and kept.run.path != folder.path:
        kept = _shelved(kept, folder)
    if kept is None:
        entry, moment = time_machine.entry(folder), time_machine.moment(folder)
        run = runs.opened(folder, moment)
        _ = run.model  # raises before anything is kept
        kept = Writing(run, entry.sha256 if entry is not None else "",
                       entry.step if entry is not None else 0, moment=moment)
        session.remember(WRITING, kept)
        session.forget(SELECTED)
    else:
        _follow(kept, folder, wished)
    return kept


def _follow(kept: Writing, folder: RunFolder, wished: bool) -> None:
    """To the moment that is looked at, and to newer weights where nothing is a reader's."""
    entry, moment = time_machine.entry(folder), time_machine.moment(folder)
    if kept.moment == moment and kept.opened_for != moment:  # undo went there
        _take_weights(kept)
    elif wished:
        return
    elif kept.moment != moment:
        if entry is not None and entry.sha256 == kept.digest:  # another name for the same weights
            kept.moment = kept.opened_for = moment
            return
        _take_weights(kept)
        kept.move(moment)
        session.forget(SELECTED)
    elif entry is not None and kept.digest != entry.sha256 and kept.example \
            and session.recall(SELECTED, None) is None:
        _take_weights(kept)
        kept.empty()


def _take_weights(writing: Writing) -> None:
    """Those that are looked at. Raises before anything is changed."""
    folder = writing.run.folder
    entry, moment = time_machine.entry(folder), time_machine.moment(folder)
    if entry is not None and (entry.sha256 != writing.digest or writing.opened_for != moment):
        run = runs.opened(folder, moment)
        _ = run.model
        writing.take_weights(run, entry.sha256, entry.step, moment)


def _shelved(kept: Writing, folder: RunFolder) -> Writing | None:
    """Puts away what a reader made with one run, and finds what there was of another."""
    shelf: dict[str, Writing] = dict(session.recall(_SHELF, {}))
    found = shelf.pop(folder.id, None)
    if kept.worth_keeping:
        kept.stop()
        shelf[kept.run.folder.id] = kept
    session.remember(_SHELF, dict(list(shelf.items())[-_MOST_SHELVED:]))
    if found is not None:
        session.remember(WRITING, found)
        session.forget(SELECTED)
    return found


def renew(writing: Writing) -> None:
    """What is written from now on is written by the weights that are looked at."""
    moment = time_machine.moment(writing.run.folder)
    _take_weights(writing)
    if writing.moment != moment:
        writing.leave()
        writing.moment = moment


def look_at_moment_of(writing: Writing) -> None:
    """The time machine goes where undo or redo went; where that is no longer kept, the text is at
    the newest moment."""
    folder = writing.run.folder
    if time_machine.moment(folder) == writing.moment:
        return
    time_machine.go_to(folder, writing.moment)
    if time_machine.moment(folder) != writing.moment:
        time_machine.go_to(folder, None)
        writing.moment = None
