"""Reaching into the network while it writes: every reach, its controls, bad input."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.generate.signs import named, quoted
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
REACHES = ("force", "hold", "swap")


def steer(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("generate", run, language, writing="steer", **query)


def answer(app: AppTest) -> str:
    return str(app.markdown[0].value)


def shares(sentence: str) -> list[float]:
    """`<0.1 % → 82 %` as [0, 82]"""
    return [0.0 if small else float(n.replace("−", "-"))
            for small, n in re.findall(r"(<?)(−?\d+(?:\.\d+)?)[ \u00a0]%", sentence)]


def well(app: AppTest) -> AppTest:
    assert not app.exception and not app.error
    return app


@LANGUAGES
@pytest.mark.parametrize("reach", REACHES)
def test_every_reach_has_its_answer_and_its_control(language: str, reach: str) -> None:
    app = well(steer(DIALOGUE, language, steer=reach))
    assert app.title[0].value == translate(language, "generate.question.steer")
    assert answer(app).startswith("**") and "{" not in said(app)
    numbers = shares(answer(app))
    if reach == "force":  # a quote that is closed early: no word goes on within it
        assert '"' in answer(app) and len(numbers) == 3
        before, after, there = numbers
        assert after > before + 3  # the space
        # nothing else is nearly as likely there: it is said, and nothing unlike is compared with
        assert there > 15 and translate(language, "generate_steer.no_control").split("{")[0] \
            .split("：")[0] in answer(app)
    elif reach == "hold":  # outside quotes all the time: a space after each word
        assert translate(language, "states.label.inside_quotes") in answer(app)
        mean, controls, before, after, control_before, control_after, most, *_ = numbers
        assert most > mean > controls
        assert before == control_before and abs(control_after - before) < abs(after - before)
    else:  # all of the state: exactly what B would have written
        assert numbers[0] == 100 and numbers[1] < 60


def test_a_part_of_the_state_goes_a_part_of_the_way(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="lstm", layers=2, hidden=16, max_steps=60,
                     learning_rate=0.05)
    app = well(steer(folder.id, steer="swap"))
    app.text_area(key="steer_prompt").set_value("abba cad deed").run()
    app.text_area(key="steer_prompt_b").set_value("face bea").run()
    whole = answer(well(app))
    assert "all that B left" in whole and shares(whole)[0] == 100
    told = {whole}
    for layers, parts in (("0", "hc"), ("1", "hc"), ("all", "c"), ("1", "h")):
        app.segmented_control(key="steer_layers").set_value(layers).run()
        app.segmented_control(key="steer_parts").set_value(parts).run()
        told.add(answer(well(app)))
    assert len(told) == 5 and all("the way" in one for one in told)
    app.text_area(key="steer_prompt_b").set_value("abba cad deed").run()
    assert "expects the same" in answer(well(app))


def test_a_link_names_reach_seed_and_temperature_and_each_of_them_counts() -> None:
    app = well(steer(DIALOGUE, steer="hold", steer_seed=3, steer_temperature=0.5))
    assert app.number_input(key="steer_seed").value == 3
    assert app.slider(key="steer_temperature").value == 0.5
    first = answer(app)
    app.button(key="steer.another").click().run()
    assert app.number_input(key="steer_seed").value == 4 and answer(well(app)) != first
    for extreme in (0.0, 2.0):
        app.slider(key="steer_temperature").set_value(extreme).run()
        well(app)


def test_a_unit_is_held_at_its_means_and_any_other_can_be_chosen() -> None:
    app = well(steer(DIALOGUE, steer="hold"))
    app.button(key="steer.mean.on").click().run()
    on = answer(well(app))
    app.button(key="steer.mean.off").click().run()
    assert answer(well(app)) != on and "away from “inside quotes”" in answer(app)
    app.slider(key="steer_value").set_value(0.25).run()
    assert "+0.25" in answer(well(app))
    app.selectbox(key="steer_unit").select("own").run()
    app.number_input(key="steer_own_unit").set_value(5).run()
    assert "unit 5" in answer(well(app))
    well(app.segmented_control(key="steer").set_value("swap").run())
    app.segmented_control(key="steer").set_value("hold").run()
    assert "unit 5" in answer(well(app))


def test_a_unit_that_moves_what_comes_is_not_said_to_change_nothing() -> None:
    """The two texts part, and a third of the probability moves at a place."""
    told = answer(well(steer(NAMES, steer="hold")))
    assert "c82" in told and "changes nothing" not in told
    assert shares(told)[0] > 3 and shares(told[told.index("Most moves"):])[0] > 25


def test_what_is_forced_and_watched_is_told_and_nothing_else() -> None:
    app = well(steer(DIALOGUE))
    app.text_input(key="steer_forced").set_value("_").run()
    assert "Forcing “\\_”" in answer(well(app))
    app.text_input(key="steer_watch").set_value("␣q").run()
    asked = [m.value for m in app.markdown if m.value.startswith("How likely is")]
    assert any("the space" in line for line in asked)
    app.text_input(key="steer_forced").set_value("said").run()
    assert "Forcing “said”" in answer(well(app))
    app.text_input(key="steer_forced").set_value("").run()
    assert ["at least one" in error.value for error in app.error] == [True]
    app.text_input(key="steer_forced").set_value("☃").run()
    assert ["☃" in error.value for error in app.error] == [True]
    app.text_input(key="steer_forced").set_value("⏎").run()
    assert "the line break" in answer(well(app))


def test_the_control_is_near_to_the_forced_one_and_is_not_what_is_told() -> None:
    app = steer(DIALOGUE)
    app.text_input(key="steer_forced").set_value("m").run()
    for place in range(31, 60, 4):
        app.session_state["keep.steer.place"] = (f"{DIALOGUE} {app.text_area[0].value}", place)
        said_now = answer(well(app.run()))
        if "The control, forcing" not in said_now:
            assert "There is no fair control here" in said_now and "±" not in said_now
            continue
        beside = said_now[said_now.index("The control, forcing"):]
        p, q, _ = shares(beside)
        assert max(p, q, 0.1) <= 3.2 * max(min(p, q), 0.1)  # as rounded
        control = beside.split(",")[1].removeprefix(" forcing ")
        assert f"{control} likelier" not in said_now and f"{control} less" not in said_now


@LANGUAGES
def test_what_is_not_watched_is_said(language: str) -> None:
    app = steer(NAMES, language)
    app.text_input(key="steer_watch").set_value("☃AB").run()
    unknown = [m.value for m in well(app).markdown if "☃" in m.value]
    assert len(unknown) == 1 and unknown[0].startswith(":material/info:")
    cut = translate(language, "generate_steer.watch_cut").split("{")[0]
    assert not any(m.value.startswith(cut) for m in app.markdown)
    app.text_input(key="steer_watch").set_value("AABCD").run()
    (line,) = [m.value for m in well(app).markdown if m.value.startswith(cut)]
    assert "4" in line and "“A”" in line and "“B”" in line and "“C”" not in line


def test_a_quotation_mark_is_not_quoted_by_its_like() -> None:
    assert [named(c) for c in ("“", "”", "e")] == ["‹“›", "‹”›", "“e”"]
    assert quoted("said") == "“said”" and quoted("”.") == "‹”.›"


def test_a_place_within_the_beginning_is_forced_too() -> None:
    app = steer(DIALOGUE)
    app.session_state["keep.steer.place"] = (f"{DIALOGUE} {app.text_area[0].value}", 3)
    app.text_input(key="steer_forced").set_value("_").run()
    assert "Forcing" in answer(well(app))
    app.session_state["keep.steer.place"] = (f"{DIALOGUE} {app.text_area[0].value}", 0)
    well(app.text_input(key="steer_forced").set_value("e").run())


@pytest.mark.parametrize("text", ["", "p", "☃€", "\u202e<b>$x$*\x07שלום 🎉", "paper " * 200],
                         ids=["empty", "one", "unknown", "strange", "long"])
def test_odd_beginnings(text: str) -> None:
    app = steer(NAMES)
    for reach in REACHES:
        app.segmented_control(key="steer").set_value(reach).run()
        app.text_area(key="steer_prompt").set_value(text).run()
        well(app)


@pytest.mark.parametrize("changes", [
    {"cell": "lstm", "layers": 2}, {"cell": "gru", "layers": 2, "residual": True},
    {"cell": "rnn", "activation": "relu"}, {"tokenizer": "words"}, {"tokenizer": "bytes"},
    {"tokenizer": "bpe", "max_vocabulary": 300}, {"marks": "lines"}],
    ids=lambda c: "-".join(map(str, c.values())))
def test_any_cell_and_tokens_and_the_weights_stay(runs_folder: Path, changes: dict[str, object]
                                                  ) -> None:
    folder = trained(runs_folder, **changes)
    before = weights(folder)
    app = steer(folder.id)
    for reach in REACHES:
        well(app.segmented_control(key="steer").set_value(reach).run())
    app.segmented_control(key="steer").set_value("hold").run()
    app.selectbox(key="steer_unit").select("own").run()
    if folder.config().cell == "lstm":
        app.selectbox(key="steer_part").select("c").run()
    if folder.config().layers > 1:
        app.selectbox(key="steer_layer").select(1).run()
    well(app)
    assert weights(folder) == before


def test_chinese_text(runs_folder: Path) -> None:
    folder = trained(runs_folder, "小猫说：“你好，<b>世界$。”\n然后它走了。\n" * 200)
    app = steer(folder.id, "zh")
    for reach in REACHES:
        app.segmented_control(key="steer").set_value(reach).run()
        assert "{" not in said(well(app)) and "�" not in said(app)


@LANGUAGES
def test_a_cnn_has_nothing_to_reach_into(runs_folder: Path, language: str) -> None:
    app = steer(trained(runs_folder, cell="cnn", receptive_field=8).id, language)
    assert not app.error and not app.exception
    assert any("CNN" in line and line.startswith(":gray[") for line in said(app).split("\n"))


def test_weights_without_numbers_are_told_and_an_earlier_moment_is_sound(runs_folder: Path) -> None:
    broken = trained(runs_folder, small_text(6_000, seed=3), cell="rnn", activation="relu",
                     optimizer="sgd", learning_rate=30.0, clip_norm=0.0, warm_up_steps=0,
                     schedule="constant", max_steps=80)
    for reach in REACHES:
        app = steer(broken.id, steer=reach)
        assert not app.exception
        assert ["no numbers" in error.value for error in app.error] == [True]
    for reach in REACHES:
        well(steer(broken.id, steer=reach, step=0))
