"""Find: every label with its best unit, what speaks against it, and how well it is told."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import Problem, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.choice import settings
from rnnlm_ui.states.find_label import label_view
from rnnlm_ui.states.find_table import first_table, guarded_table, label_name, look_at
from rnnlm_ui.states.findings import doubt, is_memory, score_text, signed, unit_name
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.own_label import LABEL, just_asked, own_findings, own_is_gone, own_settings
from rnnlm_ui.states.picture import text_picture, unknown_note
from rnnlm_ui.states.reading import candidates, found_units

if TYPE_CHECKING:
    from rnnlm_core.insight.units import UnitFinding

SOON = 0.4  # seconds of the first list: the guards take about twice as long once more
_SEEN = "find.seen"  # the run whose table this tab has shown


def before(folder: RunFolder, step: int | None, shown: Entry) -> DeltaGenerator:
    """The first list, where the guards of a run's first search take a while."""
    place = st.empty()
    if session.recall(_SEEN, None) != folder.id:
        with contextlib.suppress(UnrollError):  # the search itself says what is wrong
            start = time.monotonic()
            found = candidates(str(folder.path), step, shown.sha256)
            if time.monotonic() - start > SOON:
                first_table(runs.opened(folder).config, found, place)
    return place


def show(look: Look, answer: DeltaGenerator) -> None:
    found = look.findings
    if look.step is not None and look.unsearched is None:
        found = found_units(look.path, look.digest, look.step)
    session.remember(_SEEN, look.folder.id)
    own = own_findings(look)
    if (fresh := just_asked(own)) is not None:
        look_at(fresh)
        session.page_again()
    if found and own_is_gone(look, own):
        look_at(found[0])
        session.page_again()
    rows = [*own.findings, *found]
    chosen = _chosen(look, rows)
    answer.markdown(_own_answer(look, chosen)
                    if chosen is not None and chosen in own.findings else _answer(look, found))
    place = look.early if look.early is not None else st.empty()
    if chosen is not None:
        guarded_table(look, rows, chosen, place)
    else:
        place.empty()
    own_settings(look, own)
    if chosen is not None:
        label_view(look, chosen)
    else:
        text_picture(look)
    unknown_note(look.reading.unknown)
    settings(look.config)
    st.markdown(t("states_find.not_in_minutes"))


def _chosen(look: Look, rows: Sequence[UnitFinding]) -> UnitFinding | None:
    """The label that was chosen; else what was found on the chosen unit, else the best."""
    asked = session.recall(LABEL, "")
    own = (look.choice.part, look.choice.layer, look.choice.unit)
    ranked = sorted(rows, key=lambda f: (f.label != asked, (f.part, f.layer, f.unit) != own))
    return ranked[0] if ranked else None


def _own_answer(look: Look, own: UnitFinding) -> str:
    """The best unit for the reader's own label, and whether it passed every guard."""
    values = {"label": plain(label_name(own.label)), **_numbers(look, own)}
    if is_memory(own):
        return t("states_find.own_best", within=signed(own.within_character),
                 spans=number(own.spans), **look.words, **values)
    return t("states_find.own_none", reason=doubt(own), **values)


def _numbers(look: Look, finding: UnitFinding) -> dict[str, str]:
    return {"name": unit_name(finding.part, finding.layer, finding.unit, look.config),
            "score": score_text(finding, finding.score), "control": f"{finding.control:.2f}",
            "chance": f"{finding.chance:.2f}"}


def _answer(look: Look, found: Sequence[UnitFinding]) -> str:
    """The best finding that passed every guard, or plainly that none did."""
    if look.unsearched is not None:
        return look_inside.note(
            Problem("text.held_out_short", look.unsearched.values)
            if look.unsearched.code == "text.too_short" else look.unsearched)
    if not found:
        return t("states.answer_nothing")
    passed = [finding for finding in found if is_memory(finding)]
    best = (passed or found)[0]
    values = _numbers(look, best)
    if not passed:
        return t("states_find.none", label=label_name(best.label), reason=doubt(best),
                 n=len(found), **values)
    return joined([
        t("states_find.best", claim=t(f"states.claim.{best.label}"),
          within=signed(best.within_character), spans=number(best.spans), **look.words, **values),
        t("states_find.passed", passed=len(passed), n=len(found))])
