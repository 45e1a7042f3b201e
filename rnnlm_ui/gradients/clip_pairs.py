"""Which two runs that differ in clipping alone are shown: those compared, else the newest."""

from __future__ import annotations

from contextlib import suppress

from rnnlm_core import launch
from rnnlm_core.errors import UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session

Pair = tuple[RunFolder, RunFolder]  # without clipping first
ENDED = frozenset({"finished", "diverged"})  # by themselves
_LOOKED_AT = 60  # the newest runs among which a pair is looked for


def shown_pair() -> tuple[Pair | None, bool]:
    """The pair that is compared, else the newest there is; and whether one was passed over because
    it was stopped before it had anything to show, where an earlier one has."""
    root = launch.runs_root()
    named = [folder for run in session.compared()
             if (folder := launch.find_run(run, root)) is not None]
    found = _pairs_among(named) + _pairs_among(launch.list_runs(root)[:_LOOKED_AT])
    if not found:
        return None, False
    chosen = next((folders for folders in found if _has_something(folders)), found[0])
    return chosen, chosen != found[0]


def goes_on(folders: Pair) -> bool:
    return any(runs.is_active(launch.status(folder).state) for folder in folders)


def _has_something(folders: Pair) -> bool:
    """Whether there is anything to see of both, or will be."""
    return goes_on(folders) or all(
        status.state in ENDED or status.step > 0 for status in map(launch.status, folders))


def _pairs_among(folders: list[RunFolder]) -> list[Pair]:
    """As new as the first run of each."""
    groups: dict[str, list[tuple[float, RunFolder]]] = {}
    for folder in folders:
        with suppress(UnrollError):
            origin = folder.origin()
            if origin is not None and origin.group and set(origin.changed) == {"clip_norm"}:
                groups.setdefault(origin.group, []).append((folder.config().clip_norm, folder))
    found: list[Pair] = []
    for members in groups.values():
        members.sort(key=lambda member: member[0])
        if len(members) == 2 and members[0][0] == 0 < members[1][0]:
            found.append((members[0][1], members[1][1]))
    return found
