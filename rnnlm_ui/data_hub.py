"""A dataset of the hub: found, offered with its parts, and read."""

from __future__ import annotations

from functools import partial

import streamlit as st

from rnnlm_core.config import FIELDS
from rnnlm_core.data.hub import HubDataset, HubSpec
from rnnlm_core.data.hub_spec import MOST_PARTS, MOST_PLACES, lacks_validation
from rnnlm_core.data.own_parts import budgets
from rnnlm_ui import config_form, session
from rnnlm_ui.data_hub_call import fetch, look_up, present, progress
from rnnlm_ui.data_hub_find import about, entry_of, finder
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.page import plain, primary_label

_PARTS = ("config", "split", "column")
_LEAST, _MOST = (int(FIELDS["max_characters"].metadata[end]) for end in ("low", "high"))


def hub_chooser() -> None:
    finder()
    dataset: HubDataset | None = session.recall("data.dataset", None)
    if dataset is not None:
        _choices(dataset, busy=present() is not None)
    progress()


def _choices(dataset: HubDataset, busy: bool) -> None:
    """What the dataset offers, how much of it, and the button that reads it."""
    st.markdown(_found(dataset))
    entry = entry_of(dataset.id, dataset.config)
    if entry is not None and entry.marks and session.draft().marks == "none":
        st.button(t("data.hub_marks"), type="tertiary", key="data.hub_marks",
                  icon=":material/data_array:", help=t("config.help.marks"),
                  on_click=config_form.change, args=("marks", entry.marks))
    possible = _is_possible(_amount())
    # kept beside the widgets, which Streamlit resets whenever they are away for a moment
    wanted = _wanted(dataset)
    own = dataset.own_division
    offered = {"config": dataset.configs, "split": (*filter(None, [own]), *dataset.splits),
               "column": dataset.columns}
    with st.grid(6 if dataset.places > 1 else 5, min_column_width=150, vertical_alignment="bottom"):
        for part in _PARTS:
            session.set_widget(f"data.hub_{part}", wanted[part])
            st.selectbox(t(f"data.hub_{part}"), offered[part], key=f"data.hub_{part}",
                         disabled=busy, on_change=_choose, args=(part,),
                         format_func=_split_name if part == "split" else str)
        session.set_widget("data.hub_amount", _amount())
        # without bounds of its own: the browser would keep what is out of them to itself
        st.number_input(t("data.hub_amount"), step=100_000, disabled=busy,
                        key="data.hub_amount", on_change=partial(_keep, "amount", _amount()))
        if dataset.places > 1:
            session.set_widget("data.hub_place", _place(dataset))
            st.number_input(t("data.hub_place"), 0, MOST_PLACES, step=1, disabled=busy,
                            key="data.hub_place", on_change=partial(_keep, "place", 0),
                            help=t("data.hub_place_help", places=dataset.places))
        # the primary button's ink would be lost on a disabled one
        stopped = busy or not possible
        st.button(primary_label(t("data.read"), "download", stopped), type="primary",
                  key="data.read", disabled=stopped, on_click=_fetch)
    if not possible:
        st.markdown(":red[:material/error: " + t(
            "data.hub_amount_wrong", low=number(_LEAST), high=number(_MOST)) + "]")
    if possible and (splits := HubSpec(dataset.id, split=wanted["split"]).splits)[1:]:
        st.markdown(_own_division(splits))


def _split_name(split: str) -> str:
    names = split.split("+")
    return t("data.hub_own", splits=" · ".join(names)) if names[1:] else split


def _own_division(splits: tuple[str, ...]) -> str:
    """What each split of the dataset's own division is for, and how much of it is read."""
    most, held_out, *_ = budgets(_amount(), len(splits))
    training, validation, test = (f"*{plain(split)}*" for split in [*splits, ""][:MOST_PARTS])
    said = t("data.hub_own_about_test" if splits[2:] else "data.hub_own_about",
             training=training, validation=validation, test=test, most=number(most),
             held_out=number(held_out))
    return joined([said, t("data.hub_own_no_validation") if lacks_validation(splits) else ""])


def _found(dataset: HubDataset) -> str:
    """Which dataset it is, and what is worth knowing before it is read."""
    parts = [t("data.hub_revision", revision=dataset.revision[:8]),
             t("data.hub_licence", licence=plain(dataset.licence)) if dataset.licence
             else t("data.hub_no_licence")]
    if dataset.from_export:
        parts.append(t("data.hub_export"))
    line = f"**{plain(dataset.id)}** :gray[{' · '.join(parts)}]"
    entry = entry_of(dataset.id, dataset.config)
    return line if entry is None else f"{line}  \n{about(entry)}"


def _wanted(dataset: HubDataset) -> dict[str, str]:
    """Configuration, split and column as chosen so far. The dataset's own division, where it has
    one, unless another split was asked for."""
    asked = _asked(dataset)
    split = dataset.split if asked.split == dataset.split else dataset.own_division
    return {"config": dataset.config, "split": split or dataset.split, "column": dataset.column,
            **session.recall("data.wanted", {})}


def _asked(dataset: HubDataset) -> HubSpec:
    """What was looked up."""
    asked: HubSpec = session.recall("data.asked", HubSpec(dataset.id))
    return asked


def _amount() -> int:
    return session.recall("data.hub_amount", session.draft().max_characters)


def _is_possible(amount: int) -> bool:
    return _LEAST <= amount <= _MOST


def _place(dataset: HubDataset) -> int:
    return session.recall("data.hub_place", 0) if dataset.places > 1 else 0


def _keep(name: str, default: int) -> None:
    session.remember(f"data.hub_{name}", int(session.widget(f"data.hub_{name}", default)))


def _choose(part: str) -> None:
    value = session.widget(f"data.hub_{part}", None)
    session.remember("data.wanted", {**session.recall("data.wanted", {}), part: value})
    dataset: HubDataset | None = session.recall("data.dataset", None)
    if part == "config" and dataset is not None:  # another one may have other splits and columns
        look_up(HubSpec(dataset.id, value, revision=_asked(dataset).revision,
                        place=_place(dataset)))


def _fetch() -> None:
    if not _is_possible(_amount()):  # typed and pressed in one go
        return
    dataset: HubDataset = session.recall("data.dataset", None)  # type: ignore[arg-type]
    fetch(HubSpec(dataset.id, **_wanted(dataset), revision=_asked(dataset).revision,
                  place=_place(dataset)), _amount())
