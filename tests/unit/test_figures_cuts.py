"""Bars in panels and beams by width: what stands where, and that foreign names stay text."""

from __future__ import annotations

from rnnlm_core.figures.cuts import Panel, panels_figure, panels_height, widths_figure
from rnnlm_core.figures.palette import LIGHT, fade

NAMES = ["<b>", "x" * 60]


def panel(**changed) -> Panel:
    return Panel(**{"title": "top-k <5>", "note": "2 left", "values": [0.75, 0.25],
                    "texts": ["75 %", ""], **changed})


def test_each_panel_has_its_bars_and_the_first_of_a_line_the_names() -> None:
    figure = panels_figure([panel(), panel(), panel()], NAMES, beside=2, row=20)
    assert [list(bars.x) for bars in figure.data] == [[0.75, 0.25]] * 3
    first, second, third = (figure.layout[f"yaxis{n}"] for n in ("", 2, 3))
    assert first.ticktext == third.ticktext and set(second.ticktext) == {""}
    assert first.ticktext[0] == "&lt;b&gt; " and len(first.ticktext[1]) == 27
    assert first.domain[0] > third.domain[1]  # the second line lies below the first
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert figure.layout.height == panels_height(3, 2, 2, 20) == 2 * panels_height(1, 2, 2, 20)
    assert "top-k &lt;5&gt;" in figure.layout.annotations[0].text


def test_what_is_cut_is_hollow_what_stands_there_is_ink_and_nothing_has_no_outline() -> None:
    [bars] = panels_figure([panel(values=[0.75, 0.0], hollow=[True, False], ink=[False, True])],
                           NAMES, 1, 20).data
    assert list(bars.marker.color) == [fade(LIGHT["rule"], 0), LIGHT["ink"]]
    assert list(bars.marker.line.color) == [LIGHT["rule"], fade(LIGHT["rule"], 0)]
    assert list(bars.text) == ["75 &#37;", ""]


def test_a_dashed_line_never_runs_through_a_number() -> None:
    figure = panels_figure([panel(across=0.5), panel(below=0)], NAMES, 2, 20)
    bars, words, _ = figure.data
    assert bars.text is None and list(words.text) == ["75 &#37;", ""]
    assert min(words.x) > 0.75 and figure.layout.xaxis.range[1] >= max(words.x)
    upright, flat = figure.layout.shapes
    assert (upright.x0, upright.x1) == (0.5, 0.5) and (flat.y0, flat.y1) == (0.5, 0.5)


def test_panels_of_one_unit_share_their_scale() -> None:
    figure = panels_figure([panel(top=1.0), panel(values=[1.0, 0.0], top=1.0)], NAMES, 2, 20)
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range
    alone = panels_figure([panel(values=[0.0, 0.0])], NAMES, 1, 20)
    assert alone.layout.xaxis.range[1] > 0


def test_a_beam_is_a_line_by_width_and_real_text_a_dashed_one() -> None:
    figure = widths_figure([1, 4, 16], [0.9, 0.5, 0.4], ["0.90", "0.50", "0.40"], "gru",
                           (0.8, "<real>"), ("width", "bits"))
    [line] = figure.data
    assert list(line.y) == [0.9, 0.5, 0.4] and line.line.color == LIGHT["gru"]
    assert list(figure.layout.xaxis.ticktext) == ["1", "4", "16"]
    assert figure.layout.shapes[0].y0 == 0.8
    assert figure.layout.annotations[0].text == "&lt;real&gt;"
    assert figure.layout.yaxis.range[1] > 0.9
    without = widths_figure([1], [0.5], ["0.5"], "cnn", None, ("w", "share"), share=True)
    assert not without.layout.shapes
    assert without.layout.yaxis.labelalias["40%"] == "40\N{NO-BREAK SPACE}%"
