"""Known recipes: choose one and it fills the settings; what it is, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rnnlm_core.presets import PRESETS, Flaw, Preset, matching
from rnnlm_ui import session
from rnnlm_ui.config_form import shown
from rnnlm_ui.i18n import t
from rnnlm_ui.page import plain

_PICKED = "preset.picked"


def popover(label: str | None = None) -> None:
    """The choice and what was chosen, behind one button."""
    with st.popover(label or t("preset.start"), icon=":material/menu_book:", type="tertiary"):
        pick("popover")
        note("popover")


def pick(place: str) -> None:
    """The recipe that the settings are, if any; choosing another fills them."""
    now = matching(session.draft())
    key = f"{_PICKED}.{place}"
    session.set_widget(key, now.name if now else None)
    st.selectbox(t("preset.start"), list(PRESETS), key=key, label_visibility="collapsed",
                 placeholder=t("preset.choose"), format_func=lambda n: t(f"preset.{n}.title"),
                 on_change=lambda: choose(session.widget(key, None)))


def choose(name: str | None) -> None:
    if name in PRESETS:
        session.set_draft(PRESETS[name].applied(session.draft()))


def note(place: str) -> None:
    """What the recipe is, what to look at, its source; of a faulty one, what is wrong with it."""
    preset = matching(session.draft())
    if preset is None:
        st.markdown(":gray[" + t("preset.none") + "]")
        return
    name = preset.name
    st.markdown(t("preset.note", what=t(f"preset.{name}.what"), look=t(f"preset.{name}.look"))
                + "  \n:gray[" + t("preset.tail", differs=t(f"preset.{name}.differs"),
                                  source=_source(preset)).strip() + "]")
    if preset.flaws:
        _flaws(preset, place)


def _source(preset: Preset) -> str:
    if preset.url:
        return t("preset.source", source=f"[{plain(preset.source)}]({preset.url})")
    return ""


def _flaws(preset: Preset, place: str) -> None:
    mends = t("preset.separator").join(
        f"{t(f'config.{name}')}: {shown(name, before)} → {shown(name, after)}"
        for name, (before, after) in preset.mends().items())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(t("preset.mend"), icon=":material/build:", key=f"preset.mend.{place}",
                  on_click=lambda: choose(preset.mended))
        st.markdown(":gray[" + plain(mends) + "]", width="stretch")
    seen = [flaw for flaw in preset.flaws if flaw.settings]
    told = [flaw for flaw in preset.flaws if not flaw.settings]
    with st.expander(t("preset.flaws", n=len(preset.flaws)), icon=":material/rule:",
                     type="compact"):
        # no table: its two columns do not fit a phone
        st.markdown("\n\n".join([
            t("preset.seen"), _rows(seen), t("preset.told"), _rows(told)]))


def _rows(flaws: Sequence[Flaw]) -> str:
    return "\n".join(
        f"- {t(f'preset.flaw.{f.name}')} **→** {t(f'preset.right.{f.name}')}" for f in flaws)
