"""This run: the gradient's norm before and after clipping, of the whole and of its parts."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.figures.gradients_clip import PartWords, parts_figure
from rnnlm_core.figures.training import NormWords, gradient_norm_figure
from rnnlm_ui import runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.diagnosis_view import part as layer_name
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.live import RunTail, follow, tail_of, thinned
from rnnlm_ui.norms_table import Norms, by_layer
from rnnlm_ui.page import plain
from rnnlm_ui.toolbox import Scene

BY = ("layer", "parameter")
_BY, _HEIGHT = "clip_by", 300
_USUAL = 1.0  # a limit to compare with, for a run that has none
_SECONDS = 2.0  # of training between two pictures: drawing costs the training


def show(scene: Scene, answer: DeltaGenerator) -> None:
    """Drawn again and again while the run trains, sentence included."""
    status = launch.status(scene.folder)
    active = runs.is_active(status.state)

    def look() -> None:
        if runs.is_active(launch.status(scene.folder).state) != active:
            session.page_again()
        _draw(scene, tail_of(scene.folder.path).refresh())

    with answer:
        follow(look, active, key="clip.norms")


def _draw(scene: Scene, tail: RunTail) -> None:
    limit = limit_of(scene)
    st.markdown(finding(scene, tail, limit))
    if not len(tail.column("step")):
        return
    revision = (scene.folder.id, int(tail.seconds // _SECONDS), tail.last_step
                if not runs.is_active(launch.status(scene.folder).state) else None)
    live_plot(lambda: _whole(tail, scene.config, limit), key="clip.whole", height=_HEIGHT,
              on=(), alt=t("gradients_clip.whole_alt"), rev=revision)
    with st.container():
        _parts(scene, tail, revision)


def limit_of(scene: Scene) -> float:
    """By norm, as it is now: it may have been turned while the run trained."""
    return float(scene.folder.control().knobs.get("clip_norm", scene.config.clip_norm))


# -- words ----------------------------------------------------------------------------------------
def finding(scene: Scene, tail: RunTail, limit: float) -> str:
    """How often it was clipped, the largest gradient, and what became of the run."""
    steps, before = tail.column("step"), tail.column("gradient_norm")
    seen = np.isfinite(before)
    if not seen.any():
        told = t("gradients_clip.nothing_yet")
    else:
        top = int(np.nanargmax(before))
        told = _share(scene.config, tail, limit, largest=size(float(before[top])),
                      step=number(steps[top]))
    return joined([told, _ended(scene, before[seen])])


def _share(config: RunConfig, tail: RunTail, limit: float, **values: str) -> str:
    share = percent(tail.clipped_share)
    if not limit and not config.clip_value:
        norms = tail.even("gradient_norm")
        would = float((norms > _USUAL).sum() / max(1, np.isfinite(norms).sum()))
        return t("gradients_clip.free", limit=f"{_USUAL:g}", share=percent(would), **values)
    how = t("gradients_clip.by_norm_at", limit=f"{limit:g}") if limit else \
        t("gradients_clip.by_value_at", limit=f"{config.clip_value:g}")
    if not tail.clipped_share:
        return t("gradients_clip.never", how=how, **values)
    return t("gradients_clip.share", how=how, share=share, **values)


def _ended(scene: Scene, norms: Norms) -> str:
    status = launch.status(scene.folder)
    if status.state != "diverged":
        return ""
    step = (status.error or {}).get("values", {}).get("step", status.step + 1)
    if not len(norms):
        return t("gradients_clip.diverged_at_once", step=number(step))
    return t("gradients_clip.diverged", step=number(step), last=size(float(norms[-1])))


def percent(share: float) -> str:
    """Rounded, but neither 0 % of something nor 100 % of not all."""
    if 0 < share < 0.01:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{share:.0%}".replace("%", " %")


def size(value: float) -> str:
    """`0.42`, `5,436`, `3.4e+13`: of any size, three digits."""
    if not math.isfinite(value):
        return "∞"
    return f"{value:,.0f}" if 1_000 <= value < 1e6 else f"{value:.3g}"


def parameter_name(name: str) -> str:
    """`layers.0.weight_hh_l0` as one writes it: `W_hh`, with its layer."""
    found = re.fullmatch(r"layers\.(\d+)\.(weight|bias)(?:_(ih|hh)_l0)?", name)
    if found is None:
        return name
    index, kind, which = found.groups()
    letter = "W" if kind == "weight" else "b"
    return f"{t('diagnosis.part.layer', n=int(index) + 1)} {letter}{f'_{which}' if which else ''}"


# -- drawing --------------------------------------------------------------------------------------
def _whole(tail: RunTail, config: RunConfig, limit: float) -> Any:
    steps = tail.column("step")
    words = NormWords(t("gradients_clip.norm"), t("train.step_axis"), t("train.norm_before"),
                      t("train.norm_after"), t("train.norm_limit"))
    figure = gradient_norm_figure(thinned(steps, tail.column("gradient_norm")),
                                  thinned(steps, tail.column("clipped_norm")), limit, config.cell,
                                  words, _HEIGHT)
    figure.update_layout(uirevision=tail.folder.id)
    return figure


def _parts(scene: Scene, tail: RunTail, revision: object) -> None:
    plan, table = scene.folder.plan(), tail.norms
    names = plan.parameter_names if plan is not None else []
    if not len(table.steps) or len(names) != table.parts.shape[1]:
        st.markdown(f":gray[:material/info: {t('gradients_clip.no_parts')}]")
        return
    by = st.segmented_control(
        t("gradients_clip.by"), BY, key=session.choice(_BY, BY, BY[0]), required=True,
        label_visibility="collapsed",
        format_func=lambda name: t(f"gradients_clip.by_name.{name}")) or BY[0]
    shown, before = names, table.parts
    if by == "layer":
        shown, before = by_layer(names, table.parts)
    label = layer_title if by == "layer" else parameter_name
    whole, after = table.whole
    clipped = after < whole
    # by value, what is left of a part does not follow from what is left of the whole
    by_norm = clipped.any() and not scene.config.clip_value
    factor = np.divide(after, whole, out=np.ones_like(whole), where=whole > 0)
    counted = clipped if clipped.any() else np.ones(len(whole), bool)
    share = np.nanmean((before[counted] / whole[counted, None]) ** 2, axis=0)
    words = PartWords(t("train.step_axis"), t("gradients_clip.norm"), t("train.norm_before"),
                      t("train.norm_after"))
    titles = [label(name) for name in shown]
    st.markdown(t("gradients_clip.most" if clipped.any() else "gradients_clip.most_of_all",
                  part=plain(titles[int(share.argmax())]), share=percent(float(share.max()))))
    picture, side = st.columns([1.5, 1], gap="medium")
    with picture:
        live_plot(lambda: parts_figure(titles, table.steps, before,
                                       before * factor[:, None] if by_norm else None, words),
                  key="clip.parts", height=90 + 26 * max(3, len(shown)), on=(),
                  alt=t("gradients_clip.parts_alt"), rev=(revision, by))
    with side:
        st.markdown(_table(titles, before, factor if by_norm else None, share))


def layer_title(name: str) -> str:
    title = layer_name(name)
    return title[:1].upper() + title[1:]


def _table(titles: list[str], before: Norms, factor: Norms | None, share: Norms) -> str:
    """Typical sizes of each part, and its share in what made the steps be clipped."""
    heads = ["part", "median_before", *(["median_after"] if factor is not None else []), "share"]
    lines = ["| " + " | ".join(t(f"gradients_clip.column.{head}") for head in heads) + " |",
             "|:--" + "|--:" * (len(heads) - 1) + "|"]
    for at, title in enumerate(titles):
        cells = [plain(title), size(float(np.nanmedian(before[:, at])))]
        if factor is not None:
            cells.append(size(float(np.nanmedian(before[:, at] * factor))))
        lines.append("| " + " | ".join([*cells, percent(float(share[at]))]) + " |")
    return "\n".join(lines)
