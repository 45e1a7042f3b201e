"""What is asked of the text: callbacks only leave a wish; `bring` carries it out, where an error
finds its place on the page."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_core.records import SampledToken
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import session
from rnnlm_ui.generate import shelf
from rnnlm_ui.generate.shelf import SELECTED, WRITING
from rnnlm_ui.generate.writing import Writing

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings

BESIDE = "beside"  # the key of what stands right of the text, in the URL
PROMPT = "generate.prompt"  # the key of its widget
LONGEST_FORCED = 80  # characters that a reader puts in at once
DEFAULTS: dict[str, Any] = {
    "penalty": 1.0, "temperature": 0.8, "keep": "all", "top_k": 5, "top_p": 0.9, "min_p": 0.0,
    "length": 240}
# documents that are written at once, of a run with marks: about as much as fits the page
DOCUMENTS = {"none": 0, "lines": 10, "paragraphs": 1}
_LOOK_BUDGET = 0.12  # seconds in a row: Stop is heard, and other tabs get their turn
_HURRY_BUDGET = 0.35  # a text under another setting comes whole where that is quick
_EXAMPLE_BUDGET = 1.5  # the page's own example: nothing else waits for it
_ECHO = 1.5  # seconds in which the browser may still tell how the dials stood before undo
PACE = "reading"  # as fast as the browser types what it is sent
WISH, PAINTED, HURRY, SHOWN, REFUSED, TRAVELLED = (
    f"generate.{name}" for name in (
        "wish", "painted", "hurry", "shown", "refused", "travelled"))
_STARTING = ("go_on", "prompt", "draw", "put", "force")
_STOPPING = ("stop", "keep", "show", "delete", "adopt")


def wish(what: str, *values: Any) -> None:
    """Asked for by a button or a setting; `bring` carries it out."""
    session.forget(REFUSED)
    session.remember(WISH, (what, *values))


def put(index: int, piece: str) -> None:
    """Go on with this token in place of the written one."""
    wish("put", index, piece)


def take_prompt() -> None:
    """Write from what was just typed."""
    if typed := session.widget(PROMPT, None):
        wish("prompt", typed)


def show(number: int) -> None:
    """Go back to a branch."""
    wish("show", number)


def adopt(index: int, tokens: list[SampledToken]) -> None:
    """Take a continuation that was shown beside the text."""
    session.set_widget(BESIDE, "place")
    wish("adopt", index, tokens)


def force(index: int, key: str) -> None:
    """Go on with what was typed in the widget with this key, in place of the token at `index`."""
    writing: Writing | None = session.recall(WRITING, None)
    if writing is None or not (typed := session.widget(key, "")):
        return
    session.set_widget(key, "")
    whole, typed = typed, typed[:LONGEST_FORCED]
    ids = writing.following(index, typed)
    if ids:
        wish("force", index, ids)
    lacking = writing.run.tokenizer.unknown_in(typed)
    session.remember(REFUSED, (lacking, bool(ids), len(whole) > len(typed)))


def travel(back: bool) -> None:
    """Undo or redo, at once and exactly once: the dials and the time machine are set before they
    are drawn."""
    writing: Writing | None = session.recall(WRITING, None)
    if writing is None:
        return
    (writing.undo if back else writing.redo)()
    shelf.look_at_moment_of(writing)
    after = dict(writing.dials)
    session.forget(WISH)
    session.forget(SELECTED)
    session.remember(HURRY, False)
    before = {name: session.widget(name, value) for name, value in after.items()}
    _set(after)
    session.remember(TRAVELLED, (time.monotonic(), before, after))


def turned() -> None:
    """A setting was changed: the same noise under another one, so that the text deforms.

    While it writes, a look that was under way as undo set the dials still tells the old ones.
    """
    at, before, after = session.recall(TRAVELLED, (-math.inf, {}, {}))
    now = {name: session.widget(name, value) for name, value in after.items()}
    if time.monotonic() - at < _ECHO and now in (before, after):
        _set(after)
        return
    writing: Writing | None = session.recall(WRITING, None)
    # a widget may tell once more what it was told, which is no step of a reader's
    same = writing is not None and writing.under == settings(writing.run.config)
    if not same and session.recall(WISH, None) is None:
        wish("rewrite")


def _set(dials: Mapping[str, Any]) -> None:
    for name, value in dials.items():
        if session.widget(name, value) != value:
            session.set_widget(name, value)


def is_active() -> bool:
    """Whether this tab's text is growing, or is just about to."""
    writing: Writing | None = session.recall(WRITING, None)
    wanted = session.recall(WISH, ("",))[0]
    if wanted in _STARTING:
        return True
    return writing is not None and writing.active and wanted not in _STOPPING


def bring(folder: RunFolder) -> Writing:
    """This tab's text as of now: opened, as wished, and grown by what is due."""
    settings(folder.config()).checked()  # said for as long as it holds, not only once
    wanted = session.recall(WISH, ("",))
    what = wanted[0]
    writing = shelf.current(folder, bool(what))
    now, hurry, budget = time.monotonic(), session.recall(HURRY, False), _HURRY_BUDGET
    if what:
        hurry = what == "rewrite" and (hurry or not writing.active)
        try:
            _carry_out(writing, wanted, now)
        except UnrollError:
            session.forget(WISH)  # told once
            raise
        # only now: a newer look at the page may interrupt this one at any access to session state,
        # and a wish that was taken but not yet carried out would be lost
        session.forget(WISH)
    elif writing.given and not writing.tokens and not writing.active:
        writing.fill(settings(writing.run.config), now)
        hurry, budget = True, _EXAMPLE_BUDGET
    session.remember(HURRY, hurry)
    if hurry:
        writing.advance(now, "at_once", budget)
    else:
        writing.advance(now, session.widget("pace", PACE), _LOOK_BUDGET)
    dials = {name: session.widget(name, value) for name, value in _dials(writing).items()}
    writing.dials, writing.under = dials, settings(writing.run.config)
    return writing


def _dials(writing: Writing) -> dict[str, Any]:
    """What undo brings back along with a text, with the defaults."""
    config = writing.run.config
    documents = {} if config.marks == "none" else {"documents": DOCUMENTS[config.marks]}
    return DEFAULTS | {"draw": config.seed} | documents


def _carry_out(writing: Writing, wanted: tuple[Any, ...], now: float) -> None:
    """Once: a look that is interrupted after this finds the same wish again, already heard."""
    what, *values = wanted
    if what == "stop":
        writing.stop()
        writing.branch.asked = True
    if what == "stop" or wanted is writing.heard:
        return
    session.forget(SELECTED)
    if what == "prompt":
        session.forget(SHOWN)
    if what in _STARTING:  # what is there stays as it is, by whichever weights it was written
        shelf.renew(writing)
    wishes = settings(writing.run.config)
    writing.heard = wanted  # from here on nothing touches the session
    _do(writing, what, values, wishes, now)


def _do(writing: Writing, what: str, values: list[Any], wishes: SamplingSettings, now: float
        ) -> None:
    if what == "prompt":
        writing.begin(values[0], wishes, now)
    elif what == "draw":
        writing.again(wishes, now)
    elif what == "go_on":
        writing.go_on(wishes, now)
    elif what == "keep":
        writing.keep(values[0])
    elif what == "put" and values[0] < len(writing.tokens):
        writing.put(*values)
        writing.turn(wishes, now)
    elif what == "force":
        writing.force(*values, wishes, now)
    elif what == "adopt":
        writing.adopt(*values, penalised=wishes.repetition_penalty != 1)
    elif what == "show":
        writing.show(values[0])
    elif what == "delete":
        writing.delete(values[0])
    elif what == "rewrite" and writing.active:
        writing.turn(replace(wishes, length=writing.left), now)
    elif what == "rewrite" and not writing.by_hand:
        writing.again(wishes, now, turned=True)


def dial(name: str, default: Any) -> Any:
    """As the widget of this setting stands; a field that was emptied counts as its first value."""
    value = session.widget(name, default)
    return default if value is None else value


def settings(config: RunConfig) -> SamplingSettings:
    """As the widgets stand, for a run with this config."""
    from rnnlm_core.generate import SamplingSettings

    values = {name: dial(name, default) for name, default in DEFAULTS.items()}
    return SamplingSettings(
        temperature=values["temperature"], seed=dial("draw", config.seed),
        top_k=values["top_k"] if values["keep"] == "top_k" else 0,
        top_p=values["top_p"] if values["keep"] == "top_p" else 1.0,
        min_p=values["min_p"], repetition_penalty=values["penalty"], length=values["length"],
        documents=dial("documents", DOCUMENTS[config.marks])
        if config.marks != "none" else 0)
