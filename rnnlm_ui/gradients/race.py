"""The race: RNN, GRU and LSTM train at once, and their reach, losses and answers move together.

The racers are runs like any others (`sweep.race`), so each can be opened on every page; a race is
found again by the group that its runs share, which the address carries.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core import launch
from rnnlm_core.errors import UnrollError
from rnnlm_core.insight.race import Moment, Standing, at_step, course, farthest, shared_steps
from rnnlm_core.records import Status, Yardstick
from rnnlm_ui import experiment_progress, look_inside, runs, session
from rnnlm_ui.compare_runs import Row, in_group, measured, rows, seen
from rnnlm_ui.deeds import carry_out
from rnnlm_ui.gradients import race_album, race_start, race_words
from rnnlm_ui.gradients.race_album import Album
from rnnlm_ui.gradients.race_charts import Drawn, charts, untrained_chart
from rnnlm_ui.gradients.race_choice import RACE, chosen, race_title, racers_of, races_of
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.live import follow
from rnnlm_ui.loss_units import FLOOR
from rnnlm_ui.page import fault, plain
from rnnlm_ui.tokens import words_of

_STEP, _SLIDER, _NEWEST, _LEAVE = "race_step", "race.moment", "newest", "race.leave"


def show(answer: DeltaGenerator) -> None:
    if session.recall(_LEAVE, False):
        session.forget(_LEAVE)
        st.switch_page("pages/compare.py")
    problem = None
    try:
        if carry_out(race_start.DEED, race_start.start, _look_at):
            session.page_again()
    except UnrollError as error:
        problem = error
    lost, listed = session.asked(RACE), rows()
    races = races_of(listed)
    group = chosen(races)
    members = in_group(listed, group)
    racers = racers_of(members)
    slot = answer.empty()
    race_start.controls(any(runs.is_active(row.status.state) for row in racers), not racers)
    if problem is not None:
        fault(problem)
    if lost and session.RUN_ID.fullmatch(lost) and lost not in races:
        st.error(t("gradients_race.lost", race=plain(lost)), icon=":material/error:")
    if racers:
        _Track(slot, racers, members, races).draw()
    else:
        _before_any(slot)


def _compare(runs: list[str]) -> None:
    """By a callback: a press must not be lost to a page that is just being drawn anew."""
    session.compare(runs)
    session.remember(_LEAVE, True)


def _look_at(group: str) -> None:
    """From now on at this race, at its newest."""
    session.set_widget(RACE, group)
    session.set_widget(_STEP, _NEWEST)


# -- the race that is looked at --------------------------------------------------------------------
@dataclass
class _Track:
    """One race on the page."""

    slot: DeltaGenerator  # of the answer
    racers: Sequence[Row]
    members: Sequence[Row]
    races: dict[str, list[Row]]

    def draw(self) -> None:
        self.albums = [race_album.album_of(row.folder.path) for row in self.racers]
        self.config = self.racers[0].facts.config
        try:
            with st.spinner(t("gradients_race.measuring")):
                self.lags = min(album.lags for album in self.albums)
                for album in self.albums:
                    album.first_look()
                self.steps = shared_steps([e.step for e in album.kept()] for album in self.albums)
        except UnrollError as error:  # a text that is too short, an index that is damaged
            look_inside.why_nothing(error)
            self.lags, self.steps = 0, []
        self.step = self._timeline()
        self.drawn = time.monotonic()
        training = any(runs.is_active(row.status.state) for row in self.racers)
        self.polling = training or (self.lags > 0 and any(a.missing() for a in self.albums))
        follow(self._live, self.polling, key="race.live")
        self._links()

    def _timeline(self) -> int | None:
        """The moment at which all are looked at; None for the newest of each. Beside it the
        earlier races, where there are some."""
        options = [*map(str, self.steps), _NEWEST]
        if session.widget(session.choice(_STEP, options, _NEWEST), _NEWEST) not in options:
            session.set_widget(_STEP, _NEWEST)
        now = session.widget(_STEP, _NEWEST)
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            if len(options) > 2:
                # not the slider's own state: the browser knows its place by number, and there are
                # more moments each time
                session.set_widget(_SLIDER, now)
                st.select_slider(
                    t("time.moment"), options, width=420, key=_SLIDER, format_func=_moment_name,
                    label_visibility="collapsed", on_change=_moved)
            if len(self.races) > 1:
                st.selectbox(
                    t("gradients_race.which"), list(self.races), width=420,
                    key=session.choice(RACE, list(self.races), ""), label_visibility="collapsed",
                    format_func=lambda group: race_title(self.races[group]))
        return None if now == _NEWEST else int(now)

    def _live(self) -> None:
        """Everything that moves; where a racer starts or ends, the whole page is drawn anew."""
        trouble = st.container()  # always a place, so that the charts below keep their own
        try:
            launch.keep_queue_going(launch.runs_root())
        except UnrollError as error:  # who waits must wait longer; what is there can be looked at
            with trouble:
                fault(error)
        try:
            statuses = [launch.status(row.folder) for row in self.racers]
            training = any(runs.is_active(status.state) for status in statuses)
            missing = self.lags > 0 and race_album.look_on(self.albums, training)
            if self._changed(statuses, training or missing):
                session.page_again()
            drawn, standings = self._looked_at()
        except UnrollError as error:
            with trouble:
                fault(error)
            return
        self.slot.markdown(race_words.finding(standings, self.config))
        self._how_they_stand(statuses)
        if self.lags:
            charts(drawn, self.lags, self.step, self._floor(),
                   (self._revision(), self.step), self.racers[0].group)

    def _changed(self, statuses: Sequence[Status], more: bool) -> bool:
        """Whether the page must be drawn anew: another state, a further moment to choose, or
        nothing more to wait for."""
        if any(s.state != row.status.state for s, row in zip(statuses, self.racers, strict=True)):
            return True
        if self.polling and not more:
            return True
        if not self.lags or time.monotonic() - self.drawn < look_inside.SECONDS_BETWEEN:
            return False
        now = shared_steps([e.step for e in album.kept()] for album in self.albums)
        return len(now) > len(self.steps)

    def _looked_at(self) -> tuple[list[Drawn], list[Standing]]:
        """Each racer at the moment, for the charts and for the answer."""
        drawn, standings = [], []
        for row, album in zip(self.racers, self.albums, strict=True):
            if not self.lags:
                break
            moments, run = album.seen(), measured(row)
            now = self._moment(album)
            first = at_step(moments, 0)
            config = row.facts.config
            untrained = first.profile if first is not None else \
                race_start.untrained(config.to_json())[config.cell]  # it waits for a core
            drawn.append(Drawn(row.facts.config, now, untrained, course(moments.values()),
                               (run.steps, run.loss)))
            if now is not None and now.profile is not None:
                before = run.loss[run.steps <= now.step]
                loss = run.final if self.step is None and run.final is not None else \
                    float(before[-1]) if len(before) else None
                standings.append(Standing(
                    row.facts.config.cell, farthest(now.profile),
                    farthest(untrained) if untrained is not None and now.step else None,
                    now.answers, loss, now.step, _even(row)))
        return drawn, standings

    def _moment(self, album: Album) -> Moment | None:
        """The one that is looked at; None where this racer has not come so far."""
        if self.step is None:
            return at_step(album.seen(), None)
        found = [entry for entry in album.kept() if entry.step == self.step]
        return album.measured(found[0]) if found else None

    def _revision(self) -> Hashable:
        return tuple((seen(row), len(album.seen()))
                     for row, album in zip(self.racers, self.albums, strict=True))

    def _floor(self) -> Yardstick | None:
        """The best possible loss, where it is known: of generated texts."""
        known = [y for row in self.racers for y in row.folder.yardsticks() if y.name == FLOOR]
        return known[0] if known else None

    # -- beside the charts ------------------------------------------------------------------------
    def _how_they_stand(self, statuses: Sequence[Status]) -> None:
        lines = [race_words.standing_line(row, status)
                 for row, status in zip(self.racers, statuses, strict=True)]
        st.markdown(" &nbsp;·&nbsp; ".join(lines))
        with st.container():  # always a place, so that the charts below keep their own
            experiment_progress.progress(self.members)
        with st.container():
            if notes := race_words.notes(self.racers, self.members):
                st.markdown(f":gray[:material/info: {joined(notes)}]")

    def _links(self) -> None:
        """Each racer is a run: it can be opened on every page, and all of them on Compare."""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for row in self.racers:
                query = {**session.url_parameters(), "run": row.id}
                query.pop("step", None)
                st.page_link("pages/train.py", label=t("gradients_race.open",
                             cell=row.facts.config.cell.upper()), query_params=query,
                             icon=":material/open_in_new:")
            st.button(t("gradients_race.compare"), icon=":material/stacked_line_chart:",
                      key="race.compare", type="tertiary", on_click=_compare,
                      args=([row.id for row in self.members],))


def _even(row: Row) -> float | None:
    """The loss of guessing evenly, nats a character."""
    known = [y.full for y in row.folder.yardsticks() if y.name == "uniform"]
    return known[0] / (row.facts.characters or 1.0) if known else None


def _moved() -> None:
    session.set_widget(_STEP, session.widget(_SLIDER, _NEWEST))


def _moment_name(option: str) -> str:
    if option == _NEWEST:
        return t("gradients_race.newest")
    return t("time.untrained") if option == "0" else t("time.mark", step=number(int(option)))


# -- before there is any ---------------------------------------------------------------------------
def _before_any(slot: DeltaGenerator) -> None:
    """Where the three would start: computed, and a question for the class."""
    try:
        config = race_start.config_now()
        with st.spinner(t("gradients_race.measuring")):
            profiles = race_start.untrained(config.to_json())
    except UnrollError as error:
        slot.markdown(t("gradients_race.none"))
        fault(error)
        return
    each = {cell: race_words.reach_text(farthest(profile)) for cell, profile in profiles.items()}
    slot.markdown(t("gradients_race.before", **each, **words_of(config)))
    untrained_chart(list(profiles.values()), config, config)
