"""Proving on the States page: what a visitor changes, what follows, and what cannot be done."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, go, opened, said, trained, weights
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
KINDS = ("clamp", "zero", "flip", "scale", "swap", "patch")
CELLS = [{"cell": "lstm", "layers": 2}, {"cell": "lstm"}, {"cell": "gru", "layers": 2},
         {"cell": "rnn", "activation": "relu"}, {"cell": "rnn", "activation": "sigmoid"},
         {"cell": "rnn", "layers": 2}]


def prove(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("states", run, language, tool="prove", **query)


def answer(app: AppTest) -> str:
    return str(app.markdown[0].value)


def shares(sentence: str) -> list[float]:
    """`<0.1 % → 82 %` as [0, 82]"""
    return [0.0 if small else float(n)
            for small, n in re.findall(r"(<?)(\d+(?:\.\d+)?) %", sentence)]


@LANGUAGES
def test_the_found_unit_turns_a_space_into_an_underscore_and_control_units_do_not(language: str
                                                                                  ) -> None:
    app = prove(DIALOGUE, language)
    assert not app.error
    assert translate(language, "states.label.inside_quotes") in answer(app)
    before, after, control_before, control_after = shares(answer(app))
    assert before == control_before < 5 and after > 30 and control_after < 5
    bold = next(m.value for m in app.markdown[1:] if "371" in m.value)
    assert shares(bold) == [100, 0, 100, 100]  # right outside quotes, and with the controls
    loss = translate(language, "states_prove.loss").split("{")[0]
    assert any(m.value.startswith(loss) for m in app.markdown)


def test_every_kind_has_its_own_answer_and_its_own_text() -> None:
    app = prove(DIALOGUE)
    seen = set()
    for kind in KINDS:
        app.segmented_control(key="prove_kind").set_value(kind).run()
        assert not app.exception and not app.error
        seen.add(answer(app).split("**")[1])
    assert len(seen) == len(KINDS)
    assert "values of the other text" in answer(app) and "turns the space into" in answer(app)
    # the whole of it stands in a link
    linked = prove(DIALOGUE, prove_kind="flip")
    assert answer(linked).startswith("**Flipping the sign of unit 14")
    swap = answer(prove(DIALOGUE, prove_kind="swap"))
    assert swap.startswith("**Swapping the values of units 14")


def test_a_held_value_goes_back_and_forth_between_the_two_means() -> None:
    app = prove(DIALOGUE)
    app.button(key="prove.mean.off").click().run()
    assert "away from “inside quotes”" in answer(app) and "changes nothing here" in answer(app)
    assert "no proof that it is unused" in answer(app)
    app.slider(key="prove_value").set_value(0.5).run()
    assert "at +0.5**" in answer(app) or "at +0.5 " in answer(app)
    app.button(key="prove.mean.on").click().run()
    assert "mean for “inside quotes”" in answer(app)
    assert shares(answer(app))[1] > 30


def test_a_span_long_before_the_place_and_one_beyond_it() -> None:
    app = prove(DIALOGUE)
    low, high = app.slider(key="prove_span").value
    assert high - low == 2
    place = app.subheader[0].value
    app.slider(key="prove_span").set_value((2, 4)).run()
    assert not app.exception and app.subheader[0].value == place  # the place stays
    assert "turns" not in answer(app)  # so far off, the change has been forgotten
    app.slider(key="prove_span").set_value((high + 3, high + 5)).run()
    assert not app.exception and app.subheader[0].value != place  # it is taken along
    assert "appl" in app.subheader[0].value


def test_a_swap_takes_two_units_and_no_unit_is_said_so() -> None:
    app = prove(DIALOGUE)
    app.segmented_control(key="prove_kind").set_value("swap").run()
    assert len(app.multiselect(key="prove_units").value) == 2 and not app.error
    app.multiselect(key="prove_units").set_value([14]).run()
    assert ["at least two" in error.value for error in app.error] == [True]
    app.multiselect(key="prove_units").set_value([]).run()
    assert ["at least one" in error.value for error in app.error] == [True]
    app.multiselect(key="prove_units").set_value([14, 3, 5]).run()
    assert not app.error and "units 14, 3, 5" in answer(app)


def test_the_partner_of_a_swap_goes_with_it_and_units_of_ones_own_stay() -> None:
    app = prove(DIALOGUE)

    def units(kind: str) -> list[int]:
        app.segmented_control(key="prove_kind").set_value(kind).run()
        assert not app.exception
        return list(app.multiselect(key="prove_units").value)

    pair = units("swap")
    assert pair[0] == 14 and len(pair) == 2
    assert units("patch") == [14] and units("clamp") == [14]
    assert units("swap") == pair and units("clamp") == [14]
    app.multiselect(key="prove_units").set_value(pair).run()  # chosen, not given
    assert units("flip") == units("swap") == units("clamp") == pair


def test_all_units_leave_no_controls() -> None:
    app = prove(DIALOGUE, prove_kind="zero")
    app.multiselect(key="prove_units").set_value(list(range(48))).run()
    assert not app.exception and not app.error
    assert "no units are left over to compare with" in answer(app)


def test_writing_has_a_seed_and_can_let_go() -> None:
    app = prove(DIALOGUE)
    app.button(key="prove.another").click().run()
    app.toggle(key="prove.keep").set_value(False).run()
    assert not app.exception and not app.error


def test_an_unknown_other_text_is_one_sentence_and_the_rest_stays() -> None:
    app = prove(DIALOGUE, prove_kind="patch")
    kept = app.text_area(key="prove_other").value
    app.text_area(key="prove_other").set_value("☃€").run()
    assert len(app.error) == 1 and "☃" in app.error[0].value
    app.text_area(key="prove_other").set_value(kept).run()
    assert not app.error and "turns the space into" in answer(app)
    app.text_area(key="prove_other").set_value("a").run()  # shorter than the span
    assert not app.error and not app.exception


@pytest.mark.parametrize("text", ["p", "pa", "☃" + "paper " * 80, "said \"a_b\" שלום 🎉 مرحبا"],
                         ids=["one", "two", "long", "mixed"])
def test_odd_texts(text: str) -> None:
    app = prove(DIALOGUE)
    app.text_area(key="states_text").set_value(text[:500]).run()
    for kind in ("clamp", "patch"):
        app.segmented_control(key="prove_kind").set_value(kind).run()
        assert not app.exception and not app.error


@pytest.mark.parametrize("changes", CELLS, ids=lambda c: "-".join(map(str, c.values())))
def test_any_cell_and_layer_and_the_weights_stay_as_they_are(runs_folder: Path,
                                                             changes: dict[str, object]) -> None:
    folder = trained(runs_folder, **changes)
    before, config = weights(folder), folder.config()
    app = prove(folder.id)
    for part in ("h", "c") if config.cell == "lstm" else ("h",):
        app.selectbox(key="states_part").select(part).run()
        for layer in range(config.layers):
            if config.layers > 1:
                app.selectbox(key="states_layer").select(layer).run()
            last = layer == config.layers - 1 and part == "h"
            for kind in KINDS if last else ("patch", "clamp"):
                app.segmented_control(key="prove_kind").set_value(kind).run()
                assert not app.exception and not app.error
    if config.cell != "rnn":  # gates are not held: h of their layer is
        app.selectbox(key="states_part").select("z" if config.cell == "gru" else "f").run()
        assert not app.exception and not app.error
    assert weights(folder) == before


@pytest.mark.parametrize("changes", [
    {"tokenizer": "words"}, {"tokenizer": "bytes"}, {"tokenizer": "graphemes"},
    {"tokenizer": "bpe", "max_vocabulary": 300}], ids=lambda c: str(c["tokenizer"]))
def test_any_tokens(runs_folder: Path, changes: dict[str, object]) -> None:
    app = prove(trained(runs_folder, **changes).id)
    for kind in ("swap", "patch"):
        app.segmented_control(key="prove_kind").set_value(kind).run()
        assert not app.exception and not app.error
    assert "token" in said(app)


def test_chinese_text(runs_folder: Path) -> None:
    folder = trained(runs_folder, "小猫说：“你好，<b>世界$。”\n然后它走了。\n" * 200)
    app = prove(folder.id, "zh")
    assert not app.error and "单元" in answer(app) and "{" not in answer(app)


def test_a_run_whose_text_is_gone_is_tried_at_its_place_only(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(6_000, seed=4), sequence_length=9)
    shutil.rmtree(folder.store)
    app = prove(folder.id)
    assert not app.exception and not app.error
    assert not any("held-out loss" in m.value.lower() for m in app.markdown)


def test_another_unit_begins_its_own_experiment_and_a_chosen_one_is_kept() -> None:
    app = prove(DIALOGUE)
    app.slider(key="prove_value").set_value(-0.3).run()
    app = go(app, "home")
    app = go(app, "states")
    assert app.slider(key="prove_value").value == -0.3
    app.number_input(key="states_unit").set_value(5).run()
    assert app.multiselect(key="prove_units").value == [5]
    assert "unit 5" in answer(app) and not app.exception


def test_where_nothing_is_decided_the_place_that_moves_most_is_shown_first() -> None:
    app = prove(NAMES)
    assert translate("en", "states_prove.strongest") in [m.value for m in app.markdown]
    first = shares(answer(app))
    assert abs(first[0] - first[1]) > 5, "the first thing that is shown does something"
