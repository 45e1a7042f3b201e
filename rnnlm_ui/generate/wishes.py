"""What is asked of the text: callbacks only leave a wish; `bring` carries it out, where an error
finds its place on the page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session, time_machine
from rnnlm_ui.generate.writing import Writing

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings

PROMPT = "generate.prompt"  # the key of its widget
LONGEST_PROMPT = 500
DEFAULTS: dict[str, Any] = {
    "temperature": 0.8, "keep": "all", "top_k": 5, "top_p": 0.9, "length": 240}
# documents that are written at once, of a run with marks: about as much as fits the page
DOCUMENTS = {"none": 0, "lines": 10, "paragraphs": 1}
_LOOK_BUDGET = 0.12  # seconds in a row: Stop is heard, and other tabs get their turn
_HURRY_BUDGET = 0.35  # a text under another setting comes whole where that is quick
_EXAMPLE_BUDGET = 1.5  # the page's own example: nothing else waits for it
PACE = "reading"  # as fast as the browser types what it is sent
WRITING, WISH, SELECTED, PAINTED, HURRY, SHOWN = (
    f"generate.{name}" for name in ("writing", "wish", "selected", "painted", "hurry", "shown"))


def wish(what: str, *values: Any) -> None:
    """Asked for by a button or a setting; `bring` carries it out."""
    session.remember(WISH, (what, *values))


def put(index: int, piece: str) -> None:
    """Go on with this token in place of the written one."""
    wish("put", index, piece)


def take_prompt() -> None:
    """Write from what was just typed."""
    if typed := session.widget(PROMPT, None):
        wish("prompt", typed)


def is_active() -> bool:
    """Whether this tab's text is growing, or is just about to."""
    writing: Writing | None = session.recall(WRITING, None)
    wanted = session.recall(WISH, ("",))[0]
    if wanted in ("go_on", "prompt", "put"):
        return True
    return writing is not None and writing.active and wanted not in ("stop", "keep")


def bring(folder: RunFolder) -> Writing:
    """This tab's text as of now: opened, as wished, and grown by what is due."""
    settings(folder.config()).checked()  # said for as long as it holds, not only once
    writing = _current(folder)
    what, *values = session.recall(WISH, ("",))
    now, hurry, budget = time.monotonic(), session.recall(HURRY, False), _HURRY_BUDGET
    if what:
        hurry = what == "rewrite" and (hurry or not writing.active)
        try:
            _carry_out(writing, what, values, now)
        except UnrollError:
            session.forget(WISH)  # told once
            raise
        # only now: a newer look at the page may interrupt this one at any access to session state,
        # and a wish that was taken but not yet carried out would be lost (carrying it out twice
        # does no harm)
        session.forget(WISH)
    elif not writing.tokens and not writing.active and not writing.by_hand:
        writing.again(settings(writing.run.config), now)
        hurry, budget = True, _EXAMPLE_BUDGET
    session.remember(HURRY, hurry)
    if hurry:
        writing.advance(now, "at_once", budget)
    else:
        writing.advance(now, session.widget("pace", PACE), _LOOK_BUDGET)
    return writing


def _current(folder: RunFolder) -> Writing:
    """The text kept in this tab; an untouched example gives way to newer weights.

    At another moment the same beginning is gone on with by the weights of that moment.
    """
    entry, kept = time_machine.entry(folder), session.recall(WRITING, None)
    digest, moment = entry.sha256 if entry is not None else "", time_machine.moment(folder)
    same_run = isinstance(kept, Writing) and kept.run.path == folder.path
    same_moment = same_run and kept.moment == moment
    if same_run and (kept.digest == digest or kept.by_hand or (
            same_moment and (kept.prompt or kept.active))):
        return kept
    run = runs.opened(folder, moment)
    _ = run.model  # raises before anything is kept
    writing = Writing(run, digest, entry.step if entry is not None else 0,
                      kept.prompt if same_run else "", moment=moment)
    session.remember(WRITING, writing)
    session.forget(SELECTED)
    return writing


def _renew(writing: Writing) -> None:
    """What is written from now on is written by the weights that are looked at."""
    folder = writing.run.folder
    entry, writing.moment = time_machine.entry(folder), time_machine.moment(folder)
    if entry is not None and entry.sha256 != writing.digest:
        writing.run = runs.opened(folder, writing.moment)
        writing.digest, writing.step = entry.sha256, entry.step


def _carry_out(writing: Writing, what: str, values: list[Any], now: float) -> None:
    if what == "stop":
        writing.stop()
        return
    session.forget(SELECTED)
    _renew(writing)
    config = writing.run.config
    if what == "prompt":
        writing.prompt = values[0]
        session.forget(SHOWN)
        writing.again(settings(config), now)
    elif what == "go_on":
        writing.go_on(settings(config), now)
    elif what == "keep":
        writing.keep(values[0])
    elif what == "put":
        index, piece = values
        if index < len(writing.tokens):
            writing.put(index, piece)
            writing.go_on(settings(config), now)
    elif what == "rewrite" and writing.active:
        writing.go_on(settings(config, writing.left), now)
    elif what == "rewrite" and not writing.by_hand:
        writing.again(settings(config), now)


def settings(config: RunConfig, length: int | None = None) -> SamplingSettings:
    """As the widgets stand, for a run with this config."""
    from rnnlm_core.generate import SamplingSettings

    values = {name: session.widget(name, default) for name, default in DEFAULTS.items()}
    return SamplingSettings(
        temperature=values["temperature"], seed=session.widget("draw", 1),
        top_k=values["top_k"] if values["keep"] == "top_k" else 0,
        top_p=values["top_p"] if values["keep"] == "top_p" else 1.0,
        length=values["length"] if length is None else length,
        documents=session.widget("documents", DOCUMENTS[config.marks])
        if config.marks != "none" else 0)
