"""The growing text: its pace, its cuts and its continuations, against plain `generate`."""

from __future__ import annotations

import json

import pytest
import torch

from rnnlm_core import launch
from rnnlm_core.errors import ConfigError, RunError
from rnnlm_core.figures.generate import candidates_figure, percent, with_written
from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.lab import Run
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.generate.writing import MOST, Writing

PLENTY = 60.0  # seconds of computing


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(RunFolder(launch.models_root() / "names-lstm"))


def started(run: Run, prompt: str = "", length: int = 200, **settings: float) -> Writing:
    writing = Writing(run, "digest", 1, prompt)
    writing.go_on(SamplingSettings(length=length, **settings), 0.0)  # type: ignore[arg-type]
    return writing


def test_the_text_is_what_generate_writes(run: Run) -> None:
    writing = started(run, "LATIN ", 60)
    writing.advance(0.0, "at_once", PLENTY)
    expected = run.write("LATIN ", length=60)
    assert writing.text == "LATIN " + expected
    assert not writing.active and writing.left == 0


def test_the_shipped_sample_is_written_again_with_what_else_it_could_have_been(run: Run) -> None:
    sample = run.samples[-1]
    writing = started(run, length=len(sample.text), temperature=sample.temperature,
                      seed=run.config.seed)
    writing.advance(0.0, "at_once", PLENTY)
    assert writing.text == sample.text
    assert [round(token.surprise, 1) for token in writing.tokens] == pytest.approx(
        sample.surprise, abs=0.06)
    assert all(len(token.alternatives) == 5 for token in writing.tokens)


def test_pace_counts_by_the_clock(run: Run) -> None:
    writing = started(run)
    for now, written in [(0.0, 1), (0.5, 9), (0.5, 9), (1.0, 17), (1.9, 31)]:
        writing.advance(now, "reading", PLENTY)
        assert len(writing.tokens) == written


def test_a_tab_that_slept_gets_one_second_of_text_and_goes_on_from_there(run: Run) -> None:
    writing = started(run)
    writing.advance(0.0, "reading", PLENTY)
    writing.advance(60.0, "reading", PLENTY)
    assert len(writing.tokens) == 17
    writing.advance(60.5, "reading", PLENTY)
    assert len(writing.tokens) == 25


def test_another_pace_starts_its_own_clock(run: Run) -> None:
    writing = started(run)
    writing.advance(0.0, "fast", PLENTY)
    writing.advance(1.0, "fast", PLENTY)
    assert len(writing.tokens) == 61
    writing.advance(2.0, "slow", PLENTY)
    writing.advance(3.0, "slow", PLENTY)
    assert len(writing.tokens) == 66
    writing.advance(3.0, "at_once", PLENTY)
    assert len(writing.tokens) == 200


def test_one_look_ends_with_its_budget(run: Run) -> None:
    writing = started(run)
    writing.advance(0.0, "at_once", 0.0)
    assert writing.tokens == [] and writing.active and writing.left == 200


def test_a_character_put_in_goes_on_as_if_it_had_been_written(run: Run) -> None:
    writing = started(run, "GREEK ", 40)
    writing.advance(0.0, "at_once", PLENTY)
    character, probability = next(a for a in writing.tokens[12].alternatives
                                  if a[0] != writing.tokens[12].text)
    before = writing.text[:6 + 12]
    writing.put(12, character)
    assert writing.text == before + character and writing.by_hand
    assert writing.tokens[12].probability == probability
    writing.go_on(SamplingSettings(length=30), 0.0)
    writing.advance(0.0, "at_once", PLENTY)
    oracle = generate(run.model, run.tokenizer, before + character,
                      SamplingSettings(length=30, seed=1 + 13))
    assert writing.text == before + character + "".join(token.text for token in oracle)


def test_undo_keeps_what_came_before_and_stops(run: Run) -> None:
    writing = started(run, "A")
    writing.advance(0.0, "reading", PLENTY)
    writing.advance(1.0, "reading", PLENTY)
    text = writing.text
    writing.keep(5)
    assert writing.text == text[:6] and not writing.active
    writing.advance(9.0, "reading", PLENTY)
    assert len(writing.tokens) == 5


def test_unknown_characters_are_left_out_and_nothing_may_be_left(run: Run) -> None:
    writing = started(run, "ß漢", 20)
    writing.advance(0.0, "at_once", PLENTY)
    assert (writing.unknown, writing.beginning) == (("ß", "漢"), "")
    assert writing.text == run.write("", length=20)


def test_a_text_has_an_end(run: Run) -> None:
    writing = started(run, length=MOST + 500)
    writing.advance(0.0, "at_once", PLENTY)
    assert len(writing.tokens) == MOST and writing.full
    writing.go_on(SamplingSettings(), 0.0)
    assert not writing.active


def test_bad_settings_and_broken_weights_leave_the_text_at_rest(run: Run) -> None:
    writing = started(run, length=5)
    with pytest.raises(ConfigError):
        writing.go_on(SamplingSettings(temperature=-1), 0.0)
    assert not writing.active
    broken = Run(run.folder)
    with torch.no_grad():
        broken.model.output.bias.fill_(float("nan"))
    writing = started(broken)
    with pytest.raises(RunError):
        writing.advance(0.0, "at_once", PLENTY)
    assert not writing.active


def test_one_thousand_five_hundred_chinese_characters_fit_into_a_refresh(run: Run) -> None:
    """As the page sends them: text, fills and tips as JSON with escaped characters."""
    from rnnlm_core.figures.palette import surprise_fill
    from rnnlm_ui.components.shared import script, style
    from rnnlm_ui.generate.beginning import SHOWN_PROMPT
    from rnnlm_ui.i18n import translate

    count = SHOWN_PROMPT + MOST
    tip = translate("zh", "generate.tip", share="<0.1 %", bits="18.5")
    data = {"text": "字" * count, "fills": [""] * SHOWN_PROMPT + surprise_fill([9.0] * MOST),
            "tips": [""] * SHOWN_PROMPT + [tip] * MOST}
    assert len(json.dumps(data)) + len(script("coloured_text") + style("coloured_text")) < 100_000


# -- the chart of candidates -----------------------------------------------------------------------
def test_the_written_character_is_listed_even_where_it_was_none_of_the_likeliest() -> None:
    assert with_written([("a", 0.6), ("b", 0.3)], "b", 0.3) == [("a", 0.6), ("b", 0.3)]
    assert with_written([("a", 0.6)], "z", 0.01)[-1] == ("z", 0.01)


def test_candidates_show_written_and_cut_ones_and_escape_markup() -> None:
    figure = candidates_figure([("<", 0.6), ("\n", 0.3), ("x", 0.1)], "\n", 2, "written", "cut")
    bar = figure.data[0]
    assert bar.marker.color[1] == LIGHT["ink"]
    assert list(bar.text) == ["60 %", "30 % written", "10 % cut"]
    assert list(figure.layout.yaxis.ticktext) == ["&lt; ", "⏎ ", "x "]


@pytest.mark.parametrize(("share", "text"), [
    (1.0, "100 %"), (0.9, "90 %"), (0.0123, "1 %"), (0.0051, "0.5 %"), (0.0001, "<0.1 %")])
def test_percent_keeps_what_counts(share: float, text: str) -> None:
    assert percent(share) == text


def test_tokens_are_not_shared_between_writings(run: Run) -> None:
    one, other = started(run, length=3), started(run, length=3)
    one.advance(0.0, "at_once", PLENTY)
    assert one.tokens and other.tokens == []
