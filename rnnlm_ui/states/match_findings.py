"""What the places of a pattern have in common, put into words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_core.data.marks import short
from rnnlm_core.figures.states import visible
from rnnlm_core.insight.match import MOST_MATCHES, Share, Span
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.findings import percent, signed, unit_name
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.table import table

if TYPE_CHECKING:
    from rnnlm_core.insight.match_report import MatchReport

LISTED = 24  # units that are named
ECHO = 1 / 3  # of the places read the same letters: that needs no memory


def answer_of(report: MatchReport, phrase: str, look: Look) -> list[str]:
    """How many units, how many places, what they have in common, and what luck gives."""
    n = len(report.chosen)
    if not n:
        return [t("states_match.no_units", phrase=phrase)]
    if not report.matches:
        return [t("states_match.no_places", phrase=phrase, n=n)]
    count = len(report.matches)
    key = "states_match.found_most" if count == MOST_MATCHES else "states_match.found"
    told = [t(key, phrase=phrase, n=n, places=number(count), full=number(report.full))]
    telling = [one for one in report.labels if one.share.telling]
    if telling:
        told.append(t("states_match.common", label=t(f"states.label.{telling[0].name}"),
                      **_numbers(telling[0].share)))
    elif report.labels:
        told.append(t("states_match.nothing_common"))
    if report.likeliest is not None and report.likeliest.telling:
        token = plain(visible(short(look.run.tokenizer.pieces[report.after[0].token])))
        told.append(t("states_match.next", token=token, **_numbers(report.likeliest)))
    if report.same >= ECHO * count:
        told.append(t("states_match.same", n=number(report.same), places=number(count)))
    return told


def _numbers(share: Share) -> dict[str, str]:
    luck = t("states_match.no_luck") if share.random is None else \
        t("states_match.luck", random=percent(share.random), high=percent(share.random_high))
    return {"share": percent(share.matches), "everywhere": percent(share.everywhere),
            "luck": luck}


def units_list(report: MatchReport, look: Look, span: Span) -> None:
    """The units on all through the phrase, the furthest from zero first, with their means."""
    means = look.values[span.start:span.end + 1].mean(0)
    units = sorted((int(switch) % look.config.hidden for switch in report.chosen),
                   key=lambda unit: -abs(float(means[unit])))
    st.subheader(t("states_match.units", n=number(len(units)), all=number(look.config.hidden)),
                 anchor=False)
    if not units:
        return
    listed = " · ".join(
        f"**{_short(unit, look)}** :gray[{signed(float(means[unit]))}]"
        for unit in units[:LISTED])
    rest = len(units) - LISTED
    st.markdown(listed + (f" {t('states_match.more_units', n=rest)}" if rest > 0 else ""))


def _short(unit: int, look: Look) -> str:
    """Without the layer, which is that of all."""
    return unit_name(look.choice.part, 0, unit, replace(look.config, layers=1))


def labels_table(report: MatchReport, look: Look) -> None:
    """How often each label holds in the places, in all of the text, and with random sets."""
    rows = [(t(f"states.label.{one.name}"), one.share) for one in report.labels]
    if report.likeliest is not None:
        token = visible(short(look.run.tokenizer.pieces[report.after[0].token]))
        rows.append((t("states_match.then", token=plain(token)), report.likeliest))
    if not rows:
        return
    table({
        t("states_match.column.what"): [f"**{name}**" if share.telling else name
                                        for name, share in rows],
        t("states_match.column.places"): [percent(share.matches) for _, share in rows],
        t("states_match.column.everywhere"): [percent(share.everywhere) for _, share in rows],
        t("states_match.column.random"): [
            "–" if share.random is None
            else f"{percent(share.random)} ({percent(share.random_high)})" for _, share in rows]})
    st.markdown(f":small[:gray[{t('states_match.random_text')}]]")
