"""The branches of the text, drawn as a tree: go back to one, delete it, take all along."""

from __future__ import annotations

import streamlit as st

from rnnlm_core.figures.branches import BranchLine, branches_figure, branches_height
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate.branches import MOST_BRANCHES, Branch, Parting
from rnnlm_ui.generate.wishes import show, wish
from rnnlm_ui.generate.writing import Writing
from rnnlm_ui.i18n import number, t

_COMPARABLE = 0.5  # of the longest branch


def panel(writing: Writing) -> None:
    """Only where there is more than one branch."""
    tree = writing.tree
    if len(tree.branches) < 2:
        return
    partings = tree.partings()
    rows = [parting.branch.number for parting in partings]
    st.subheader(_finding(partings), anchor=False)
    shown = rows.index(tree.shown)
    lines = tuple(_line(parting, rows) for parting in partings)
    click = live_plot(
        lambda: branches_figure(lines, shown, t("generate.tree_axis")), key="generate.tree",
        height=branches_height(len(lines)), alt=t("generate.tree_alt", n=len(lines)),
        rev=(lines, shown)).click
    if click is not None and click.trace < len(rows) and rows[click.trace] != tree.shown:
        show(rows[click.trace])
        session.again()
    _row(writing, partings, rows)


def _finding(partings: list[Parting]) -> str:
    """How many there are, and which the network found least surprising: of those of about one
    length and by the same weights, since a few characters say little and others judge otherwise."""
    most = max(len(p.branch.tokens) for p in partings)
    by = max(partings, key=lambda p: len(p.branch.tokens)).branch.steps
    known = [(bits, p.branch.number) for p in partings if (bits := p.branch.bits) is not None
             and len(p.branch.tokens) >= _COMPARABLE * most and p.branch.steps == by]
    if len(known) < 2:
        return t("generate.tree_count", n=len(partings))
    bits, number_ = min(known)
    return t("generate.tree_finding" if len(known) == len(partings) else
             "generate.tree_finding_long", n=len(partings), m=len(known), best=number_,
             bits=f"{bits:.2f}")


def _row(writing: Writing, partings: list[Parting], rows: list[int]) -> None:
    shown = writing.tree.shown
    # its key names what it shows: a look of the page that is under way while another branch comes
    # would otherwise tell the old value as if the reader had chosen it
    key = f"generate.branch.{shown}.{'.'.join(map(str, rows))}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            t("generate.tree_show"), sorted(rows), default=shown, key=key, required=True,
            label_visibility="collapsed", on_change=lambda: show(session.widget(key, shown)))
        st.button(t("generate.delete"), icon=":material/delete:", key="generate.delete",
                  type="tertiary", on_click=wish, args=("delete", shown),
                  help=t("generate.delete_help", n=shown))
        st.download_button(
            t("generate.export"), exported(partings), t("generate.export_name"),
            icon=":material/download:", key="generate.export", type="tertiary")
    if writing.tree.full:
        st.markdown(f":material/info: {t('generate.tree_full', n=MOST_BRANCHES)}")


def _line(parting: Parting, rows: list[int]) -> BranchLine:
    branch = parting.branch
    start = sum(len(token.text) for token in branch.tokens[:parting.at])
    length = sum(len(token.text) for token in branch.tokens)
    first = parting.first if parting.parent is not None else branch.prompt or parting.first
    return BranchLine(
        None if parting.parent is None else rows.index(parting.parent), start, length, first,
        t("generate.tree_label", n=branch.number, length=number(length), bits=_bits(branch)),
        t("generate.tree_short", n=branch.number, bits=_bits(branch)))


def _bits(branch: Branch) -> str:
    return "–" if branch.bits is None else f"{branch.bits:.2f}"


def exported(partings: list[Parting]) -> str:
    """All branches as one text, each below a line that says where it parts from which."""
    parts = []
    for parting in partings:
        branch = parting.branch
        written = "".join(token.text for token in branch.tokens)
        head = t("generate.tree_label", n=branch.number, length=number(len(written)),
                 bits=_bits(branch))
        if parting.parent is not None:
            start = sum(len(token.text) for token in branch.tokens[:parting.at])
            head += t("generate.export_from", parent=parting.parent, at=number(start))
        parts.append(f"== {head} ==\n{branch.prompt}{written}\n")
    return "\n".join(parts)
